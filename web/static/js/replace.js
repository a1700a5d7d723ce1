// Puts a newer version of a part of the page in its place. What had the focus has it again.
export function replace(part, newer) {
  const inReach = "a, button";
  const place = [...part.querySelectorAll(inReach)].indexOf(document.activeElement);
  part.replaceWith(newer);
  if (place >= 0) newer.querySelectorAll(inReach)[place]?.focus({ preventScroll: true });
  newer.dispatchEvent(new CustomEvent("vitrine:replaced", { bubbles: true }));
}
