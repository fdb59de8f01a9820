// Suggested answers above the form of an inquiry: one click puts one into the text, and nothing is sent by it.

document.addEventListener("click", (event) => {
  const link = event.target.closest?.("[data-suggested]");
  const form = link?.closest("form") || (link && document.getElementById("reply"));
  if (!form || event.metaKey || event.ctrlKey || event.shiftKey) return;
  event.preventDefault();
  const area = form.elements.text;
  const answer = form.querySelector('[name="mode"][value="answer"]');
  if (!answer.checked) answer.click();
  const { id, name, text } = link.dataset;
  const before = area.value.trim() ? `${area.value.trimEnd()}\n\n` : "";
  area.value = before + text;
  area.setSelectionRange(area.value.length, area.value.length);
  form.elements.canned.value = id;
  const said = form.querySelector(".canned");
  said.hidden = false;
  said.querySelector(".cut").textContent = name;
  said.dataset.text = text;
  area.focus();
  area.dispatchEvent(new Event("input", { bubbles: true }));
});
