// The palette studio: a photo comes in by drop, paste or choice and is shown at once; its palettes come from the server
// as parts of the page that the same address gives without scripts. Those that were fetched are cached, so that the slider
// shows them within a frame.

import { root } from "../layout/addresses.js";
import { onFileChosen } from "../layout/file-input.js";
import { checkFile } from "../uploads/files.js";
import { awaitJob, findPalette } from "./find-palette.js";
import { highlight } from "./highlight.js";
import { makePlot } from "./oklab-plot.js";

const part = (id) => document.getElementById(id);
const studio = part("studio");
const intake = part("intake");
const preview = part("preview");
const canvas = part("highlight");
const heading = studio.querySelector("h1");
const REPLACED = ["sizes", "sheet", "trial"];

const plot = makePlot();
// Of the photo at hand, or of the address that the page was opened with.
let palettes = part("sizes").querySelector("form")?.getAttribute("action") ?? null;
let pages = new Map();
let highlighter = null;
let controller = new AbortController();
let current = null;
let last = null;

// --- opening a photo -----------------------------------------------------------------------------------------------

async function openFile(file) {
  if (!file) return;
  last = file;
  controller.abort();
  controller = new AbortController();
  const { signal } = controller;
  const problem = await checkFile(file, Number(studio.dataset.maxBytes));
  if (signal.aborted) return;
  showError(problem ?? "");
  if (problem) return;
  setStatus("Finding the colours");
  show(file);
  try {
    const id = await findPalette(file, intake.elements.colors.value, { signal, onStatus: setStatus });
    palettes = `${root}palette/${id}`;
    pages = new Map();
    await showPalette(asked(intake.elements.colors.value), { renew: true });
    setStatus("");
  } catch (error) {
    if (signal.aborted) return;
    setStatus("");
    reset();
    showError(error.message, { retryable: error.retryable ?? true });
  }
}

// The local file, before anything has been sent.
function show(file) {
  if (preview.src) URL.revokeObjectURL(preview.src);
  highlighter = null;
  canvas.classList.remove("on");
  part("workspace").hidden = false;
  part("from-gallery")?.remove();
  part("workspace").classList.add("waiting");
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
      plot.showImage(preview);
      updateHighlighter();
    },
    () => (preview.hidden = true), // what the browser cannot show, the server may still read, or say why not
  );
}

// The workspace does not show this photo.
function reset() {
  part("workspace").hidden = true;
  intake.classList.remove("small");
  heading.textContent = "The colours of a photo";
}

function showError(words, { retryable = false } = {}) {
  const box = part("error");
  box.hidden = !words;
  box.textContent = words;
  if (!retryable) return;
  const button = document.createElement("button");
  button.type = "button";
  button.className = "button small";
  button.textContent = "Try again";
  button.addEventListener("click", () => openFile(last));
  box.append(" ", button);
}

function setStatus(words) {
  if (part("status").textContent !== words) part("status").textContent = words;
}

// --- palettes -----------------------------------------------------------------------------------------------------

// What the address of the palette asks for: so many colours, of the style, order and ground that are chosen.
function asked(colors) {
  const form = part("sizes").querySelector("form");
  const query = new URLSearchParams(form ? new FormData(form) : undefined);
  query.set("colors", colors);
  return query;
}

async function showPalette(query, { renew = false } = {}) {
  const key = query.toString();
  current = key;
  const { signal } = controller;
  const page = pages.get(key) ?? (await fetchPage(key));
  if (current !== key || signal.aborted) return; // the slider has gone on, or another photo has come
  for (const id of REPLACED) {
    if (id === "sizes" && !renew) continue; // it holds what is being moved
    part(id).innerHTML = page.parts[id];
    part(id).dispatchEvent(new CustomEvent("vitrine:replaced", { bubbles: true }));
  }
  heading.textContent = page.heading;
  document.title = page.title;
  document.body.setAttribute("style", page.style);
  intake.elements.colors.value = query.get("colors");
  part("workspace").classList.remove("waiting");
  history.replaceState(null, "", `${palettes}?${key}`);
  updateHighlighter();
}

async function fetchPage(key) {
  const [of, kept] = [palettes, pages];
  const response = await fetch(`${of}?${key}`);
  if (!response.ok) throw new Error("The palette could not be fetched. Try again in a moment.");
  const fresh = new DOMParser().parseFromString(await response.text(), "text/html");
  const page = {
    title: fresh.title,
    heading: fresh.querySelector("h1").textContent,
    style: fresh.body.getAttribute("style") ?? "",
    parts: Object.fromEntries(REPLACED.map((id) => [id, fresh.getElementById(id).innerHTML])),
  };
  kept.set(key, page);
  return page;
}

// Updates the plot and the highlighter to the palette that is shown.
function updateHighlighter() {
  const items = [...document.querySelectorAll("#swatches li")];
  const hexes = items.map((item) => item.dataset.hex);
  if (!hexes.length) return;
  highlighter = preview.naturalWidth ? highlight(preview, canvas, hexes) : null;
  const parts = items.map((item) => Number(item.dataset.part));
  plot.attach(part("plot"), hexes, parts);
}

// Fetches the other sizes, nearest first, once the slider is pointed at.
async function prefetch(colors, fewest, most) {
  const kept = pages;
  for (let step = 1; step <= most - fewest; step += 1) {
    for (const size of [colors - step, colors + step]) {
      const key = asked(size).toString();
      if (size < fewest || size > most || kept.has(key)) continue;
      if (kept !== pages) return;
      await fetchPage(key).catch(() => null);
    }
  }
}

part("sizes").addEventListener("input", ({ target: { form } }) => {
  const { value } = form.elements.colors;
  form.querySelector("output").value = value;
  showPalette(asked(value)).then(() => showError(""), (error) => showError(error.message));
});
part("sizes").addEventListener("submit", (event) => event.preventDefault());
for (const reach of ["pointerover", "focusin"]) {
  part("sizes").addEventListener(reach, ({ target }) => {
    if (target.type === "range") prefetch(Number(target.value), Number(target.min), Number(target.max));
  });
}

// --- highlight ----------------------------------------------------------------------------------------------------

const swatchOf = (event) => event.target.closest?.(".studio-swatch[data-hex]");
const indexOf = (item) => [...item.parentElement.children].indexOf(item);
for (const [begin, end] of [["pointerover", "pointerout"], ["focusin", "focusout"]]) {
  part("sheet").addEventListener(begin, (event) => {
    const item = swatchOf(event);
    if (item) highlighter?.show(indexOf(item));
  });
  part("sheet").addEventListener(end, (event) => {
    if (!event.relatedTarget?.closest?.(".studio-swatch")) highlighter?.hide();
  });
}

preview.addEventListener("pointermove", (event) => {
  const box = preview.getBoundingClientRect();
  mark(highlighter?.at((event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height) ?? -1);
});
preview.addEventListener("pointerleave", () => mark(-1));

function mark(index) {
  for (const [n, item] of document.querySelectorAll("#swatches li").entries()) item.classList.toggle("marked", n === index);
}

// --- input and output ----------------------------------------------------------------------------------------------

onFileChosen(intake.elements.file, (input) => {
  openFile(input.files[0]);
  input.value = "";
});
// Before the handlers of the frame, which upload files on other pages.
addEventListener(
  "paste",
  (event) => {
    const [file] = event.clipboardData?.files ?? [];
    if (!file) return;
    event.stopImmediatePropagation();
    openFile(file);
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
      if (kind === "drop") openFile(event.dataTransfer.files[0]);
    },
    true,
  );
}

part("sheet").addEventListener("click", async (event) => {
  const link = event.target.closest?.("#share");
  if (!link || !navigator.clipboard || event.metaKey || event.ctrlKey) return;
  event.preventDefault();
  await navigator.clipboard.writeText(link.href).then(() => setStatus("Link copied"), () => location.assign(link.href));
  setTimeout(() => setStatus(""), 2000);
});

// The page was opened before its palette was ready.
if (studio.dataset.job) {
  awaitJob(studio.dataset.job, { signal: controller.signal }).then(
    () => location.reload(),
    () => location.reload(), // the page says what went wrong
  );
}
updateHighlighter();
