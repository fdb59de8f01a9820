// The editor of a group: text and rows are the same query, either changes both, and every line says who remains.
// The page counts without this, on a button. What is typed is asked after 120 ms, and the newest answer wins.
import { isMac, onKey } from "./keys.js";
import { drawLines, OFF } from "./query-text.js";
import { closeSuggestions, isOpen, suggest, suggestionKey, write } from "./query-complete.js";

const WAIT = 120;
const QUIET = 700;
const VIEW = "group editor view";

class Editor {
  constructor(form) {
    this.form = form;
    this.area = form.querySelector("textarea[name=text]");
    this.lines = form.querySelector(".qlines");
    this.saved = this.values();
    this.asked = 0;
    this.persons = {};
    form.classList.add("live");
    if (this.area) {
      this.counts = [...this.lines.querySelectorAll(".qline")].map((line) => line.querySelector(".left"));
      this.wrong = this.span(this.area.dataset.wrong);
      this.draw();
      this.listen();
      this.show(localStorage.getItem(VIEW) || "both");
    }
    form.addEventListener("input", () => this.mark());
    form.addEventListener("keydown", (event) => this.save(event));
    form.addEventListener("submit", () => (this.isLeaving = true));
    addEventListener("beforeunload", (event) => {
      if (this.isDirty && !this.isLeaving) event.preventDefault();
    });
    this.mark();
  }

  /** ⌘S and ⌘Enter save; Enter alone in a field sends nothing. */
  save(event) {
    if (event.isComposing || event.altKey) return;
    const isMod = event.metaKey || event.ctrlKey;
    if (isMod && (event.key.toLowerCase() === "s" || event.key === "Enter")) this.form.querySelector("[data-saves]")?.click();
    else if (isMod || event.key !== "Enter" || !event.target.matches("input:not([type=checkbox])") || event.target.matches("[data-picker]")) return;
    event.preventDefault();
  }

  span(text) {
    return text ? text.split(" ").map(Number) : null;
  }

  values() {
    return ["name", "description", "text", "folder"].map((name) => this.form.elements[name]?.value ?? "").join("\u0000");
  }

  mark() {
    this.isDirty = this.form.hasAttribute("data-new") || "unsaved" in this.form.dataset ? Boolean(this.values().replaceAll("\u0000", "").trim()) : this.values() !== this.saved;
    for (const sign of document.querySelectorAll("[data-unsaved-sign]")) sign.hidden = !this.isDirty;
  }

  // ── the text
  draw() {
    const codes = drawLines(this.area.value, this.wrong);
    const kept = this.counts || [];
    this.lines.replaceChildren(
      ...codes.map((code, at) => {
        const line = document.createElement("li");
        line.className = "qline";
        if (OFF.test(code.textContent)) line.classList.add("off");
        const number = document.createElement("span");
        number.className = "no";
        number.textContent = String(at + 1);
        line.append(number, code, kept[at]?.cloneNode(true) || Object.assign(document.createElement("span"), { className: "left" }));
        return line;
      }),
    );
    this.follow();
  }

  here() {
    return this.area.value.slice(0, this.area.selectionEnd).split("\n").length - 1;
  }

  follow() {
    const now = document.activeElement === this.area ? this.here() : this.row ?? -1;
    for (const [at, line] of [...this.lines.children].entries()) line.classList.toggle("hot", at === now);
    for (const row of this.form.querySelectorAll(".brow[data-line]")) row.classList.toggle("hot", Number(row.dataset.line) === now);
  }

  listen() {
    const { area, form } = this;
    area.addEventListener("input", () => {
      this.wrong = null;
      this.area.scrollTop = 0;
      this.draw();
      this.ask("text");
      if (isOpen()) this.suggest();
    });
    for (const kind of ["keyup", "click", "focus", "blur"]) area.addEventListener(kind, () => this.follow());
    area.addEventListener("blur", closeSuggestions);
    area.addEventListener("keydown", (event) => this.key(event), true);
    form.addEventListener("focusin", (event) => {
      const row = event.target.closest?.(".brow[data-line]");
      if (!row && event.target !== area) return;
      this.row = row ? Number(row.dataset.line) : null;
      this.follow();
    });
    form.addEventListener("input", (event) => {
      if (event.target.closest(".build") && !event.target.matches("select, [type=checkbox], [type=date]")) this.ask("rows", 500);
    });
    form.addEventListener("change", (event) => {
      if (event.target.closest(".build")) this.ask("rows", 0);
      if (event.target.name === "as_of") this.ask("text", 0);
    });
    form.addEventListener("click", (event) => {
      const button = event.target.closest("button");
      if (!button) return;
      if (button.dataset.view) this.show(button.dataset.view);
      if (button.name === "act" && button.closest(".build")) {
        event.preventDefault();
        this.ask("rows", 0, { act: button.value });
      }
      if (button.name === "why" || button.name === "whynot") {
        event.preventDefault();
        this.ask("text", 0, { [button.name]: button.value });
        const field = document.getElementById("who");
        if (button.name === "whynot") {
          field.value = button.dataset.name;
          field.removeAttribute("aria-activedescendant");
          field.setAttribute("aria-expanded", "false");
          document.getElementById("whofound")?.replaceChildren();
        }
      }
      if ("off" in button.dataset) this.turn();
    });
  }

  key(event) {
    if (event.isComposing) return;
    if (suggestionKey(event)) {
      event.preventDefault();
      event.stopPropagation();
      return;
    }
    if (event.ctrlKey && (event.key === " " || event.code === "Space")) {
      event.preventDefault();
      this.suggest();
    } else if ((event.metaKey || event.ctrlKey) && event.key === "/") {
      event.preventDefault();
      this.turn();
    } else return;
    event.stopPropagation();
  }

  /** Turn the current line off, or on again. */
  turn() {
    const { area } = this;
    const at = this.here();
    const all = area.value.split("\n");
    const start = all.slice(0, at).reduce((sum, line) => sum + line.length + 1, 0);
    const line = all[at];
    const turned = OFF.test(line) ? line.replace(/^(\s*)-- ?/, "$1") : `-- ${line}`;
    area.focus();
    area.setSelectionRange(start, start + line.length);
    write(area, turned);
  }

  suggest() {
    suggest(this.area, () => this.caret());
  }

  /** Where the caret is drawn, in the box: the coloured lines stand exactly under the text. */
  caret() {
    const at = this.here();
    const before = this.area.value.slice(0, this.area.selectionEnd).split("\n")[at].length;
    const code = this.lines.children[at].querySelector("code");
    const range = document.createRange();
    const walker = document.createTreeWalker(code, NodeFilter.SHOW_TEXT);
    let left = before;
    range.selectNodeContents(code);
    range.collapse(true);
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
      if (left <= node.length) {
        range.setStart(node, left);
        range.setEnd(node, left);
        break;
      }
      left -= node.length;
    }
    const box = this.area.closest("[data-qbox]").getBoundingClientRect();
    const rect = range.getClientRects()[0] || code.getBoundingClientRect();
    return { left: Math.min(rect.left - box.left, box.width - 280), top: rect.top - box.top + 24 };
  }

  show(view) {
    localStorage.setItem(VIEW, view);
    this.form.dataset.view = view;
    for (const button of this.form.querySelectorAll("[data-view]")) if (button.matches("button")) button.setAttribute("aria-pressed", String(button.dataset.view === view));
  }

  // ── asking
  ask(source, wait = WAIT, more = {}) {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.send(source, more), wait);
  }

  async send(source, more) {
    this.flight?.abort();
    this.flight = new AbortController();
    const mine = (this.asked += 1);
    const data = new FormData(this.form);
    data.set("source", source);
    for (const [name, value] of Object.entries(more)) data.set(name, value);
    for (const name of ["why", "whynot"]) if (more[name]) this.persons[name] = more[name];
    const slow = setTimeout(() => this.stale(true), 300);
    try {
      const answer = await fetch(this.form.dataset.try, { method: "POST", body: data, signal: this.flight.signal, headers: { Accept: "application/json" } });
      if (mine !== this.asked) return;
      if (answer.ok) {
        const said = await answer.json();
        if (mine !== this.asked) return;
        this.take(said, source);
        // whoever was asked about is explained anew when nobody types any more
        if (!said.wrong && !more.why && !more.whynot && Object.keys(this.persons).length) this.ask("text", QUIET, this.persons);
      }
      else this.say(this.form.dataset.trouble);
    } catch (error) {
      if (error.name !== "AbortError") this.say(this.form.dataset.trouble);
    } finally {
      clearTimeout(slow);
      if (mine === this.asked) this.stale(Boolean(this.wrong));
    }
  }

  say(sentence) {
    const foot = this.form.querySelector("[data-said]");
    foot.className = "bad";
    foot.textContent = sentence;
  }

  stale(isStale) {
    for (const part of document.querySelectorAll("#g-now, #g-reach, #g-people")) part.classList.toggle("stale", isStale);
    for (const left of this.lines.querySelectorAll(".left")) left.classList.toggle("stale", isStale);
  }

  take(said, source) {
    const was = document.activeElement;
    const cursor = document.querySelector("[data-row].cursor")?.id;
    const place = was?.closest?.(".build") ? { id: was.id, from: was.selectionStart, to: was.selectionEnd } : null;
    if (source === "rows" && said.text !== null && said.text !== this.area.value) this.area.value = said.text;
    this.wrong = said.wrong;
    for (const [id, html] of Object.entries(said.parts)) {
      const old = document.getElementById(id);
      if (!old) continue;
      // a row that somebody is typing in stays as it is while the text is not right
      const holder = document.createElement("template");
      holder.innerHTML = html;
      old.replaceChildren(holder.content);
    }
    const list = document.getElementById("g-list");
    if (said.lines !== null && list) {
      list.hidden = !said.list;
      list.href = said.list;
    }
    if (said.lines) {
      const holder = document.createElement("template");
      holder.innerHTML = said.lines;
      this.counts = [...holder.content.querySelectorAll(".left")];
    }
    if (cursor && !document.querySelector("[data-row].cursor")) document.getElementById(cursor)?.classList.add("cursor");
    this.draw();
    this.mark();
    if (place?.id && document.activeElement !== this.area) {
      const field = document.getElementById(place.id);
      field?.focus();
      if (place.from !== null && place.from !== undefined) field?.setSelectionRange?.(place.from, place.to);
    }
    if (said.focus) document.getElementById(said.focus)?.focus();
    this.stale(Boolean(said.wrong));
  }
}

const form = document.querySelector("form[data-group-editor]");
if (form) new Editor(form);
if (isMac === false) for (const cap of document.querySelectorAll("kbd[data-control]")) cap.textContent = cap.textContent.replace("⌃", "Ctrl ");

onKey("y", () => {
  const why = document.querySelector("[data-row].cursor button[name=why]");
  why?.click();
  return Boolean(why);
});
