// Keeps the crew's page for when there is no network. The list SHELL stands above: it names the files of this build.
const FILES = "road-files";
const PAGE = "road-page";
// A list older than a shift is shown to nobody.
const LONGEST = 12 * 3600 * 1000;
// Networks that answer later than this are taken for none, as long as there is a kept page to show.
const PATIENCE = 8000;

self.addEventListener("install", (event) => {
  event.waitUntil(
    (async () => {
      const files = await caches.open(FILES);
      await files.addAll(SHELL);
      await self.skipWaiting();
    })(),
  );
});

self.addEventListener("activate", (event) => {
  event.waitUntil(
    (async () => {
      const files = await caches.open(FILES);
      for (const old of await files.keys()) {
        const url = new URL(old.url);
        if (!SHELL.includes(url.pathname + url.search)) await files.delete(old);
      }
      await self.clients.claim();
      await first();
    })(),
  );
});

async function keep(answer) {
  const headers = new Headers(answer.headers);
  // The text is kept as it is read, under the same policy, with the telephone's own time.
  headers.delete("content-encoding");
  headers.delete("content-length");
  headers.set("x-kept", String(Date.now()));
  const pages = await caches.open(PAGE);
  await pages.put("/console/jobs", new Response(await answer.text(), { headers }));
}

// The page that brought this worker came past it: without a copy of its own the first cellar would show nothing.
async function first() {
  const pages = await caches.open(PAGE);
  if (await pages.match("/console/jobs")) return;
  try {
    const answer = await fetch("/console/jobs");
    if (answer.ok && !answer.redirected) await keep(answer);
  } catch {
    // The next look keeps it.
  }
}

// The list is still as it was kept. When it was made stays: what is left of each deadline is counted from there.
async function again() {
  const pages = await caches.open(PAGE);
  const found = await pages.match("/console/jobs");
  if (!found) return;
  const headers = new Headers(found.headers);
  headers.set("x-sure", String(Date.now()));
  await pages.put("/console/jobs", new Response(await found.text(), { headers }));
}

async function kept(mark) {
  const pages = await caches.open(PAGE);
  const found = await pages.match("/console/jobs");
  if (!found) return null;
  const at = Number(found.headers.get("x-kept"));
  const sure = Number(found.headers.get("x-sure")) || at;
  if (!(Date.now() - sure < LONGEST)) {
    await pages.delete("/console/jobs");
    return null;
  }
  const html = (await found.text()).replace("<html ", `<html data-kept="${at}" data-sure="${sure}" ${mark} `);
  return new Response(html, { headers: found.headers });
}

function nothing() {
  const html = `<!doctype html><html lang="kk"><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>109</title><link rel="stylesheet" href="${SHELL[0]}"><body><main class="narrow"><div class="card stack"><h1>Желі жоқ · Нет сети</h1><p>Бұл телефонда сақталған тізім жоқ. Жіберілмеген әрекеттеріңіз сақтаулы: желі пайда болғанда бетті қайта ашыңыз.</p><p lang="ru">Сохранённого списка на этом телефоне нет. То, что вы не успели отправить, хранится: откройте страницу снова, когда появится сеть.</p><p><a class="button" href="/console/jobs">Қайталау · Повторить</a></p><p>109 · 112</p></div></main>`;
  const policy = "default-src 'none'; style-src 'self'; base-uri 'none'; frame-ancestors 'none'";
  return new Response(html, { status: 503, headers: { "content-type": "text/html; charset=utf-8", "content-security-policy": policy } });
}

async function list(event, request) {
  const fresh = (async () => {
    const answer = await fetch(request);
    if (answer.ok && !answer.redirected) await keep(answer.clone());
    if (answer.status === 304) await again();
    return answer;
  })();
  // The page itself asks for the truth or for nothing.
  if (request.mode !== "navigate") return fresh;
  event.waitUntil(fresh.catch(() => {}));
  const late = new Promise((_, fail) => setTimeout(() => fail(new Error("late")), PATIENCE));
  try {
    const answer = await Promise.race([fresh, late]);
    if (answer.status < 500) return answer;
  } catch {
    // No network, or hardly any.
  }
  return (await kept("")) ?? (await fresh.catch(() => null)) ?? nothing();
}

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (url.origin !== self.location.origin) return;
  if (url.pathname === "/console/jobs" && request.method === "GET") {
    event.respondWith(list(event, request));
  } else if (request.mode === "navigate" && url.pathname.startsWith("/console/jobs/")) {
    event.respondWith(fetch(request).catch(async () => (await kept("data-failed")) ?? nothing()));
  } else if (SHELL.includes(url.pathname + url.search)) {
    event.respondWith(caches.match(request).then((found) => found ?? fetch(request)));
  }
});

self.addEventListener("sync", (event) => {
  if (event.tag !== "acts") return;
  event.waitUntil(
    (async () => {
      const { ended, finished } = await queue.flush();
      for (const page of await self.clients.matchAll()) page.postMessage({ finished });
      // The browser tries again by itself.
      if (ended === "offline" || ended === "later") throw new Error(ended);
    })(),
  );
});
