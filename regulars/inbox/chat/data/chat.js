// The chat of a shop's page. It draws into a shadow root, keeps its token in this page's own storage, sets no cookie, and
// speaks with the house it came from alone. What is typed is kept until it is there, and sent again under the same id.
(chat => {
  const script = document.currentScript, key = `regulars.${chat.id}`;
  if (!script || document.querySelector("[data-regulars-chat]")) return;
  const at = new URL(`${chat.id}/talk`, script.src), live = new URL("/live/open", script.src);
  const said = (script.dataset.lang || document.documentElement.lang || navigator.language || "en").toLowerCase();
  const lang = said.startsWith("zh") ? "zh-hans" : "en";
  let mine = {outbox: []}, words = {}, talk = {posts: [], asks: {}}, stream, again, typing, wait = 2000, isSending;
  try { mine = {...mine, ...JSON.parse(localStorage.getItem(key))}; } catch { /* a page without storage forgets */ }
  const keep = () => { try { localStorage.setItem(key, JSON.stringify(mine)); } catch { /* as above */ } };
  const make = (tag, values = {}, ...inside) => {
    const made = Object.assign(document.createElement(tag), values);
    for (const name of ["role", "aria-live", "aria-label", "aria-expanded", "aria-modal"])
      if (name in values) made.setAttribute(name, values[name]);
    made.append(...inside);
    return made;
  };

  // ── what it looks like
  const style = `:host{all:initial;--ink:#1d2422;--soft:#5b6562;--paper:#fff;--well:#eef1ef;--line:#d5dbd8;color-scheme:light dark}
*{box-sizing:border-box;font:15px/1.45 system-ui,"PingFang SC","Microsoft YaHei",sans-serif}
@media(prefers-color-scheme:dark){:host{--ink:#e9eeec;--soft:#a3aeaa;--paper:#171d1b;--well:#232b28;--line:#3a4541}}
button{cursor:pointer;border:0;border-radius:10px;min-height:44px;padding:0 16px;background:${chat.colour};color:${chat.ink}}
:focus-visible{outline:3px solid ${chat.colour};outline-offset:2px;box-shadow:0 0 0 2px var(--paper)}
.open{position:fixed;bottom:20px;${chat.side}:20px;z-index:2147483000;border-radius:28px;height:56px;padding:0 22px;font-weight:600;box-shadow:0 4px 18px #0004}
.open[data-new]::after{content:"";position:absolute;top:4px;right:4px;width:12px;height:12px;border-radius:6px;background:#c8321f}
.panel{position:fixed;bottom:20px;${chat.side}:20px;z-index:2147483001;width:368px;height:min(600px,calc(100vh - 40px));display:flex;flex-direction:column;background:var(--paper);color:var(--ink);border:1px solid var(--line);border-radius:16px;overflow:hidden;box-shadow:0 8px 40px #0005;animation:up .18s}
@keyframes up{from{transform:translateY(12px);opacity:0}}
@media(prefers-reduced-motion:reduce){.panel{animation:none}}
@media(max-width:480px){.panel{inset:0;width:auto;height:100dvh;border:0;border-radius:0}}
[hidden]{display:none!important}
header{display:flex;align-items:center;gap:8px;padding:8px 8px 8px 16px;background:${chat.colour};color:${chat.ink}}
header b{flex:1;font-weight:600}header button{padding:0;width:44px;font-size:22px}
.log{flex:1;overflow-y:auto;padding:16px;display:flex;flex-direction:column;gap:8px}
.log p{margin:0;max-width:85%;padding:8px 12px;border-radius:12px;background:var(--well);white-space:pre-wrap;overflow-wrap:anywhere;align-self:flex-start}
.log .own{align-self:flex-end;background:${chat.colour};color:${chat.ink}}
.log .unsent{opacity:.6}.log small{display:block;font-size:12px;opacity:.85}
.state{padding:6px 16px;margin:0;color:var(--soft);font-size:13px}.bad{color:#b3261e}
@media(prefers-color-scheme:dark){.bad{color:#ff9d92}}
form{display:grid;gap:8px;padding:8px 12px 12px;border-top:1px solid var(--line)}
.row{display:flex;gap:8px;align-items:end}
input,textarea{flex:1;min-width:0;width:100%;color:var(--ink);background:var(--paper);border:1px solid var(--soft);border-radius:10px;padding:10px 12px;font-size:16px;resize:none}
.vh{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}`;
  const host = make("div"), root = host.attachShadow({mode: "open"});
  host.dataset.regularsChat = chat.id;
  host.lang = lang === "en" ? "en" : "zh-Hans";
  try {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(style);
    root.adoptedStyleSheets = [sheet];
  } catch { root.append(make("style", {textContent: style})); }
  const opener = make("button", {className: "open", type: "button", textContent: chat.words[lang], "aria-expanded": "false"});
  const title = make("b", {textContent: chat.words[lang]}), close = make("button", {type: "button", textContent: "×"});
  const log = make("div", {className: "log", role: "log", "aria-live": "polite", tabIndex: 0});
  const state = make("p", {className: "state", role: "status"}), bad = make("p", {className: "state bad", role: "alert"});
  const field = (tag, values) => make(tag, {...values, autocomplete: values.autocomplete || "off"});
  const name = field("input", {maxLength: 80, autocomplete: "name"}), email = field("input", {type: "email", maxLength: 254, autocomplete: "email"});
  const text = field("textarea", {rows: 2, value: mine.draft || ""}), send = make("button", {hidden: true});
  name.hidden = email.hidden = true;
  const form = make("form", {noValidate: true}, name, email, make("div", {className: "row"}, text, send));
  const panel = make("div", {className: "panel", hidden: true, role: "dialog", "aria-modal": "true"},
    make("header", {}, title, close), log, state, bad, form);
  root.append(opener, panel);

  // ── drawing
  const shown = () => !panel.hidden && !document.hidden;
  const time = moment => new Date(moment).toLocaleString(lang === "en" ? "en-GB" : "zh-CN",
    {weekday: "long", hour: "2-digit", minute: "2-digit"});
  const bubble = (key, own, words, who, unsent) => {
    const made = make("p", {className: (own ? "own" : "") + (unsent ? " unsent" : "")});
    made.dataset.key = key;
    made.append(who ? make("small", {textContent: who}) : make("span", {className: "vh", textContent: `${words_("you")}: `}), words);
    return made;
  };
  const words_ = name => words[name] || "";
  const draw = () => {
    const ids = new Set(talk.posts.map(post => post.id)), kept = mine.outbox.length;
    mine.outbox = mine.outbox.filter(one => !ids.has(one.id));
    if (mine.outbox.length !== kept) keep();
    const wanted = [["hello", false, words_("greeting"), title.textContent],
      ...talk.posts.map(post => [post.id || post.key, post.own, post.text, post.own ? "" : post.who]),
      ...mine.outbox.map(one => [one.id, true, one.text, "", true])];
    const known = new Map([...log.children].map(child => [child.dataset.key, child]));
    const isLow = log.scrollTop + log.clientHeight > log.scrollHeight - 60;
    wanted.forEach((one, place) => {
      const drawn = known.get(one[0]) || bubble(...one);
      known.delete(one[0]);
      drawn.classList.toggle("unsent", Boolean(one[4]));
      if (log.children[place] !== drawn) log.insertBefore(drawn, log.children[place] || null);
    });
    known.forEach(child => child.remove());
    if (isLow) log.scrollTop = log.scrollHeight;
    const answers = talk.posts.filter(post => !post.own).length;
    if (shown()) { mine.read = answers; keep(); }
    opener.toggleAttribute("data-new", answers > (mine.read || 0));
    const waits = talk.posts.length && talk.posts.at(-1).own;
    const lines = [words_(talk.here ? "here" : "away")];
    if (talk.due && (waits || !talk.here)) lines.push(words_("due").replace("{time}", time(talk.due)));
    if (!talk.here && talk.asks.email) lines.push(words_(talk.hasEmail ? "kept" : "leave"));
    state.textContent = lines.join(" ");
    name.hidden = !talk.asks.name || talk.posts.length > 0;
    email.hidden = !talk.asks.email || talk.hasEmail;
  };

  // ── speaking with the house
  const ask = async (one, isAgain) => {
    const url = new URL(at), isNew = !mine.token || !words.title;
    url.search = new URLSearchParams({lang, ...(shown() && {seen: 1})});
    const answer = await fetch(url, {credentials: "omit", cache: "no-store",
      ...(!isNew && {method: "POST", body: JSON.stringify({token: mine.token, ...one})})});
    if (answer.status >= 500 || answer.status === 429) throw new Error(answer.status);
    const found = await answer.json();
    if (answer.status === 401 && !isAgain) {
      mine = {outbox: mine.outbox, draft: mine.draft};
      return ask(one, true);
    }
    if (!answer.ok) return found;
    if (found.words) words = found.words;
    if (isNew) {
      mine.token = mine.token || found.token;
      return ask(one, isAgain);
    }
    wait = 2000;
    talk = found;
    keep();
    return found;
  };
  const later = () => { clearTimeout(again); again = setTimeout(pull, wait); wait = Math.min(wait * 2, 30000); };
  const listen = () => {
    if (!talk.ticket || document.hidden || (stream && stream.readyState !== 2)) return;
    const url = new URL(live);
    url.search = new URLSearchParams({ticket: talk.ticket, after: talk.mark});
    stream = new EventSource(url);
    let isFirst = true;
    stream.onopen = () => { if (!isFirst) pull(); isFirst = false; };
    stream.onmessage = event => {
      const who = JSON.parse(event.data).typing;
      if (!who) return pull();
      state.textContent = words_("typing").replace("{who}", who);
      clearTimeout(typing);
      typing = setTimeout(draw, 8000);
    };
    stream.onerror = () => { if (stream && stream.readyState === 2) later(); };
  };
  const pull = async () => {
    try {
      await ask();
      if (words.title) name_all();
      draw();
      listen();
      flush();
    } catch { later(); }
  };
  const flush = async () => {
    if (isSending) return;
    isSending = true;
    try {
      while (mine.outbox.length) {
        const found = await ask(mine.outbox[0]);
        bad.textContent = found.problem || "";
        if (found.problem) {
          text.value = [mine.outbox.shift().text, text.value].filter(Boolean).join("\n");
          keep();
        }
        mine.at = Date.now();
        draw();
        listen();
      }
    } catch {
      bad.textContent = words_("waits");
      later();
    } finally { isSending = false; }
  };
  const name_all = () => {
    title.textContent = words.title;
    panel.setAttribute("aria-label", words.title);
    close.setAttribute("aria-label", words.close);
    log.setAttribute("aria-label", words.log);
    send.textContent = words.send;
    send.hidden = false;
    for (const [one, said] of [[name, words.name], [email, words.email], [text, words.message]]) {
      one.placeholder = said;
      one.setAttribute("aria-label", said);
    }
    text.maxLength = talk.most || 4000;
  };

  // ── hands
  const open = isOpen => {
    panel.hidden = !isOpen;
    opener.hidden = isOpen;
    opener.setAttribute("aria-expanded", String(isOpen));
    if (isOpen) { pull(); text.focus(); log.scrollTop = log.scrollHeight; } else opener.focus();
  };
  opener.onclick = () => open(true);
  close.onclick = () => open(false);
  text.oninput = () => { mine.draft = text.value; keep(); };
  text.onkeydown = event => {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) { event.preventDefault(); form.requestSubmit(); }
  };
  panel.onkeydown = event => {
    event.stopPropagation();
    if (event.key === "Escape") open(false);
    if (event.key !== "Tab") return;
    const stops = [...panel.querySelectorAll("button,input,textarea,[tabindex]")].filter(one => one.offsetParent);
    const edge = event.shiftKey ? stops[0] : stops.at(-1);
    if (root.activeElement !== edge) return;
    event.preventDefault();
    (event.shiftKey ? stops.at(-1) : stops[0]).focus();
  };
  form.onsubmit = async event => {
    event.preventDefault();
    const words = text.value.trim(), address = email.value.trim();
    if (!words && !(address && talk.posts.length)) return text.focus();
    const one = {id: crypto.getRandomValues(new Uint32Array(4)).join("-"), text: words, name: name.value.trim(),
      email: address, page: location.origin + location.pathname};
    if (!words) {
      try { bad.textContent = (await ask(one)).problem || ""; draw(); }
      catch { bad.textContent = words_("waits"); }
      return;
    }
    mine.outbox.push(one);
    text.value = mine.draft = "";
    keep();
    draw();
    log.scrollTop = log.scrollHeight;
    flush();
  };
  addEventListener("online", pull);
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) { stream?.close(); stream = null; } else if (talk.ticket || !panel.hidden) pull();
  });
  document.body.append(host);
  // who wrote here within a day may have an answer
  if (mine.outbox.length || Date.now() - (mine.at || 0) < 864e5) pull();
})(/* chat */);
