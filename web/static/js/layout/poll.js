// Keeps the parts of a page that are still being worked on up to date, by asking for the same page again.
//
// A part is an element with an id and data-live="working"; the server leaves that attribute out once the part is done.

import { backoff, untilVisible, wait } from "./backoff.js";
import { replace } from "./replace.js";

const WORKING = '[data-live="working"]';
// What the server last sent for each part: scripts may have changed the part on the page since.
const sent = new Map();

async function refresh() {
  const response = await fetch(location.href, { headers: { Accept: "text/html" } });
  if (!response.ok) return response.status < 500 && response.status !== 429 ? "gone" : "same";
  const fresh = new DOMParser().parseFromString(await response.text(), "text/html");
  let changed = false;
  for (const part of document.querySelectorAll(WORKING)) {
    const newer = fresh.getElementById(part.id);
    if (!newer || newer.outerHTML === (sent.get(part.id) ?? part.outerHTML)) continue;
    sent.set(part.id, newer.outerHTML);
    replace(part, document.adoptNode(newer));
    changed = true;
  }
  return changed ? "changed" : "same";
}

let delays = backoff();
while (document.querySelector(WORKING)) {
  await wait(delays.next());
  await untilVisible();
  const result = await refresh().catch(() => "same");
  if (result === "gone") break;
  if (result === "changed") delays = backoff();
}
