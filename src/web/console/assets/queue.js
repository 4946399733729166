// What a crew pressed, kept in the telephone until the service has answered it. The page and its worker share this.
const queue = (() => {
  const open = () =>
    new Promise((done, fail) => {
      const asked = indexedDB.open("road", 1);
      asked.onupgradeneeded = () => {
        asked.result.createObjectStore("acts", { keyPath: "id", autoIncrement: true });
        asked.result.createObjectStore("told", { keyPath: "id", autoIncrement: true });
        asked.result.createObjectStore("me", { keyPath: "id" });
      };
      asked.onsuccess = () => done(asked.result);
      asked.onerror = () => fail(asked.error);
    });
  async function run(stores, mode, work) {
    const db = await open();
    try {
      return await new Promise((done, fail) => {
        const tx = db.transaction(stores, mode);
        const asked = work((name) => tx.objectStore(name));
        tx.oncomplete = () => done(asked?.result);
        tx.onabort = tx.onerror = () => fail(tx.error);
      });
    } finally {
      db.close();
    }
  }
  const all = (store) => run([store], "readonly", (at) => at(store).getAll());
  const put = (store, value) => run([store], "readwrite", (at) => at(store).put(value));
  const drop = (store, id) => run([store], "readwrite", (at) => at(store).delete(id));
  const me = () => run(["me"], "readonly", (at) => at("me").get("me"));

  function post(act, csrf) {
    const form = new FormData();
    form.set("csrf", csrf);
    form.set("key", act.key);
    form.set("why", act.why || "");
    form.set("note", act.note || "");
    // A difference of two readings of one clock is true even where the clock is not.
    form.set("ago", String(Math.max(0, Math.round((Date.now() - act.at) / 1000))));
    if (act.photo) form.set("photo", new Blob([act.photo.bytes], { type: act.photo.type }), "photo.jpg");
    return fetch(`/console/jobs/${act.number}/acts/${act.act}`, { method: "POST", body: form, headers: { accept: "application/json" }, redirect: "manual" });
  }

  // The form token of the session that stands now; nothing when somebody else has signed in.
  async function renew(who) {
    const answer = await fetch("/console/jobs", { redirect: "manual" });
    if (!answer.ok) return { ended: answer.type === "opaqueredirect" ? "signin" : "later" };
    const html = await answer.text();
    const csrf = /name="csrf" value="([0-9a-f]+)"/.exec(html)?.[1];
    const owner = /data-who="([0-9a-f]+)"/.exec(html)?.[1];
    if (!csrf || owner !== who) return { ended: "others" };
    await put("me", { id: "me", who, csrf });
    return { csrf };
  }

  // Sends what waits, in its order. An act leaves the queue together with the note of its answer.
  async function once() {
    const owner = await me();
    if (!owner) return { ended: "idle", sent: 0, finished: [] };
    let { csrf } = owner;
    let renewed = false;
    let sent = 0;
    const finished = [];
    for (const act of await all("acts")) {
      if (act.who !== owner.who || act.stuck) continue;
      let answer;
      try {
        answer = await post(act, csrf);
        if (answer.status === 403 && !renewed) {
          renewed = true;
          const fresh = await renew(owner.who);
          if (!fresh.csrf) return { ended: fresh.ended, sent, finished };
          csrf = fresh.csrf;
          answer = await post(act, csrf);
        }
      } catch {
        return { ended: "offline", sent, finished };
      }
      if (answer.type === "opaqueredirect" || answer.status === 401) return { ended: "signin", sent, finished };
      if (answer.status >= 500 || answer.status === 429 || answer.status === 408) return { ended: "later", sent, finished };
      let said;
      try {
        said = await answer.json();
      } catch {
        said = { ended: "refused", text: "" };
      }
      if (said.ended === "refused" || !said.ended) {
        await put("acts", { ...act, stuck: said.text || String(answer.status) });
        continue;
      }
      await run(["acts", "told"], "readwrite", (at) => {
        at("acts").delete(act.id);
        if (said.ended !== "done") at("told").put({ who: act.who, text: said.text, well: said.ended === "already", at: Date.now() });
      });
      sent += 1;
      if (act.act === "resolve" && said.ended === "done") finished.push(act.number);
    }
    return { ended: "idle", sent, finished };
  }
  // One sender at a time where the browser can see to it. Where it cannot, the service tells two sendings of one press by their key.
  const flush = () => (navigator.locks ? navigator.locks.request("road", once) : once());

  return { all, put, drop, me, flush };
})();
