// A toast leaves after eight seconds, one that takes back what was sent after ten (motion.css); its line shrinks for exactly that long and rests while somebody looks at it.
const box = document.getElementById("toasts");

function leaves(toast) {
  toast.querySelector(".left")?.addEventListener("animationend", () => toast.remove());
  if (matchMedia("(prefers-reduced-motion: reduce)").matches) setTimeout(() => toast.remove(), 20000);
}

/** Say what happened; undo is the address that takes it back. */
export function say(sentence, undo = "") {
  const template = document.getElementById(undo ? "toast-undo" : "toast");
  const toast = template.content.firstElementChild.cloneNode(true);
  toast.querySelector(".said").textContent = sentence;
  if (undo) toast.querySelector("form").action = undo;
  box.append(toast);
  leaves(toast);
}

for (const toast of box?.children || []) leaves(toast);
document.body.addEventListener("toast", (event) => {
  for (const { sentence, undo } of event.detail?.said || []) say(sentence, undo);
});
