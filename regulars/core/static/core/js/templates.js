// The editor of templates: what comes out is shown anew half a second after the last key. Without this there is a button.
const form = document.querySelector("form[data-previews]");

if (form) {
  let timer = 0;
  const show = () => form.requestSubmit(form.querySelector("[data-preview]"));
  form.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(show, 500);
  });
  show();
}
