// Waits for the network and the server to come back.

import { root } from "./addresses.js";
import { backoff, wait } from "./backoff.js";

let waiting = null;

// Resolves when Vitrine answers; to whether it had to be waited for. Callers share one request at a time.
export function untilReachable() {
  waiting ??= probe().finally(() => (waiting = null));
  return waiting;
}

async function probe() {
  const delays = backoff();
  for (let attempts = 0; ; attempts += 1) {
    const response = await fetch(`${root}livez`, { cache: "no-store" }).catch(() => null);
    if (response?.ok) return attempts > 0;
    await Promise.race([wait(delays.next()), backAgain()]);
  }
}

// The browser has a connection again, or somebody looks at the page again.
function backAgain() {
  return new Promise((resolve) => {
    const listening = new AbortController();
    const { signal } = listening;
    const settle = () => {
      listening.abort();
      resolve();
    };
    addEventListener("online", settle, { signal });
    document.addEventListener("visibilitychange", () => document.hidden || settle(), { signal });
  });
}
