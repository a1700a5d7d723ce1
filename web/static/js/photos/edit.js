// Edits the description of a photo without leaving the page.

export function editInPlace() {
  const box = document.getElementById("edit");
  const form = box.querySelector("form");
  const error = form.querySelector(".error");

  box.addEventListener("toggle", () => {
    if (box.open) form.elements.caption.focus();
  });
  box.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    event.preventDefault();
    form.reset();
    close();
  });
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const response = await fetch(form.dataset.api, {
      method: "PATCH",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({
        caption: form.elements.caption.value,
        tags: form.elements.tags.value.split(","),
        label: form.elements.label.value,
      }),
    }).catch(() => null);
    if (response?.ok) {
      await refresh();
      close();
    } else {
      const reason = response && (await response.json().catch(() => null))?.detail;
      error.textContent = reason ?? "It could not be saved: Vitrine does not answer. Try again in a moment.";
      error.hidden = false;
    }
  });

  function close() {
    error.hidden = true;
    box.open = false;
    box.querySelector("summary").focus();
  }

  async function refresh() {
    const response = await fetch(location.href);
    if (!response.ok) return;
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    for (const selector of ["#about", ".details"]) {
      document.querySelector(selector).replaceWith(document.adoptNode(page.querySelector(selector)));
    }
    document.title = page.title;
    // A reset of the form goes back to these values.
    for (const field of form.querySelectorAll("input")) {
      field.value = page.querySelector(`#edit [name="${field.name}"]`).value;
      field.defaultValue = field.value;
    }
  }
}
