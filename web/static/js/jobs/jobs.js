// Keeps the overview of the jobs page up to date: every few seconds while something happens, less often while not.

import { retryAfter, untilVisible, wait } from "../layout/pauses.js";
import { replace } from "../layout/replace.js";

const { overview: address, pause: given } = document.getElementById("jobs").dataset;
const SHORTEST = Number(given);
const LONGEST = 8 * SHORTEST;

// Returns whether anything was different, and how long the server asks to leave it alone.
async function refresh() {
  const response = await fetch(address, { headers: { Accept: "text/html" } });
  if (!response.ok) return { changed: false, quiet: retryAfter(response.headers.get("Retry-After"), LONGEST) };
  const fresh = new DOMParser().parseFromString(await response.text(), "text/html");
  let changed = false;
  for (const newer of fresh.querySelectorAll("[id^=jobs-]")) {
    const part = document.getElementById(newer.id);
    if (!part || part.outerHTML === newer.outerHTML) continue;
    replace(part, document.adoptNode(newer));
    changed = true;
  }
  return { changed, quiet: 0 };
}

for (let pause = SHORTEST; ; ) {
  await wait(pause);
  await untilVisible();
  const { changed, quiet } = await refresh().catch(() => ({ changed: false, quiet: 0 }));
  pause = Math.max(quiet, changed ? SHORTEST : Math.min(pause * 1.5, LONGEST));
}
