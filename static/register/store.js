// What this phone keeps, in IndexedDB: sessions, rows (names and organisations) and the queue of what is only here.
// Rows are sealed, and what opens them stands in a cookie that the browser itself drops when the day is over, also where
// nothing is ever opened again (docs/adr/0099); the sealed rows go with the next page. A press that has not reached the
// register stays until it has. Whoever chose it has the names in this tab alone (sessionStorage): they go with the tab.
"use strict";

window.registerStore = (() => {
  const open = () => new Promise((resolve, reject) => {
    const asked = indexedDB.open("register", 2);
    asked.onupgradeneeded = event => {
      // Rows of before stand there unsealed: the register is loaded again.
      if (event.oldVersion === 1) { asked.transaction.objectStore("rows").clear(); return; }
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

  // --- sealing: one key for each session, in a cookie of its page alone, until its day is over

  const COOKIE = "register-key";
  const hex = bytes => [...bytes].map(each => each.toString(16).padStart(2, "0")).join("");
  const bytes = text => Uint8Array.from(text.match(/../g), each => parseInt(each, 16));
  const cookie = () => (document.cookie.match(/(?:^|; )register-key=([0-9a-f]{64})(?:;|$)/) || [])[1];
  const setCookie = (session, value, until) => {
    document.cookie = `${COOKIE}=${value}; path=/sessions/${session}/register/phone/; expires=${until.toUTCString()}; `
      + `SameSite=Strict${location.protocol === "https:" ? "; Secure" : ""}`;
  };

  // The key of `session`, made where there is none and `until` is given; undefined once the day is over.
  const keyOf = async (session, until) => {
    if (!cookie() && until) setCookie(session, hex(crypto.getRandomValues(new Uint8Array(32))), new Date(until));
    const found = cookie();
    return found && crypto.subtle.importKey("raw", bytes(found), "AES-GCM", false, ["encrypt", "decrypt"]);
  };

  const seal = async (session, row, key) => {
    const iv = crypto.getRandomValues(new Uint8Array(12));
    const text = new TextEncoder().encode(JSON.stringify(row));
    return { session, key: row.key, iv: hex(iv), sealed: await crypto.subtle.encrypt({ name: "AES-GCM", iv }, key, text) };
  };

  // Sealed rows as they were; each is opened once as long as the page stands.
  const opened = new Map();
  const unseal = async (sealed, key) => Promise.all(sealed.map(async each => {
    const name = `${each.session} ${each.key}`, known = opened.get(name);
    if (known && known.iv === each.iv) return known.row;
    const text = await crypto.subtle.decrypt({ name: "AES-GCM", iv: bytes(each.iv) }, key, each.sealed);
    const row = { session: each.session, ...JSON.parse(new TextDecoder().decode(text)) };
    opened.set(name, { iv: each.iv, row });
    return row;
  }));

  // --- the names in this tab alone

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
      const { rows, session: about } = await window.registerStore.read(session);
      localStorage.setItem(CHOICE, tab ? "tab" : "day");
      if (tab) {
        await within("readwrite", stores => stores.rows.clear());
        setCookie(session, "", new Date(0));
        keepInTab(session, rows);
      } else {
        const key = about && await keyOf(session, about.forgetAt);
        const sealed = key ? await Promise.all(rows.map(row => seal(session, row, key))) : [];
        await within("readwrite", stores => sealed.forEach(row => stores.rows.put(row)));
        forgetTab(session);
      }
    },

    // {session, rows, queue} of one session as they are kept; session is undefined where nothing was loaded. Where
    // `lost` is true the names went, with the tab or with the key: the register is loaded again as by a new phone.
    read: async (session) => {
      const found = await within("readonly", (stores, give) => {
        const found = {};
        give(found);
        stores.sessions.get(session).onsuccess = event => { found.session = event.target.result; };
        stores.rows.getAll(own(session)).onsuccess = event => { found.rows = event.target.result; };
        stores.queue.getAll(own(session)).onsuccess = event => { found.queue = event.target.result; };
      });
      if (inTab()) return { ...found, rows: tabRows(session), lost: sessionStorage.getItem(nameOf(session)) === null };
      const key = await keyOf(session);
      try {
        return { ...found, rows: key ? await unseal(found.rows, key) : [], lost: !key };
      } catch (error) {  // sealed with another key, which is gone
        return { ...found, rows: [], lost: true };
      }
    },

    enqueue: (entries) => within("readwrite", stores => entries.forEach(each => stores.queue.put(each))),

    // Take over what the register answered: rows (all of them where `whole`), and the presses that it has kept.
    takeOver: async (session, { about, rows, whole, kept, problems }) => {
      const key = !inTab() && await keyOf(session, about.forgetAt);
      const sealed = key ? await Promise.all(rows.map(row => seal(session, row, key))) : [];
      await within("readwrite", stores => {
        if (whole) stores.rows.delete(own(session));
        stores.sessions.get(session).onsuccess = event =>
          stores.sessions.put({ ...event.target.result, ...about, id: session });
        for (const row of sealed) stores.rows.put(row);
        for (const id of kept) stores.queue.delete([session, id]);
        for (const [id, problem] of problems) {
          stores.queue.get([session, id]).onsuccess = event => {
            if (event.target.result) stores.queue.put({ ...event.target.result, problem });
          };
        }
      });
      if (!inTab()) return;
      const there = new Map((whole ? [] : tabRows(session)).map(row => [row.key, row]));
      for (const row of rows) there.set(row.key, { session, ...row });
      keepInTab(session, [...there.values()]);
    },

    drop: (session, ids) => within("readwrite", stores => ids.forEach(id => stores.queue.delete([session, id]))),

    // Forget the names of every session whose day is over at `now` (milliseconds), or of `session` in any case.
    forget: (now, session) => within("readwrite", stores => {
      opened.clear();
      stores.sessions.getAll().onsuccess = event => {
        for (const each of event.target.result) {
          if (Date.parse(each.forgetAt) > now && each.id !== session) continue;
          stores.rows.delete(own(each.id));
          stores.sessions.delete(each.id);
          setCookie(each.id, "", new Date(0));
        }
        const left = new Set(event.target.result.filter(each => Date.parse(each.forgetAt) > now).map(each => nameOf(each.id)));
        for (const name of Object.keys(sessionStorage)) {
          if (name.startsWith("register-rows-") && (!left.has(name) || name === nameOf(session))) sessionStorage.removeItem(name);
        }
      };
    }),
  };
})();
