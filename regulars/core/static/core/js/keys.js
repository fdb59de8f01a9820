// One key map for the whole house: a letter means one thing everywhere. What it does stands in the markup:
//   data-go="c"    g, then c, follows this link
//   data-key="e"   e clicks this, where it is on the page
// Lists add their own (list.js). Off while typing; g-letters and single keys can be switched off in the profile.
const GO_SECONDS = 1.5;
const handlers = new Map();
let goesUntil = 0;

/** Let a module answer a key; it returns true when it did something. */
export function onKey(key, handler) {
  handlers.set(key, [...(handlers.get(key) || []), handler]);
}

export const isMac = /Mac|iPhone|iPad/.test(navigator.platform);

export function isTyping(target) {
  if (!(target instanceof Element)) return false;
  if (target.closest("textarea, select, [contenteditable]")) return true;
  const input = target.closest("input");
  return Boolean(input) && !["checkbox", "radio", "button", "submit", "reset"].includes(input.type);
}

export const modal = () => document.querySelector("dialog[open]");

function marked(attribute, key) {
  const found = [...document.querySelectorAll(`[${attribute}="${CSS.escape(key)}"]`)];
  return found.find((element) => element.getClientRects().length) || found.find((element) => element.closest("#commands, .side"));
}

function endGo() {
  goesUntil = 0;
  document.body.classList.remove("goes");
}

document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.isComposing) return;
  const { key } = event;
  if ((event.metaKey || event.ctrlKey) && !event.altKey) {
    if (key === "Enter" && isTyping(event.target) && !modal()) {
      event.target.closest("form")?.requestSubmit();
      event.preventDefault();
    }
    return;
  }
  if (event.altKey || event.metaKey || event.ctrlKey) return;
  const popover = document.querySelector(":popover-open");
  if (modal() || popover || isTyping(event.target)) {
    if (key === "Escape" && !modal() && !popover && event.target.closest(".main")) event.target.blur();
    return;
  }
  const isArrow = key.length > 1;
  if (!isArrow && !("singleKeys" in document.body.dataset)) return;
  if (goesUntil > Date.now()) {
    endGo();
    const place = marked("data-go", key);
    if (place) {
      event.preventDefault();
      place.click();
    }
    return;
  }
  if (key === "g") {
    goesUntil = Date.now() + GO_SECONDS * 1000;
    document.body.classList.add("goes");
    setTimeout(() => goesUntil && goesUntil <= Date.now() && endGo(), GO_SECONDS * 1000 + 20);
    event.preventDefault();
    return;
  }
  // Enter and Space belong to the control that has the focus
  if ((key === "Enter" || key === " ") && event.target.closest("a, button, summary, input, [role=option]")) return;
  for (const handler of handlers.get(key) || []) {
    if (handler(event)) {
      event.preventDefault();
      return;
    }
  }
  if (isArrow || key === " ") return;
  const target = marked("data-key", key);
  if (!target) return;
  event.preventDefault();
  if (target.matches("input, textarea, select")) {
    target.focus();
    target.select?.();
  } else if (target.matches("details")) {
    target.open = !target.open;
    target.querySelector("input:not([type=hidden]), textarea, select, a, button")?.focus();
  } else {
    target.click();
  }
});

onKey("?", () => {
  document.getElementById("keymap")?.showModal();
  return true;
});
onKey("/", () => {
  const field = document.querySelector(".main [data-search], .main input[type=search]");
  field?.focus();
  field?.select();
  return Boolean(field);
});

if (!isMac) {
  for (const cap of document.querySelectorAll("kbd[data-mod]")) cap.textContent = cap.textContent.replace("⌘", "Ctrl ");
}
