// Asks a predictor without leaving its page: the form goes to the server as it is, and the answer, which is a page of its
// own, has its result taken over. The address becomes that of the answer, which can be opened again, sent or printed.

import { fileTarget } from "../layout/frame.js";
import { backoff, untilVisible, wait } from "../layout/backoff.js";
import { errorMessage, postForm, showError, showProblems } from "../layout/post-form.js";

const form = document.getElementById("ask");
const file = form.elements.file;
// Only what comes of the last question is shown.
let latest = 0;

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const current = ++latest;
  result().dataset.busy = "";
  try {
    const { page, address, ok } = await postForm(form);
    if (current !== latest) return;
    const refused = showProblems(form, page);
    if (ok) {
      history.replaceState(null, "", address);
      show(page);
      await poll(address, current);
    } else if (!refused) {
      showError(form, errorMessage(page));
    }
  } catch (error) {
    if (current === latest) showError(form, error.message);
  } finally {
    if (current === latest) delete result().dataset.busy;
  }
});

function result() {
  return document.getElementById("result");
}

function show(page) {
  const newer = page.getElementById("result");
  if (!newer) return;
  // The section itself stays, so that what changes in it is read out.
  result().replaceChildren(...document.adoptNode(newer).childNodes);
  result().toggleAttribute("data-live", newer.hasAttribute("data-live"));
  showWholePhoto();
  // Under a long form the answer begins out of sight.
  const { top } = result().getBoundingClientRect();
  if (top < 0 || top > 0.75 * innerHeight) result().scrollIntoView();
}

// Asks again until the worker is done.
async function poll(address, current) {
  const delays = backoff();
  while (current === latest && result().hasAttribute("data-live")) {
    await wait(delays.next());
    await untilVisible();
    const response = await fetch(address, { headers: { Accept: "text/html" } }).catch(() => null);
    if (!response?.ok || current !== latest) continue;
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    if (page.getElementById("result").innerHTML !== result().innerHTML) show(page);
  }
}

// The evidence over the whole photo, which only this browser has: the server kept but the middle of it.
function showWholePhoto() {
  const blended = result().querySelector(".evidence .blended");
  if (!blended || !file?.files.length) return;
  const stack = document.createElement("div");
  stack.className = "stack";
  const photo = new Image();
  photo.alt = file.files[0].name;
  photo.addEventListener("load", () => {
    stack.style.setProperty("--ratio", photo.naturalWidth / photo.naturalHeight);
    blended.replaceWith(stack);
    URL.revokeObjectURL(photo.src);
  });
  const overlay = new Image();
  overlay.className = "overlay";
  overlay.alt = "Heat map of the evidence";
  overlay.src = blended.closest(".evidence").dataset.overlay;
  stack.append(photo, overlay);
  photo.src = URL.createObjectURL(file.files[0]);
}

// A number outside the range of the training data is allowed, with a warning at once.
form.addEventListener("input", ({ target }) => {
  if (!("low" in target.dataset)) return;
  const value = target.value.trim();
  const outside = value !== "" && (Number(value) < Number(target.dataset.low) || Number(value) > Number(target.dataset.high));
  document.getElementById(`${target.id}-help`).classList.toggle("outside", outside);
});
if (file) {
  const pictures = form.elements.image;
  const picks = pictures ? [...(pictures.length ? pictures : [pictures])] : [];
  // One photo at a time: the last choice counts, and is sent at once.
  file.addEventListener("change", () => {
    if (!file.files.length) return;
    for (const pick of picks) pick.checked = false;
    form.requestSubmit();
  });
  for (const pick of picks) {
    pick.addEventListener("change", () => {
      file.value = "";
      form.requestSubmit();
    });
  }
  fileTarget.receive = ([photo]) => {
    if (!photo) return;
    const one = new DataTransfer();
    one.items.add(photo);
    file.files = one.files;
    file.dispatchEvent(new Event("change"));
  };
  document.querySelector("#drop-anywhere p").textContent = "Drop a photo to ask about it";
}

// The page was opened while its answer was still being worked on.
if (result().hasAttribute("data-live")) poll(location.href, latest);
