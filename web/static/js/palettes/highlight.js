// Lights up the pixels of a swatch in a photo, by dimming all others.
//
//   const highlighter = highlight(image, canvas, ["#1e90ff", "#ffd700"]);
//   highlighter.show(1);           // only what is nearest to #ffd700 stays bright
//   highlighter.at(0.5, 0.25);     // the swatch of the pixel in the middle of the upper half, or -1 where there is none
//   highlighter.hide();            // the photo as it was
//
// image: one that has been loaded, of this origin. canvas: lies over the image, as large (highlight.css does it, for a
// canvas with the class "highlight" after the image in a positioned parent). swatches: "#rrggbb" each.
//
// Pixels go to the nearest swatch in OKLab, as the palette was found. Colours that share their upper five bits a channel
// go together, as in the worker's histogram: some thousand distances instead of some hundred thousand, so that it
// takes a few milliseconds and needs no thread of its own.

import { channels, oklab, pixelsOf } from "./oklab.js";

const SIDE = 640;
// RGBA over the other pixels: the photo stays recognisable behind it.
const DIM = new Uint32Array(new Uint8ClampedArray([16, 16, 15, 214]).buffer)[0];
const NONE = 255;

export function highlight(image, canvas, swatches) {
  const centres = swatches.map((hex) => oklab(...channels(hex)));
  let cached = null;

  function labels() {
    cached ??= label(pixelsOf(image, SIDE), centres);
    return cached;
  }

  return {
    show(index) {
      const { width, height, nearest } = labels();
      const picture = new ImageData(width, height);
      const dimmed = new Uint32Array(picture.data.buffer);
      for (let n = 0; n < nearest.length; n += 1) if (nearest[n] !== index) dimmed[n] = DIM;
      canvas.width = width;
      canvas.height = height;
      canvas.getContext("2d").putImageData(picture, 0, 0);
      canvas.classList.add("on");
    },

    hide() {
      canvas.classList.remove("on");
    },

    at(x, y) {
      const { width, height, nearest } = labels();
      const [column, row] = [Math.floor(x * width), Math.floor(y * height)];
      if (column < 0 || row < 0 || column >= width || row >= height) return -1;
      const index = nearest[row * width + column];
      return index === NONE ? -1 : index;
    },
  };
}

function label({ width, height, data }, centres) {
  const nearest = new Uint8Array(width * height);
  const known = new Uint8Array(1 << 15).fill(NONE);
  for (let n = 0, at = 0; n < nearest.length; n += 1, at += 4) {
    if (data[at + 3] < 128) {
      nearest[n] = NONE; // transparent: the palette does not count it either
      continue;
    }
    const bin = ((data[at] >> 3) << 10) | ((data[at + 1] >> 3) << 5) | (data[at + 2] >> 3);
    if (known[bin] === NONE) known[bin] = closest(oklab(data[at], data[at + 1], data[at + 2]), centres);
    nearest[n] = known[bin];
  }
  return { width, height, nearest };
}

function closest([l, a, b], centres) {
  let [best, least] = [0, Infinity];
  for (const [index, centre] of centres.entries()) {
    const distance = (l - centre[0]) ** 2 + (a - centre[1]) ** 2 + (b - centre[2]) ** 2;
    if (distance < least) [best, least] = [index, distance];
  }
  return best;
}
