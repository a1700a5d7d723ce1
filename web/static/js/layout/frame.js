// On every page: the colour picker of the search field, uploads from anywhere, and panels that Esc closes.

import { root } from "./addresses.js";
import { droppedFiles } from "../uploads/files.js";
import { owners } from "../uploads/storage.js";

const maxBytes = Number(document.getElementById("tray").dataset.maxBytes);

const pick = document.querySelector(".search .pick");
pick.hidden = false;
pick.querySelector("input").addEventListener("change", (event) => {
  location.assign(`${root}?color=${encodeURIComponent(event.target.value)}`);
});

addEventListener("keydown", (event) => {
  const open = event.key === "Escape" && document.querySelector("details[open]:has(> .panel)");
  if (!open) return;
  open.open = false;
  open.querySelector("summary").focus();
  // Other listeners for Esc are not meant.
  event.stopImmediatePropagation();
});

// The upload page adds what its form says about the files.
export const uploadForm = { tags: () => "", showSkipped: () => {} };

export async function upload(photos, others = 0) {
  uploadForm.showSkipped(photos.length, others);
  const { add } = await tray();
  return add(photos, { tags: uploadForm.tags(), maxBytes });
}

// Fetched when the page is there: nothing of it is seen before, and without a network it would come too late.
const loaded = new Promise((resolve) => addEventListener("load", resolve));
const fetchTray = () => loaded.then(() => import("../uploads/tray.js"));
fetchTray().catch(() => {}); // if it fails, it is fetched again when it is needed

let opened = null;
function tray() {
  opened ??= fetchTray().then(
    (module) => {
      module.openTray();
      return module;
    },
    (error) => {
      opened = null;
      throw error;
    },
  );
  return opened;
}

async function resumeUploads() {
  if ((await owners().catch(() => [])).length) await tray().catch(() => {});
}

// A page may have another use for photos that are dropped on it or pasted.
export const fileTarget = { receive: upload };

const overlay = document.getElementById("drop-anywhere");
const holdsFiles = (event) => event.dataTransfer?.types.includes("Files");
// Every element that is dragged over fires enter and leave: the overlay goes with the last of them.
let depth = 0;
function trackDepth(change) {
  depth = Math.max(0, depth + change);
  overlay.hidden = depth === 0;
}

addEventListener("dragenter", (event) => holdsFiles(event) && trackDepth(1));
addEventListener("dragleave", (event) => holdsFiles(event) && trackDepth(-1));
addEventListener("dragover", (event) => holdsFiles(event) && event.preventDefault());
addEventListener("drop", async (event) => {
  if (!holdsFiles(event)) return;
  event.preventDefault();
  trackDepth(-depth);
  const { photos, others } = await droppedFiles(event.dataTransfer);
  fileTarget.receive(photos, others);
});
addEventListener("paste", (event) => {
  const files = [...(event.clipboardData?.files ?? [])];
  if (files.length) fileTarget.receive(files, 0);
});

addEventListener("pageshow", ({ persisted }) => persisted && resumeUploads());
resumeUploads();
