// Adds photos that come into the gallery while it is open, and updates those that are still being processed.

import { root } from "../layout/addresses.js";
import { backoff, untilVisible, wait } from "../layout/backoff.js";
import { replace } from "../layout/replace.js";

// One page of the gallery.
const BATCH_SIZE = 24;
const DEMO_INTERVAL_MS = 2500;

const rows = document.querySelector(".rows");
let following = false;

export function follow() {
  followDemo();
  followTiles();
  // Uploads appear where the newest photos are shown.
  if (rows && !location.search) document.addEventListener("vitrine:stored", () => addNewPhotos());
}

async function followDemo() {
  while (document.getElementById("demo-progress")) {
    await wait(DEMO_INTERVAL_MS);
    await untilVisible();
    await addNewPhotos();
  }
}

// Puts new photos above those that are shown.
async function addNewPhotos() {
  const page = await fetched(root);
  if (!page) return;
  const items = [...page.querySelectorAll(".rows > li")];
  if (items.length && !rows) location.reload();
  rows?.prepend(...items.filter((item) => !document.getElementById(item.id)));
  followTiles();
  for (const selector of ["h1", "#demo-progress"]) {
    const [part, newer] = [document.querySelector(selector), page.querySelector(selector)];
    if (!newer) part?.remove();
    else if (part && part.textContent !== newer.textContent) part.textContent = newer.textContent;
  }
}

export async function followTiles() {
  if (following) return;
  following = true;
  let delays = backoff();
  for (let working = tiles(); working.length; working = tiles()) {
    await wait(delays.next());
    await untilVisible();
    for (let at = 0; at < working.length; at += BATCH_SIZE) {
      if (await refresh(working.slice(at, at + BATCH_SIZE))) delays = backoff();
    }
  }
  following = false;
}

function tiles() {
  return [...document.querySelectorAll('.rows > [data-live="working"]')];
}

// Resolves to whether any of the tiles has changed.
async function refresh(working) {
  const page = await fetched(`${root}?ids=${working.map((tile) => tile.id.slice("tile-".length)).join(",")}`);
  let changed = false;
  for (const tile of page ? working : []) {
    const newer = page.getElementById(tile.id);
    if (!newer) delete tile.dataset.live; // deleted meanwhile
    else if (newer.textContent !== tile.textContent || !newer.dataset.live) {
      replace(tile, document.adoptNode(newer));
      changed = true;
    }
  }
  return changed;
}

async function fetched(address) {
  const response = await fetch(address).catch(() => null);
  return response?.ok ? new DOMParser().parseFromString(await response.text(), "text/html") : null;
}
