// Runs the examples of the reference where they stand. Without this file they are links and commands.
for (const button of document.querySelectorAll("button[data-path]")) {
  button.hidden = false;
  const outcome = button.closest("section").querySelector(".outcome");
  button.addEventListener("click", async () => {
    const { method, path, body } = button.dataset;
    const headers = body ? { "Content-Type": "application/json" } : {};
    outcome.hidden = false;
    outcome.textContent = "…";
    try {
      const answer = await fetch(path, { method, headers, body: body || undefined });
      const text = await answer.text();
      const json = answer.headers.get("content-type")?.includes("json");
      outcome.textContent = `${answer.status} ${answer.statusText}\n${json ? JSON.stringify(JSON.parse(text), null, 2) : text}`;
    } catch {
      outcome.textContent = "The server did not answer.";
    }
  });
}
