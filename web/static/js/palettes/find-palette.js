// Has the palette of a file found, without a place in the gallery for it.

import { pauses, retryAfter, wait } from "../layout/pauses.js";

// Answers that mean "later": the same photo may well be taken then.
const LATER = [429, 503];
const TRIES = 6;
const WAIT_SECONDS = 20;

// What went wrong, in a sentence for people. again: whether the same file may be sent once more.
export class NotFound extends Error {
  constructor(words, { again }) {
    super(words);
    this.again = again;
  }
}

// Returns the id under which the palettes of the photo are available, in every size. say: told why it takes longer.
export async function findPalette(file, colors, { signal, say }) {
  const { links } = await send(file, colors, { signal, say });
  return awaitJob(links.self, { signal });
}

// address: of the job. Returns its id once it has succeeded.
export async function awaitJob(address, { signal }) {
  let job = { status: "queued" };
  const pause = pauses();
  for (;;) {
    const response = await ask(`${address}?wait=${WAIT_SECONDS}`, { signal });
    if (response.ok) job = await response.json();
    else if (!LATER.includes(response.status)) throw await refusal(response);
    if (job.status !== "queued" && job.status !== "running") break;
    await wait(pause.next());
  }
  if (job.status === "succeeded") return job.id;
  const words = job.error?.message ?? "Looking for the colours was cancelled.";
  throw new NotFound(words, { again: job.status !== "failed" });
}

async function send(file, colors, { signal, say }) {
  const body = new FormData();
  body.append("colors", colors);
  body.append("file", file);
  const headers = { Prefer: `wait=${WAIT_SECONDS}` };
  for (let tries = 1; ; tries += 1) {
    const response = await ask("/api/v1/palettes", { method: "POST", body, headers, signal });
    if (response.ok) return (await response.json()).job;
    if (!LATER.includes(response.status) || tries === TRIES) throw await refusal(response);
    say("Vitrine asks for a pause. It goes on in a moment.");
    await wait(retryAfter(response.headers.get("Retry-After"), 5000));
  }
}

async function ask(address, options) {
  try {
    return await fetch(address, options);
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new NotFound("The connection broke off. The photo is still here: try again.", { again: true });
  }
}

async function refusal(response) {
  const answer = await response.json().catch(() => null);
  const words = answer?.detail ?? `Vitrine answered with error ${response.status}. Try again in a moment.`;
  return new NotFound(words, { again: response.status >= 500 || response.status === 429 });
}
