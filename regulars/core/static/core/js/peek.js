// A peek stands beside the list until Esc, Close or a click on the list; moving on with j and k looks at the next one.
import { onKey } from "./keys.js";

const box = () => document.querySelector("[data-peekbox]");

function close() {
  const open = box();
  open?.remove();
  return Boolean(open);
}

function follow() {
  if (box()) setTimeout(() => document.querySelector("[data-row].cursor [data-peek]")?.click());
  return false;
}

onKey("Escape", close);
onKey(" ", () => close());
onKey("j", follow);
onKey("k", follow);
document.addEventListener("click", (event) => {
  if (event.target.closest?.("[data-peek-close]")) {
    event.preventDefault();
    close();
  }
});
