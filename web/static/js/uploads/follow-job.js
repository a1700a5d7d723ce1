// Polls the state of stored photos: one request for all of them, on an event of the server or, without one, after a
// growing delay.

import { root } from "../layout/addresses.js";
import { backoff, retryAfter, untilVisible, wait } from "../layout/backoff.js";

const BATCH_SIZE = 100;

// unfinished(): the items to poll. onUpdate(item, image): the image as the API has it, null if it was deleted.
export function makeFollower({ unfinished, onUpdate }) {
  let following = false;

  async function follow() {
    if (following) return;
    following = true;
    const events = makeJobEvents();
    let delays = backoff();
    for (let items = unfinished(); items.length; items = unfinished()) {
      events.listen(items);
      await Promise.race([wait(delays.next()), events.next()]);
      await untilVisible();
      const result = await fetchUpdates(items.slice(0, BATCH_SIZE));
      if (result === "changed") delays = backoff();
      else if (result) await wait(result);
    }
    events.close();
    following = false;
  }

  // Resolves to "changed", to 0, or to how many milliseconds the server asks to wait.
  async function fetchUpdates(items) {
    const ids = items.map((item) => item.image.id).join(",");
    const response = await fetch(`${root}api/v1/images?limit=${BATCH_SIZE}&ids=${ids}`).catch(() => null);
    if (!response?.ok) return response ? retryAfter(response.headers.get("Retry-After"), 5000) : 0;
    const images = new Map((await response.json()).items.map((image) => [image.id, image]));
    const before = JSON.stringify(items);
    for (const item of items) await onUpdate(item, images.get(item.image.id) ?? null);
    return JSON.stringify(items) === before ? 0 : "changed";
  }

  return { follow };
}

// Events of the job of the first unfinished photo: one stream, however many photos there are, since each stream takes
// one of the six connections that a browser opens to a site.
function makeJobEvents() {
  let source = null;
  let notify = () => {};

  function close() {
    source?.close();
    source = null;
  }

  function listen(items) {
    const job = items.find((item) => item.image.job && isProcessing(item.status))?.image.job;
    if (!job || source?.url.endsWith(`${job}/events`)) return;
    close();
    source = new EventSource(`${job}/events`);
    for (const name of ["status", "progress"]) source.addEventListener(name, () => notify());
    source.addEventListener("done", () => {
      close();
      notify();
    });
  }

  return { listen, close, next: () => new Promise((resolve) => (notify = resolve)) };
}

function isProcessing(status) {
  return [status.palette, status.embedding].some((value) => value === "queued" || value === "running");
}

// Why a photo could not be processed, according to its job.
export async function reasonOf(image) {
  const fallback = "This photo could not be worked on.";
  const response = image.links.job && (await fetch(image.links.job).catch(() => null));
  if (!response?.ok) return fallback;
  return (await response.json()).error?.message ?? fallback;
}
