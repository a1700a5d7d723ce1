// The place to drop photos: files and folders can be chosen too, and tags be given to all of them.

import { photosOf } from "./files.js";
import { uploadForm, upload } from "../layout/frame.js";
import { MOST } from "./uploads.js";

const form = document.getElementById("drop");
const chooser = form.elements.file;
const leftOut = document.getElementById("left-out");

uploadForm.tags = () => form.elements.tags.value.trim();
uploadForm.leftOut = (photos, others) => {
  const sentences = [];
  if (photos > MOST) {
    sentences.push(`These are ${photos} photos. The first ${MOST} were taken: drop the others when these are done.`);
  }
  if (others === 1) sentences.push("One file that is no photo was left out.");
  else if (others) sentences.push(`${others} files that are no photos were left out.`);
  leftOut.textContent = sentences.join(" ");
  leftOut.hidden = sentences.length === 0;
};

chooser.multiple = true;
chooser.required = false;
chooser.addEventListener("change", () => {
  upload([...chooser.files]);
  chooser.value = "";
});
form.addEventListener("submit", (event) => {
  event.preventDefault();
  chooser.click();
});

const folder = document.createElement("input");
folder.type = "file";
folder.webkitdirectory = true;
folder.addEventListener("change", () => {
  const { photos, others } = photosOf(folder.files);
  upload(photos, others);
  folder.value = "";
});
document.getElementById("choose-folder").addEventListener("click", () => folder.click());
