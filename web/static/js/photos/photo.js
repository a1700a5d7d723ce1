// The page of a photo: everything on it that answers without another page.

import { root } from "../layout/addresses.js";
import { slider } from "./slider.js";
import { editInPlace } from "./edit.js";
import { highlightSwatches } from "../palettes/highlight-swatches.js";
import { backToGallery, beginWalk, walkThrough } from "./gallery-position.js";
import { zoom } from "./zoom.js";

const id = document.querySelector(".photo").dataset.id;

slider("size", "palette-body");
slider("diversity", "look-alikes-body");
highlightSwatches();
editInPlace();
zoom(step);

function lookAlikes() {
  return [...document.querySelectorAll(".filmstrip a")].map((link) => link.pathname.split("/").at(-1));
}

// One step along the walk that this photo is on, else into its own look-alikes. The steps take each other's place in
// the history, so that one step back leads out of the walk.
function step(by) {
  let ids = walkThrough(id);
  if (!ids.length) {
    ids = [id, ...lookAlikes()];
    beginWalk(ids);
  }
  const next = ids[ids.indexOf(id) + by];
  if (next) location.replace(`${root}images/${next}${document.getElementById("zoom")?.open ? "#zoom" : ""}`);
}

document.getElementById("look-alikes").addEventListener("click", (event) => {
  if (event.target.closest(".filmstrip a")) beginWalk([id, ...lookAlikes()]);
});

addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.altKey || event.ctrlKey || event.metaKey) return;
  if (event.target.closest("input, textarea, select, dialog")) return;
  if (event.key === "ArrowRight") step(1);
  else if (event.key === "ArrowLeft") step(-1);
  else if (event.key === "Escape") backToGallery(id);
});
