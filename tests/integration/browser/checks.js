// What a page owes to everybody who reads it, looked for in the page as it stands. Returns sentences; an empty list is a page in order.
const { layout, colour } = arguments[0];
const faults = [];
const all = (css, root = document) => [...root.querySelectorAll(css)];
const name = (el) => {
  const said = (el.textContent || el.value || el.name || "").trim().replace(/\s+/g, " ").slice(0, 40);
  const id = el.id ? `#${el.id}` : "";
  const kind = typeof el.className === "string" && el.className ? `.${el.className.trim().split(/\s+/).join(".")}` : "";
  return `<${el.tagName.toLowerCase()}${id}${kind}> “${said}”`;
};
const fault = (what, el) => faults.push(el ? `${what}: ${name(el)}` : what);
const seen = (el) => {
  if (!el.checkVisibility({ visibilityProperty: true, opacityProperty: true })) return false;
  const box = el.getBoundingClientRect();
  return box.width > 1 && box.height > 1 && box.right > 0;
};
// Words that are there for the ear only lie in a box of one pixel.
const forTheEar = (el) => el.closest(".sr, .off, .skip") !== null;
const words = (ids) => ids.split(/\s+/).map((id) => document.getElementById(id)?.textContent ?? "").join(" ").trim();
const spoken = (el) => {
  const by = el.getAttribute("aria-labelledby");
  if (by) return words(by);
  const label = el.getAttribute("aria-label");
  if (label) return label.trim();
  if (el.labels?.length) return [...el.labels].map((l) => l.textContent).join(" ").trim();
  const copy = el.cloneNode(true);
  all("[aria-hidden=true], script, style", copy).forEach((x) => x.remove());
  return (copy.textContent || el.getAttribute("title") || all("title", el)[0]?.textContent || "").trim();
};

// ---- The document.
const lang = document.documentElement.lang;
if (!["kk", "ru"].includes(lang)) fault(`the page does not say its language: “${lang}”`);
if (!document.title.trim()) fault("no title");
if (/user-scalable=no|maximum-scale/.test(document.querySelector("meta[name=viewport]")?.content ?? "no")) fault("the page cannot be made larger");
if (all("main").length !== 1) fault(`${all("main").length} main landmarks`);
if (all("header").filter((h) => !h.closest("main, section, article")).length !== 1) fault("no banner, or several");
const h1 = all("h1").filter((h) => h.checkVisibility());
if (h1.length !== 1) fault(`${h1.length} first headings`);
let level = 0;
for (const h of all("h1, h2, h3, h4, h5, h6").filter((x) => x.checkVisibility() && !x.closest("dialog"))) {
  const own = Number(h.tagName[1]);
  if (own > level + 1) fault(`a heading of level ${own} after one of level ${level}`, h);
  if (!h.textContent.trim()) fault("an empty heading", h);
  level = own;
}
const navs = all("nav").filter(seen);
if (navs.length > 1 && new Set(navs.map((n) => n.getAttribute("aria-label") ?? "")).size !== navs.length) fault("several navigations that are not told apart");
const skip = document.querySelector("a.skip");
if (!skip || !document.querySelector(skip.getAttribute("href"))) fault("nothing leads past the menu");

// ---- Identifiers, and what refers to them.
const ids = new Map();
for (const el of all("[id]")) ids.set(el.id, (ids.get(el.id) ?? 0) + 1);
for (const [id, n] of ids) if (n > 1) fault(`the identifier ${id} stands ${n} times`);
for (const attr of ["aria-labelledby", "aria-describedby", "aria-controls", "for", "form", "headers"]) {
  for (const el of all(`[${attr}]`)) {
    for (const id of el.getAttribute(attr).split(/\s+/)) if (!ids.has(id)) fault(`${attr} names ${id}, which is not there`, el);
  }
}
for (const el of all("[tabindex]")) if (el.tabIndex > 0) fault("an order of its own for Tab", el);
for (const el of all("[aria-hidden=true] a[href], [aria-hidden=true] button, [aria-hidden=true] input, [aria-hidden=true] select")) {
  if (el.tabIndex >= 0 && seen(el)) fault("hidden from the ear, but reached by Tab", el);
}

// ---- Names of what can be used.
for (const el of all("input:not([type=hidden]), select, textarea")) if (!spoken(el)) fault("a field without a label", el);
for (const el of all("a[href], button, summary, [role=button]")) if (!spoken(el)) fault("nothing says what this does", el);
for (const el of all("img")) if (!el.hasAttribute("alt")) fault("a picture without words", el);
for (const el of all("svg[role=img], [role=img]")) if (!spoken(el)) fault("a drawing without words", el);
for (const el of all("a a, a button, button a, button button, summary a, summary button, label label")) fault("one thing to press within another", el);
for (const el of all("ul > *, ol > *")) if (!["LI", "SCRIPT", "TEMPLATE"].includes(el.tagName)) fault("a list holds what is no entry", el);
for (const el of all("li")) if (!["UL", "OL", "MENU"].includes(el.parentElement.tagName)) fault("an entry of no list", el);
for (const el of all("dl > *")) if (!["DT", "DD", "DIV"].includes(el.tagName)) fault("a list of facts holds what is no fact", el);
for (const el of all("fieldset")) if (!el.querySelector("legend")?.textContent.trim()) fault("a group of fields without a name", el);
for (const el of all("table")) {
  const heads = all("th", el);
  if (!heads.length) fault("a table without headers", el);
  for (const th of heads) {
    if (!th.textContent.trim()) fault("an empty header in a table", el);
    if (!th.scope) fault("a header that does not say what it heads", th);
  }
}
for (const el of all("[data-key]")) if (el.dataset.key && all(`[data-key="${el.dataset.key}"]`).filter((x) => x.checkVisibility()).length > 1) fault(`two things for the key ${el.dataset.key}`, el);

// ---- Words that nobody put into words.
const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
const texts = [];
while (walker.nextNode()) {
  const node = walker.currentNode;
  const el = node.parentElement;
  if (node.data.trim() && el && !["SCRIPT", "STYLE", "TEMPLATE"].includes(el.tagName)) texts.push([node, el]);
}
for (const [node, el] of texts) {
  if (el.closest("code, kbd, pre, textarea, [lang=en], [translate=no]") || !el.checkVisibility()) continue;
  const text = node.data.trim();
  if (/^[a-z]+(?:[._][a-z_]+)+$/.test(text) || /\{[a-z_]+\}/.test(text)) fault(`“${text}” is a key, not words`, el);
}

// ---- Colours.
const parse = (text) => {
  const n = text.match(/[\d.]+/g)?.map(Number) ?? [0, 0, 0, 0];
  if (text.startsWith("color(srgb")) return [n[0] * 255, n[1] * 255, n[2] * 255, n[3] ?? 1];
  return [n[0], n[1], n[2], n[3] ?? 1];
};
const over = (top, under) => {
  const a = top[3] + under[3] * (1 - top[3]);
  if (a === 0) return [0, 0, 0, 0];
  return [0, 1, 2].map((i) => (top[i] * top[3] + under[i] * under[3] * (1 - top[3])) / a).concat(a);
};
const light = ([r, g, b]) => {
  const [x, y, z] = [r, g, b].map((c) => (c / 255 <= 0.04045 ? c / 255 / 12.92 : ((c / 255 + 0.055) / 1.055) ** 2.4));
  return 0.2126 * x + 0.7152 * y + 0.0722 * z;
};
const contrast = (a, b) => {
  const [x, y] = [light(a), light(b)].sort((m, n) => n - m);
  return (x + 0.05) / (y + 0.05);
};
const canvas = () => (matchMedia("(prefers-color-scheme: dark)").matches ? [18, 18, 18, 1] : [255, 255, 255, 1]);
const behind = (el) => {
  let found = [0, 0, 0, 0];
  for (let at = el; at; at = at.parentElement) {
    found = over(found, parse(getComputedStyle(at).backgroundColor));
    if (found[3] >= 0.999) return found;
  }
  return over(found, canvas());
};
// A faded box fades what lies in it into what lies behind it.
const faded = (el, top, under) => {
  let shown = top;
  for (let at = el; at; at = at.parentElement) {
    const o = Number(getComputedStyle(at).opacity);
    if (o < 1) shown = over([shown[0], shown[1], shown[2], shown[3] * o], behind(at.parentElement ?? at));
  }
  return over(shown, under);
};
const said = new Set();
const low = (what, el, ratio, want) => {
  const line = `${what} ${ratio.toFixed(2)} of ${want}: ${name(el)}`;
  const kind = `${what}${el.tagName}${el.className}${ratio.toFixed(1)}`;
  if (!said.has(kind)) faults.push(line);
  said.add(kind);
};
if (colour) {
  for (const [, el] of texts) {
    if (!seen(el) || forTheEar(el) || el.closest("[disabled], option, svg, dialog:not([open])")) continue;
    const style = getComputedStyle(el);
    const under = behind(el);
    const top = faded(el, over(parse(style.color), under), under);
    const size = parseFloat(style.fontSize);
    const want = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700) ? 3 : 4.5;
    const ratio = contrast(top, under);
    if (ratio < want - 0.005) low("words that are hard to read", el, ratio, want);
  }
  for (const el of all("svg text").filter(seen)) {
    const style = getComputedStyle(el);
    const under = style.stroke === "none" ? behind(el) : parse(style.stroke);
    const ratio = contrast(parse(style.fill), under);
    if (ratio < 4.495) low("words in a drawing that are hard to read", el, ratio, 4.5);
  }
  for (const el of all("input[placeholder], textarea[placeholder]").filter(seen)) {
    const under = behind(el);
    const style = getComputedStyle(el, "::placeholder");
    const c = parse(style.color);
    const ratio = contrast(over([c[0], c[1], c[2], c[3] * Number(style.opacity)], under), under);
    if (ratio < 4.495) low("a hint that is hard to read", el, ratio, 4.5);
  }
  for (const el of all("input:not([type=hidden]):not([type=checkbox]):not([type=radio]):not([type=file]), select, textarea").filter(seen)) {
    const edge = over(parse(getComputedStyle(el).borderTopColor), behind(el));
    const best = Math.max(contrast(edge, behind(el.parentElement)), contrast(behind(el), behind(el.parentElement)));
    if (best < 2.995) low("a field whose edge is hard to see", el, best, 3);
  }
}

// ---- Room.
if (layout) {
  const page = document.scrollingElement;
  if (page.scrollWidth > page.clientWidth) {
    fault(`the page is ${page.scrollWidth - page.clientWidth} px wider than the window`);
    const scrolls = (el) => { for (let at = el; at && at !== document.body; at = at.parentElement) if (/auto|scroll|hidden|clip/.test(getComputedStyle(at).overflowX)) return true; return false; };
    all("body *").filter((el) => seen(el) && el.getBoundingClientRect().right > page.clientWidth + 1 && !scrolls(el)).slice(0, 3).forEach((el) => fault("sticks out", el));
  }
  for (const el of all("body *").filter(seen)) {
    const style = getComputedStyle(el);
    if (/auto|scroll/.test(style.overflowX) && el.scrollWidth > el.clientWidth + 1 && !["TEXTAREA", "SELECT"].includes(el.tagName)) {
      if (!el.querySelector("a[href], button, input, select, summary") && el.tabIndex < 0) fault("scrolls, but not by the keyboard", el);
    }
    if (style.overflowX === "hidden" && style.textOverflow !== "ellipsis" && el.scrollWidth > el.clientWidth + 2 && !forTheEar(el) && el.textContent.trim()) fault("words are cut off", el);
  }
  for (const el of all("td, th, li, dd, dt, p, label, button, .tile, .pill").filter(seen)) {
    if (forTheEar(el) || getComputedStyle(el).overflowX !== "visible" || getComputedStyle(el).display === "inline") continue;
    if (el.scrollWidth > el.clientWidth + 2 && el.clientWidth > 0) fault("words run out of their box", el);
  }
  const sitsInWords = (el) => {
    if (getComputedStyle(el).display !== "inline") return false;
    const beside = [...el.parentElement.childNodes].filter((n) => n !== el).map((n) => n.textContent.trim()).join("");
    return beside.length > 0;
  };
  const targets = all("a[href], button, input:not([type=hidden]), select, textarea, summary").filter((el) => seen(el) && !forTheEar(el)).map((el) => {
    const label = ["checkbox", "radio"].includes(el.type) ? el.closest("label") : null;
    return [el, (label ?? el).getBoundingClientRect()];
  });
  const centre = (b) => [b.left + b.width / 2, b.top + b.height / 2];
  for (const [el, box] of targets) {
    if ((box.width >= 23.5 && box.height >= 23.5) || sitsInWords(el)) continue;
    const [x, y] = centre(box);
    const crowded = targets.some(([other, b]) => {
      if (other === el) return false;
      const dx = Math.max(b.left - x, 0, x - b.right);
      const dy = Math.max(b.top - y, 0, y - b.bottom);
      return Math.hypot(dx, dy) < 12;
    });
    if (crowded) fault(`too small to hit: ${Math.round(box.width)} × ${Math.round(box.height)}`, el);
  }
}
return faults;
