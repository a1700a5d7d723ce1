// When to ask again.

const SHORTEST = 700;
const LONGEST = 10_000;

// Pauses in milliseconds that grow from short to long, each a little different so that many pages do not ask in step.
export function pauses() {
  let length = SHORTEST;
  return {
    next() {
      const now = length * (0.85 + 0.3 * Math.random());
      length = Math.min(length * 1.4, LONGEST);
      return now;
    },
  };
}

export function wait(milliseconds) {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

// Resolves at once on a page that is looked at, else when it is looked at again.
export function untilVisible() {
  if (!document.hidden) return Promise.resolve();
  return new Promise((resolve) => document.addEventListener("visibilitychange", resolve, { once: true }));
}

// What a Retry-After header asks for, in milliseconds: seconds or a date, else the given default.
export function retryAfter(header, otherwise) {
  const seconds = Number.parseInt(header ?? "", 10);
  if (seconds >= 0) return Math.min(seconds, 3600) * 1000;
  const date = Date.parse(header ?? "");
  return Number.isNaN(date) ? otherwise : Math.max(0, date - Date.now());
}
