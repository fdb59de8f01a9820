// Macros by key: m opens their menu, there each has its own key; one that means nothing else works at once.
import { isTyping, modal, onKey } from "./keys.js";

const menuHere = () => {
  const isSome = document.querySelector("[data-row] input[data-select]:checked");
  return document.querySelector(isSome ? "#bulk [data-macros]" : ".thread [data-macros]");
};
const named = (menu, key) => menu?.querySelector(`[data-macro="${CSS.escape(key)}"]`);

onKey("m", () => {
  const menu = menuHere();
  if (!menu) return false;
  menu.open = !menu.open;
  menu.querySelector(menu.open ? "button" : "summary").focus();
  return true;
});

document.addEventListener(
  "keydown",
  (event) => {
    if (event.altKey || event.metaKey || event.ctrlKey || event.isComposing) return;
    if (modal() || isTyping(event.target) || document.body.classList.contains("goes")) return;
    const open = document.querySelector("[data-macros][open]");
    let button = open && named(open, event.key);
    if (!open && "singleKeys" in document.body.dataset) {
      button = named(menuHere(), event.key);
      if (!button?.hasAttribute("data-alone")) return;
    }
    if (!button) return;
    event.preventDefault();
    button.click();
  },
  true,
);
