// Sends files, a few at a time. When the server asks for a pause (429, 503), all of them pause.

import { root } from "../layout/addresses.js";
import { retryAfter, wait } from "../layout/backoff.js";

const CONCURRENCY = 3;
// Attempts of one file while the service is unavailable; a rate limit (429) is waited for as long as it takes.
const MAX_ATTEMPTS = 5;
// The photo itself is refused: sending it again would not help.
const REFUSED = [400, 413, 415, 422];
const ADDRESS = `${root}api/v1/images`;

// fileOf: resolves to the file of an item, or null. change(item, state, words): its new state.
// onStored(item, answer): the photo is in the gallery.
export function makeSender({ fileOf, change, onStored }) {
  const queue = [];
  let active = 0;
  let pausedUntil = 0;
  let leaving = false;
  // A request that is aborted because its page is left says nothing about its file.
  addEventListener("pagehide", () => (leaving = true));
  addEventListener("pageshow", () => (leaving = false));

  function send(item) {
    change(item, "waiting", "Waiting to be sent");
    queue.push(item);
    sendNext();
  }

  function sendNext() {
    while (active < CONCURRENCY && queue.length) {
      active += 1;
      deliver(queue.shift()).finally(() => {
        active -= 1;
        sendNext();
      });
    }
  }

  async function deliver(item) {
    const file = await fileOf(item);
    if (!file) {
      change(item, "failed", "The page was left before this photo was sent. Choose it again.");
      return;
    }
    for (let attempts = 1; ; ) {
      await waitForServer(item);
      const answer = await post(item, file, (progress) => sending(item, progress));
      if (leaving) return;
      if (answer.status === 200 || answer.status === 202) {
        onStored(item, answer.body);
        return;
      }
      const isTransient = answer.status === 429 || (answer.status === 503 && attempts < MAX_ATTEMPTS);
      if (!isTransient) {
        item.retry = !REFUSED.includes(answer.status);
        change(item, "failed", answer.body?.detail ?? messageFor(answer.status));
        return;
      }
      if (answer.status === 503) attempts += 1;
      pausedUntil = Math.max(pausedUntil, Date.now() + retryAfter(answer.retryAfter, 5000));
    }
  }

  function sending(item, progress) {
    item.progress = progress;
    change(item, "sending", progress < 1 ? `Sending, ${Math.floor(progress * 100)} %` : "Sent, being stored");
  }

  async function waitForServer(item) {
    for (let left = pausedUntil - Date.now(); left > 0; left = pausedUntil - Date.now()) {
      change(item, "waiting", `Vitrine asks for a pause: going on in ${Math.ceil(left / 1000)} s`);
      await wait(Math.min(left, 1000));
    }
  }

  return { send };
}

// XMLHttpRequest, since fetch does not tell how much of a body has been sent.
function post(item, file, onProgress) {
  const body = new FormData();
  body.append("file", file, item.name);
  if (item.tags) body.append("tags", item.tags);
  onProgress(0);
  return new Promise((resolve) => {
    const request = new XMLHttpRequest();
    request.open("POST", ADDRESS);
    request.responseType = "json";
    request.upload.addEventListener("progress", (event) => {
      if (event.lengthComputable) onProgress(event.loaded / event.total);
    });
    request.addEventListener("loadend", () =>
      resolve({
        status: request.status,
        body: request.response,
        retryAfter: request.getResponseHeader("Retry-After"),
      }),
    );
    request.send(body);
  });
}

function messageFor(status) {
  if (status === 0) return "The connection broke off before the photo was stored. Try again.";
  return `Vitrine answered with error ${status}. Try again in a moment.`;
}
