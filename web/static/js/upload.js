// The upload page: files come in by drop or choice, a row shows each, some are sent at a time.

import { makeRow } from "./file-row.js";
import { makeFollower } from "./follow.js";
import { makeSender } from "./send.js";

const form = document.getElementById("drop");
const chooser = form.elements.file;
const list = document.getElementById("files");
const summary = document.getElementById("summary");
const rows = new Set();

const follower = makeFollower();
const sender = makeSender({ onStored: (row, image) => follower.follow(row, image), onChange: tell });

function add(files) {
  const tags = form.elements.tags.value.trim();
  for (const file of files) {
    const row = makeRow(file, { maxBytes: Number(form.dataset.maxBytes), onRetry: retry, onChange: tell });
    row.tags = tags;
    rows.add(row);
    list.append(row.element);
    if (row.state !== "failed") sender.send(row);
  }
  tell();
}

function retry(row) {
  if (row.image) follower.retry(row);
  else sender.send(row);
}

function tell() {
  const count = (...states) => [...rows].filter((row) => states.includes(row.state)).length;
  const failed = count("failed");
  const parts = [`${count("done")} of ${rows.size} done`];
  if (failed) parts.push(`${failed} failed`);
  summary.hidden = rows.size === 0;
  const words = parts.join(", ");
  if (summary.textContent !== words) summary.textContent = words;
}

chooser.multiple = true;
chooser.required = false;
chooser.addEventListener("change", () => {
  add(chooser.files);
  chooser.value = "";
});
form.addEventListener("submit", (event) => {
  event.preventDefault();
  chooser.click();
});

let depth = 0;
const holdsFiles = (event) => event.dataTransfer?.types.includes("Files");
addEventListener("dragenter", (event) => {
  if (holdsFiles(event)) form.classList.toggle("over", ++depth > 0);
});
addEventListener("dragleave", (event) => {
  if (holdsFiles(event)) form.classList.toggle("over", --depth > 0);
});
addEventListener("dragover", (event) => {
  if (holdsFiles(event)) event.preventDefault();
});
addEventListener("drop", (event) => {
  if (!holdsFiles(event)) return;
  event.preventDefault();
  depth = 0;
  form.classList.remove("over");
  add(event.dataTransfer.files);
});
addEventListener("beforeunload", (event) => {
  if ([...rows].some((row) => row.state === "sending" || row.state === "waiting")) event.preventDefault();
});
