// The console made live: the board, keys, presence. Every page works without it.
const $ = (selector, root = document) => root.querySelector(selector);
const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];
const typing = (el) => el?.closest?.("input:not([type=checkbox]), textarea, select, [contenteditable]");

// ---- Sound: short tones, made here. A page may sound only after a press on it: until then the button says so.
const sound = $("#sound");
const loud = () => localStorage.getItem("sound") === "1";
let audio = null;
function say() {
  if (!sound) return;
  const waits = loud() && audio?.state === "suspended";
  sound.setAttribute("aria-pressed", String(loud()));
  sound.classList.toggle("waits", waits);
  sound.textContent = waits ? sound.dataset.waits : loud() ? sound.dataset.on : sound.dataset.off;
}
function tune() {
  if (audio || !loud()) return;
  audio = new AudioContext();
  audio.addEventListener("statechange", say);
}
for (const press of ["pointerdown", "keydown"]) {
  addEventListener(press, () => audio?.state === "suspended" && audio.resume().catch(() => {}), { passive: true });
}
function ring() {
  if (!loud()) return;
  tune();
  // Of several open pages one is enough.
  localStorage.setItem("rang", String(Date.now()));
  audio.resume().then(() => {
    for (const [at, pitch] of [[0, 880], [0.22, 660], [0.44, 880]]) {
      const tone = audio.createOscillator();
      const level = audio.createGain();
      tone.frequency.value = pitch;
      level.gain.setValueAtTime(0.0001, audio.currentTime + at);
      level.gain.exponentialRampToValueAtTime(0.3, audio.currentTime + at + 0.02);
      level.gain.exponentialRampToValueAtTime(0.0001, audio.currentTime + at + 0.2);
      tone.connect(level).connect(audio.destination);
      tone.start(audio.currentTime + at);
      tone.stop(audio.currentTime + at + 0.21);
    }
  }, () => {});
}
tune();
if (sound) {
  sound.hidden = false;
  say();
  sound.addEventListener("click", () => {
    localStorage.setItem("sound", loud() ? "0" : "1");
    tune();
    say();
    ring();
  });
}
const title = document.title.replace(/^⚠ \d+ · /, "");
function alarm(count) {
  document.title = count > 0 ? `⚠ ${count} · ${title}` : title;
}

// ---- The watch: untaken dangers ring wherever one is, from behind another window too, and again until somebody takes them.
// A session or a network that ended is told: what stands on the screen is then no longer so.
const AGAIN = 60000;
const watch = $("#watch");
let hear = async () => {};
if (watch) {
  const words = watch.dataset;
  const rested = () => Date.now() - (Number(localStorage.getItem("rang")) || 0);
  const live = $("#live, #present, [data-live]");
  const clock = (ms) => new Date(ms).toLocaleTimeString("ru", { hour: "2-digit", minute: "2-digit", timeZone: "Asia/Almaty" });
  let known = null;
  let answered = Date.now();
  let over = false;
  const tell = (text, enter) => {
    if (watch.dataset.said === text) return;
    watch.dataset.said = text;
    watch.replaceChildren(text);
    watch.hidden = !text;
    if (!enter) return;
    const link = document.createElement("a");
    link.href = "/console";
    link.target = "_blank";
    link.textContent = words.enter;
    watch.append(" ", link);
  };
  // Signed in again beside: what the same person typed goes on under the new session.
  const again = (now) => {
    const typed = $$("textarea").some((area) => area.value !== area.defaultValue);
    if (!typed || now.who !== words.who) return location.reload();
    for (const field of $$("input[name=csrf]")) field.value = now.csrf;
    if ($("#present")) $("#present").dataset.csrf = now.csrf;
  };
  // What the page counted when it was made, in its place.
  const recount = (dangers, counts) => {
    for (const count of $$("[data-count]")) {
      const n = counts[count.dataset.count];
      if (n !== undefined && count.textContent !== String(n)) count.textContent = n;
    }
    const banner = $("#dangers");
    if (!banner || banner.dataset.count === String(dangers)) return;
    banner.dataset.count = dangers;
    banner.className = dangers ? "notice bad" : "notice good";
    banner.replaceChildren(dangers ? `⚠ ${banner.dataset.words.replace("{count}", dangers)}` : banner.dataset.calm);
    if (!dangers) return;
    const link = document.createElement("a");
    link.href = "/console/board?danger=1";
    link.textContent = words.show;
    banner.append(" · ", link);
  };
  hear = async () => {
    try {
      const answer = await fetch("/console/alive", { headers: { accept: "application/json" }, redirect: "manual", cache: "no-store" });
      if (answer.type === "opaqueredirect" || answer.status === 401) {
        // Whoever listened does so no more: that is heard.
        if (!over && rested() > 5000) ring();
        over = true;
        return tell(words.ended, true);
      }
      if (!answer.ok) throw new Error(String(answer.status));
      const now = await answer.json();
      answered = Date.now();
      if (over) again(now);
      over = false;
      const fresh = known && now.dangers.some((number) => !known.has(number));
      if (now.dangers.length && (rested() >= AGAIN || (fresh && rested() > 5000))) ring();
      known = new Set(now.dangers);
      alarm(now.dangers.length);
      recount(now.dangers.length, now.counts);
      tell(now.left < 900 ? words.ends.replace("{time}", now.ends) : "", now.left < 900);
    } catch {
      if (Date.now() - answered > 30000) tell(words.lost.replace("{time}", clock(answered)), false);
    }
  };
  const turn = () => (live || loud()) && hear();
  turn();
  setInterval(turn, 15000);
  document.addEventListener("visibilitychange", turn);
}

// ---- What happens, as it happens. A hidden page needs no stream: browsers open few of them at once. Looked at again, it asks first.
function stream(kinds, look) {
  const live = $("#live");
  let source = null;
  let later = 0;
  const soon = () => {
    later ||= setTimeout(() => { later = 0; look(); }, 1200);
  };
  const tell = (on) => {
    if (!live) return;
    live.className = on ? "live on" : "live off";
    live.textContent = on ? live.dataset.on : live.dataset.off;
  };
  const open = () => {
    if (source || document.hidden) return;
    source = new EventSource("/console/events");
    source.onopen = () => tell(true);
    source.onerror = () => {
      tell(false);
      // After an answer that is no stream the browser does not try again.
      if (source?.readyState === EventSource.CLOSED) {
        close();
        setTimeout(open, 10000);
      }
    };
    for (const kind of kinds) source.addEventListener(kind, soon);
  };
  const close = () => { source?.close(); source = null; };
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) return close();
    open();
    look();
  });
  addEventListener("pagehide", close);
  addEventListener("pageshow", open);
  open();
}

// ---- Lists that are read anew as a whole, while nobody is in them.
const parts = $$("[data-live]");
if (parts.length) {
  const kinds = parts.flatMap((part) => part.dataset.live.split(" ").filter(Boolean));
  const look = async () => {
    try {
      const answer = await fetch(location.pathname + location.search, { headers: { accept: "text/html" }, redirect: "manual" });
      if (!answer.ok) return;
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      for (const old of parts) {
        const now = page.getElementById(old.id);
        if (now && !old.contains(document.activeElement)) old.replaceChildren(...now.childNodes);
      }
    } catch {
      // The stream comes back by itself.
    }
  };
  stream(kinds.length ? [...new Set(kinds)] : ["call", "reset"], look);
  // What no event tells of: a new day, a channel that went down.
  const every = Number(parts[0].dataset.every);
  if (every) setInterval(() => document.hidden || look(), every * 1000);
}

// ---- The board: rows change in their place; what is new waits for a press, so that nothing jumps under a hand.
const board = $("#board");
const news = $("#news");
let waiting = null;
function adopt(rows) {
  const chosen = new Set($$("input[name=pick]:checked", board).map((box) => box.closest("tr").id));
  const focused = document.activeElement?.closest?.("#board tr")?.id;
  $("tbody", board).replaceChildren(...rows);
  board.hidden = rows.length === 0;
  $("#bulk")?.removeAttribute("hidden");
  $(".empty")?.remove();
  for (const id of chosen) {
    const box = document.getElementById(id)?.querySelector("input[name=pick]");
    if (box) box.checked = true;
  }
  if (focused) document.getElementById(focused)?.querySelector(".num a")?.focus();
  count();
}
function show(rows) {
  const known = new Map($$("tbody tr", board).map((row) => [row.id, row]));
  const fresh = rows.filter((row) => !known.has(row.id));
  const ids = new Set(rows.map((row) => row.id));
  for (const row of rows) {
    const old = known.get(row.id);
    if (!old || (old.innerHTML === row.innerHTML && old.className === row.className)) continue;
    const box = $("input[name=pick]", old);
    const focus = old.contains(document.activeElement);
    const next = row.cloneNode(true);
    if (box?.checked) $("input[name=pick]", next).checked = true;
    old.replaceWith(next);
    if (focus) $(".num a", next)?.focus();
  }
  for (const [id, row] of known) row.classList.toggle("gone", !ids.has(id));
  waiting = rows;
  const urgent = fresh.filter((row) => row.classList.contains("p0")).length;
  news.hidden = fresh.length === 0;
  news.classList.toggle("bad", urgent > 0);
  if (fresh.length) {
    $("button", news).textContent = (urgent ? news.dataset.danger : news.dataset.words).replace("{count}", urgent || fresh.length);
  }
}
let asked = 0;
async function refresh() {
  const turn = ++asked;
  try {
    // Signed out, the answer leads elsewhere: no list is not an empty one.
    const [answer] = await Promise.all([fetch(board.dataset.rows, { headers: { accept: "text/html" }, redirect: "manual" }), hear()]);
    if (!answer.ok || turn !== asked) return;
    const html = document.createElement("template");
    html.innerHTML = `<table><tbody>${await answer.text()}</tbody></table>`;
    const rows = $$("tr", html.content);
    if ($$("tbody tr", board).length === 0 && rows.length) adopt(rows);
    else show(rows);
  } catch {
    // The stream comes back by itself and asks again.
  }
}
function count() {
  const n = $$("input[name=pick]:checked").length;
  const form = $("#bulk");
  if (!form) return;
  $("#chosen").textContent = n ? `· ${n}` : "";
  form.classList.toggle("ready", n > 0);
}
if (board) {
  news?.addEventListener("click", () => {
    adopt(waiting ?? []);
    news.hidden = true;
  });
  board.addEventListener("change", count);
  sessionStorage.setItem("board", location.pathname + location.search);
  const every = $("#every");
  if (every) {
    every.hidden = false;
    every.addEventListener("click", () => {
      const boxes = $$("tbody tr:not(.gone) input[name=pick]", board);
      const on = boxes.some((box) => !box.checked);
      for (const box of boxes) box.checked = on;
      count();
    });
  }
  if (board.dataset.still === undefined) {
    stream(["request", "reset"], refresh);
    setInterval(() => document.hidden || refresh(), 60000);
  }
}
const several = $("#several-act");
if (several) {
  const fit = () => $$("#bulk [data-for]").forEach((el) => { el.hidden = el.dataset.for !== several.value; });
  several.addEventListener("change", fit);
  document.body.classList.add("scripted");
  fit();
  count();
}

// ---- Colleagues at the same request; what changes under one's hands is told, never put over.
const present = $("#present");
if (present) {
  let wrote = 0;
  document.addEventListener("input", (event) => { if (event.target.closest("textarea")) wrote = Date.now(); });
  const ping = async () => {
    if (document.hidden) return;
    try {
      const body = new URLSearchParams({ csrf: present.dataset.csrf, writing: Date.now() - wrote < 20000 ? "1" : "0" });
      const answer = await fetch(present.dataset.url, { method: "POST", body, redirect: "manual" });
      if (!answer.ok) return;
      const now = await answer.json();
      present.replaceChildren(...now.present.map((one) => {
        const el = document.createElement("span");
        const text = (one.writing ? present.dataset.writes : present.dataset.looks).replace("{name}", one.name);
        el.textContent = `● ${text}`;
        el.classList.toggle("writes", one.writing);
        return el;
      }));
      present.hidden = now.present.length === 0;
      $("#changed").hidden = String(now.version) === present.dataset.version;
    } catch {
      // Next time.
    }
  };
  ping();
  setInterval(ping, 12000);
  document.addEventListener("visibilitychange", ping);
}

// ---- Prepared answers fill the field; they stay to be changed.
document.addEventListener("change", (event) => {
  const select = event.target.closest("select.prepared");
  if (!select) return;
  const area = $("textarea", select.form);
  const text = select.selectedOptions[0]?.dataset.text;
  if (area && text) {
    area.value = text;
    select.value = "";
    area.focus();
  }
});

// ---- Forms that keep themselves: a call may end in the middle of a word.
for (const form of $$("form[data-draft]")) {
  let timer = 0;
  const state = $(".draft-state", form);
  const keep = async () => {
    const body = new URLSearchParams(new FormData(form));
    try {
      const answer = await fetch(form.dataset.draft, { method: "POST", body, headers: { accept: "application/json" }, redirect: "manual" });
      if (state) state.textContent = answer.ok ? state.dataset.kept : state.dataset.lost;
    } catch {
      if (state) state.textContent = state.dataset.lost;
    }
  };
  form.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(keep, 1500); });
  form.addEventListener("submit", () => clearTimeout(timer));
}

// ---- Keys, by their place on the keyboard: the same whether it types Kazakh, Russian or Latin letters.
const sheet = $("#keys");
if (sheet) {
  $(".keyhint").hidden = false;
  $("#keys-open").addEventListener("click", () => sheet.showModal());
}
function step(by) {
  const links = $$(".list .num a");
  if (!links.length) return;
  const at = links.findIndex((a) => a.closest("tr").contains(document.activeElement));
  links[Math.min(links.length - 1, Math.max(0, at < 0 ? 0 : at + by))]?.focus();
}
document.addEventListener("keydown", (event) => {
  const field = typing(event.target);
  if (field && event.key === "Enter" && (event.ctrlKey || event.metaKey) && field.form) {
    event.preventDefault();
    field.form.requestSubmit();
    return;
  }
  if (field && event.key === "Escape") field.blur();
  if (field || event.ctrlKey || event.metaKey || event.altKey || event.repeat || sheet?.open) return;
  if (event.key === "?" || (event.code === "Slash" && event.shiftKey)) {
    event.preventDefault();
    sheet?.showModal();
    return;
  }
  if (event.key === "/" || event.code === "Slash") {
    event.preventDefault();
    $("#find")?.focus();
    return;
  }
  if (event.shiftKey || !event.code.startsWith("Key")) return;
  const letter = event.code.slice(3).toLowerCase();
  if (letter === "j" || letter === "k") return step(letter === "j" ? 1 : -1);
  if (letter === "z") {
    const box = document.activeElement?.closest("tr")?.querySelector("input[name=pick]");
    if (box) { box.checked = !box.checked; count(); }
    return;
  }
  if (letter === "l" && !board) return location.assign(sessionStorage.getItem("board") ?? "/console/board");
  if (letter === "y" && news && !news.hidden) return news.click();
  const target = $(`[data-key="${letter}"]`);
  if (!target) return;
  event.preventDefault();
  if (target.tagName !== "SUMMARY") return target.click();
  target.parentElement.open = true;
  $("textarea, select, input:not([type=hidden])", target.parentElement)?.focus();
});
