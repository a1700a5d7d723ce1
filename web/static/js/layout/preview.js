// A small picture of a file or of an address, one at a time, so that a folder of photos does not fill memory.

let last = Promise.resolve();

export function preview(source, canvas) {
  last = last.then(() => draw(source, canvas)).catch(() => {}); // what the browser cannot read stays blank: the server says why
}

async function draw(source, canvas) {
  const blob = typeof source === "string" ? await (await fetch(source)).blob() : source;
  const bitmap = await createImageBitmap(blob, { resizeHeight: canvas.height * 2, resizeQuality: "medium" });
  const scale = Math.max(canvas.width / bitmap.width, canvas.height / bitmap.height);
  const [width, height] = [bitmap.width * scale, bitmap.height * scale];
  const context = canvas.getContext("2d");
  // Behind what is transparent: white shows on it, and black.
  context.fillStyle = getComputedStyle(canvas).getPropertyValue("--behind");
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.drawImage(bitmap, (canvas.width - width) / 2, (canvas.height - height) / 2, width, height);
  bitmap.close();
}
