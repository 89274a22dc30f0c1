// What this phone keeps, in IndexedDB: sessions, rows (names and organisations) and the queue of what is only here.
// Names go as soon as their day is over; a press that has not reached the register stays until it has. Whoever chose it
// has the names in this tab alone (sessionStorage): they go with the tab, also where nothing is ever opened again.
"use strict";

window.registerStore = (() => {
  const open = () => new Promise((resolve, reject) => {
    const asked = indexedDB.open("register", 1);
    asked.onupgradeneeded = () => {
      asked.result.createObjectStore("sessions", { keyPath: "id" });
      asked.result.createObjectStore("rows", { keyPath: ["session", "key"] });
      asked.result.createObjectStore("queue", { keyPath: ["session", "id"] });
    };
    asked.onsuccess = () => resolve(asked.result);
    asked.onerror = () => reject(asked.error);
  });

  // Run `work(stores)` in one transaction; resolves once it is written.
  const within = async (mode, work) => {
    const database = await open();
    try {
      return await new Promise((resolve, reject) => {
        const names = ["sessions", "rows", "queue"];
        const transaction = database.transaction(names, mode);
        const stores = Object.fromEntries(names.map(name => [name, transaction.objectStore(name)]));
        let result;
        transaction.oncomplete = () => resolve(result);
        transaction.onerror = transaction.onabort = () => reject(transaction.error);
        work(stores, value => { result = value; });
      });
    } finally {
      database.close();
    }
  };

  const own = (session) => IDBKeyRange.bound([session], [session, []]);

  const CHOICE = "register-names";
  const inTab = () => localStorage.getItem(CHOICE) === "tab";
  const nameOf = (session) => `register-rows-${session}`;
  const tabRows = (session) => JSON.parse(sessionStorage.getItem(nameOf(session)) || "[]");
  const keepInTab = (session, rows) => sessionStorage.setItem(nameOf(session), JSON.stringify(rows));
  const forgetTab = (session) => sessionStorage.removeItem(nameOf(session));

  return {
    inTab,

    // Let the names of this phone stand in the tab alone, or for the day. What is there already moves.
    choose: async (session, tab) => {
      const { rows } = await window.registerStore.read(session);
      localStorage.setItem(CHOICE, tab ? "tab" : "day");
      if (tab) {
        await within("readwrite", stores => stores.rows.clear());
        keepInTab(session, rows);
      } else {
        await within("readwrite", stores => rows.forEach(row => stores.rows.put(row)));
        forgetTab(session);
      }
    },

    // {session, rows, queue} of one session as they are kept; session is undefined where nothing was loaded.
    read: (session) => within("readonly", (stores, give) => {
      const found = {};
      give(found);
      stores.sessions.get(session).onsuccess = event => { found.session = event.target.result; };
      if (inTab()) found.rows = tabRows(session);
      else stores.rows.getAll(own(session)).onsuccess = event => { found.rows = event.target.result; };
      // The tab was closed and with it the names went: the register is loaded again as by a phone that never had it.
      if (inTab() && sessionStorage.getItem(nameOf(session)) === null) found.lost = true;
      stores.queue.getAll(own(session)).onsuccess = event => { found.queue = event.target.result; };
    }),

    enqueue: (entries) => within("readwrite", stores => entries.forEach(each => stores.queue.put(each))),

    // Take over what the register answered: rows (all of them where `whole`), and the presses that it has kept.
    takeOver: (session, { about, rows, whole, kept, problems }) => within("readwrite", stores => {
      if (whole) stores.rows.delete(own(session));
      if (about) {
        stores.sessions.get(session).onsuccess = event =>
          stores.sessions.put({ ...event.target.result, ...about, id: session });
      }
      if (inTab()) {
        const there = new Map((whole ? [] : tabRows(session)).map(row => [row.key, row]));
        for (const row of rows) there.set(row.key, { session, ...row });
        keepInTab(session, [...there.values()]);
      } else {
        for (const row of rows) stores.rows.put({ session, ...row });
      }
      for (const id of kept) stores.queue.delete([session, id]);
      for (const [id, problem] of problems) {
        stores.queue.get([session, id]).onsuccess = event => {
          if (event.target.result) stores.queue.put({ ...event.target.result, problem });
        };
      }
    }),

    drop: (session, ids) => within("readwrite", stores => ids.forEach(id => stores.queue.delete([session, id]))),

    // Forget the names of every session whose day is over at `now` (milliseconds), or of `session` in any case.
    forget: (now, session) => within("readwrite", stores => {
      stores.sessions.getAll().onsuccess = event => {
        for (const each of event.target.result) {
          if (Date.parse(each.forgetAt) > now && each.id !== session) continue;
          stores.rows.delete(own(each.id));
          stores.sessions.delete(each.id);
        }
        const left = new Set(event.target.result.filter(each => Date.parse(each.forgetAt) > now).map(each => nameOf(each.id)));
        for (const name of Object.keys(sessionStorage)) {
          if (name.startsWith("register-rows-") && (!left.has(name) || name === nameOf(session))) sessionStorage.removeItem(name);
        }
      };
    }),
  };
})();
