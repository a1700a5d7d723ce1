// The position in the gallery to go back to, and the photos that arrow keys walk through.

import { root, storageName } from "../layout/addresses.js";

const GALLERY = storageName("vitrine.gallery");
const WALK = storageName("vitrine.walk");

export function rememberGallery() {
  sessionStorage.setItem(GALLERY, location.href);
}

// Goes back to the gallery: through the history if possible, since that restores the page as it was.
export function backToGallery(id) {
  const { entries, currentEntry } = globalThis.navigation ?? {};
  const before = entries
    ?.call(navigation)
    .slice(0, currentEntry.index)
    .findLast((entry) => new URL(entry.url).pathname === root);
  if (before) navigation.traverseTo(before.key);
  else location.assign(`${sessionStorage.getItem(GALLERY) ?? root}#tile-${id}`);
}

// ids: of a photo and its look-alikes in order.
export function beginWalk(ids) {
  sessionStorage.setItem(WALK, JSON.stringify(ids));
}

// The walk that this photo is on, or none.
export function walkThrough(id) {
  const ids = JSON.parse(sessionStorage.getItem(WALK) ?? "[]");
  return ids.includes(id) ? ids : [];
}
