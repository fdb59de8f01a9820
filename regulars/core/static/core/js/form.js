// Forms: the first bad field gets the focus, the pressed button says that it works, a password can be looked at.
const bad = document.querySelector('form [aria-invalid="true"]');
if (bad && !document.querySelector("[autofocus]")) bad.focus();

document.addEventListener("submit", (event) => {
  if (event.defaultPrevented || event.target.method === "dialog") return;
  const button = event.submitter;
  // after the form data is taken, so that the button's own name and value are sent
  setTimeout(() => button?.setAttribute("aria-busy", "true"));
});
addEventListener("pageshow", () => {
  for (const button of document.querySelectorAll('[aria-busy="true"]:is(button, a)')) button.removeAttribute("aria-busy");
});

for (const button of document.querySelectorAll("[data-reveals]")) {
  button.hidden = false;
  button.addEventListener("click", () => {
    const field = document.getElementById(button.dataset.reveals);
    const isShown = field.type === "text";
    field.type = isShown ? "password" : "text";
    button.setAttribute("aria-pressed", String(!isShown));
  });
}

for (const button of document.querySelectorAll("[data-copies]")) {
  button.hidden = !navigator.clipboard;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(document.getElementById(button.dataset.copies).textContent.trim());
    button.textContent = button.dataset.done;
  });
}

// Enter in a field of a menu presses the button beside it, not the first one of the form
document.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || event.isComposing || !event.target.matches?.(".pickday input, .followup input")) return;
  const button = event.target.closest(".pickday, .followup").querySelector("button");
  event.preventDefault();
  button.click();
});
