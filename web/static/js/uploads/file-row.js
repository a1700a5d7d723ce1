// A file on the screen: its picture, how much of it is sent, and what has been done for it.

import { root } from "../layout/addresses.js";
import { preview } from "../layout/preview.js";
import { deletePhoto, localFile, retry } from "./uploads.js";

const STAGE_WORDS = {
  queued: ["waiting", "waiting"],
  running: ["working", "at work"],
  succeeded: ["done", "done"],
  failed: ["failed", "not possible"],
  dead: ["failed", "given up"],
  cancelled: ["failed", "not done"],
};

// Returns the element and a function that brings it up to date.
export function makeRow(first) {
  let item = first;
  const element = document.getElementById("file-row").content.cloneNode(true).firstElementChild;
  const part = (selector) => element.querySelector(selector);
  const [words, progress, retryButton, openLink, deleteButton] = [
    ".words",
    "progress",
    '[data-action="retry"]',
    '[data-action="open"]',
    '[data-action="delete"]',
  ].map(part);
  let hasPicture = false;

  function update(current) {
    item = current;
    element.classList.toggle("failed", item.state === "failed");
    if (words.textContent !== item.words) words.textContent = item.words;
    progress.value = item.progress;
    progress.hidden = Boolean(item.image);
    retryButton.hidden = !(item.state === "failed" && item.retry);
    part(".stages").hidden = !item.image;
    openLink.hidden = !item.image;
    // A photo that cannot be read is of no use in the gallery.
    deleteButton.hidden = !(item.state === "failed" && item.image && !item.retry);
    if (item.image) openLink.href = `${root}images/${item.image.id}`;
    if (item.image) stage("stored", "succeeded");
    for (const [name, status] of Object.entries(item.status ?? {})) stage(name, status);
    picture();
  }

  function stage(name, status) {
    const line = part(`[data-stage="${name}"]`);
    const [state, label] = STAGE_WORDS[status] ?? STAGE_WORDS.queued;
    if (!line || line.dataset.state === state) return;
    line.dataset.state = state;
    line.querySelector(".unseen").textContent = `: ${label}`;
  }

  // From the file itself or, on another page, from the thumbnail once there is one.
  function picture() {
    if (hasPicture) return;
    const file = localFile(item);
    const thumbnail = item.status?.palette === "succeeded" && `${root}api/v1/images/${item.image.id}/thumbnail?size=256`;
    if (!file && !thumbnail) return;
    hasPicture = true;
    preview(file ?? thumbnail, part("canvas"));
  }

  part(".name").textContent = item.name;
  retryButton.addEventListener("click", () => retry(item));
  deleteButton.addEventListener("click", () => deletePhoto(item));
  update(item);
  return { element, update };
}
