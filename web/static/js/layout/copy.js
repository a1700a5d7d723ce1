// Buttons with data-copy put its value on the clipboard. Without a clipboard (plain http from afar) they stay still.

const status = document.createElement("p");
status.className = "unseen";
status.setAttribute("role", "status");

function enable(part) {
  for (const button of part.querySelectorAll("[data-copy]")) {
    button.disabled = false;
    button.title = "Copy";
  }
}

async function copy(button) {
  await navigator.clipboard.writeText(button.dataset.copy);
  button.classList.add("copied");
  status.textContent = `${button.dataset.copied ?? button.dataset.copy} copied`;
  setTimeout(() => {
    button.classList.remove("copied");
    status.textContent = "";
  }, 1500);
}

if (navigator.clipboard) {
  document.body.append(status);
  enable(document);
  document.addEventListener("vitrine:replaced", (event) => enable(event.target));
  document.addEventListener("click", (event) => {
    const button = event.target.closest?.("[data-copy]");
    if (button) copy(button).catch(() => (status.textContent = "The browser did not allow copying"));
  });
}
