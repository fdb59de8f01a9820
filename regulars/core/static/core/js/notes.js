// Notes: what is typed is kept on this device until it is saved, @ offers colleagues, chosen files are named.
const KEPT_EVERY = 2000;
const PREFIX = "draft ";

function draftKey(form) {
  return PREFIX + form.dataset.draft;
}

function keepDrafts() {
  for (const form of document.querySelectorAll("form[data-draft]:not([data-kept])")) keepDraft(form);
}

function keepDraft(form) {
  form.dataset.kept = "";
  const area = form.querySelector("textarea");
  const key = draftKey(form);
  let last = area.value;
  // what the server sent back was refused: it is newer than any draft
  if (!area.value) {
    area.value = last = localStorage.getItem(key) || "";
  }
  const timer = setInterval(() => {
    if (!form.isConnected) clearInterval(timer);
    if (area.value === last) return;
    last = area.value;
    if (last.trim()) localStorage.setItem(key, last);
    else localStorage.removeItem(key);
  }, KEPT_EVERY);
  form.addEventListener("submit", () => sessionStorage.setItem("sent", key));
}
keepDrafts();
document.addEventListener("htmx:afterSwap", keepDrafts);

// A page without a refused note means that the one that was sent is kept.
const sent = sessionStorage.getItem("sent");
if (sent) {
  sessionStorage.removeItem("sent");
  const form = [...document.querySelectorAll("form[data-draft]")].find((one) => draftKey(one) === sent);
  if (form && !form.querySelector('[aria-invalid="true"]')) {
    localStorage.removeItem(sent);
    form.querySelector("textarea").value = "";
  }
}

document.addEventListener("change", (event) => {
  const input = event.target;
  if (!(input instanceof HTMLInputElement) || input.type !== "file") return;
  const said = input.form?.querySelector("[data-files]");
  if (said) said.textContent = [...input.files].map((file) => file.name).join(", ");
});

// ── @ names a colleague
let open = null;

function close() {
  open?.list.remove();
  open?.area.removeAttribute("aria-activedescendant");
  open = null;
}

function typedName(area) {
  const before = area.value.slice(0, area.selectionStart);
  const found = /(^|[^\w@.])@([^\n@]{0,40})$/u.exec(before);
  return found ? { start: before.length - found[2].length, text: found[2] } : null;
}

function choose(index) {
  const { area, names, start } = open;
  const end = area.selectionStart;
  area.setRangeText(`${names[index]} `, start, end, "end");
  close();
  area.focus();
  area.dispatchEvent(new Event("input", { bubbles: true }));
}

function mark(index) {
  open.index = (index + open.names.length) % open.names.length;
  [...open.list.children].forEach((item, place) => item.setAttribute("aria-selected", String(place === open.index)));
  open.area.setAttribute("aria-activedescendant", open.list.children[open.index].id);
}

document.addEventListener("input", (event) => {
  const area = event.target;
  if (!(area instanceof HTMLTextAreaElement) || !area.dataset.mentions) return;
  close();
  const typed = typedName(area);
  const known = document.getElementById(area.dataset.mentions);
  if (!typed || !known) return;
  const wanted = typed.text.toLowerCase();
  const names = [...known.options].map((option) => option.value).filter((name) => name.toLowerCase().startsWith(wanted));
  if (!names.length || names.some((name) => name.toLowerCase() === wanted)) return;
  const list = document.createElement("ul");
  list.className = "mentlist";
  list.setAttribute("role", "listbox");
  names.slice(0, 8).forEach((name, index) => {
    const item = document.createElement("li");
    item.id = `ment-${index}`;
    item.setAttribute("role", "option");
    item.textContent = name;
    item.addEventListener("mousedown", (press) => {
      press.preventDefault();
      choose(index);
    });
    list.append(item);
  });
  area.after(list);
  open = { area, list, names: names.slice(0, 8), start: typed.start, index: 0 };
  mark(0);
});

document.addEventListener(
  "keydown",
  (event) => {
    if (!open || event.target !== open.area || event.isComposing) return;
    if (event.key === "ArrowDown") mark(open.index + 1);
    else if (event.key === "ArrowUp") mark(open.index - 1);
    else if ((event.key === "Enter" && !event.metaKey && !event.ctrlKey) || event.key === "Tab") choose(open.index);
    else if (event.key === "Escape") close();
    else return;
    event.preventDefault();
    event.stopPropagation();
  },
  true,
);
document.addEventListener("focusout", (event) => {
  if (open && event.target === open.area) close();
});
