// What every page has: the colour picker of the search field, uploads from anywhere, and panels that Esc closes.

import { dropped } from "../uploads/files.js";
import { openTray } from "../uploads/tray.js";
import { add } from "../uploads/uploads.js";

const maxBytes = Number(document.getElementById("tray").dataset.maxBytes);

const pick = document.querySelector(".search .pick");
pick.hidden = false;
pick.querySelector("input").addEventListener("change", (event) => {
  location.assign(`/?color=${encodeURIComponent(event.target.value)}`);
});

addEventListener("keydown", (event) => {
  const open = event.key === "Escape" && document.querySelector("details[open]:has(> .panel)");
  if (!open) return;
  open.open = false;
  open.querySelector("summary").focus();
  // Anyone who else listens for Esc is not meant.
  event.stopImmediatePropagation();
});

// The upload page adds what its form says about the files.
export const uploadForm = { tags: () => "", leftOut: () => {} };

export function upload(photos, others = 0) {
  uploadForm.leftOut(photos.length, others);
  return add(photos, { tags: uploadForm.tags(), maxBytes });
}

// A page may have another use for photos that are dropped on it or pasted.
export const instead = { take: upload };

const veil = document.getElementById("drop-anywhere");
const holdsFiles = (event) => event.dataTransfer?.types.includes("Files");
// Each element on the way says that it is entered and left: the veil goes with the last of them.
let depth = 0;
function over(change) {
  depth = Math.max(0, depth + change);
  veil.hidden = depth === 0;
}

addEventListener("dragenter", (event) => holdsFiles(event) && over(1));
addEventListener("dragleave", (event) => holdsFiles(event) && over(-1));
addEventListener("dragover", (event) => holdsFiles(event) && event.preventDefault());
addEventListener("drop", async (event) => {
  if (!holdsFiles(event)) return;
  event.preventDefault();
  over(-depth);
  const { photos, others } = await dropped(event.dataTransfer);
  instead.take(photos, others);
});
addEventListener("paste", (event) => {
  const files = [...(event.clipboardData?.files ?? [])];
  if (files.length) instead.take(files, 0);
});

openTray();
