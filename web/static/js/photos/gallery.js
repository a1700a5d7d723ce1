// The gallery: more pages load below, the address follows the scroll position, and keys help to select.

import { follow, followTiles } from "./new-photos.js";
import { rememberGallery } from "./gallery-position.js";

const rows = document.querySelector(".rows");

if (rows) {
  loadMore(document.getElementById("more"));
  selectPhotos(document.getElementById("selection"));
  addEventListener("pagehide", rememberGallery);
}
removeNotice();
follow();

// The link to the next page appends its photos instead. Each page keeps its address, and the one in the middle of the
// screen is in the address bar.
function loadMore(more) {
  if (!more) return;
  const pages = [{ first: rows.firstElementChild, address: location.href }];

  more.addEventListener("click", async (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    if (more.ariaBusy === "true") return;
    more.ariaBusy = "true";
    const response = await fetch(more.href).catch(() => null);
    if (!response?.ok) {
      location.assign(more.href);
      return;
    }
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    // Photos that were added or deleted meanwhile may be on both pages.
    const items = [...page.querySelectorAll(".rows > li")].filter((item) => !document.getElementById(item.id));
    rows.append(...items);
    if (items.length) pages.push({ first: items[0], address: response.url });
    items[0]?.querySelector("a").focus({ preventScroll: true });
    const next = page.getElementById("more");
    if (next) more.href = next.href;
    else more.parentElement.remove();
    more.ariaBusy = "false";
    followTiles();
  });

  function show({ address }) {
    if (address !== location.href) history.replaceState(history.state, "", address);
  }

  let waiting = false;
  let leaving = false;
  addEventListener("scroll", () => {
    if (waiting || pages.length < 2) return;
    waiting = true;
    requestAnimationFrame(() => {
      waiting = false;
      if (leaving) return;
      const middle = innerHeight / 2;
      show(pages.findLast(({ first }) => first.getBoundingClientRect().top < middle) ?? pages[0]);
    });
  });
  // Back from a photo leads to the page that it is on, also if the rows were still scrolling.
  rows.addEventListener("click", (event) => {
    const item = event.target.closest("a.tile")?.parentElement;
    if (!item || event.ctrlKey || event.metaKey || event.shiftKey) return;
    const isBefore = Node.DOCUMENT_POSITION_FOLLOWING;
    show(pages.findLast(({ first }) => first === item || first.compareDocumentPosition(item) & isBefore));
    leaving = true;
  });
  addEventListener("pageshow", () => {
    leaving = false;
  });
}

// Shift selects all photos from the last one on, Esc none; the bar itself is a plain form.
function selectPhotos(form) {
  const boxes = () => [...rows.querySelectorAll(".choose input")];
  let last = null;
  rows.addEventListener("click", (event) => {
    if (!event.target.matches(".choose input")) return;
    if (event.shiftKey && last) {
      const between = boxes();
      const [from, to] = [between.indexOf(last), between.indexOf(event.target)].sort((a, b) => a - b);
      for (const box of between.slice(Math.max(from, 0), to + 1)) box.checked = event.target.checked;
    }
    last = event.target;
    updateCount();
  });
  addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !rows.querySelector(":checked")) return;
    form.reset();
    updateCount();
  });
  form.addEventListener("reset", () => setTimeout(updateCount));
  form.addEventListener("submit", () => {
    form.elements.back.value = location.search.slice(1);
  });

  // The number is drawn by the style sheet, which screen readers do not read.
  const counter = form.querySelector(".count");
  function updateCount() {
    const count = rows.querySelectorAll(":checked").length;
    counter.setAttribute("aria-label", `${count} chosen`);
  }
}

// The notice about what was just done is shown once: it does not belong in the address.
function removeNotice() {
  const address = new URL(location.href);
  if (!address.searchParams.has("done")) return;
  address.searchParams.delete("done");
  address.searchParams.delete("images");
  history.replaceState(history.state, "", address);
}
