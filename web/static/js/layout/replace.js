// Puts a newer version of a part in its place. What had the focus has it again, what was ticked stays so.
export function replace(part, newer) {
  const inReach = "a, button, input, summary";
  const place = [...part.querySelectorAll(inReach)].indexOf(document.activeElement);
  for (const box of part.querySelectorAll(":checked")) newer.querySelector(`[value="${box.value}"]`).checked = true;
  part.replaceWith(newer);
  if (place >= 0) newer.querySelectorAll(inReach)[place]?.focus({ preventScroll: true });
  newer.dispatchEvent(new CustomEvent("vitrine:replaced", { bubbles: true }));
}
