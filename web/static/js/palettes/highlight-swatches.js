// While a swatch of the palette is pointed at, or has the focus, its pixels light up in the photo.

import { highlight } from "./highlight.js";

export function highlightSwatches() {
  let light = null;

  function show(swatch) {
    const image = document.querySelector(".stage img");
    const canvas = document.querySelector(".stage canvas.lit");
    if (!image?.complete || !canvas) return;
    const swatches = [...document.querySelectorAll(".palette [data-copy]")].map((button) => button.dataset.copy);
    light ??= highlight(image, canvas, swatches);
    light.show(swatches.indexOf(swatch.querySelector("[data-copy]").dataset.copy));
  }

  function follow(into, outOf) {
    document.addEventListener(into, (event) => {
      const swatch = event.target.closest?.(".swatch:has([data-copy])");
      if (swatch && !swatch.contains(event.relatedTarget)) show(swatch);
    });
    document.addEventListener(outOf, (event) => {
      const swatch = event.target.closest?.(".swatch");
      if (swatch && !swatch.contains(event.relatedTarget)) light?.hide();
    });
  }

  follow("pointerover", "pointerout");
  follow("focusin", "focusout");
  // Another palette, or the photo itself has come.
  document.addEventListener("vitrine:replaced", () => {
    light?.hide();
    light = null;
  });
}
