// sRGB to OKLab, after Björn Ottosson, "A perceptual color space for image processing" (2020). The numbers are those of
// shared/colour.py: the page brings them (palettes/oklab.html).

const { curve, lms, oklab: mix } = JSON.parse(document.querySelector("meta[name=oklab-numbers]").content);

const LINEAR = Float32Array.from({ length: 256 }, (_, channel) => {
  const value = channel / 255;
  if (value <= curve.encoded_end) return value / curve.slope;
  return ((value + curve.offset) / (1 + curve.offset)) ** curve.exponent;
});

// red, green, blue: 0 to 255. Returns [l, a, b]: lightness 0 to 1; a and b about -0.4 to 0.4.
export function oklab(red, green, blue) {
  const cones = times(lms, LINEAR[red], LINEAR[green], LINEAR[blue]);
  return times(mix, Math.cbrt(cones[0]), Math.cbrt(cones[1]), Math.cbrt(cones[2]));
}

function times(matrix, x, y, z) {
  return matrix.map(([a, b, c]) => a * x + b * y + c * z);
}

// hex: "#rrggbb". Returns [red, green, blue].
export function channels(hex) {
  const value = Number.parseInt(hex.slice(1), 16);
  return [value >> 16, (value >> 8) & 255, value & 255];
}

// A copy of an image as RGBA bytes, at most `side` pixels long: enough to tell its colours by, small enough to be quick.
export function pixelsOf(image, side) {
  const [width, height] = [image.naturalWidth ?? image.width, image.naturalHeight ?? image.height];
  const scale = Math.min(1, side / Math.max(width, height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.round(width * scale));
  canvas.height = Math.max(1, Math.round(height * scale));
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.drawImage(image, 0, 0, canvas.width, canvas.height);
  return context.getImageData(0, 0, canvas.width, canvas.height);
}
