// While the demo pictures are drawn: each comes in at the top of the gallery as it is done.

import { untilVisible, wait } from "./pauses.js";

const PAUSE_MS = 2500;
const rows = document.querySelector(".rows");

for (let coming = document.getElementById("coming"); coming; ) {
  await wait(PAUSE_MS);
  await untilVisible();
  const response = await fetch(location.href).catch(() => null);
  if (!response?.ok) continue;
  const page = new DOMParser().parseFromString(await response.text(), "text/html");
  const items = [...page.querySelectorAll(".rows > li")];
  if (items.length && !rows) location.reload();
  const fresh = items.filter((item) => !document.getElementById(item.id));
  rows?.prepend(...fresh);
  if (fresh.length) import("./live.js").then(({ keepUp }) => keepUp());
  const news = page.getElementById("coming");
  if (news) coming.replaceChildren(...news.childNodes);
  else {
    coming.remove();
    coming = null;
    document.querySelector("h1").textContent = page.querySelector("h1").textContent;
  }
}
