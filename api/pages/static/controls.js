// The list follows the controls at once, without a new page. Without this file the form's button does the same.
const form = document.getElementById("controls");
const results = document.getElementById("results");
const said = document.getElementById("said");
let asked = 0;

async function show() {
  const fields = [...new FormData(form)].filter(([, value]) => value !== "");
  const url = `${form.getAttribute("action")}?${new URLSearchParams(fields)}`;
  const number = ++asked;
  results.setAttribute("aria-busy", "true");
  try {
    const answer = await fetch(url, { headers: { Accept: "text/html" } });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const found = page.getElementById("results");
    if (number !== asked) return;
    if (!found) throw new Error("no list");
    results.replaceChildren(...found.childNodes);
    said.textContent = found.dataset.said;
    history.replaceState(null, "", url);
  } catch {
    if (number === asked) form.submit();
  } finally {
    if (number === asked) results.removeAttribute("aria-busy");
  }
}

form.addEventListener("change", () => form.checkValidity() && show());
form.addEventListener("submit", (event) => {
  event.preventDefault();
  if (form.reportValidity()) show();
});
