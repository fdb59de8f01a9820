// The theme changes at once; the server remembers it.
for (const form of document.querySelectorAll("form[data-theme-switch]")) {
  form.addEventListener("submit", (event) => {
    const button = event.submitter;
    if (!button) return;
    event.preventDefault();
    const root = document.documentElement;
    if (button.value) root.dataset.theme = button.value;
    else delete root.dataset.theme;
    document.querySelector('meta[name="color-scheme"]').content = button.value || "light dark";
    for (const other of document.querySelectorAll("form[data-theme-switch] button"))
      other.setAttribute("aria-pressed", String(other.value === button.value));
    const data = new FormData(form);
    data.set("theme", button.value);
    fetch(form.action, { method: "POST", body: data, redirect: "manual" });
  });
}
