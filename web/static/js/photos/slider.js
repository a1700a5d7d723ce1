// A slider in a form whose data-fragment names the part of the page that it changes: the part alone is fetched.

import { pauses, wait } from "../layout/pauses.js";

// formId: of the form; bodyId: of the part. Parts that were fetched once are there at once.
export function slider(formId, bodyId) {
  const known = new Map();
  let wanted = null;

  async function show(form) {
    const address = `${form.dataset.fragment}?${new URLSearchParams(new FormData(form))}`;
    wanted = address;
    if (!known.has(address)) {
      const body = document.getElementById(bodyId);
      const slow = setTimeout(() => (body.ariaBusy = "true"), 300);
      const html = await fetched(address, () => wanted === address).catch(() => null);
      clearTimeout(slow);
      body.ariaBusy = "false";
      if (html === null) return;
      known.set(address, html);
    }
    if (wanted === address) put(known.get(address));
  }

  function put(html) {
    const part = new DOMParser().parseFromString(html, "text/html").getElementById(bodyId);
    document.getElementById(bodyId).replaceWith(document.adoptNode(part));
    part.dispatchEvent(new CustomEvent("vitrine:replaced", { bubbles: true }));
  }

  // The form itself comes again while the photo is being worked on.
  document.addEventListener("input", (event) => {
    const form = event.target.form;
    if (form?.id !== formId) return;
    const output = form.querySelector("output");
    if (output) output.value = event.target.value;
    show(form);
  });
  document.addEventListener("submit", (event) => {
    if (event.target.id === formId) event.preventDefault();
  });
}

// 202: it is still to be found, by the job at Location. Asked for again when that has ended, unless nobody wants it now.
async function fetched(address, stillWanted) {
  const pause = pauses();
  for (;;) {
    const response = await fetch(address);
    if (response.status === 200) return response.text();
    if (response.status !== 202) return null;
    const job = response.headers.get("Location");
    const ended = await fetch(`${job}?wait=10`);
    if (!stillWanted()) return null;
    // A server that holds as many requests as it can does not hold this one.
    if (!ended.ok || !["succeeded", "failed", "dead", "cancelled"].includes((await ended.json()).status)) {
      await wait(pause.next());
    }
  }
}
