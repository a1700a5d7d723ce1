// The palette studio: a photo comes in by drop, paste or choice and is shown at once; its palettes come from the server
// as parts of the page that the same address gives without scripts. Sizes that were seen are kept, so that the slider
// shows them within a frame.

import { faultOf } from "../uploads/files.js";
import { awaitJob, findPalette } from "./find-palette.js";
import { highlight } from "./highlight.js";
import { makePlot } from "./oklab-plot.js";

const part = (id) => document.getElementById(id);
const studio = part("studio");
const intake = part("intake");
const preview = part("preview");
const canvas = part("lit");
const heading = studio.querySelector("h1");
const REPLACED = ["sizes", "sheet", "trial"];

const plot = makePlot();
// Of the photo at hand, or of the address that the page was opened with.
let palettes = part("sizes").querySelector("form")?.getAttribute("action") ?? null;
let pages = new Map();
let light = null;
let work = new AbortController();
let wanted = null;
let last = null;

// --- a photo comes in ---------------------------------------------------------------------------------------------

async function take(file) {
  if (!file) return;
  last = file;
  work.abort();
  work = new AbortController();
  const { signal } = work;
  const fault = await faultOf(file, Number(studio.dataset.maxBytes));
  if (signal.aborted) return;
  complain(fault ?? "");
  if (fault) return;
  say("Finding the colours");
  show(file);
  try {
    const id = await findPalette(file, intake.elements.colors.value, { signal, say });
    palettes = `/palette/${id}`;
    pages = new Map();
    await turnTo(Number(intake.elements.colors.value), { renew: true });
    say("");
  } catch (error) {
    if (signal.aborted) return;
    say("");
    giveUp();
    complain(error.message, { again: error.again ?? true });
  }
}

// The local file, before anything has been sent.
function show(file) {
  if (preview.src) URL.revokeObjectURL(preview.src);
  light = null;
  canvas.classList.remove("on");
  part("bench").hidden = false;
  part("from-gallery")?.remove();
  part("bench").classList.add("waiting");
  intake.classList.add("small");
  intake.querySelector("label.button").classList.remove("strong");
  preview.src = URL.createObjectURL(file);
  preview.hidden = false;
  preview.decode().then(
    () => {
      part("stage").classList.add("holds-photo");
      preview.style.setProperty("--true-ratio", preview.naturalWidth / preview.naturalHeight);
      preview.style.setProperty("--true-width", preview.naturalWidth);
      part("hint").hidden = false;
      plot.of(preview);
      point();
    },
    () => (preview.hidden = true), // what the browser cannot show, the server may still read, or say why not
  );
}

// What is on the bench is not of this photo.
function giveUp() {
  part("bench").hidden = true;
  intake.classList.remove("small");
  heading.textContent = "The colours of a photo";
}

function complain(words, { again = false } = {}) {
  const trouble = part("trouble");
  trouble.hidden = !words;
  trouble.textContent = words;
  if (!again) return;
  const button = document.createElement("button");
  button.type = "button";
  button.className = "button small";
  button.textContent = "Try again";
  button.addEventListener("click", () => take(last));
  trouble.append(" ", button);
}

function say(words) {
  if (part("status").textContent !== words) part("status").textContent = words;
}

// --- palettes -----------------------------------------------------------------------------------------------------

async function turnTo(colors, { renew = false } = {}) {
  wanted = colors;
  const { signal } = work;
  const page = pages.get(colors) ?? (await fetchPage(colors));
  if (wanted !== colors || signal.aborted) return; // the slider has gone on, or another photo has come
  for (const id of REPLACED) {
    if (id === "sizes" && !renew) continue; // it is what the hand holds
    part(id).innerHTML = page.parts[id];
    part(id).dispatchEvent(new CustomEvent("vitrine:replaced", { bubbles: true }));
  }
  heading.textContent = page.heading;
  document.title = page.title;
  document.body.setAttribute("style", page.style);
  intake.elements.colors.value = colors;
  part("bench").classList.remove("waiting");
  history.replaceState(null, "", `${palettes}?colors=${colors}`);
  point();
}

async function fetchPage(colors) {
  const [of, kept] = [palettes, pages];
  const response = await fetch(`${of}?colors=${colors}`);
  if (!response.ok) throw new Error("The palette could not be fetched. Try again in a moment.");
  const fresh = new DOMParser().parseFromString(await response.text(), "text/html");
  const page = {
    title: fresh.title,
    heading: fresh.querySelector("h1").textContent,
    style: fresh.body.getAttribute("style") ?? "",
    parts: Object.fromEntries(REPLACED.map((id) => [id, fresh.getElementById(id).innerHTML])),
  };
  kept.set(colors, page);
  return page;
}

// Has the plot and the light follow what the sheet shows.
function point() {
  const items = [...document.querySelectorAll("#swatches li")];
  const hexes = items.map((item) => item.dataset.hex);
  if (!hexes.length) return;
  light = preview.naturalWidth ? highlight(preview, canvas, hexes) : null;
  const parts = items.map((item) => Number(item.dataset.part));
  plot.on(part("plot"), hexes, parts);
}

// The other sizes, nearest first, once somebody reaches for the slider.
async function warm(colors, fewest, most) {
  const kept = pages;
  for (let step = 1; step <= most - fewest; step += 1) {
    for (const size of [colors - step, colors + step]) {
      if (size < fewest || size > most || kept.has(size)) continue;
      if (kept !== pages) return;
      await fetchPage(size).catch(() => null);
    }
  }
}

part("sizes").addEventListener("input", (event) => {
  const colors = Number(event.target.value);
  event.target.form.querySelector("output").value = colors;
  turnTo(colors).then(() => complain(""), (error) => complain(error.message));
});
part("sizes").addEventListener("submit", (event) => event.preventDefault());
for (const reach of ["pointerover", "focusin"]) {
  part("sizes").addEventListener(reach, ({ target }) => {
    if (target.type === "range") warm(Number(target.value), Number(target.min), Number(target.max));
  });
}

// --- light --------------------------------------------------------------------------------------------------------

const swatchOf = (event) => event.target.closest?.(".studio-swatch[data-hex]");
const place = (item) => [...item.parentElement.children].indexOf(item);
for (const [begin, end] of [["pointerover", "pointerout"], ["focusin", "focusout"]]) {
  part("sheet").addEventListener(begin, (event) => {
    const item = swatchOf(event);
    if (item) light?.show(place(item));
  });
  part("sheet").addEventListener(end, (event) => {
    if (!event.relatedTarget?.closest?.(".studio-swatch")) light?.hide();
  });
}

preview.addEventListener("pointermove", (event) => {
  const box = preview.getBoundingClientRect();
  mark(light?.at((event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height) ?? -1);
});
preview.addEventListener("pointerleave", () => mark(-1));

function mark(index) {
  for (const [n, item] of document.querySelectorAll("#swatches li").entries()) item.classList.toggle("marked", n === index);
}

// --- ways in and out ----------------------------------------------------------------------------------------------

intake.elements.file.addEventListener("change", ({ target }) => {
  take(target.files[0]);
  target.value = "";
});
// Ahead of what the frame does with files on other pages: here they are not uploaded.
addEventListener(
  "paste",
  (event) => {
    const [file] = event.clipboardData?.files ?? [];
    if (!file) return;
    event.stopImmediatePropagation();
    take(file);
  },
  true,
);
const holdsFiles = (event) => event.dataTransfer?.types.includes("Files");
for (const kind of ["dragenter", "dragover", "dragleave", "drop"]) {
  addEventListener(
    kind,
    (event) => {
      if (!holdsFiles(event)) return;
      event.preventDefault();
      event.stopImmediatePropagation();
      const leaves = kind === "drop" || (kind === "dragleave" && !event.relatedTarget);
      studio.classList.toggle("over", !leaves);
      if (kind === "drop") take(event.dataTransfer.files[0]);
    },
    true,
  );
}

part("sheet").addEventListener("click", async (event) => {
  const link = event.target.closest?.("#share");
  if (!link || !navigator.clipboard || event.metaKey || event.ctrlKey) return;
  event.preventDefault();
  await navigator.clipboard.writeText(link.href).then(() => say("Link copied"), () => location.assign(link.href));
  setTimeout(() => say(""), 2000);
});

// The page was opened before its palette was there.
if (studio.dataset.job) {
  awaitJob(studio.dataset.job, { signal: work.signal }).then(
    () => location.reload(),
    () => location.reload(), // the page says what went wrong
  );
}
point();
