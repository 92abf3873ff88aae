"use strict";
// The per-query browser and the judging. Everything shown comes from the JSON in the page, as text.
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const store = "judgements " + data.key;
  const $ = (id) => document.getElementById(id);
  const list = $("list"), detail = $("detail"), search = $("search");
  let marks = load(), shown = [], current = 0, here = -1;

  function load() {
    try { return JSON.parse(localStorage.getItem(store)) || {}; } catch { return {}; }
  }
  function keep() {
    try { localStorage.setItem(store, JSON.stringify(marks)); } catch { /* a page that may not store still downloads */ }
    const count = Object.keys(marks).length;
    $("marked").textContent = count ? count + " judged here, not in the report yet" : "nothing judged here yet";
    $("download").disabled = $("forget").disabled = !count;
  }
  function el(name, attributes, ...children) {
    const node = document.createElement(name);
    for (const [key, value] of Object.entries(attributes || {})) {
      if (key.startsWith("on")) node.addEventListener(key.slice(2), value);
      else if (value !== null && value !== undefined) node.setAttribute(key, value);
    }
    node.append(...children.filter((child) => child !== null));
    return node;
  }
  function article(id) { return data.articles[id] || { t: id }; }
  function name(id) {
    const a = article(id);
    const title = a.t || a.x || id;
    const safe = a.u && /^https?:\/\//i.test(a.u);
    return safe ? el("a", { href: a.u, rel: "noreferrer noopener", target: "_blank" }, title) : document.createTextNode(title);
  }
  function about(id) {
    const a = article(id);
    return [a.s, a.d].filter(Boolean).join(" · ");
  }
  function judgement(query, hit) {
    const key = query.q + "\t" + hit.id;
    return key in marks ? marks[key] : hit.judged;
  }

  function filter() {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    shown = data.queries.filter((query) => {
      const text = (query.q + " " + (article(query.q).t || "")).toLowerCase();
      return words.every((word) => text.includes(word));
    });
    list.replaceChildren(...shown.map((query, i) => el("li", {},
      el("button", { type: "button", onclick: () => open(i) },
        el("span", { class: "value" }, query.v.toFixed(2)), el("span", {}, article(query.q).t || article(query.q).x || query.q)))));
    $("count").textContent = shown.length + " of " + data.queries.length + " lists, worst first";
    open(0);
  }

  function open(i) {
    current = Math.max(0, Math.min(i, shown.length - 1));
    here = -1;
    [...list.querySelectorAll("button")].forEach((button, n) => {
      button.setAttribute("aria-current", String(n === current));
      if (n === current && document.activeElement !== search) button.scrollIntoView({ block: "nearest" });
    });
    draw();
  }

  function draw() {
    const query = shown[current];
    if (!query) { detail.replaceChildren(el("p", { class: "soft" }, "No list matches.")); return; }
    const wanted = query.w.map((w) => el("li", { class: "hit" + (w.rank && w.rank <= data.k ? " picked" : "") },
      name(w.id), " ", el("span", { class: "soft" }, w.rank ? "found at " + w.rank : "not among the first " + data.depth)));
    const got = query.g.map((hit, n) => drawHit(query, hit, n));
    detail.replaceChildren(
      el("h3", {}, name(query.q)), el("p", { class: "soft" }, about(query.q) + " · " + data.measure + " " + query.v.toFixed(3)),
      el("p", {}, article(query.q).x || ""),
      el("h3", {}, "Picked by the editor"), el("ol", {}, ...wanted),
      el("h3", {}, "Recommended"), el("ol", {}, ...got));
  }

  function drawHit(query, hit, n) {
    const state = hit.picked ? null : judgement(query, hit);
    const kind = hit.picked ? " picked" : state === 1 ? " yes" : state === 0 ? " no" : "";
    const counted = data.signals.map((signal, i) => [signal, hit.parts[i]]).filter(([, part]) => Math.abs(part) >= 0.05)
      .sort((a, b) => Math.abs(b[1]) - Math.abs(a[1]));
    const numbers = el("details", { class: "why" }, el("summary", {}, "Signals"), counted.length
      ? el("table", {}, ...counted.map(([signal, part]) => el("tr", {}, el("th", { scope: "row" }, signal.replaceAll("_", " ")),
        el("td", { class: "value" }, (part > 0 ? "+" : "−") + Math.abs(part).toFixed(2)))))
      : "No signal stands out.");
    const button = (label, value) => el("button", { type: "button", class: "judge", "aria-pressed": String(state === value),
      onclick: () => { here = n; judge(query, hit, state === value ? null : value); } }, label);
    return el("li", { class: "hit" + kind + (n === here ? " here" : ""), "data-id": hit.id },
      el("span", { class: "value" }, (n + 1) + ". "), name(hit.id), " ",
      el("span", { class: "soft" }, hit.score.toFixed(3) + (hit.picked ? " · picked by the editor" : "")),
      el("div", { class: "soft" }, about(hit.id)),
      hit.why ? el("p", { class: "reason" }, hit.why + ".") : null,
      numbers,
      hit.picked ? null : el("div", { class: "buttons" }, button("related", 1), button("not related", 0)));
  }

  function judge(query, hit, value) {
    const key = query.q + "\t" + hit.id;
    if (value === null) delete marks[key]; else marks[key] = value;
    keep();
    draw();
  }

  function step(direction) {
    const query = shown[current];
    if (!query) return;
    for (let n = here + direction; n >= 0 && n < query.g.length; n += direction) {
      if (!query.g[n].picked) { here = n; break; }
    }
    draw();
    const node = detail.querySelector(".here");
    if (node) node.scrollIntoView({ block: "nearest" });
  }

  document.addEventListener("keydown", (event) => {
    if (event.target === search || event.ctrlKey || event.metaKey || event.altKey) return;
    const query = shown[current], hit = query && query.g[here];
    const keys = {
      j: () => step(1), k: () => step(-1), n: () => open(current + 1), p: () => open(current - 1),
      r: () => hit && judge(query, hit, 1), x: () => hit && judge(query, hit, 0), u: () => hit && judge(query, hit, null),
      "/": () => search.focus(),
    };
    if (keys[event.key]) { event.preventDefault(); keys[event.key](); }
  });
  search.addEventListener("input", filter);
  $("download").addEventListener("click", () => {
    const all = { ...marks };
    for (const query of data.queries) for (const hit of query.g) {
      const key = query.q + "\t" + hit.id;
      if (!(key in all) && !hit.picked && hit.judged !== null) all[key] = hit.judged;
    }
    const lines = Object.keys(all).sort().map((key) => { const [q, d] = key.split("\t"); return q + " 0 " + d + " " + all[key] + "\n"; });
    const link = el("a", { href: URL.createObjectURL(new Blob(lines, { type: "text/plain" })), download: "judgements.qrels" });
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  });
  $("forget").addEventListener("click", () => { if (confirm("Forget what was judged here?")) { marks = {}; keep(); draw(); } });
  keep();
  filter();
})();
