// Boxes that scroll can be focused; the tab stop goes where nothing overflows.
function settle() {
  for (const box of document.querySelectorAll(".hscroll")) {
    if (box.scrollWidth > box.clientWidth) box.tabIndex = 0;
    else box.removeAttribute("tabindex");
  }
}
settle();
addEventListener("resize", settle);
document.addEventListener("htmx:afterSettle", settle);
