// On the page that says "not ready": polls until Vitrine answers, then reloads.

import { root } from "./addresses.js";
import { backoff, untilVisible, wait } from "./backoff.js";

document.getElementById("reconnect").hidden = false;
const delays = backoff();
for (;;) {
  await wait(2000 + delays.next());
  await untilVisible();
  const response = await fetch(`${root}readyz`).catch(() => null);
  if (response?.ok) break;
}
location.reload();
