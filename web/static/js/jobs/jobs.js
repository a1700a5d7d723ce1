// Keeps the overview of the jobs page up to date: every few seconds while something happens, less often otherwise.

import { retryAfter, untilVisible, wait } from "../layout/backoff.js";
import { replace } from "../layout/replace.js";

const { overview: address, interval } = document.getElementById("jobs").dataset;
const SHORTEST_MS = Number(interval);
const LONGEST_MS = 8 * SHORTEST_MS;

// Returns whether anything has changed, and how long the server asks to wait.
async function refresh() {
  const response = await fetch(address, { headers: { Accept: "text/html" } });
  if (!response.ok) return { changed: false, retryAfterMs: retryAfter(response.headers.get("Retry-After"), LONGEST_MS) };
  const fresh = new DOMParser().parseFromString(await response.text(), "text/html");
  let changed = false;
  for (const newer of fresh.querySelectorAll("[id^=jobs-]")) {
    const part = document.getElementById(newer.id);
    if (!part || part.outerHTML === newer.outerHTML) continue;
    replace(part, document.adoptNode(newer));
    changed = true;
  }
  return { changed, retryAfterMs: 0 };
}

for (let delay = SHORTEST_MS; ; ) {
  await wait(delay);
  await untilVisible();
  const { changed, retryAfterMs } = await refresh().catch(() => ({ changed: false, retryAfterMs: 0 }));
  delay = Math.max(retryAfterMs, changed ? SHORTEST_MS : Math.min(delay * 1.5, LONGEST_MS));
}
