// The inbox, live: rows come without moving the one under the cursor, rings tick, drafts are kept, who else is here is
// shown. What the page cannot do without this it does with plain forms and links.
import { isTyping, onKey } from "./keys.js";

const mail = () => document.getElementById("mail");
const thread = () => document.querySelector(".thread[data-open]");
const chosen = () => [...document.querySelectorAll("[data-row] input[data-select]:checked")];
const token = () => JSON.parse(document.body.getAttribute("hx-headers") || "{}")["X-CSRFToken"] || "";
const fill = (words, values) => words.replace(/%\((\w+)\)s/g, (_all, name) => values[name] ?? "");

function send(url, values) {
  return fetch(url, {
    method: "POST",
    headers: { "X-CSRFToken": token(), "Content-Type": "application/x-www-form-urlencoded" },
    body: new URLSearchParams(values),
    keepalive: true,
  }).catch(() => {});
}

// ── rings and words run down once a minute
const ROUND = 2 * Math.PI * 6;
const SOON = 0.45;

function duration(minutes) {
  const { min, h, hm } = mail().dataset;
  if (minutes < 60) return fill(min, { n: minutes });
  const rest = minutes % 60;
  const hours = Math.floor(minutes / 60);
  return rest ? fill(hm, { h: hours, m: String(rest).padStart(2, "0") }) : fill(h, { n: hours });
}

function tick() {
  if (!mail()) return;
  for (const one of document.querySelectorAll(".prom[data-due]")) {
    const seconds = (Date.parse(one.dataset.due) - Date.now()) / 1000;
    const left = Math.min(Math.max(seconds / (60 * Number(one.dataset.minutes)), 0), 1);
    const state = seconds < 0 ? "late" : left <= SOON ? "soon" : "";
    const ring = one.querySelector(".ring");
    for (const part of [one, ring]) {
      part.classList.toggle("late", state === "late");
      part.classList.toggle("soon", state === "soon");
    }
    ring.querySelector(".fg").setAttribute("stroke-dasharray", `${(ROUND * left).toFixed(2)} 37.70`);
    const words = one.querySelector(".w");
    if (seconds < 0) words.textContent = fill(mail().dataset.late, { time: duration(Math.max(1, Math.floor(-seconds / 60))) });
    else if (seconds < 86400 && new Date(one.dataset.due).getDate() === new Date().getDate()) words.textContent = duration(Math.floor(seconds / 60));
  }
  for (const one of document.querySelectorAll("[data-left]")) {
    const minutes = Math.floor((Date.parse(one.dataset.left) - Date.now()) / 60000);
    if (minutes < 1440) one.textContent = fill(minutes < 0 ? mail().dataset.late : mail().dataset.left, { time: duration(Math.abs(minutes)) });
  }
}
setInterval(tick, 60000);

// ── the list follows what happens; a row stays where it is until somebody asks for the new ones
let fresh = null;
let asking = 0;

function rowsUrl() {
  const query = new URLSearchParams(mail().dataset.query);
  if (thread()) query.set("open", thread().dataset.open);
  return `${mail().dataset.rows}?${query}`;
}

async function followList() {
  asking = 0;
  if (!mail()) return;
  const answer = await fetch(rowsUrl(), { headers: { "HX-Request": "true" } }).catch(() => null);
  if (!answer?.ok) return;
  fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  const there = new Map([...document.querySelectorAll("#rows [data-row]")].map((row) => [row.id, row]));
  let count = 0;
  for (const row of fresh.querySelectorAll("[data-row]")) {
    const old = there.get(row.id);
    if (!old) {
      count += 1;
      continue;
    }
    there.delete(row.id);
    old.classList.remove("away");
    const [link, now] = [old.querySelector("a[data-open]"), row.querySelector("a[data-open]")];
    if (link.innerHTML !== now.innerHTML) link.innerHTML = now.innerHTML;
  }
  for (const gone of there.values()) gone.classList.add("away");
  showCounts(fresh.getElementById("mcounts"));
  const line = document.getElementById("mnew");
  if (!line) return;
  // where nothing stands, nothing can move: the first ones are simply there
  if (count && !document.querySelector("#rows [data-row]")) return showFresh();
  line.hidden = count === 0;
  line.querySelector("span").textContent = count === 1 ? mail().dataset.newOne : fill(mail().dataset.new, { n: count });
}

function showCounts(said) {
  if (!said) return;
  for (const [name, count] of Object.entries(said.dataset)) {
    const place = document.querySelector(`#mtabs [data-tab="${name}"] .n`);
    if (place) place.textContent = Number(count).toLocaleString(document.documentElement.lang);
  }
  const side = document.querySelector('.side .nav[data-go="i"]');
  if (!side) return;
  let number = side.querySelector(".n");
  if (!number && said.dataset.open !== "0") {
    number = document.createElement("span");
    number.className = "n";
    side.append(number);
  }
  if (number) number.textContent = said.dataset.open === "0" ? "" : Number(said.dataset.open).toLocaleString(document.documentElement.lang);
}

function soon() {
  if (!asking) asking = setTimeout(followList, 600 + Math.random() * 600);
}

function showFresh() {
  const rows = document.getElementById("rows");
  rows.replaceChildren(...fresh.body.childNodes);
  window.htmx?.process(rows);
  document.getElementById("mnew").hidden = true;
  rows.scrollTop = 0;
}

document.addEventListener("click", (event) => {
  if (!event.target.closest?.("[data-shows-new]") || !fresh) return;
  event.preventDefault();
  showFresh();
  document.querySelector("#rows a[data-open]")?.focus();
});

// ── what is said in the open conversation, and who else is here
const others = new Map();

async function followPosts() {
  const open = thread();
  const box = document.getElementById("msgs");
  if (!open || !box) return;
  const answer = await fetch(open.dataset.posts, { headers: { "HX-Request": "true" } }).catch(() => null);
  if (!answer?.ok || thread() !== open) return;
  const isAtEnd = box.scrollHeight - box.scrollTop - box.clientHeight < 60;
  const unfolded = [...box.querySelectorAll("article")].filter((post) => post.querySelector("details[open]")).map((post) => post.id);
  box.innerHTML = await answer.text();
  for (const id of unfolded) for (const part of document.getElementById(id)?.querySelectorAll("details") || []) part.open = true;
  window.htmx?.process(box);
  if (isAtEnd) box.scrollTop = box.scrollHeight;
}

function showHere() {
  const place = document.getElementById("herenow");
  if (!place) return;
  place.replaceChildren();
  for (const [who, said] of others) {
    if (said.until < Date.now()) {
      others.delete(who);
      continue;
    }
    const tag = document.createElement("span");
    tag.className = "tag act";
    tag.textContent = fill(said.state === "writing" ? mail().dataset.writes : mail().dataset.reads, { who: said.name });
    place.append(tag);
  }
}
setInterval(showHere, 5000);

function heard({ topic, ...data }) {
  if (topic === "inbox") return soon();
  const open = thread();
  if (!open || topic !== `inbox.${open.dataset.open}`) return;
  if (data.said) return followPosts();
  if (!data.who || data.who === open.dataset.me) return;
  if (data.state === "gone") others.delete(data.who);
  else others.set(data.who, { ...data, until: Date.now() + (data.state === "writing" ? 12000 : 45000) });
  showHere();
}

// ── one stream for this tab, while it is looked at: browsers keep six connections to a house, for all tabs together
let stream = null;
let after = 0;

function listen() {
  stream?.close();
  stream = null;
  if (!mail() || document.hidden) return;
  const topics = ["inbox", ...(thread() ? [`inbox.${thread().dataset.open}`] : [])];
  stream = new EventSource(`${mail().dataset.live}?topics=${topics.join(",")}&after=${after}`);
  stream.addEventListener("message", (event) => {
    after = Number(event.lastEventId) || after;
    heard(JSON.parse(event.data));
  });
}

function here(state) {
  if (thread() && !document.hidden) send(thread().dataset.here, { state });
}
setInterval(() => here(Date.now() - typedAt < 10000 ? "writing" : "reading"), 20000);

function opened() {
  if (!mail()) return;
  others.clear();
  const row = thread()?.dataset.line;
  for (const link of document.querySelectorAll("#rows a[data-open]")) {
    const isHere = link.closest("[data-row]").id === row;
    if (isHere) link.setAttribute("aria-current", "true");
    else link.removeAttribute("aria-current");
    if (row) link.closest("[data-row]").classList.toggle("cursor", isHere);
  }
  // what the customer said last stands at the top
  const box = document.getElementById("msgs");
  const said = box && [...box.querySelectorAll(".msg.in")].pop();
  if (box) box.scrollTop = said ? said.offsetTop - box.offsetTop : box.scrollHeight;
  listen();
  here("reading");
}

document.addEventListener("visibilitychange", () => {
  listen();
  if (!document.hidden) {
    here("reading");
    if (mail()) soon();
  }
});
addEventListener("pagehide", () => {
  stream?.close();
  if (thread()) send(thread().dataset.here, { state: "gone" });
});
document.addEventListener("htmx:afterSwap", (event) => {
  if (document.getElementById("open") && (event.detail.target.id === "open" || event.detail.elt.id === "open")) opened();
});

// ── writing: drafts, files that are pasted or dropped, marks under what was filled in
let typedAt = 0;
let last = "";
let saidWriting = 0;
const form = () => document.getElementById("reply");
const area = () => form()?.querySelector("textarea");
const mode = () => form()?.querySelector('[name="mode"]:checked')?.value || "answer";

document.addEventListener("input", (event) => {
  if (event.target !== area()) return;
  typedAt = Date.now();
  if (typedAt - saidWriting > 4000) {
    saidWriting = typedAt;
    here("writing");
  }
  drawMarks();
  offerCanned();
});

setInterval(() => {
  const text = area()?.value;
  if (text === undefined || !typedAt || text === last) return;
  last = text;
  const box = form();
  send(box.dataset.drafts, { text, mode: mode(), version: box.elements.version.value }).then(() => {
    const said = box.querySelector(".saved");
    if (said) said.textContent = text ? mail().dataset.kept : "";
  });
}, 2000);

// an answer and a note are two drafts
let kept = { answer: null, note: null };
document.addEventListener("change", (event) => {
  if (event.target.name !== "mode" || !form()?.contains(event.target)) return;
  const [now, was] = mode() === "note" ? ["note", "answer"] : ["answer", "note"];
  kept[was] = area().value;
  area().value = kept[now] ?? (now === "note" ? area().dataset.notes : "");
  last = area().value;
  drawMarks();
  area().focus();
});

function addFiles(files) {
  const input = form()?.querySelector('input[type="file"]');
  if (!input || !files.length) return false;
  const all = new DataTransfer();
  for (const file of [...input.files, ...files]) all.items.add(file);
  input.files = all.files;
  input.dispatchEvent(new Event("change", { bubbles: true }));
  return true;
}
document.addEventListener("paste", (event) => {
  if (form()?.contains(event.target) && addFiles([...event.clipboardData.files])) event.preventDefault();
});
for (const kind of ["dragover", "dragleave", "drop"]) {
  document.addEventListener(kind, (event) => {
    const box = form();
    if (!box || !event.target.closest?.(".thread")) return;
    if (kind !== "dragleave") event.preventDefault();
    box.classList.toggle("dropping", kind === "dragover");
    if (kind === "drop") addFiles([...event.dataTransfer.files]);
  });
}

// what a canned answer could not fill is marked, and is not sent
const GAP = /\{\{[^{}]*\}\}/gu;
function drawMarks() {
  const under = form()?.querySelector(".under");
  if (!under) return;
  const text = area().value;
  under.replaceChildren();
  let end = 0;
  for (const found of text.matchAll(GAP)) {
    const mark = document.createElement("mark");
    mark.className = "missing";
    mark.textContent = found[0];
    under.append(text.slice(end, found.index), mark);
    end = found.index + found[0].length;
  }
  under.append(`${text.slice(end)}\n`);
}
document.addEventListener("submit", (event) => {
  const gap = event.target === form() && mode() === "answer" && GAP.exec(area().value);
  GAP.lastIndex = 0;
  if (!gap) return;
  event.preventDefault();
  area().focus();
  area().setSelectionRange(gap.index, gap.index + gap[0].length);
}, true);
document.addEventListener("scroll", (event) => {
  if (event.target === area()) form().querySelector(".under").scrollTop = area().scrollTop;
}, true);

// ── canned answers: a / at the beginning of a word, or the button
let slash = null;
const cannedBox = () => document.getElementById("cannedbox");

function closeCanned() {
  slash = null;
  if (cannedBox()) cannedBox().hidden = true;
  area()?.removeAttribute("aria-activedescendant");
}

async function askCanned(typed, start) {
  const answer = await fetch(`${form().dataset.canned}?q=${encodeURIComponent(typed)}`).catch(() => null);
  if (!answer?.ok || !cannedBox()) return;
  slash = { start, index: 0 };
  cannedBox().innerHTML = await answer.text();
  cannedBox().hidden = false;
  markCanned(0);
}

function offerCanned() {
  if (mode() === "note") return;
  const before = area().value.slice(0, area().selectionStart);
  const found = /(?:^|\s)\/([\p{L}\p{N}_-]{0,40})$/u.exec(before);
  if (found) askCanned(found[1], before.length - found[1].length - 1);
  else if (slash) closeCanned();
}

function markCanned(step) {
  const lines = [...cannedBox().querySelectorAll("[role=option]")];
  if (!lines.length) return;
  slash.index = (slash.index + step + lines.length) % lines.length;
  lines.forEach((line, place) => line.setAttribute("aria-selected", String(place === slash.index)));
  lines[slash.index].scrollIntoView({ block: "nearest" });
  area().setAttribute("aria-activedescendant", lines[slash.index].id);
}

function takeCanned(line) {
  const { text, name } = line.dataset;
  const start = slash.start ?? area().selectionStart;
  area().setRangeText(text, start, area().selectionStart, "end");
  const said = form().querySelector(".canned");
  said.hidden = false;
  said.querySelector(".cut").textContent = name;
  said.dataset.text = text;
  form().elements.canned.value = line.dataset.id;
  closeCanned();
  area().focus();
  area().dispatchEvent(new Event("input", { bubbles: true }));
}

document.addEventListener("keydown", (event) => {
  if (!slash || event.target !== area() || event.isComposing) return;
  const lines = [...cannedBox().querySelectorAll("[role=option]")];
  if (event.key === "ArrowDown") markCanned(1);
  else if (event.key === "ArrowUp") markCanned(-1);
  else if ((event.key === "Enter" || event.key === "Tab") && lines.length && !event.metaKey && !event.ctrlKey) takeCanned(lines[slash.index]);
  else if (event.key === "Escape") closeCanned();
  else return;
  event.preventDefault();
  event.stopPropagation();
}, true);
document.addEventListener("mousedown", (event) => {
  const line = event.target.closest?.("#cannedbox [role=option]");
  if (!line) return;
  event.preventDefault();
  takeCanned(line);
});
document.addEventListener("click", (event) => {
  if (event.target.closest?.(".opencanned")) {
    area().focus();
    return slash ? closeCanned() : askCanned("", area().selectionStart);
  }
  const out = event.target.closest?.(".canned button");
  if (out) {
    const said = out.closest(".canned");
    area().value = area().value.replace(said.dataset.text, "");
    said.hidden = true;
    form().elements.canned.value = "";
    area().dispatchEvent(new Event("input", { bubbles: true }));
    return area().focus();
  }
  const aside = event.target.closest?.(".ctxb, .ctxn, .closectx");
  if (aside) {
    event.preventDefault();
    const isShown = document.getElementById("ctx").classList.toggle("shown");
    const button = document.querySelector(".ctxb");
    button?.setAttribute("aria-expanded", String(isShown));
    if (isShown) document.querySelector(".closectx")?.focus();
    else button?.focus();
    return undefined;
  }
  const pictures = event.target.closest?.("[data-shows-images]");
  if (pictures) {
    event.preventDefault();
    pictures.closest("details").querySelector("iframe").src = pictures.href;
    pictures.remove();
  }
  return undefined;
});

// ── keys: r and n write, / looks for a canned answer, a h e l sort what is open, or what is chosen
function write(wanted) {
  const button = form()?.querySelector(`[name="mode"][value="${wanted}"]`);
  if (!button) return false;
  if (!button.checked) button.click();
  area().focus();
  return true;
}
onKey("r", () => write("answer"));
onKey("n", () => write("note"));
onKey("/", () => {
  if (!area()) return false;
  write("answer");
  askCanned("", area().selectionStart);
  return true;
});
onKey("l", () => {
  const field = document.getElementById("w-labels");
  if (!field) return false;
  field.closest("details").open = true;
  field.focus();
  field.setSelectionRange(field.value.length, field.value.length);
  return true;
});
for (const key of ["a", "h", "e"]) {
  onKey(key, () => {
    const button = chosen().length && document.querySelector(`[data-bulk-key="${key}"]`);
    if (!button) return false;
    button.click();
    return true;
  });
}
// with a conversation open, j and k open the next one
let opening = 0;
for (const key of ["j", "k"]) {
  onKey(key, () => {
    if (!thread() || !mail() || chosen().length) return false;
    clearTimeout(opening);
    opening = setTimeout(() => {
      const row = document.querySelector("#rows [data-row].cursor");
      if (row && row.id !== thread()?.dataset.line) row.querySelector("a[data-open]").click();
    }, 220);
    return false;
  });
}
onKey("Escape", () => {
  const aside = document.querySelector(".ctx.shown");
  aside?.classList.remove("shown");
  return Boolean(aside);
});
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && slash && !isTyping(event.target)) closeCanned();
});

if (mail()) {
  after = Number(mail().dataset.after) || 0;
  last = area()?.value || "";
  drawMarks();
  opened();
}
