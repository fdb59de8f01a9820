// A search that picks one of what it found: arrows move, Enter takes, Esc clears. [data-picker] is the field,
// aria-controls its list of [role=option]. Enter before the answer is there takes the first when it comes, as a
// scanner of barcodes needs it. In the lines of an order Enter leads back to the search.
const listOf = (field) => document.getElementById(field.getAttribute("aria-controls"));
const options = (field) => [...(listOf(field)?.querySelectorAll('[role="option"]') || [])];
const isFresh = (field) => listOf(field)?.dataset.for === field.value.trim();
let waiting = null;

function choose(field, option) {
  for (const one of options(field)) one.setAttribute("aria-selected", String(one === option));
  field.setAttribute("aria-expanded", String(Boolean(option)));
  if (!option) return field.removeAttribute("aria-activedescendant");
  field.setAttribute("aria-activedescendant", option.id);
  option.scrollIntoView({ block: "nearest" });
}

// before the keys of the house, for which Esc leaves a field
document.addEventListener("keydown", (event) => {
  const field = event.target;
  if (event.isComposing || event.defaultPrevented || event.metaKey || event.ctrlKey || event.altKey) return;
  if (event.key === "Enter" && field.matches?.("[data-back]")) {
    event.preventDefault();
    document.getElementById("q")?.focus();
    return;
  }
  if (!field.matches?.("[data-picker]")) return;
  const all = options(field);
  const here = all.findIndex((one) => one.getAttribute("aria-selected") === "true");
  if (event.key === "ArrowDown" && all.length) choose(field, all[(here + 1) % all.length]);
  else if (event.key === "ArrowUp" && all.length) choose(field, all[(here - 1 + all.length) % all.length]);
  else if (event.key === "Enter") {
    if (!field.value.trim()) waiting = null;
    else if (isFresh(field)) all[Math.max(here, 0)]?.click();
    else waiting = field;
  } else if (event.key === "Escape" && field.value) {
    field.value = "";
    listOf(field)?.replaceChildren();
    choose(field, null);
  } else return;
  event.preventDefault();
}, true);

document.addEventListener("htmx:afterSettle", () => {
  for (const field of document.querySelectorAll("[data-picker]")) {
    const first = options(field)[0];
    if (first) choose(field, first);
    else field.setAttribute("aria-expanded", "false");
    if (waiting === field && isFresh(field)) {
      waiting = null;
      first?.click();
    }
  }
  // a quantity that was just added is overwritten by what is typed
  const focused = document.activeElement;
  if (focused?.matches("[data-back][autofocus]")) focused.select();
});

// a part of the page that a link opens: the link leads there without this
document.addEventListener("click", (event) => {
  const part = document.getElementById(event.target.closest?.("[data-opens-part]")?.dataset.opensPart || "");
  const details = part?.querySelector("details");
  if (!details) return;
  event.preventDefault();
  details.open = true;
  part.scrollIntoView({ block: "nearest" });
  part.querySelector("input:not([type=hidden])")?.focus();
});
