// Asks how far the work on stored photos has come, each photo at its own pace, a few at a time.

import { pauses, retryAfter, untilVisible, wait } from "./pauses.js";

const AT_ONCE = 4;

export function makeFollower() {
  let asking = 0;
  const turns = [];

  async function follow(row) {
    const pause = pauses();
    let quiet = 0;
    for (let unfinished = true; unfinished; ) {
      await wait(Math.max(pause.next(), quiet));
      await untilVisible();
      const response = await inTurn(() => fetch(`/api/v1/images/${row.image.id}`)).catch(() => null);
      quiet = 0;
      if (response?.ok) unfinished = await told(row, await response.json());
      else if (response?.status === 404) unfinished = gone(row);
      else if (response) quiet = retryAfter(response.headers.get("Retry-After"), 5000);
    }
  }

  async function told(row, image) {
    row.image = image;
    const unfinished = row.status(image.status);
    if (!unfinished && row.state !== "done") {
      // What failed, failed because of the photo; what was given up or cancelled may well work the next time.
      const retry = !Object.values(image.status).includes("failed");
      row.failed(await reason(image), { retry });
    }
    return unfinished;
  }

  async function retry(row) {
    const response = await fetch(`${row.image.links.job}/retry`, { method: "POST" }).catch(() => null);
    // 409: somebody was quicker, and it is under way or done.
    if (!response || !(response.ok || response.status === 409)) {
      row.failed("It could not be started again. Try again in a moment.");
      return;
    }
    row.status({ ...row.image.status, palette: "queued" });
    follow(row);
  }

  async function inTurn(ask) {
    if (asking >= AT_ONCE) await new Promise((resolve) => turns.push(resolve));
    asking += 1;
    try {
      return await ask();
    } finally {
      asking -= 1;
      turns.shift()?.();
    }
  }

  return { follow, retry };
}

function gone(row) {
  row.failed("This photo was deleted.", { retry: false });
  return false;
}

// Why the work on a photo ended without a result, as its job tells it.
async function reason(image) {
  const otherwise = "This photo could not be worked on.";
  const response = image.links.job && (await fetch(image.links.job).catch(() => null));
  if (!response?.ok) return otherwise;
  return (await response.json()).error?.message ?? otherwise;
}
