// Asks how far the work on stored photos has come: one request for all of them, when the server says that something
// has happened or, where it cannot say so, after a pause that grows.

import { pauses, retryAfter, untilVisible, wait } from "../layout/pauses.js";

const AT_ONCE = 100;

// unfinished(): the items to ask for. told(item, image): what the API says of one, null where it is gone.
export function makeFollower({ unfinished, told }) {
  let following = false;

  async function follow() {
    if (following) return;
    following = true;
    const bell = makeBell();
    let pause = pauses();
    for (let items = unfinished(); items.length; items = unfinished()) {
      bell.listen(items);
      await Promise.race([wait(pause.next()), bell.rung()]);
      await untilVisible();
      const quiet = await ask(items.slice(0, AT_ONCE));
      if (quiet === "changed") pause = pauses();
      else if (quiet) await wait(quiet);
    }
    bell.silence();
    following = false;
  }

  // Resolves to "changed", to 0, or to how long the server wants to be left alone.
  async function ask(items) {
    const ids = items.map((item) => item.image.id).join(",");
    const response = await fetch(`/api/v1/images?limit=${AT_ONCE}&ids=${ids}`).catch(() => null);
    if (!response?.ok) return response ? retryAfter(response.headers.get("Retry-After"), 5000) : 0;
    const images = new Map((await response.json()).items.map((image) => [image.id, image]));
    const before = JSON.stringify(items);
    for (const item of items) await told(item, images.get(item.image.id) ?? null);
    return JSON.stringify(items) === before ? 0 : "changed";
  }

  return { follow };
}

// Rings when the server has news of the first photo whose job is under way: one stream, however many photos there are,
// since each stream takes one of the six connections that a browser has for a site.
function makeBell() {
  let source = null;
  let ring = () => {};

  function silence() {
    source?.close();
    source = null;
  }

  function listen(items) {
    const job = items.find((item) => item.image.job && isUnderWay(item.status))?.image.job;
    if (!job || source?.url.endsWith(`${job}/events`)) return;
    silence();
    source = new EventSource(`${job}/events`);
    for (const name of ["status", "progress"]) source.addEventListener(name, () => ring());
    source.addEventListener("done", () => {
      silence();
      ring();
    });
  }

  return { listen, silence, rung: () => new Promise((resolve) => (ring = resolve)) };
}

function isUnderWay(status) {
  return [status.palette, status.embedding].some((value) => value === "queued" || value === "running");
}

// Why the work on a photo ended without a result, as its job tells it.
export async function reasonOf(image) {
  const otherwise = "This photo could not be worked on.";
  const response = image.links.job && (await fetch(image.links.job).catch(() => null));
  if (!response?.ok) return otherwise;
  return (await response.json()).error?.message ?? otherwise;
}
