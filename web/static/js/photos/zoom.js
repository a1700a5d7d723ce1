// A photo full screen: larger and smaller by wheel, pinch, keys and buttons; dragged where it is larger than the screen;
// a swipe to the side goes to the next one, one downwards closes.

const LARGEST = 8;
const STEP = 1.5;
const SWIPE_PX = 60;

// step(by): goes to another photo.
export function zoom(step) {
  const dialog = document.getElementById("zoom");
  if (!dialog) return;
  const image = dialog.querySelector("img");
  const scaleText = dialog.querySelector(".scale");
  const pointers = new Map();
  let [scale, x, y] = [1, 0, 0];
  let start = null;

  function open() {
    if (dialog.open) return;
    fit();
    dialog.showModal();
  }

  function fit() {
    [scale, x, y] = [1, 0, 0];
    apply();
  }

  // Keeps at least the middle of the screen covered.
  function apply() {
    const [width, height] = [dialog.clientWidth, dialog.clientHeight];
    x = Math.min(0, Math.max(width * (1 - scale), x));
    y = Math.min(0, Math.max(height * (1 - scale), y));
    image.style.transform = `translate(${x}px, ${y}px) scale(${scale})`;
    scaleText.textContent = `${Math.round(100 * scale)} %`;
  }

  // The point that is at (px, py) stays there.
  function scaleTo(wanted, px = dialog.clientWidth / 2, py = dialog.clientHeight / 2) {
    const next = Math.min(LARGEST, Math.max(1, wanted));
    x = px - ((px - x) * next) / scale;
    y = py - ((py - y) * next) / scale;
    scale = next;
    apply();
  }

  function eased(action) {
    image.classList.add("eased");
    action();
    image.addEventListener("transitionend", () => image.classList.remove("eased"), { once: true });
  }

  const actions = {
    in: () => eased(() => scaleTo(scale * STEP)),
    out: () => eased(() => scaleTo(scale / STEP)),
    fit: () => eased(fit),
    close: () => dialog.close(),
  };
  const keys = { "+": actions.in, "=": actions.in, "-": actions.out, 0: actions.fit };

  function arrow(horizontal, vertical) {
    if (scale === 1) {
      if (horizontal) step(horizontal);
      return;
    }
    x -= horizontal * dialog.clientWidth * 0.2;
    y -= vertical * dialog.clientHeight * 0.2;
    apply();
  }

  dialog.addEventListener("keydown", (event) => {
    const arrows = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
    if (event.ctrlKey || event.metaKey || !(event.key in keys || event.key in arrows)) return;
    event.preventDefault();
    if (event.key in keys) keys[event.key]();
    else arrow(...arrows[event.key]);
  });
  dialog.addEventListener("click", (event) => {
    actions[event.target.closest("[data-zoom]")?.dataset.zoom]?.();
  });
  dialog.addEventListener(
    "wheel",
    (event) => {
      event.preventDefault();
      scaleTo(scale * Math.exp(-event.deltaY / 300), event.clientX, event.clientY);
    },
    { passive: false },
  );
  image.addEventListener("dblclick", (event) =>
    eased(() => (scale > 1 ? fit() : scaleTo(3, event.clientX, event.clientY))),
  );

  image.addEventListener("pointerdown", (event) => {
    image.setPointerCapture(event.pointerId);
    pointers.set(event.pointerId, event);
    startGesture();
  });
  image.addEventListener("pointermove", (event) => {
    if (!pointers.has(event.pointerId)) return;
    pointers.set(event.pointerId, event);
    const now = middle();
    if (pointers.size > 1) scaleTo((start.scale * now.spread) / start.spread, now.x, now.y);
    else if (scale > 1) {
      x = start.left + now.x - start.x;
      y = start.top + now.y - start.y;
      apply();
    }
  });
  for (const name of ["pointerup", "pointercancel"]) image.addEventListener(name, release);

  function release(event) {
    if (pointers.size === 1 && scale === 1 && event.type === "pointerup") {
      const [across, down] = [event.clientX - start.x, event.clientY - start.y];
      if (down > SWIPE_PX && down > Math.abs(across)) actions.close();
      else if (Math.abs(across) > SWIPE_PX) step(across < 0 ? 1 : -1);
    }
    pointers.delete(event.pointerId);
    if (pointers.size) startGesture();
  }

  function startGesture() {
    start = { ...middle(), scale, left: x, top: y };
  }

  function middle() {
    const points = [...pointers.values()];
    const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;
    const [mx, my] = [mean(points.map((point) => point.clientX)), mean(points.map((point) => point.clientY))];
    const spread = mean(points.map((point) => Math.hypot(point.clientX - mx, point.clientY - my)));
    return { x: mx, y: my, spread };
  }

  document.addEventListener("click", (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey || !event.target.closest(".enlarge")) return;
    event.preventDefault();
    open();
  });
  dialog.addEventListener("close", () => {
    if (location.hash === "#zoom") history.replaceState(history.state, "", location.pathname + location.search);
    document.querySelector(".enlarge")?.focus();
  });
  if (location.hash === "#zoom") open();
}
