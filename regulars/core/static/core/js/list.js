// Lists: j k move a cursor, x selects, Shift with a click or x takes the range, Enter opens, Space peeks, Esc lets go.
// Rows are [data-row]; what opens one is its a[data-open] or first link, what peeks into it [data-peek].
// A row's own check is input[data-select]; [data-select-all] stands in the head. The bulk bar is [data-bulk] with
// [data-count] in it: shown while something is selected.
import { onKey } from "./keys.js";

const rows = () => [...document.querySelectorAll("[data-row]")];
const current = () => document.querySelector("[data-row].cursor");
let anchor = null;

function moveTo(row) {
  if (!row) return false;
  current()?.classList.remove("cursor");
  row.classList.add("cursor");
  row.scrollIntoView({ block: "nearest" });
  return true;
}

function move(step) {
  const all = rows();
  if (!all.length) return false;
  const here = all.indexOf(current());
  return moveTo(all[here < 0 ? (step > 0 ? 0 : all.length - 1) : Math.min(Math.max(here + step, 0), all.length - 1)]);
}

const linkOf = (row) => row.querySelector("a[data-open]") || row.querySelector("a[href]");
const checkOf = (row) => row.querySelector("input[data-select]");

// rows of a table can say that they are selected; of any other list the check says it
function show(row, isOn) {
  if (row.matches("tr, [role]")) row.setAttribute("aria-selected", String(isOn));
  else row.toggleAttribute("data-chosen", isOn);
}

function mark(row, isOn) {
  const check = checkOf(row);
  if (!check) return;
  check.checked = isOn;
  show(row, isOn);
}

function settle() {
  const all = rows().filter(checkOf);
  const chosen = all.filter((row) => checkOf(row).checked);
  for (const row of all) show(row, checkOf(row).checked);
  for (const head of document.querySelectorAll("[data-select-all]")) {
    head.checked = chosen.length > 0 && chosen.length === all.length;
    head.indeterminate = chosen.length > 0 && chosen.length < all.length;
  }
  for (const bar of document.querySelectorAll("[data-bulk]")) {
    bar.hidden = chosen.length === 0;
    const everybody = bar.querySelector("[data-everybody]");
    if (everybody) {
      // everybody of the list means no less than everybody on this page
      if (chosen.length < all.length) everybody.checked = false;
      for (const words of bar.querySelectorAll("[data-some], [data-not-all]")) words.hidden = everybody.checked;
      for (const words of bar.querySelectorAll("[data-all]")) words.hidden = !everybody.checked;
    }
    for (const count of bar.querySelectorAll("[data-count]")) count.textContent = String(chosen.length);
  }
}

function select(row, isOn, isRange) {
  if (isRange && anchor?.isConnected) {
    const all = rows();
    const [from, to] = [all.indexOf(anchor), all.indexOf(row)].sort((a, b) => a - b);
    for (const between of all.slice(from, to + 1)) mark(between, isOn);
  } else mark(row, isOn);
  anchor = row;
  settle();
}

function turn(row, isRange) {
  if (!row || !checkOf(row)) return false;
  select(row, !checkOf(row).checked, isRange);
  return true;
}

onKey("j", () => move(1));
onKey("k", () => move(-1));
onKey("ArrowDown", (event) => !event.shiftKey && move(1));
onKey("ArrowUp", (event) => !event.shiftKey && move(-1));
onKey("x", () => turn(current(), false));
onKey("X", () => turn(current(), true));
// a key of the bulk bar works on the row under the cursor where nothing is selected
for (const key of ["t", "a"]) {
  onKey(key, () => {
    const isSome = rows().some((row) => checkOf(row)?.checked);
    const isThere = document.querySelector(`[data-bulk] [data-key="${key}"]`);
    if (!isSome && isThere && current() && checkOf(current())) select(current(), true, false);
    return false;
  });
}
onKey("Enter", () => {
  const link = current() && linkOf(current());
  link?.click();
  return Boolean(link);
});
onKey(" ", () => {
  const peek = current()?.querySelector("[data-peek]");
  peek?.click();
  return Boolean(peek);
});
onKey("Escape", () => {
  const menu = document.querySelector(".main details.pop[open]");
  if (menu) {
    menu.open = false;
    menu.querySelector("summary")?.focus();
    return true;
  }
  const chosen = rows().filter((row) => checkOf(row)?.checked);
  if (chosen.length) {
    for (const row of chosen) mark(row, false);
    settle();
    return true;
  }
  current()?.classList.remove("cursor");
  return false;
});

document.addEventListener("click", (event) => {
  const check = event.target.closest?.("input[data-select]");
  if (check) return select(check.closest("[data-row]"), check.checked, event.shiftKey);
  const row = event.target.closest?.("[data-row]");
  if (row && !event.target.closest("a, button, input, label, summary, details") && !getSelection()?.toString()) {
    moveTo(row);
    const link = linkOf(row);
    if (!link) return;
    if (event.metaKey || event.ctrlKey) window.open(link.href, "_blank", "noopener");
    else link.click();
  }
  for (const menu of document.querySelectorAll(".main details.pop[open]"))
    if (!menu.contains(event.target)) menu.open = false;
});

document.addEventListener("change", (event) => {
  if (event.target.matches?.("[data-everybody]") && event.target.checked) {
    for (const row of rows()) mark(row, true);
    settle();
    return;
  }
  if (event.target.matches?.("[data-everybody]")) settle();
  if (!event.target.matches?.("[data-select-all]")) return;
  for (const row of rows()) mark(row, event.target.checked);
  settle();
});

// columns are put in order where they stand; without this each step is a page
document.addEventListener("click", (event) => {
  const button = event.target.closest?.("[data-moves]");
  const line = button?.closest("[data-sortable]");
  if (!line) return;
  event.preventDefault();
  const isUp = button.dataset.moves === "up";
  const other = isUp ? line.previousElementSibling : line.nextElementSibling;
  if (!other) return;
  if (isUp) other.before(line);
  else other.after(line);
  for (const one of line.parentElement.querySelectorAll("[data-moves]")) {
    const at = one.closest("[data-sortable]");
    one.disabled = one.dataset.moves === "up" ? !at.previousElementSibling : !at.nextElementSibling;
  }
  (button.disabled ? line.querySelector("[data-moves]:not(:disabled)") : button)?.focus();
});

// the cursor row survives a swap, by its id
let kept = "";
document.addEventListener("htmx:beforeSwap", () => (kept = current()?.id || ""));
document.addEventListener("htmx:afterSettle", () => {
  if (kept && !current()) document.getElementById(kept)?.classList.add("cursor");
  settle();
});
addEventListener("pageshow", settle);
settle();
