// Two records side by side ([data-compare]): ↑ ↓ move from field to field, ← → keep the left or the right value,
// s skips to the next pair. What stays is shown at once in the last column; without this the radio buttons do the same.
import { onKey } from "./keys.js";

const fields = () => [...document.querySelectorAll("[data-compare] [data-field]")].filter((row) => row.querySelector("input[type=radio]"));
const current = () => document.querySelector("[data-field].cursor");

function moveTo(row) {
  if (!row) return false;
  current()?.classList.remove("cursor");
  row.classList.add("cursor");
  row.scrollIntoView({ block: "nearest" });
  return true;
}

function move(step) {
  const all = fields();
  const here = all.indexOf(current());
  return moveTo(all[here < 0 ? 0 : Math.min(Math.max(here + step, 0), all.length - 1)]);
}

function choose(step) {
  const row = current() || fields()[0];
  if (!row) return false;
  moveTo(row);
  const choices = [...row.querySelectorAll("input[type=radio]")];
  const here = choices.findIndex((choice) => choice.checked);
  const next = choices[Math.min(Math.max(here + step, 0), choices.length - 1)];
  next.checked = true;
  show(next);
  return true;
}

function show(chosen) {
  const row = chosen.closest("[data-field]");
  for (const choice of row.querySelectorAll("input[type=radio]")) choice.closest("td").classList.toggle("on", choice.checked);
  row.querySelector("[data-result]").textContent = chosen.dataset.text;
}

document.addEventListener("change", (event) => {
  if (event.target.matches("[data-compare] input[type=radio]")) show(event.target);
});

onKey("ArrowDown", () => move(1));
onKey("ArrowUp", () => move(-1));
onKey("ArrowLeft", () => choose(-1));
onKey("ArrowRight", () => choose(1));
onKey("s", () => {
  const skip = document.querySelector("[data-skip]");
  skip?.click();
  return Boolean(skip);
});
