// One file on the upload page: its picture, how much of it is sent, and what has been done for it.

import { preview } from "./preview.js";

const TYPES = ["image/jpeg", "image/png", "image/webp", "image/gif"];
const STAGE_WORDS = {
  queued: ["waiting", "waiting"],
  running: ["working", "at work"],
  succeeded: ["done", "done"],
  failed: ["failed", "not possible"],
  dead: ["failed", "given up"],
  cancelled: ["failed", "not done"],
};

// state: waiting, sending, working, done or failed. image: what the API says about it, once it is stored.
export function makeRow(file, { maxBytes, onRetry, onChange }) {
  const element = document.getElementById("file-row").content.cloneNode(true).firstElementChild;
  const part = (selector) => element.querySelector(selector);
  const row = {
    file,
    element,
    state: "waiting",
    image: null,

    waiting(words = "Waiting to be sent") {
      change("waiting", words);
    },

    sending(share) {
      part("progress").value = share;
      change("sending", share < 1 ? `Sending, ${Math.floor(share * 100)} %` : "Sent, being stored");
    },

    stored(image, { duplicate } = {}) {
      row.image = image;
      part("progress").hidden = true;
      part(".stages").hidden = false;
      part('[data-action="open"]').href = `/images/${image.id}`;
      part('[data-action="open"]').hidden = false;
      stage("stored", "succeeded");
      row.status(image.status, duplicate ? "It was in the gallery already" : undefined);
    },

    // status: of the image, as the API has it. words: in place of the usual ones.
    status(status, words) {
      for (const [name, value] of Object.entries(status)) stage(name, value);
      const unfinished = Object.values(status).some((value) => value === "queued" || value === "running");
      if (unfinished) change("working", words ?? "Being worked on");
      else if (Object.values(status).every((value) => value === "succeeded")) change("done", words ?? "Done");
      return unfinished;
    },

    failed(words, { retry = true } = {}) {
      change("failed", words);
      part('[data-action="retry"]').hidden = !retry;
    },
  };

  function change(state, words) {
    row.state = state;
    element.classList.toggle("failed", state === "failed");
    if (state !== "failed") part('[data-action="retry"]').hidden = true;
    if (part(".words").textContent !== words) part(".words").textContent = words;
    onChange();
  }

  function stage(name, status) {
    const item = part(`[data-stage="${name}"]`);
    const [state, words] = STAGE_WORDS[status] ?? STAGE_WORDS.queued;
    if (!item || item.dataset.state === state) return;
    item.dataset.state = state;
    item.querySelector(".unseen").textContent = `: ${words}`;
  }

  part(".name").textContent = file.name;
  part('[data-action="retry"]').addEventListener("click", () => onRetry(row));
  const fault = faultOf(file, maxBytes);
  if (fault) row.failed(fault, { retry: false });
  else row.waiting();
  if (!fault) preview(file, part("canvas"));
  return row;
}

// What the server would refuse in any case, said before it is sent. Types that the browser does not know pass.
function faultOf(file, maxBytes) {
  if (file.size === 0) return "This file is empty. Choose another.";
  if (file.size > maxBytes) {
    const size = (file.size / 2 ** 20).toFixed(1);
    return `This file has ${size} MiB. Vitrine takes up to ${maxBytes / 2 ** 20} MiB: scale it down, or save it as JPEG.`;
  }
  if (file.type && !TYPES.includes(file.type)) {
    return `This file is ${file.type}. Vitrine reads JPEG, PNG, WebP and GIF.`;
  }
  return null;
}
