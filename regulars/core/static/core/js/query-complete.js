// ⌃Space in a query: what could stand here, with what it is. Arrows move, Enter or Tab takes, Esc closes.
let open = null;

export const isOpen = () => Boolean(open);

export function closeSuggestions() {
  open?.box.remove();
  open?.area.removeAttribute("aria-activedescendant");
  open?.area.removeAttribute("aria-controls");
  open = null;
}

/** Ask what could stand at the caret, and show it there; `place` says where the caret is drawn. */
export async function suggest(area, place) {
  const at = area.selectionEnd;
  const address = new URL(area.dataset.complete, location.href);
  // the server reads what stands before the caret; a very long query is asked from its last lines on
  const before = area.value.slice(0, at);
  address.searchParams.set("text", before.length > 4000 ? before.slice(before.indexOf("\n", before.length - 4000) + 1) : before);
  const answer = await fetch(address, { headers: { Accept: "application/json" } });
  if (!answer.ok || area.selectionEnd !== at) return;
  const said = await answer.json();
  closeSuggestions();
  const box = document.createElement("div");
  box.className = "qsug";
  box.id = "qsug";
  box.setAttribute("role", "listbox");
  box.setAttribute("aria-label", area.dataset.suggestions);
  if (!said.items.length) box.append(Object.assign(document.createElement("p"), { textContent: area.dataset.nothing }));
  for (const [number, item] of said.items.entries()) {
    const option = document.createElement("div");
    option.id = `qsug-${number}`;
    option.setAttribute("role", "option");
    option.append(Object.assign(document.createElement("b"), { textContent: item.text }));
    if (item.label) option.append(Object.assign(document.createElement("span"), { textContent: item.label }));
    option.addEventListener("mousedown", (event) => {
      event.preventDefault();
      take(number);
    });
    box.append(option);
  }
  open = { area, box, from: at - said.typed, to: at, items: said.items, here: -1 };
  area.closest("[data-qbox]").append(box);
  area.setAttribute("aria-controls", box.id);
  const { left, top } = place();
  box.style.left = `${left}px`;
  box.style.top = `${top}px`;
  if (said.items.length) choose(0);
}

function choose(number) {
  const options = [...open.box.querySelectorAll("[role=option]")];
  if (!options.length) return;
  open.here = (number + options.length) % options.length;
  for (const [at, option] of options.entries()) option.setAttribute("aria-selected", String(at === open.here));
  options[open.here].scrollIntoView({ block: "nearest" });
  open.area.setAttribute("aria-activedescendant", options[open.here].id);
}

function take(number) {
  const { area, from, to, items } = open;
  closeSuggestions();
  area.focus();
  area.setSelectionRange(from, to);
  write(area, items[number].insert ?? items[number].text);
}

/** Type a text where the caret is, so that ⌘Z takes it back. */
export function write(area, text) {
  if (!document.execCommand("insertText", false, text)) area.setRangeText(text, area.selectionStart, area.selectionEnd, "end");
  area.dispatchEvent(new Event("input", { bubbles: true }));
}

/** Whether a key was for the open list. */
export function suggestionKey(event) {
  if (!open) return false;
  if (event.key === "ArrowDown") choose(open.here + 1);
  else if (event.key === "ArrowUp") choose(open.here - 1);
  else if (event.key === "Escape") closeSuggestions();
  else if ((event.key === "Enter" || event.key === "Tab") && open.here >= 0) take(open.here);
  else return false;
  return true;
}
