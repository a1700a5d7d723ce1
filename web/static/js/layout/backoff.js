// How long to wait before the next request.

const SHORTEST_MS = 700;
const LONGEST_MS = 10_000;

// Delays in milliseconds that grow exponentially, with jitter so that many pages do not poll in step.
export function backoff() {
  let delay = SHORTEST_MS;
  return {
    next() {
      const jittered = delay * (0.85 + 0.3 * Math.random());
      delay = Math.min(delay * 1.4, LONGEST_MS);
      return jittered;
    },
  };
}

export function wait(milliseconds) {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

// Resolves at once on a visible page, else when it becomes visible.
export function untilVisible() {
  if (!document.hidden) return Promise.resolve();
  return new Promise((resolve) => document.addEventListener("visibilitychange", resolve, { once: true }));
}

// What a Retry-After header asks for, in milliseconds: seconds or a date, else the given default.
export function retryAfter(header, fallback) {
  const seconds = Number.parseInt(header ?? "", 10);
  if (seconds >= 0) return Math.min(seconds, 3600) * 1000;
  const date = Date.parse(header ?? "");
  return Number.isNaN(date) ? fallback : Math.max(0, date - Date.now());
}
