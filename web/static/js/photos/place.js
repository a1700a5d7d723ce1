// Where one was in the gallery, and the photos one walks through from there.

const GALLERY = "vitrine.gallery";
const WALK = "vitrine.walk";

export function rememberGallery() {
  sessionStorage.setItem(GALLERY, location.href);
}

// Goes back to where one was in the gallery: through the history where that is at hand, since then the page stands as
// it was left.
export function backToGallery(id) {
  const { entries, currentEntry } = globalThis.navigation ?? {};
  const before = entries
    ?.call(navigation)
    .slice(0, currentEntry.index)
    .findLast((entry) => new URL(entry.url).pathname === "/");
  if (before) navigation.traverseTo(before.key);
  else location.assign(`${sessionStorage.getItem(GALLERY) ?? "/"}#tile-${id}`);
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
