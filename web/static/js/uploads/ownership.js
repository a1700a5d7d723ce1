// Which of the open pages an upload belongs to. Pages ask each other over a channel, and one that is closed does not answer.

import { storageName } from "../layout/addresses.js";
import { wait } from "../layout/backoff.js";

const ANSWER_MS = 500;
// The next page of a tab takes over before pages of other tabs do.
const GRACE_MS = 1500;
const NAME = storageName("vitrine.uploads");

export const newId = () => `${Date.now().toString(36)}-${Math.random().toString(36).slice(2)}`;

sessionStorage.setItem(NAME, sessionStorage.getItem(NAME) ?? newId());
export const owner = { page: newId(), tab: sessionStorage.getItem(NAME) };

let channel = null;
const waiting = new Map();

// onTaken(): another page has taken over what was this page's.
export function listen(onTaken) {
  channel ??= new BroadcastChannel(NAME);
  channel.onmessage = ({ data: { kind, page } }) => {
    if (kind === "open?" && page === owner.page) channel.postMessage({ kind: "open", page });
    if (kind === "open") waiting.get(page)?.();
    if (kind === "taken" && page === owner.page) onTaken();
  };
}

export function tellTaken(page) {
  channel?.postMessage({ kind: "taken", page });
}

// Resolves to whether the page of another tab is closed.
export async function isClosed(page) {
  if (await answers(page)) return false;
  await wait(GRACE_MS);
  return !(await answers(page));
}

function answers(page) {
  const answered = new Promise((resolve) => waiting.set(page, () => resolve(true)));
  channel?.postMessage({ kind: "open?", page });
  return Promise.race([answered, wait(ANSWER_MS)]);
}

// A page that is left is no longer asked, and an open channel would keep it out of the browser's cache of pages.
addEventListener("pagehide", () => {
  channel?.close();
  channel = null;
});
