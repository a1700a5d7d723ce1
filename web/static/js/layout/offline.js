// Says so while the browser has no connection. What is on the page stays there; what is polled goes on by itself later.

const line = document.createElement("div");
line.className = "offline";
line.setAttribute("role", "status");
document.body.append(line);

function tell() {
  line.textContent = navigator.onLine ? "" : "You are offline. What you see stays here; what is new comes when you are back.";
}

addEventListener("online", tell);
addEventListener("offline", tell);
tell();
