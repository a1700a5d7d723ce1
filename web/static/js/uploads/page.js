// The drop zone: files and folders can be chosen too, and all of them tagged.

import { photosIn } from "./files.js";
import { onFileChosen } from "../layout/file-input.js";
import { uploadForm, upload } from "../layout/frame.js";
import { MAX_FILES } from "./uploads.js";

const form = document.getElementById("drop-zone");
const fileInput = form.elements.file;
const skipped = document.getElementById("skipped");

uploadForm.tags = () => form.elements.tags.value.trim();
uploadForm.showSkipped = (photos, others) => {
  const sentences = [];
  if (photos > MAX_FILES) {
    sentences.push(`These are ${photos} photos. The first ${MAX_FILES} were taken: drop the others when these are done.`);
  }
  if (others === 1) sentences.push("One file that is no photo was left out.");
  else if (others) sentences.push(`${others} files that are no photos were left out.`);
  skipped.textContent = sentences.join(" ");
  skipped.hidden = sentences.length === 0;
};

fileInput.multiple = true;
fileInput.required = false;
onFileChosen(fileInput, () => {
  upload([...fileInput.files]);
  fileInput.value = "";
});
form.addEventListener("submit", (event) => {
  event.preventDefault();
  fileInput.click();
});

const folder = document.createElement("input");
folder.type = "file";
folder.webkitdirectory = true;
folder.addEventListener("change", () => {
  const { photos, others } = photosIn(folder.files);
  upload(photos, others);
  folder.value = "";
});
document.getElementById("choose-folder").addEventListener("click", () => folder.click());
