// ⌘K: the server finds, this only asks, keeps the old answer until the new one is there, and moves the cursor.
import { isMac } from "./keys.js";

const palette = document.getElementById("palette");
const results = document.getElementById("palette-results");
const field = palette?.querySelector("input");
const DEBOUNCE = 80;
let timer = 0;
let asking = null;
let inside = ""; // the address of the row whose actions are listed (Tab)

const options = () => [...results.querySelectorAll('[role="option"]')];
const chosen = () => results.querySelector('[aria-selected="true"]');

function choose(option) {
  const before = chosen();
  before?.setAttribute("aria-selected", "false");
  if (!option) return field.removeAttribute("aria-activedescendant");
  option.setAttribute("aria-selected", "true");
  field.setAttribute("aria-activedescendant", option.id);
  option.scrollIntoView({ block: "nearest" });
}

async function ask() {
  asking?.abort();
  asking = new AbortController();
  const url = new URL(palette.dataset.find, location.href);
  url.searchParams.set("q", field.value);
  url.searchParams.set("here", location.pathname);
  if (inside) url.searchParams.set("with", inside);
  results.setAttribute("aria-busy", "true");
  try {
    const answer = await fetch(url, { signal: asking.signal, headers: { "HX-Request": "true" } });
    if (answer.redirected || !answer.ok) return location.assign(url);
    results.innerHTML = await answer.text();
    options().forEach((option, place) => (option.id = `found-${place}`));
    choose(options()[0]);
  } catch (error) {
    if (error.name === "AbortError") return;
    results.textContent = palette.dataset.offline || "";
  }
  results.removeAttribute("aria-busy");
}

function open() {
  if (palette.open) return palette.close();
  for (const other of document.querySelectorAll("dialog[open]")) other.close();
  inside = "";
  field.value = "";
  palette.showModal();
  field.focus();
  ask();
}

if (palette) {
  document.addEventListener("keydown", (event) => {
    if (event.key.toLowerCase() === "k" && (isMac ? event.metaKey : event.ctrlKey) && !event.altKey && !event.shiftKey) {
      event.preventDefault();
      open();
    }
  });
  document.addEventListener("click", (event) => {
    if (event.target.closest?.('[data-opens="palette"]') && !event.metaKey && !event.ctrlKey) {
      event.preventDefault();
      open();
    }
  });
  field.addEventListener("input", () => {
    clearTimeout(timer);
    inside = "";
    timer = setTimeout(ask, DEBOUNCE);
  });
  palette.addEventListener("keydown", (event) => {
    const all = options();
    const here = all.indexOf(chosen());
    if (event.key === "ArrowDown") choose(all[(here + 1) % all.length]);
    else if (event.key === "ArrowUp") choose(all[(here - 1 + all.length) % all.length]);
    else if (event.key === "Enter") {
      const option = chosen();
      if (event.isComposing || !option) return;
      if (event.metaKey || event.ctrlKey) window.open(option.href, "_blank", "noopener");
      else option.click();
    } else if (event.key === "Tab" && chosen()?.dataset.with && !event.shiftKey) {
      inside = chosen().dataset.with;
      field.value = "";
      ask();
    } else if (event.key === "Backspace" && inside && !field.value) {
      inside = "";
      ask();
    } else return;
    event.preventDefault();
  });
  results.addEventListener("pointermove", (event) => {
    const option = event.target.closest('[role="option"]');
    if (option && option !== chosen() && (event.movementX || event.movementY)) choose(option);
  });
  results.addEventListener("click", (event) => {
    const option = event.target.closest("[data-submits]");
    if (!option) return;
    event.preventDefault();
    document.getElementById(option.dataset.submits)?.requestSubmit();
  });
}
