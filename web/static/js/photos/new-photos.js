// Photos that come into the gallery while one looks at it, and the state of those that are still being worked on.

import { pauses, untilVisible, wait } from "../layout/pauses.js";
import { replace } from "../layout/replace.js";

// A page of the gallery.
const AT_ONCE = 24;
const DEMO_PAUSE_MS = 2500;

const rows = document.querySelector(".rows");
let following = false;

export function follow() {
  followDemo();
  followTiles();
  // Uploads are seen to come in where the newest photos are shown.
  if (rows && !location.search) document.addEventListener("vitrine:stored", () => takeIn());
}

async function followDemo() {
  while (document.getElementById("coming")) {
    await wait(DEMO_PAUSE_MS);
    await untilVisible();
    await takeIn();
  }
}

// Puts photos that are new above those that are here.
async function takeIn() {
  const page = await fetched("/");
  if (!page) return;
  const items = [...page.querySelectorAll(".rows > li")];
  if (items.length && !rows) location.reload();
  rows?.prepend(...items.filter((item) => !document.getElementById(item.id)));
  followTiles();
  for (const selector of ["h1", "#coming"]) {
    const [part, news] = [document.querySelector(selector), page.querySelector(selector)];
    if (!news) part?.remove();
    else if (part && part.textContent !== news.textContent) part.textContent = news.textContent;
  }
}

export async function followTiles() {
  if (following) return;
  following = true;
  let pause = pauses();
  for (let working = tiles(); working.length; working = tiles()) {
    await wait(pause.next());
    await untilVisible();
    for (let at = 0; at < working.length; at += AT_ONCE) {
      if (await renew(working.slice(at, at + AT_ONCE))) pause = pauses();
    }
  }
  following = false;
}

function tiles() {
  return [...document.querySelectorAll('.rows > [data-live="working"]')];
}

// Resolves to whether any of the tiles has changed.
async function renew(working) {
  const page = await fetched(`/?ids=${working.map((tile) => tile.id.slice("tile-".length)).join(",")}`);
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
