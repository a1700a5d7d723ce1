// The gallery: further pages come in below, the address follows what is looked at, and keys help to choose.

import { follow, followTiles } from "./new-photos.js";
import { rememberGallery } from "./place.js";

const rows = document.querySelector(".rows");

if (rows) {
  lengthen(document.getElementById("more"));
  choose(document.getElementById("selection"));
  addEventListener("pagehide", rememberGallery);
}
tidyAddress();
follow();

// Instead of going to the next page its photos are put below those that are here. Each page keeps its address, and the
// one in the middle of the screen is in the address bar.
function lengthen(more) {
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
    // Photos that came or went meanwhile may be on both pages.
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
  // Anyone who goes to a photo comes back to the page that it is on, also when the rows are still rolling.
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

// Shift chooses all photos from the last one on, Esc none; the bar itself is a plain form.
function choose(form) {
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
    tell();
  });
  addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !rows.querySelector(":checked")) return;
    form.reset();
    tell();
  });
  form.addEventListener("reset", () => setTimeout(tell));
  form.addEventListener("submit", () => {
    form.elements.back.value = location.search.slice(1);
  });

  // The number is drawn by the style sheet, which readers of screens do not hear.
  const counter = form.querySelector(".count");
  function tell() {
    const count = rows.querySelectorAll(":checked").length;
    counter.setAttribute("aria-label", `${count} chosen`);
  }
}

// What was just done is said once: it does not belong to the address.
function tidyAddress() {
  const address = new URL(location.href);
  if (!address.searchParams.has("done")) return;
  address.searchParams.delete("done");
  address.searchParams.delete("images");
  history.replaceState(history.state, "", address);
}
