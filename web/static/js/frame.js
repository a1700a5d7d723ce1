// What every page has: the colour picker of the search field.

const pick = document.querySelector(".search .pick");
const picked = pick.querySelector("input");
pick.hidden = false;
picked.addEventListener("change", () => {
  location.assign(`/?color=${encodeURIComponent(picked.value)}`);
});
