// Passkeys: the device answers, and its answer travels in the form like anything typed.
const isPossible = "PublicKeyCredential" in window && Boolean(navigator.credentials);

const bytes = (text) => Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (letter) => letter.charCodeAt(0));
const text = (buffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer)))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replaceAll("=", "");
const known = (list) => (list ?? []).map((one) => ({ ...one, id: bytes(one.id) }));

const show = () => {
  if (!isPossible) return;
  for (const part of document.querySelectorAll("[data-needs-passkeys]")) part.hidden = false;
};
show();
document.addEventListener("htmx:afterSwap", show);

const make = (options) =>
  navigator.credentials.create({
    publicKey: {
      ...options,
      challenge: bytes(options.challenge),
      user: { ...options.user, id: bytes(options.user.id) },
      excludeCredentials: known(options.excludeCredentials),
    },
  });
const use = (options) =>
  navigator.credentials.get({
    publicKey: { ...options, challenge: bytes(options.challenge), allowCredentials: known(options.allowCredentials) },
  });

const plain = (made) => {
  const said = made.response;
  const response = { clientDataJSON: text(said.clientDataJSON) };
  for (const name of ["attestationObject", "authenticatorData", "signature", "userHandle"])
    if (said[name]) response[name] = text(said[name]);
  if (said.getTransports) response.transports = said.getTransports();
  return {
    id: made.id,
    rawId: text(made.rawId),
    type: made.type,
    response,
    authenticatorAttachment: made.authenticatorAttachment ?? undefined,
    clientExtensionResults: made.getClientExtensionResults(),
  };
};

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-passkey]");
  if (!button) return;
  const form = button.form;
  const problem = form.querySelector("[data-passkey-problem]");
  if (problem) problem.hidden = true;
  button.setAttribute("aria-busy", "true");
  try {
    const headers = { "X-CSRFToken": form.elements.csrfmiddlewaretoken.value };
    const asked = await fetch(button.dataset.passkey, { method: "POST", headers });
    if (!asked.ok) throw new Error(`${asked.status}`);
    const options = await asked.json();
    const made = await (button.dataset.kind === "new" ? make(options) : use(options));
    form.elements[button.dataset.into].value = JSON.stringify(plain(made));
    form.submit();
  } catch {
    button.removeAttribute("aria-busy");
    if (problem) problem.hidden = false;
  }
});
