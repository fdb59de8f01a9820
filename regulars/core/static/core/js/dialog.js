// A click beside a dialog closes it, as Esc does.
document.addEventListener("click", (event) => {
  if (event.target instanceof HTMLDialogElement && event.target.open) event.target.close();
  const opener = event.target.closest?.("[data-opens]");
  if (opener && opener.dataset.opens !== "palette") {
    const dialog = document.getElementById(opener.dataset.opens);
    if (dialog instanceof HTMLDialogElement) {
      event.preventDefault();
      dialog.showModal();
    }
  }
});
