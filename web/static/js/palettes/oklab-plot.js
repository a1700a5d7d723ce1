// The colours of a picture in OKLab, as a cloud that can be turned: lightness upwards, hue around, chroma outwards.

import { channels, oklab, pixelsOf } from "./oklab.js";

const SIDE = 200;
// Chroma at the edge of the plot: sRGB reaches 0.32.
const REACH = 0.34;
const RINGS = [0.1, 0.2, 0.3];
const STEP = Math.PI / 24;
const STEEPEST = Math.PI / 2;

// The plot keeps its angle while palettes come and go.
export function makePlot() {
  let canvas = null;
  let swatches = [];
  let cloud = [];
  let [yaw, pitch] = [-0.5, 0.42];
  let scheduled = false;

  const resized = new ResizeObserver(() => scheduleDraw());
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => scheduleDraw());

  // image: whose pixels make the cloud, or none.
  function showImage(image) {
    cloud = image ? cloudOf(pixelsOf(image, SIDE)) : [];
    scheduleDraw();
  }

  // hexes: the swatches; parts: their shares, 0 to 1.
  function attach(element, hexes, parts) {
    resized.disconnect();
    canvas = element;
    swatches = hexes.map((hex, n) => ({ lab: oklab(...channels(hex)), hex, part: parts[n] }));
    resized.observe(canvas);
    canvas.addEventListener("pointerdown", onPointerDown);
    canvas.addEventListener("keydown", onKey);
    scheduleDraw();
  }

  function onPointerDown(event) {
    canvas.setPointerCapture(event.pointerId);
    let [x, y] = [event.clientX, event.clientY];
    const move = (moved) => {
      rotate(yaw + (moved.clientX - x) / 120, pitch + (moved.clientY - y) / 120);
      [x, y] = [moved.clientX, moved.clientY];
    };
    canvas.addEventListener("pointermove", move);
    canvas.addEventListener("lostpointercapture", () => canvas.removeEventListener("pointermove", move), { once: true });
  }

  function onKey(event) {
    const steps = { ArrowLeft: [-STEP, 0], ArrowRight: [STEP, 0], ArrowUp: [0, -STEP], ArrowDown: [0, STEP] }[event.key];
    if (!steps) return;
    event.preventDefault();
    rotate(yaw + steps[0], pitch + steps[1]);
  }

  function rotate(around, down) {
    yaw = around;
    pitch = Math.min(STEEPEST, Math.max(0, down));
    canvas.dataset.angle = `${yaw.toFixed(2)} ${pitch.toFixed(2)}`;
    scheduleDraw();
  }

  function scheduleDraw() {
    if (scheduled || !canvas) return;
    scheduled = true;
    requestAnimationFrame(() => {
      scheduled = false;
      draw();
    });
  }

  function draw() {
    const [width, height] = [canvas.clientWidth, canvas.clientHeight];
    const dots = devicePixelRatio || 1;
    canvas.width = Math.round(width * dots);
    canvas.height = Math.round(height * dots);
    const context = canvas.getContext("2d");
    context.scale(dots, dots);
    const scale = Math.min(width / (2 * REACH), height / 1.32) * 0.92;
    const [sine, cosine] = [Math.sin(yaw), Math.cos(yaw)];
    const [up, along] = [Math.cos(pitch), Math.sin(pitch)];
    // Returns x, y in pixels and the depth, greater for what is nearer.
    const place = ([l, a, b]) => {
      const [across, away] = [a * cosine - b * sine, a * sine + b * cosine];
      return [
        width / 2 + across * scale,
        height / 2 - ((l - 0.5) * up - away * along) * scale,
        away * up + (l - 0.5) * along,
      ];
    };
    const style = getComputedStyle(canvas);
    drawFrame(context, place, style.borderTopColor, style.color);
    drawCloud(context, place, cloud);
    drawSwatches(context, place, swatches, style.color);
  }

  return { showImage, attach };
}

// One point for each occupied 4-bit bin: a few hundred to two thousand, with their mean colour and their number.
function cloudOf({ data }) {
  const bins = new Map();
  for (let at = 0; at < data.length; at += 4) {
    if (data[at + 3] < 128) continue;
    const key = ((data[at] >> 4) << 8) | ((data[at + 1] >> 4) << 4) | (data[at + 2] >> 4);
    const bin = bins.get(key) ?? { red: 0, green: 0, blue: 0, count: 0 };
    bin.red += data[at];
    bin.green += data[at + 1];
    bin.blue += data[at + 2];
    bin.count += 1;
    bins.set(key, bin);
  }
  const total = data.length / 4;
  return [...bins.values()].map(({ red, green, blue, count }) => {
    const rgb = [red, green, blue].map((sum) => Math.round(sum / count));
    return { lab: oklab(...rgb), color: `rgb(${rgb.join(" ")})`, part: count / total };
  });
}

function drawFrame(context, place, line, ink) {
  context.strokeStyle = line;
  context.lineWidth = 1;
  for (const chroma of RINGS) {
    context.beginPath();
    for (let step = 0; step <= 72; step += 1) {
      const hue = (step / 72) * 2 * Math.PI;
      const [x, y] = place([0, chroma * Math.cos(hue), chroma * Math.sin(hue)]);
      if (step) context.lineTo(x, y);
      else context.moveTo(x, y);
    }
    context.stroke();
  }
  const [bottom, top] = [place([0, 0, 0]), place([1, 0, 0])];
  context.beginPath();
  context.moveTo(bottom[0], bottom[1]);
  context.lineTo(top[0], top[1]);
  context.stroke();
  context.fillStyle = ink;
  context.font = `12px ${getComputedStyle(document.body).fontFamily}`;
  context.textAlign = "center";
  context.fillText("white", top[0], top[1] - 22);
  context.fillText("black", bottom[0], bottom[1] + 26);
}

function drawCloud(context, place, cloud) {
  const points = cloud.map((point) => ({ ...point, at: place(point.lab) }));
  points.sort((one, other) => one.at[2] - other.at[2]);
  context.globalAlpha = 0.75;
  for (const { at, color, part } of points) {
    context.fillStyle = color;
    context.beginPath();
    context.arc(at[0], at[1], 1.2 + Math.min(6, 40 * Math.sqrt(part)), 0, 2 * Math.PI);
    context.fill();
  }
  context.globalAlpha = 1;
}

function drawSwatches(context, place, swatches, ring) {
  const points = swatches.map((swatch) => ({ ...swatch, at: place(swatch.lab) }));
  points.sort((one, other) => one.at[2] - other.at[2]);
  for (const { at, hex, part } of points) {
    context.beginPath();
    context.arc(at[0], at[1], 8 + 14 * Math.sqrt(part), 0, 2 * Math.PI);
    context.fillStyle = hex;
    context.fill();
    context.strokeStyle = ring;
    context.lineWidth = 2;
    context.stroke();
  }
}
