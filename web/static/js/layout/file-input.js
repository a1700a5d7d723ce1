// Calls handle(input) when a file is chosen, and at once for one that was chosen before this script had been loaded.
export function onFileChosen(input, handle) {
  input.addEventListener("change", () => handle(input));
  if (input.files.length) handle(input);
}
