// The crew's page without a network: what is pressed waits in the telephone and is sent once. Without this script the same forms go as they are.
(() => {
  const main = document.querySelector("main[data-who]");
  const bar = document.getElementById("road");
  if (!main || !bar || !window.indexedDB) return;
  const page = document.documentElement.dataset;
  const words = bar.dataset;
  const who = main.dataset.who;
  const csrf = document.querySelector('input[name="csrf"]')?.value;
  const news = document.getElementById("road-news");
  const told = document.getElementById("road-told");
  const clock = (ms) => new Date(ms).toLocaleTimeString("ru", { hour: "2-digit", minute: "2-digit", timeZone: "Asia/Almaty" });
  // When the list on the screen was true, by this telephone's clock.
  let fresh = Number(page.sure) || Date.now();
  let mark = main.dataset.mark;
  let reach = page.kept ? "off" : "ok";
  const card = (number) => document.getElementById(`j${number}`);

  // Jobs that this page has ended: they leave the list as finished, not as lost.
  const over = new Set();

  // What may follow a press that the service has not seen yet.
  const NEXT = { accept: "start hold resolve", start: "arrive hold resolve", arrive: "hold resolve", resume: "arrive hold resolve", hold: "resume", resolve: "" };
  // A folded form is called as its fold is.
  const label = (act) => card(act.number)?.querySelector(`[data-for="${act.act}"] summary, form[data-act="${act.act}"] button`)?.textContent ?? act.label;

  function buttons(article, may) {
    const now = may.split(" ");
    for (const form of article.querySelectorAll(".big > form")) form.hidden = !now.includes(form.dataset.act);
    for (const fold of article.querySelectorAll(".big > details")) fold.hidden = !now.includes(fold.dataset.for);
  }
  function paragraph(text, kind) {
    const p = document.createElement("p");
    p.textContent = text;
    if (kind) p.className = kind;
    return p;
  }
  function button(text, press) {
    const b = document.createElement("button");
    b.type = "button";
    b.className = "quiet";
    b.textContent = text;
    b.addEventListener("click", press);
    return b;
  }

  // One press that waits, or that was not taken: that one can be sent without its photo, or put away.
  function line(act, head, kind) {
    if (!act.stuck) return paragraph(head + words.queued.replace("{act}", label(act)).replace("{time}", clock(act.at)), kind);
    const p = paragraph(head + words.stuck.replace("{act}", label(act)).replace("{why}", act.stuck), kind);
    p.append(document.createElement("br"));
    if (act.photo) p.append(button(words.without, () => queue.put("acts", { ...act, stuck: "", photo: null }).then(send)));
    p.append(button(words.remove, () => queue.drop("acts", act.id).then(draw)));
    return p;
  }

  async function draw() {
    const acts = await queue.all("acts");
    const mine = acts.filter((act) => act.who === who);
    const others = acts.length - mine.length;
    for (const article of document.querySelectorAll("article.job[data-may]")) {
      const waiting = mine.filter((act) => act.number === article.dataset.number);
      const lines = waiting.map((act) => line(act, "", act.stuck ? "stuck" : ""));
      const place = article.querySelector(".waits");
      if (place.textContent !== lines.map((p) => p.textContent).join("")) place.replaceChildren(...lines);
      const last = waiting.filter((act) => !act.stuck).at(-1);
      buttons(article, last ? NEXT[last.act] : article.dataset.may);
    }
    // Jobs that are no longer on the page.
    const lost = mine.filter((act) => !card(act.number));
    const answers = (await queue.all("told")).filter((a) => a.who === who);
    told.replaceChildren(
      ...answers.map((a) => {
        const p = paragraph("", `notice ${a.well ? "good" : "bad"}`);
        const text = document.createElement("span");
        text.textContent = `${clock(a.at)} · ${a.text}`;
        const close = button("×", () => queue.drop("told", a.id).then(draw));
        close.setAttribute("aria-label", words.remove);
        p.append(text, close);
        return p;
      }),
      ...lost.map((act) => line(act, `№ ${act.number}: `, "notice warn")),
    );
    const waiting = mine.filter((act) => !act.stuck).length;
    const parts = [];
    if (reach === "signin") parts.push(words.signin);
    else if (reach === "off") parts.push(words.off.replace("{time}", clock(fresh)));
    else parts.push(words.ok.replace("{time}", clock(fresh)));
    if (waiting) parts.push(words.waiting.replace("{count}", waiting));
    if (others) parts.push(words.others.replace("{count}", others));
    const text = parts.join(" · ");
    const kind = reach === "signin" ? "road-state bad" : reach === "off" ? "road-state off" : waiting ? "road-state waits" : "road-state";
    if (bar.dataset.said !== text) {
      bar.dataset.said = text;
      bar.className = kind;
      bar.replaceChildren(text);
      if (reach === "signin") {
        const link = document.createElement("a");
        link.href = "/console";
        link.textContent = words.enter;
        bar.append(" ", link);
      }
    }
    try {
      localStorage.setItem("unsent", String(acts.length));
    } catch {
      // Only the question before signing out needs it.
    }
  }

  // Takes a newer list in: each job in its own place. What is new waits for a press, what is gone is said and emptied.
  function adopt(html) {
    const next = new DOMParser().parseFromString(html, "text/html");
    const there = next.querySelector("main[data-who]");
    if (!there || there.dataset.who !== who) return;
    mark = there.dataset.mark;
    fresh = Date.now();
    const seen = new Set();
    for (const article of next.querySelectorAll("article.job")) {
      seen.add(article.id);
      const old = document.getElementById(article.id);
      if (!old || old.contains(document.activeElement) || old.querySelector("details[open]")) continue;
      if (old.classList.contains("free") !== article.classList.contains("free") || old.dataset.may === undefined) continue;
      old.replaceWith(document.importNode(article, true));
    }
    for (const old of document.querySelectorAll("article.job[data-may]")) {
      if (seen.has(old.id)) continue;
      // A job that is over, or another crew's: nothing of its resident stays on the screen.
      const line = paragraph(`№ ${old.dataset.number}: ${over.has(old.dataset.number) ? words.finished : words.ended}`, "dim");
      old.removeAttribute("data-may");
      old.classList.add("over");
      old.replaceChildren(line);
    }
    news.hidden = [...seen].every((id) => document.getElementById(id));
  }

  let looking = false;
  async function look() {
    if (looking || document.hidden) return;
    looking = true;
    try {
      const answer = await fetch("/console/jobs", { headers: { "if-none-match": `W/"${mark}"` }, redirect: "manual", cache: "no-store" });
      if (answer.status === 304) fresh = Date.now();
      if (answer.status === 200) adopt(await answer.text());
      reach = answer.type === "opaqueredirect" ? "signin" : answer.status >= 500 ? "off" : "ok";
    } catch {
      reach = "off";
    }
    looking = false;
    await draw();
  }

  let sending = false;
  async function send() {
    await draw();
    if (sending) return;
    sending = true;
    try {
      const { ended, sent, finished } = await queue.flush();
      for (const number of finished) over.add(number);
      if (ended === "signin") reach = "signin";
      else if (ended === "offline" || ended === "later") reach = "off";
      else if (sent) reach = "ok";
      sending = false;
      if (sent) await look();
    } finally {
      sending = false;
    }
    await draw();
  }

  async function small(file) {
    try {
      const image = await createImageBitmap(file, { imageOrientation: "from-image" });
      const scale = Math.min(1, 1600 / Math.max(image.width, image.height));
      const canvas = document.createElement("canvas");
      canvas.width = Math.round(image.width * scale);
      canvas.height = Math.round(image.height * scale);
      canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
      const blob = await new Promise((done) => canvas.toBlob(done, "image/jpeg", 0.8));
      if (blob && blob.size < file.size) return blob;
    } catch {
      // What this browser cannot draw goes as it is.
    }
    return file;
  }

  async function press(form) {
    const number = form.closest("article").dataset.number;
    const key = [...crypto.getRandomValues(new Uint8Array(16))].map((b) => b.toString(16).padStart(2, "0")).join("");
    const act = { key, who, number, act: form.dataset.act, label: (form.closest("details") ?? form).querySelector("summary, button").textContent, at: Date.now() };
    act.note = form.elements.note?.value.trim();
    act.why = form.elements.why?.value;
    const file = form.elements.photo?.files[0];
    if (file) {
      const blob = await small(file);
      act.photo = { type: blob.type, bytes: await blob.arrayBuffer() };
    }
    await queue.put("acts", act);
    form.reset();
    form.closest("details")?.removeAttribute("open");
    const worker = await navigator.serviceWorker?.getRegistration("/console/jobs");
    worker?.sync?.register("acts").catch(() => {});
  }

  async function call(form) {
    try {
      const answer = await fetch(form.action, { method: "POST", body: new URLSearchParams(new FormData(form)), headers: { accept: "application/json" }, redirect: "manual" });
      if (answer.type === "opaqueredirect") reach = "signin";
      if (!answer.ok) throw new Error(String(answer.status));
      const { tel, text } = await answer.json();
      if (!tel) return form.replaceWith(paragraph(text, "dim"));
      const link = document.createElement("a");
      link.className = "button";
      link.href = `tel:${tel}`;
      link.textContent = tel.replace(/^\+7(\d{3})(\d{3})(\d\d)(\d\d)$/, "+7 $1 $2 $3 $4");
      form.replaceWith(link);
      link.focus();
      location.href = link.href;
    } catch {
      const place = form.closest("article").querySelector(".waits");
      place.replaceChildren(paragraph(words.nocall));
    }
  }

  addEventListener("submit", (event) => {
    const form = event.target;
    if (form.dataset.phone !== undefined) {
      event.preventDefault();
      delete form.dataset.sent;
      call(form);
    } else if (form.dataset.act && !form.dataset.taken) {
      event.preventDefault();
      form.dataset.taken = "1";
      press(form).then(
        () => {
          delete form.dataset.taken;
          delete form.dataset.sent;
          return send();
        },
        () => {
          // This telephone keeps nothing: the form goes as it is.
          form.submit();
        },
      );
    } else if (form.dataset.act) {
      event.preventDefault();
    }
  });
  news.querySelector("button").addEventListener("click", () => location.reload());
  addEventListener("online", () => send().then(look));
  addEventListener("offline", () => {
    reach = "off";
    draw();
  });
  document.addEventListener("visibilitychange", () => document.hidden || send().then(look));
  addEventListener("pageshow", (event) => event.persisted && look());
  setInterval(() => send().then(look), 60000);

  navigator.serviceWorker?.register("/console/jobs/worker.js", { scope: "/console/jobs" }).catch(() => {});
  navigator.serviceWorker?.addEventListener("message", (event) => {
    for (const number of event.data.finished) over.add(number);
    look();
  });
  if (page.failed !== undefined) told.before(paragraph(words.failed, "notice bad"));
  const begun = page.kept ? Promise.resolve() : queue.put("me", { id: "me", who, csrf });
  begun.then(send).then(() => page.kept && look()).catch(() => {});
})();
