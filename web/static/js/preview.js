// A small picture of a file that has not been sent yet, one at a time, so that a folder of photos does not fill memory.

let last = Promise.resolve();

export function preview(file, canvas) {
  last = last.then(() => draw(file, canvas)).catch(() => {}); // what the browser cannot read stays blank: the server says why
}

async function draw(file, canvas) {
  const bitmap = await createImageBitmap(file, { resizeHeight: canvas.height * 2, resizeQuality: "medium" });
  const scale = Math.max(canvas.width / bitmap.width, canvas.height / bitmap.height);
  const [width, height] = [bitmap.width * scale, bitmap.height * scale];
  canvas
    .getContext("2d")
    .drawImage(bitmap, (canvas.width - width) / 2, (canvas.height - height) / 2, width, height);
  bitmap.close();
}
