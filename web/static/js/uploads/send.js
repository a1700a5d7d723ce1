// Sends files, a few at a time. While the network or the server is away, or the server asks for a pause, all of them wait.

import { root } from "../layout/addresses.js";
import { retryAfter, wait } from "../layout/backoff.js";
import { untilReachable } from "../layout/reachable.js";

const CONCURRENCY = 3;
// How often the connection may break off for one file although the server can be reached.
const MAX_BREAKS = 5;
// Too many requests, or a server that is away behind its proxy: waited for as long as it takes.
const PAUSES = [429, 502, 503, 504];
// The photo itself is refused: sending it again would not help.
const REFUSED = [400, 413, 415, 422];
const ADDRESS = `${root}api/v1/images`;

// fileOf: resolves to the file of an item, to null, or to undefined if it is not this page's to send any more.
// change(item, state, words): its new state.
// onStored(item, answer): the photo is in the gallery.
export function makeSender({ fileOf, change, onStored }) {
  const queue = [];
  let active = 0;
  let pausedUntil = 0;
  let leaving = false;
  // A request that is aborted because its page is left says nothing about its file.
  addEventListener("pagehide", () => {
    leaving = true;
    queue.length = 0;
  });
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
    for (let breaks = 0; ; ) {
      await waitForServer(item);
      const file = await fileOf(item);
      if (file === undefined) return;
      if (!file) {
        change(item, "failed", "The page was left before this photo was sent. Choose it again.");
        return;
      }
      const answer = await post(item, file, (progress) => sending(item, progress));
      if (leaving) return;
      if (answer.status === 200 || answer.status === 202) {
        onStored(item, answer.body);
        return;
      }
      if (PAUSES.includes(answer.status)) {
        pausedUntil = Math.max(pausedUntil, Date.now() + retryAfter(answer.retryAfter, 5000));
      } else if (answer.status === 0 && breaks < MAX_BREAKS && (await isReadable(file))) {
        breaks += await waitForConnection(item, breaks);
      } else {
        item.retry = !REFUSED.includes(answer.status);
        change(item, "failed", answer.body?.detail ?? messageFor(answer.status));
        return;
      }
    }
  }

  // Resolves to 0 if the server was away, to 1 if the connection broke off for this file alone.
  async function waitForConnection(item, breaks) {
    change(item, "waiting", "Waiting for the connection");
    if (await untilReachable()) return 0;
    await wait(1000 * breaks);
    return 1;
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

// The browser calls it a broken connection, too, when a file was moved or changed since it was chosen.
function isReadable(file) {
  return file.slice(0, 1).arrayBuffer().then(
    () => true,
    () => false,
  );
}

function messageFor(status) {
  if (status === 0) return "This photo could not be sent. Try again, or choose it again.";
  return `Vitrine answered with error ${status}. Try again in a moment.`;
}
