// The list of uploads: in the page if it has a place for it, else in a tray in the corner.
//
// The tray closes by itself once all is well, and stays where something failed.

import { makeRow } from "./file-row.js";
import { all, remove, retryAll, start } from "./uploads.js";

export { add } from "./uploads.js";

const CLOSE_DELAY_MS = 4000;

export function openTray() {
  const tray = document.getElementById("tray");
  const pageList = document.getElementById("files");
  const list = pageList ?? tray.querySelector(".files");
  const summary = pageList ? document.getElementById("summary") : tray.querySelector(".summary");
  const retryButton = (pageList?.parentElement ?? tray).querySelector('[data-action="retry-all"]');
  const rows = new Map();
  let closing = 0;

  function changed(item) {
    if (item.state === "gone") drop(item.key);
    else if (rows.has(item.key)) rows.get(item.key).update(item);
    else {
      rows.set(item.key, makeRow(item));
      list.append(rows.get(item.key).element);
    }
    if (item.state === "failed") raise(rows.get(item.key).element);
    updateSummary();
  }

  // What failed stands above the rest, in the order in which it failed.
  function raise(element) {
    if (element.previousElementSibling?.matches(".file:not(.failed)")) {
      list.insertBefore(element, list.querySelector(".file:not(.failed)"));
    }
  }

  function drop(key) {
    rows.get(key)?.element.remove();
    rows.delete(key);
  }

  function updateSummary() {
    const count = (...states) => all().filter((item) => states.includes(item.state)).length;
    const [failed, done, total] = [count("failed"), count("done"), all().length];
    const words = `${done} of ${total} done${failed ? `, ${failed} failed` : ""}`;
    if (summary.textContent !== words) summary.textContent = words;
    retryButton.hidden = all().filter((item) => item.state === "failed" && item.retry).length < 2;
    if (pageList) summary.hidden = total === 0;
    else updateTray(total, total - done);
  }

  function updateTray(total, open) {
    clearTimeout(closing);
    // What had finished before this page was opened has been seen already.
    tray.hidden = total === 0 || (open === 0 && tray.hidden);
    if (!tray.hidden && open === 0) closing = setTimeout(close, CLOSE_DELAY_MS);
  }

  function close() {
    tray.hidden = true;
    const finished = all().filter((item) => item.state === "done" || item.state === "failed");
    remove(finished);
    for (const item of finished) drop(item.key);
  }

  tray.querySelector(".close").addEventListener("click", close);
  retryButton.addEventListener("click", retryAll);
  start(changed);
}
