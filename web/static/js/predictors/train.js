// Sends a table or a zip while showing its progress, and goes to the page of the training. Errors are shown at their field,
// and the chosen file stays chosen. The columns of a table are read, so that the target can be chosen from them.

import { readTable } from "./csv-head.js";
import { onFileChosen } from "../layout/file-input.js";
import { fileTarget } from "../layout/frame.js";
import { errorMessage, postForm, showError, showProblems } from "../layout/post-form.js";

const form = document.getElementById("train");
const sent = document.getElementById("sent");
const button = form.querySelector("button[type=submit]");
const preview = document.getElementById("preview");

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  if (button.disabled || isTooLarge()) return;
  button.disabled = true;
  sent.value = 0;
  sent.hidden = false;
  try {
    const { page, address, ok } = await postForm(form, (share) => (sent.value = share));
    if (ok) {
      location.assign(address);
      return;
    }
    if (!showProblems(form, page)) showError(form, errorMessage(page));
  } catch (error) {
    showError(form, error.message);
  }
  sent.hidden = true;
  button.disabled = false;
});

// Checked before minutes are spent on sending it.
function isTooLarge() {
  const most = Number(form.dataset.maxBytes ?? Infinity);
  const size = form.elements.data.files[0]?.size ?? 0;
  if (size > most) showError(form, `This file has ${Math.ceil(size / 2 ** 20)} MiB. Vitrine takes up to ${most / 2 ** 20} MiB.`);
  return size > most;
}

// A file that is dropped on the page goes into its form.
fileTarget.receive = ([file]) => {
  const data = form.elements.data;
  if (!file || data.disabled) return;
  const one = new DataTransfer();
  one.items.add(file);
  data.files = one.files;
  data.dispatchEvent(new Event("change"));
};
document.querySelector("#drop-anywhere p").textContent = "Drop it to learn from it";

// Back from the next page, by the history: the button can be used again.
addEventListener("pageshow", () => {
  button.disabled = false;
  sent.hidden = true;
});

if (preview) {
  onFileChosen(form.elements.data, async ({ files }) => {
    const table = files.length ? await readTable(files[0]) : { columns: [], rows: [] };
    offer(table.columns);
    show(table);
    name(files[0]);
  });
}

// A list to choose the target from; the field as it was where no columns could be read.
function offer(columns) {
  const field = form.elements.target;
  const usable = columns.length > 1;
  if (!usable && field.tagName === "INPUT") return;
  const other = document.createElement(usable ? "select" : "input");
  for (const attribute of ["id", "name", "required", "aria-describedby"]) {
    if (field.hasAttribute(attribute)) other.setAttribute(attribute, field.getAttribute(attribute));
  }
  if (usable) other.append(...columns.map((column) => new Option(column)));
  // What was entered before, or the last column: it is the target more often than any other.
  other.value = columns.includes(field.value) || !usable ? field.value : columns.at(-1);
  field.replaceWith(other);
}

function show({ columns, rows }) {
  preview.hidden = columns.length < 2;
  const table = document.createElement("table");
  const head = table.createTHead().insertRow();
  for (const column of columns) {
    const cell = document.createElement("th");
    cell.scope = "col";
    cell.textContent = column;
    head.append(cell);
  }
  const body = table.createTBody();
  for (const row of rows) {
    const line = body.insertRow();
    for (const cell of row) line.insertCell().textContent = cell;
  }
  preview.replaceChildren(table);
}

// A name to begin with: that of the file.
function name(file) {
  const field = form.elements.name;
  if (!file || field.value) return;
  const plain = file.name.replace(/\.[^.]*$/, "").replace(/[^A-Za-z0-9 ._-]+/g, " ");
  field.value = plain.replace(/^[^A-Za-z0-9]+|[^A-Za-z0-9]+$/g, "").slice(0, field.maxLength);
}

// The zip is required only if the training uses it.
const zip = document.getElementById("zip");
for (const radio of form.querySelectorAll('[name="from_labels"]')) {
  const apply = () => {
    const wanted = form.querySelector('[name="from_labels"]:checked').value === "false";
    zip.hidden = !wanted;
    form.elements.data.disabled = !wanted;
    form.elements.data.required = wanted;
  };
  radio.addEventListener("change", apply);
  apply();
}
