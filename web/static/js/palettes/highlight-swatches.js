// While a swatch of the palette is pointed at, or has the focus, its pixels are highlighted in the photo.

import { highlight } from "./highlight.js";

export function highlightSwatches() {
  let highlighter = null;

  function show(swatch) {
    const image = document.querySelector(".stage img");
    const canvas = document.querySelector(".stage canvas.highlight");
    if (!image?.complete || !canvas) return;
    const swatches = [...document.querySelectorAll(".palette [data-copy]")].map((button) => button.dataset.copy);
    highlighter ??= highlight(image, canvas, swatches);
    highlighter.show(swatches.indexOf(swatch.querySelector("[data-copy]").dataset.copy));
  }

  function follow(into, outOf) {
    document.addEventListener(into, (event) => {
      const swatch = event.target.closest?.(".swatch:has([data-copy])");
      if (swatch && !swatch.contains(event.relatedTarget)) show(swatch);
    });
    document.addEventListener(outOf, (event) => {
      const swatch = event.target.closest?.(".swatch");
      if (swatch && !swatch.contains(event.relatedTarget)) highlighter?.hide();
    });
  }

  follow("pointerover", "pointerout");
  follow("focusin", "focusout");
  // The palette or the photo has been replaced.
  document.addEventListener("vitrine:replaced", () => {
    highlighter?.hide();
    highlighter = null;
  });
}
