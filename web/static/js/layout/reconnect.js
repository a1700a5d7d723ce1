// On the page that says "not ready": asks whether Vitrine answers again, and then shows what was wanted.

import { pauses, untilVisible, wait } from "./pauses.js";

document.getElementById("reconnect").hidden = false;
const pause = pauses();
for (;;) {
  await wait(2000 + pause.next());
  await untilVisible();
  const response = await fetch("/readyz").catch(() => null);
  if (response?.ok) break;
}
location.reload();
