// Finds the palette of a file that does not go into the gallery.

import { root } from "../layout/addresses.js";
import { backoff, retryAfter, wait } from "../layout/backoff.js";

// The same photo may be accepted later.
const RETRY_STATUSES = [429, 503];
const MAX_ATTEMPTS = 6;
const WAIT_SECONDS = 20;

// What went wrong, in a sentence for people. retryable: whether the same file can be sent again.
export class PaletteError extends Error {
  constructor(words, { retryable }) {
    super(words);
    this.retryable = retryable;
  }
}

// Returns the id under which the palettes of the photo are available, in every size. onStatus: called with why it takes longer.
export async function findPalette(file, colors, { signal, onStatus }) {
  const { links } = await send(file, colors, { signal, onStatus });
  return awaitJob(links.self, { signal });
}

// address: of the job. Returns its id once it has succeeded.
export async function awaitJob(address, { signal }) {
  let job = { status: "queued" };
  const delays = backoff();
  for (;;) {
    const response = await request(`${address}?wait=${WAIT_SECONDS}`, { signal });
    if (response.ok) job = await response.json();
    else if (!RETRY_STATUSES.includes(response.status)) throw await errorFrom(response);
    if (job.status !== "queued" && job.status !== "running") break;
    await wait(delays.next());
  }
  if (job.status === "succeeded") return job.id;
  const words = job.error?.message ?? "Looking for the colours was cancelled.";
  throw new PaletteError(words, { retryable: job.status !== "failed" });
}

async function send(file, colors, { signal, onStatus }) {
  const body = new FormData();
  body.append("colors", colors);
  body.append("file", file);
  const headers = { Prefer: `wait=${WAIT_SECONDS}` };
  for (let attempts = 1; ; attempts += 1) {
    const response = await request(`${root}api/v1/palettes`, { method: "POST", body, headers, signal });
    if (response.ok) return (await response.json()).job;
    if (!RETRY_STATUSES.includes(response.status) || attempts === MAX_ATTEMPTS) throw await errorFrom(response);
    onStatus("Vitrine asks for a pause. It goes on in a moment.");
    await wait(retryAfter(response.headers.get("Retry-After"), 5000));
  }
}

async function request(address, options) {
  try {
    return await fetch(address, options);
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new PaletteError("The connection broke off. The photo is still here: try again.", { retryable: true });
  }
}

async function errorFrom(response) {
  const answer = await response.json().catch(() => null);
  const words = answer?.detail ?? `Vitrine answered with error ${response.status}. Try again in a moment.`;
  return new PaletteError(words, { retryable: response.status >= 500 || response.status === 429 });
}
