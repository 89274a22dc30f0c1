// The service worker of the register: it answers for the page of the register, and for what that page is made of,
// where there is no signal. It keeps nobody's name; those stand in IndexedDB, and it forgets them with the page.
"use strict";

const CACHE = "register";
const PAGE = /^\/sessions\/\d+\/register\/phone\/$/;
const PATIENCE = 3000;

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", event => event.waitUntil(Promise.all([self.clients.claim(), forget()])));

self.addEventListener("fetch", event => {
  const { request } = event;
  const address = new URL(request.url);
  if (request.method !== "GET" || address.origin !== self.location.origin) return;
  if (request.mode === "navigate") {
    event.waitUntil(forget());
    if (PAGE.test(address.pathname)) event.respondWith(page(request, address.pathname));
  } else if (["style", "script", "image", "font"].includes(request.destination)) {
    event.respondWith(part(request));
  }
});

// The page as it is now; as it was kept where there is no signal, or where signing in is asked for again.
async function page(request, path) {
  const cache = await caches.open(CACHE);
  const kept = await cache.match(path, { ignoreVary: true });
  try {
    const answer = await Promise.race([fetch(request), kept ? late() : never()]);
    if (answer.ok) await cache.put(path, answer.clone());
    return answer.type === "opaqueredirect" && kept ? kept : answer;
  } catch (error) {
    if (kept) return kept;
    throw error;
  }
}

async function part(request) {
  try {
    return await fetch(request);
  } catch (error) {
    const kept = await caches.match(request.url, { ignoreVary: true });
    if (kept) return kept;
    throw error;
  }
}

const late = () => new Promise((_, reject) => setTimeout(() => reject(new Error("no signal")), PATIENCE));
const never = () => new Promise(() => {});

// The same as registerStore.forget: names go once their day is over, whichever page of this site is opened.
function forget() {
  return new Promise(resolve => {
    const asked = indexedDB.open("register");
    asked.onupgradeneeded = () => asked.transaction.abort();
    asked.onerror = () => resolve();
    asked.onsuccess = () => {
      const database = asked.result;
      const transaction = database.transaction(["sessions", "rows"], "readwrite");
      transaction.objectStore("sessions").getAll().onsuccess = event => {
        for (const each of event.target.result.filter(each => Date.parse(each.forgetAt) <= Date.now())) {
          transaction.objectStore("rows").delete(IDBKeyRange.bound([each.id], [each.id, []]));
          transaction.objectStore("sessions").delete(each.id);
        }
      };
      transaction.oncomplete = transaction.onabort = () => { database.close(); resolve(); };
    };
  });
}
