// Sends files, a few at a time. When the server asks for a pause (429, 503), all of them pause.

import { retryAfter, wait } from "../layout/pauses.js";

const AT_ONCE = 3;
// Tries of one file while the service is not available; a server that only asks to slow down (429) is asked for ever.
const TRIES = 5;
// The photo itself is refused: the same again would be, too.
const AT_FAULT = [400, 413, 415, 422];
const ADDRESS = "/api/v1/images";

// fileOf: resolves to the file of an item, or null. change(item, state, words): what has become of it.
// onStored(item, answer): the photo is in the gallery.
export function makeSender({ fileOf, change, onStored }) {
  const queue = [];
  let busy = 0;
  let quietUntil = 0;
  let leaving = false;
  // A request that is cut off because its page goes says nothing about its file.
  addEventListener("pagehide", () => (leaving = true));
  addEventListener("pageshow", () => (leaving = false));

  function send(item) {
    change(item, "waiting", "Waiting to be sent");
    queue.push(item);
    proceed();
  }

  function proceed() {
    while (busy < AT_ONCE && queue.length) {
      busy += 1;
      deliver(queue.shift()).finally(() => {
        busy -= 1;
        proceed();
      });
    }
  }

  async function deliver(item) {
    const file = await fileOf(item);
    if (!file) {
      change(item, "failed", "The page was left before this photo was sent. Choose it again.");
      return;
    }
    for (let tries = 1; ; ) {
      await pause(item);
      const answer = await post(item, file, (share) => sending(item, share));
      if (leaving) return;
      if (answer.status === 200 || answer.status === 202) {
        onStored(item, answer.body);
        return;
      }
      const mayPass = answer.status === 429 || (answer.status === 503 && tries < TRIES);
      if (!mayPass) {
        item.retry = !AT_FAULT.includes(answer.status);
        change(item, "failed", answer.body?.detail ?? wordsFor(answer.status));
        return;
      }
      if (answer.status === 503) tries += 1;
      quietUntil = Math.max(quietUntil, Date.now() + retryAfter(answer.retryAfter, 5000));
    }
  }

  function sending(item, share) {
    item.share = share;
    change(item, "sending", share < 1 ? `Sending, ${Math.floor(share * 100)} %` : "Sent, being stored");
  }

  async function pause(item) {
    for (let left = quietUntil - Date.now(); left > 0; left = quietUntil - Date.now()) {
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

function wordsFor(status) {
  if (status === 0) return "The connection broke off before the photo was stored. Try again.";
  return `Vitrine answered with error ${status}. Try again in a moment.`;
}
