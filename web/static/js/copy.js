// Buttons with data-copy put its value on the clipboard. Without a clipboard (plain http from afar) they stay still.

const said = document.createElement("p");
said.className = "unseen";
said.setAttribute("role", "status");

function enable(part) {
  for (const button of part.querySelectorAll("[data-copy]")) {
    button.disabled = false;
    button.title = "Copy";
  }
}

async function copy(button) {
  await navigator.clipboard.writeText(button.dataset.copy);
  button.classList.add("copied");
  said.textContent = `${button.dataset.copied ?? button.dataset.copy} copied`;
  setTimeout(() => {
    button.classList.remove("copied");
    said.textContent = "";
  }, 1500);
}

if (navigator.clipboard) {
  document.body.append(said);
  enable(document);
  document.addEventListener("vitrine:replaced", (event) => enable(event.target));
  document.addEventListener("click", (event) => {
    const button = event.target.closest?.("[data-copy]");
    if (button) copy(button).catch(() => (said.textContent = "The browser did not allow copying"));
  });
}
