// A slider, and what stands beside it, in a form whose data-fragment names the part of the page that it changes: the part
// alone is fetched.

import { backoff, wait } from "../layout/backoff.js";

// formId: of the form; bodyId: of the part. Parts that were fetched once are kept.
export function slider(formId, bodyId) {
  const cache = new Map();
  let current = null;

  async function show(form) {
    const address = `${form.dataset.fragment}?${new URLSearchParams(new FormData(form))}`;
    current = address;
    if (!cache.has(address)) {
      const body = document.getElementById(bodyId);
      const slow = setTimeout(() => (body.ariaBusy = "true"), 300);
      const html = await fetched(address, () => current === address).catch(() => null);
      clearTimeout(slow);
      body.ariaBusy = "false";
      if (html === null) return;
      cache.set(address, html);
    }
    if (current === address) put(cache.get(address));
  }

  function put(html) {
    const part = new DOMParser().parseFromString(html, "text/html").getElementById(bodyId);
    document.getElementById(bodyId).replaceWith(document.adoptNode(part));
    part.dispatchEvent(new CustomEvent("vitrine:replaced", { bubbles: true }));
  }

  // The form itself is replaced while the photo is being processed.
  document.addEventListener("input", (event) => {
    const form = event.target.form;
    if (form?.id !== formId) return;
    const output = form.querySelector("output");
    if (output && event.target.type === "range") output.value = event.target.value;
    show(form);
  });
  document.addEventListener("submit", (event) => {
    if (event.target.id === formId) event.preventDefault();
  });
}

// 202: the job at Location is still computing it. Requested again when that has finished, unless the slider has moved on.
async function fetched(address, isCurrent) {
  const delays = backoff();
  for (;;) {
    const response = await fetch(address);
    if (response.status === 200) return response.text();
    if (response.status !== 202) return null;
    const job = response.headers.get("Location");
    const ended = await fetch(`${job}?wait=10`);
    if (!isCurrent()) return null;
    // A busy server answers at once instead of waiting.
    if (!ended.ok || !["succeeded", "failed", "dead", "cancelled"].includes((await ended.json()).status)) {
      await wait(delays.next());
    }
  }
}
