// Sends a form to its own address as a browser would, and returns the page that answers it.

// Resolves to { page, address, ok }: the answering document, its address, and whether it is not an error.
// XMLHttpRequest, since fetch does not tell how much of a body has been sent.
export function postForm(form, onProgress = () => {}) {
  const body = new FormData(form);
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", form.action);
    request.responseType = "document";
    request.setRequestHeader("Accept", "text/html");
    request.upload.addEventListener("progress", (event) => {
      if (event.lengthComputable) onProgress(event.loaded / event.total);
    });
    request.addEventListener("load", () => {
      const page = request.response;
      if (page) resolve({ page, address: request.responseURL, ok: request.status < 400 });
      else reject(new Error(`Vitrine answered with error ${request.status}. Try again in a moment.`));
    });
    request.addEventListener("error", () => reject(new Error("The connection broke off. Try again.")));
    if (form.enctype === "multipart/form-data") {
      request.send(body);
    } else {
      request.setRequestHeader("Content-Type", form.enctype);
      request.send(new URLSearchParams(body));
    }
  });
}

// Shows what the answering page says under each field. Returns whether there are any.
export function showProblems(form, page) {
  let first = null;
  for (const place of form.querySelectorAll("[data-problem]")) {
    const message = page.getElementById(place.id)?.textContent ?? "";
    place.textContent = message;
    place.hidden = !message;
    const field = form.querySelector(`[aria-describedby~="${CSS.escape(place.id)}"]`);
    if (message) field?.setAttribute("aria-invalid", "true");
    else field?.removeAttribute("aria-invalid");
    if (message) first ??= field ?? place;
  }
  if (first?.closest("details")) first.closest("details").open = true;
  first?.focus();
  return first !== null;
}

// Shows an error about the whole form, in its first place for one.
export function showError(form, message) {
  const place = form.querySelector("[data-problem]");
  place.textContent = message;
  place.hidden = !message;
}

// The message of an error page.
export function errorMessage(page) {
  return page.querySelector(".error-page p")?.textContent ?? "That did not work. Try again in a moment.";
}
