// The list of what is being uploaded: on the page where the page has a place for it, else in a tray in the corner.
//
// The tray closes by itself once all is well, and stays where something failed.

import { makeRow } from "./file-row.js";
import { all, forget, start } from "./uploads.js";

const LINGERS_MS = 4000;

export function openTray() {
  const tray = document.getElementById("tray");
  const place = document.getElementById("files");
  const list = place ?? tray.querySelector(".files");
  const summary = place ? document.getElementById("summary") : tray.querySelector(".summary");
  const rows = new Map();
  let closing = 0;

  function changed(item) {
    if (!rows.has(item.key)) {
      rows.set(item.key, makeRow(item));
      list.append(rows.get(item.key).element);
    } else {
      rows.get(item.key).update();
    }
    tell();
  }

  function tell() {
    const count = (...states) => all().filter((item) => states.includes(item.state)).length;
    const [failed, done, total] = [count("failed"), count("done"), all().length];
    const words = `${done} of ${total} done${failed ? `, ${failed} failed` : ""}`;
    if (summary.textContent !== words) summary.textContent = words;
    if (place) summary.hidden = total === 0;
    else corner(total, total - done);
  }

  function corner(total, open) {
    clearTimeout(closing);
    // What was done before this page came has been seen to be done.
    tray.hidden = total === 0 || (open === 0 && tray.hidden);
    if (!tray.hidden && open === 0) closing = setTimeout(close, LINGERS_MS);
  }

  function close() {
    tray.hidden = true;
    const over = all().filter((item) => item.state === "done" || item.state === "failed");
    forget(over);
    for (const item of over) {
      rows.get(item.key)?.element.remove();
      rows.delete(item.key);
    }
  }

  tray.querySelector(".close").addEventListener("click", close);
  start(changed);
}
