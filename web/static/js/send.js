// Sends files, a few at a time. When the server asks for a pause (429, 503), all of them pause.

import { retryAfter, wait } from "./pauses.js";

const AT_ONCE = 3;
// Tries of one file while the service is not available; a server that only asks to slow down (429) is asked for ever.
const TRIES = 5;
// The photo itself is refused: the same again would be, too.
const AT_FAULT = [400, 413, 415, 422];
const ADDRESS = "/api/v1/images";

export function makeSender({ onStored, onChange }) {
  const queue = [];
  let busy = 0;
  let quietUntil = 0;

  function send(row) {
    row.tries = 0;
    row.waiting();
    queue.push(row);
    proceed();
  }

  function proceed() {
    while (busy < AT_ONCE && queue.length) {
      busy += 1;
      deliver(queue.shift()).finally(() => {
        busy -= 1;
        onChange();
        proceed();
      });
    }
  }

  async function deliver(row) {
    for (;;) {
      await pause(row);
      row.sending(0);
      const answer = await post(row);
      if (answer.status === 200 || answer.status === 202) {
        const { image, duplicate } = answer.body;
        row.stored(image, { duplicate });
        onStored(row, image);
        return;
      }
      if (answer.status === 503) row.tries += 1;
      const mayPass = answer.status === 429 || (answer.status === 503 && row.tries < TRIES);
      if (!mayPass) {
        row.failed(answer.body?.detail ?? wordsFor(answer.status), { retry: !AT_FAULT.includes(answer.status) });
        return;
      }
      quietUntil = Math.max(quietUntil, Date.now() + retryAfter(answer.retryAfter, 5000));
    }
  }

  async function pause(row) {
    for (let left = quietUntil - Date.now(); left > 0; left = quietUntil - Date.now()) {
      row.waiting(`Vitrine asks for a pause: going on in ${Math.ceil(left / 1000)} s`);
      await wait(Math.min(left, 1000));
    }
  }

  return { send };
}

// XMLHttpRequest, since fetch does not tell how much of a body has been sent.
function post(row) {
  const body = new FormData();
  body.append("file", row.file);
  if (row.tags) body.append("tags", row.tags);
  return new Promise((resolve) => {
    const request = new XMLHttpRequest();
    request.open("POST", ADDRESS);
    request.responseType = "json";
    request.upload.addEventListener("progress", (event) => {
      if (event.lengthComputable) row.sending(event.loaded / event.total);
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
