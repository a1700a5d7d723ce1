// Shows a line while the browser has no connection. The page stays as it is, and polling goes on later.

const line = document.createElement("div");
line.className = "offline";
line.setAttribute("role", "status");
document.body.append(line);

function update() {
  line.textContent = navigator.onLine ? "" : "You are offline. What you see stays here; what is new comes when you are back.";
}

addEventListener("online", update);
addEventListener("offline", update);
update();
