// <related-articles>: a list of related articles in any page. How it is used: docs/widget.md.
// It replaces what the page has inside the element only by a list that is complete, in time and not empty.
(() => {
  "use strict";
  const TAG = "related-articles", REFERRER = "strict-origin-when-cross-origin";
  if (!self.customElements || customElements.get(TAG)) return;

  const script = document.currentScript;
  const home = new URL(".", (script && script.src) || document.baseURI).href;
  const PASSED = ["limit", "mode", "section", "language", "fallback", "diversity", "min-score", "explain"];
  const PARTS = "image teaser date section why";

  // :where() has no specificity: whatever the site says of these classes holds.
  const STYLE = `
:where(${TAG}){display:block;min-height:var(--related-articles-height,0)}
:where(${TAG}[hidden]){display:none}
:where(${TAG}:not([unstyled]) .${TAG}){display:grid;gap:var(--related-articles-gap,1.25rem);margin:0;padding:0;list-style:none;
grid-template-columns:repeat(auto-fill,minmax(min(100%,var(--related-articles-column,14rem)),1fr))}
:where(${TAG}:not([unstyled]) .${TAG}__image){display:block;width:100%;height:auto;object-fit:cover;margin-bottom:.5rem;
aspect-ratio:var(--related-articles-ratio,16/9);border-radius:var(--related-articles-radius,.25rem)}
:where(${TAG}:not([unstyled]) .${TAG}__title){font-weight:600;overflow-wrap:anywhere}
:where(${TAG}:not([unstyled]) .${TAG}__item>p){margin:.25rem 0 0;overflow-wrap:anywhere}
:where(${TAG}:not([unstyled]) .${TAG}__teaser){display:-webkit-box;overflow:hidden;-webkit-box-orient:vertical;
-webkit-line-clamp:var(--related-articles-lines,3)}
:where(${TAG}:not([unstyled]) :is(.${TAG}__meta,.${TAG}__why)){font-size:.875em;color:var(--related-articles-muted,inherit)}`;

  function adopt() {
    try {
      const sheet = new CSSStyleSheet();
      sheet.replaceSync(STYLE);
      document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];
    } catch { /* an old browser shows the list as the page's own styles have it */ }
  }

  const text = (value) => (typeof value === "string" ? value.trim() : "");
  const name = (item) => text(item.title) || text(item.teaser) || text(item.id);

  // The day, in UTC, of a moment in ISO 8601.
  const day = (value) => {
    const iso = /^\d{4}-\d\d-\d\d(?:T|$)/.test(text(value)) ? text(value).slice(0, 10) : "";
    return isNaN(Date.parse(iso)) ? "" : iso;
  };

  function web(value) {
    try {
      const url = new URL(text(value));
      return /^https?:$/.test(url.protocol) && !url.username && !url.password ? url.href : "";
    } catch { return ""; }
  }

  function make(name, attributes, ...children) {
    const node = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) if (value) node.setAttribute(key, value === true ? "" : value);
    node.append(...children.filter(Boolean));
    return node;
  }
  const part = (tag, name, attributes, ...children) => make(tag, { class: `${TAG}__${name}`, ...attributes }, ...children);

  class RelatedArticles extends HTMLElement {
    static observedAttributes = ["for", ...PASSED];

    connectedCallback() {
      const height = this.getAttribute("height");
      if (height) this.style.setProperty("--related-articles-height", /^\d+$/.test(height) ? height + "px" : height);
      this.ask();
    }

    attributeChangedCallback() { if (this.isConnected && this.asked) this.ask(); }

    get address() {
      const canonical = document.querySelector('link[rel~="canonical"][href]');
      const wanted = text(this.getAttribute("for")) || (canonical ? canonical.href : location.href.split("#")[0]);
      const base = (this.getAttribute("api") || home).replace(/\/*$/, "/");
      const byUrl = /^https?:/i.test(wanted);
      const path = byUrl ? "v1/related" : `v1/articles/${encodeURIComponent(wanted)}/related`;
      const url = new URL(path, new URL(base, home));
      if (byUrl) url.searchParams.set("url", wanted);
      for (const key of PASSED) {
        if (this.hasAttribute(key)) url.searchParams.set(key.replace("-", "_"), this.getAttribute(key) || "true");
      }
      const excluded = (this.getAttribute("exclude") || "").split(/\s+/).filter(Boolean);
      for (const id of excluded) url.searchParams.append("exclude", id);
      return url.href;
    }

    async ask() {
      let address = "";
      try {
        address = this.address;
        if (address === this.asked) return;
        this.asked = address;
        this.dataset.state = "loading";
        const found = await this.fetched(address);
        if (address !== this.asked) return; // another list was asked for meanwhile
        this.show(found.slice(0, Number(this.getAttribute("limit")) || 100));
        this.dataset.state = "shown";
      } catch {
        if (address === this.asked) this.dataset.state = "kept";
      }
      this.dispatchEvent(new CustomEvent(TAG, { bubbles: true, detail: { state: this.dataset.state } }));
    }

    async fetched(address) {
      const late = new AbortController();
      const timer = setTimeout(() => late.abort(), Number(this.getAttribute("timeout")) || 800);
      try {
        const answer = await fetch(address, { credentials: "omit", referrerPolicy: "no-referrer", signal: late.signal });
        if (!answer.ok) throw new Error(answer.status);
        const items = (await answer.json()).items.filter((item) => item && name(item));
        if (!items.length) throw new Error("empty");
        return items;
      } finally { clearTimeout(timer); }
    }

    show(items) {
      const own = this.querySelector(":scope > template");
      const list = make("ul", { class: TAG, itemscope: true, itemtype: "https://schema.org/ItemList" });
      list.append(...items.map((item, i) => (own ? this.filled(own, item) : this.entry(item, i + 1))));
      const heading = this.getAttribute("heading");
      const level = /^[2-6]$/.test(this.getAttribute("heading-level")) ? this.getAttribute("heading-level") : "2";
      const label = this.getAttribute("label") || heading;
      if (label) list.setAttribute("aria-label", label);
      const title = heading && part("h" + level, "heading", {}, heading);
      this.replaceChildren(...[own, title, list, this.hasAttribute("json-ld") && data(items)].filter(Boolean));
    }

    shows(kind) { return (this.getAttribute("show") ?? PARTS).split(/\s+/).includes(kind); }

    image(item) {
      const address = this.shows("image") && web(item.image);
      const [width, height] = (this.getAttribute("image-size") || "320x180").split("x");
      const sources = this.getAttribute("srcset"); // "{url}?w=320 320w, {url}?w=640 640w"
      return address && part("img", "image", {
        alt: true,
        srcset: sources && sources.replaceAll("{url}", () => address.replaceAll(",", "%2C")),
        sizes: sources && (this.getAttribute("sizes") || "auto, 14rem"),
        width, height, loading: "lazy", decoding: "async", referrerpolicy: REFERRER, src: address,
      });
    }

    date(value) {
      const iso = day(value);
      try {
        const language = (this.closest("[lang]") || {}).lang || undefined;
        return iso && new Date(iso).toLocaleDateString(language, { dateStyle: "medium", timeZone: "UTC" });
      } catch { return iso; }
    }

    link(url) {
      const target = this.getAttribute("target"), rel = this.getAttribute("rel") || "";
      return part("a", "link", {
        href: url, target, rel: (target ? rel + " noopener" : rel).trim(), referrerpolicy: REFERRER, itemprop: "url",
      });
    }

    entry(item, position) {
      const teaser = text(item.title) && this.shows("teaser") && text(item.teaser);
      const date = this.shows("date") && this.date(item.published_at), section = this.shows("section") && text(item.section);
      const why = this.shows("why") && item.why && text(item.why.text);
      const inside = [this.image(item), part("span", "title", { itemprop: "name" }, name(item))].filter(Boolean);
      const url = web(item.url), link = url && this.link(url);
      if (link) link.append(...inside);
      const id = text(item.id), type = "https://schema.org/ListItem";
      return part("li", "item", { "data-id": id, "data-source": text(item.source), itemprop: "itemListElement", itemscope: true, itemtype: type },
        make("meta", { itemprop: "position", content: String(position) }),
        ...(link ? [link] : inside),
        teaser && part("p", "teaser", {}, teaser),
        (date || section) && part("p", "meta", {},
          date && part("time", "date", { datetime: day(item.published_at) }, date),
          date && section && " ",
          section && part("span", "section", {}, section)),
        why && part("p", "why", {}, why));
    }

    // A copy of the page's own <template>: what has slot="title", "teaser", "image", "url", "date", "section" or "why" is
    // filled, and removed where the item has no such thing.
    filled(own, item) {
      const copy = own.content.cloneNode(true);
      const values = { ...item, title: name(item), date: this.date(item.published_at), why: item.why && item.why.text };
      for (const place of copy.querySelectorAll("[slot]")) {
        const slot = place.getAttribute("slot"), address = slot === "url" || slot === "image";
        const value = address ? web(item[slot]) : text(values[slot]);
        place.removeAttribute("slot");
        if (slot === "url") value ? place.setAttribute("href", value) : place.removeAttribute("href");
        else if (!value) place.remove();
        else if (slot === "image") place.setAttribute("src", value);
        else place.textContent = value;
      }
      return copy;
    }
  }

  // schema.org as JSON-LD: a block of data, which no browser runs.
  function data(items) {
    const entries = items.map((item, i) => ({ "@type": "ListItem", position: i + 1, name: name(item), url: web(item.url) || undefined }));
    const json = JSON.stringify({ "@context": "https://schema.org", "@type": "ItemList", itemListElement: entries });
    return make("script", { type: "application/ld+json" }, json.replace(/</g, "\\u003c"));
  }

  adopt();
  customElements.define(TAG, RelatedArticles);
})();
