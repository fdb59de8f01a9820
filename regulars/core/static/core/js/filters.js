// Filters: the question of one filter floats over the list; Esc, Cancel or a click beside it takes it away.
// Backspace in an empty search field drops the last filter.
import { onKey } from "./keys.js";

const asked = () => document.querySelector("#ask form");

function close() {
  const form = asked();
  form?.remove();
  return Boolean(form);
}

onKey("Escape", close);
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && event.target.closest?.("#ask")) {
    event.preventDefault();
    close();
  }
  const field = event.target;
  if (event.key === "Backspace" && field.matches?.('.filters input[type="search"]') && !field.value && !event.repeat) {
    const chips = document.querySelectorAll(".filters [data-drops]");
    chips[chips.length - 1]?.click();
  }
});
onKey("Backspace", () => {
  const drop = document.querySelector("[data-drops-culprit]");
  drop?.click();
  return Boolean(drop);
});
document.addEventListener("click", (event) => {
  if (event.target.closest?.("[data-ask-close]") || !event.target.closest?.("#ask, [hx-target='#ask']")) {
    if (event.target.closest?.("[data-ask-close]")) event.preventDefault();
    close();
  }
});
// the list of filters has done its work when one of them asks
document.addEventListener("htmx:afterSwap", (event) => {
  if (event.target.id === "ask") document.querySelector("details#add")?.removeAttribute("open");
});
