// Keeps "left" and "late" true while a page stands open. Everything works without it.
const page = document.documentElement.dataset;
// The service's clock, not the reader's: the page says what time it was when it was made. A page that was kept says when it came.
const offset = Number(page.now) - (Number(page.kept) || Date.now());

function span(seconds) {
  const minutes = Math.floor(Math.abs(seconds) / 60);
  const parts = [["d", Math.floor(minutes / 1440)], ["h", Math.floor(minutes / 60) % 24], ["m", minutes % 60]];
  const first = parts.findIndex(([, n]) => n > 0);
  if (first < 0) return page.moment;
  return parts
    .slice(first, first + 2)
    .filter(([, n]) => n > 0)
    .map(([unit, n]) => page[unit].replace("{n}", n))
    .join(" ");
}

function tick() {
  const now = Date.now() + offset;
  for (const el of document.querySelectorAll("time[data-due]")) {
    const left = Math.trunc((Number(el.dataset.due) - now) / 1000);
    const late = left < 0;
    const words = (late ? page.late : page.left).replace("{time}", span(left));
    if (el.textContent !== words) el.textContent = words;
    el.classList.toggle("late", late);
    el.classList.toggle("soon", !late && left < 1800);
    el.classList.toggle("calm", !late && left >= 1800);
  }
}

tick();
setInterval(tick, 10000);
document.addEventListener("visibilitychange", () => document.hidden || tick());

// A form sent twice by an impatient finger would only meet a version conflict: one press is enough.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.method !== "post") return;
  if (form.dataset.sent) event.preventDefault();
  form.dataset.sent = "1";
});
window.addEventListener("pageshow", () => document.querySelectorAll("form[data-sent]").forEach((f) => delete f.dataset.sent));

// Signing out takes everything along that this browser keeps, also what has not been sent yet: that is asked first.
document.addEventListener(
  "submit",
  (event) => {
    const question = event.target.dataset.unsent;
    if (question === undefined) return;
    let count = 0;
    try {
      count = Number(localStorage.getItem("unsent"));
    } catch {
      // Nothing is kept here.
    }
    if (count > 0 && !confirm(question.replace("{count}", count))) {
      event.preventDefault();
      event.stopImmediatePropagation();
      return;
    }
    try {
      localStorage.removeItem("unsent");
      indexedDB.deleteDatabase("road");
      caches.keys().then((names) => names.forEach((name) => caches.delete(name)));
    } catch {
      // The service's answer clears the rest.
    }
  },
  true,
);

// One key chooses what triage offers; never while somebody types.
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.repeat || event.target.closest("input, textarea, select")) return;
  if (/^[0-9]$/.test(event.key)) document.querySelector(`[data-key="${event.key}"]`)?.click();
});
