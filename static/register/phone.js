// The register on a phone that may have no signal. Every press is written here first and sent when it can be; what the
// page says about it is what is true: only here, or in the register.
"use strict";

(() => {
  const main = document.getElementById("phone");
  const session = Number(main.dataset.session);
  const merge = window.registerMerge, store = window.registerStore;
  const at = id => document.getElementById(id);
  const EVERY = 15000, FIRST = 25, MOST_AT_ONCE = 200;
  const shown = { expected: FIRST, marked: 10 };
  const state = { kept: { rows: [], queue: [] }, csrf: "", link: "unknown", busy: false, again: false, forgot: false };
  const uuid = () => crypto.randomUUID();

  // --- what is there, from what the register had and what is only here

  function rows() {
    const found = new Map(state.kept.rows.map(row => [row.key, { ...row, presses: [...row.presses], here: false }]));
    for (const entry of state.kept.queue.filter(each => each.kind === "walk_in" && !found.has(`w${each.id}`))) {
      found.set(`w${entry.id}`, {
        key: `w${entry.id}`, name: entry.name, organisation: entry.organisationName,
        presses: [{ id: entry.id, kind: "attended" }], here: true, at: entry.at,
      });
    }
    for (const entry of state.kept.queue.filter(each => each.kind !== "walk_in")) {
      const row = found.get(entry.row);
      if (!row) continue;
      row.presses.push({ id: entry.id, kind: entry.kind, undoes: entry.undoes });
      row.here = true;
      row.at = Math.max(row.at || 0, entry.at);
    }
    return [...found.values()].map(row => ({ ...row, outcome: merge.outcome(row.presses) }))
      .filter(row => row.outcome || !row.key.startsWith("w"));
  }

  const plain = text => text.normalize("NFD").replace(/[\u0300-\u036f]/g, "").replace(/[\u2018\u2019]/g, "'").toLowerCase();

  function matching(found) {
    const words = plain(at("find").value).split(/\s+/).filter(Boolean);
    return found.filter(row => words.every(word => plain(`${row.name} ${row.organisation}`).includes(word)));
  }

  // --- showing it

  function show() {
    const kept = state.kept, loaded = kept.session !== undefined;
    at("loaded").hidden = at("counts").hidden = !loaded;
    say();
    if (!loaded) { at("expected-rows").replaceChildren(); at("marked-rows").replaceChildren(); return; }
    const all = rows(), places = all.filter(row => row.key.startsWith("p"));
    const came = places.filter(row => ["attended", "in_part"].includes(row.outcome)).length;
    const walked = all.length - places.length;
    at("here").textContent = String(came);
    at("of").textContent = `of ${places.length} ${came === 1 ? "is" : "are"} here`
      + (walked ? `, and ${walked} walk-in${walked === 1 ? "" : "s"}` : "");
    const found = matching(all);
    const focused = document.activeElement, held = focused && focused.closest("li[data-key]");
    const half = held && held.parentElement.id;
    list("expected", found.filter(row => !row.outcome));
    list("marked", found.filter(row => row.outcome).sort((a, b) => (b.at || 0) - (a.at || 0)));
    if (held && !held.isConnected) refocus(held.dataset.key, half, focused.dataset.mark);
  }

  function list(half, found) {
    at(`${half}-count`).textContent = `(${found.length})`;
    const open = new Set([...at(`${half}-rows`).querySelectorAll("details[open]")].map(each => each.closest("li").dataset.key));
    const parts = found.slice(0, shown[half]).map(row => line(half, row, open.has(row.key)));
    at(`${half}-rows`).replaceChildren(...parts);
    at(`more-${half}`).hidden = found.length <= shown[half];
    at(`more-${half}`).textContent = `Show more (${found.length - shown[half]} are not shown)`;
  }

  // A press moves its row to the other half: whoever uses a keyboard goes with it. Where the list was only drawn anew
  // (every few seconds) they stay on the very button they were on.
  function refocus(key, half, mark) {
    const row = document.querySelector(`li[data-key="${CSS.escape(key)}"]`);
    const same = row && row.parentElement.id === half && row.querySelector(mark ? `[data-mark=${mark}]` : "summary");
    const target = same || (row && row.querySelector("summary, button"));
    if (!target) return;
    target.focus({ preventScroll: true });  // a finger stays where it is
    if (target.matches(":focus-visible")) target.scrollIntoView({ block: "nearest" });
  }

  function line(half, row, isOpen) {
    const part = at(`row-${half}`).content.firstElementChild.cloneNode(true);
    part.dataset.key = row.key;
    part.querySelector("h3").textContent = row.name;
    part.querySelector("p").textContent = row.organisation + (row.here ? ". Only on this phone" : "");
    for (const each of part.querySelectorAll(".vh")) {
      each.textContent = each.parentElement.tagName === "SUMMARY" ? ` for ${row.name}` : `: ${row.name}`;
    }
    if (row.key.startsWith("w")) part.querySelectorAll("[data-mark=excused]").forEach(each => each.remove());
    if (half === "marked") {
      const tag = at(`state-${row.outcome}`).content.firstElementChild.cloneNode(true);
      tag.lastChild.textContent = ` ${merge.words(row.presses, row.key.startsWith("w"))}`;
      part.querySelector("[data-state]").append(tag);
    }
    if (isOpen) part.querySelector("details").open = true;
    if (state.kept.session.closed) part.querySelectorAll("button, details").forEach(each => each.remove());
    return part;
  }

  function say() {
    const kept = state.kept, waiting = kept.queue.filter(each => !each.problem).length;
    const refused = kept.queue.filter(each => each.problem);
    const marks = `${waiting} mark${waiting === 1 ? "" : "s"}`;
    const are = waiting === 1 ? "is" : "are";
    let words, colour = "wait";
    if (state.link === "signed_out") {
      words = waiting ? `Sign in again: ${marks} ${are} only on this phone, and kept here until then.`
        : "Sign in again to see what others mark. What you press is kept here.";
    } else if (state.link === "not_yours") {
      words = waiting ? `This register is no longer yours to keep. ${marks} ${are} only on this phone: tell the coordinator.`
        : "This register is not yours to keep on this day.";
    } else if (kept.session === undefined && !waiting) {
      words = state.link === "offline" ? "This phone has not loaded the register, and there is no signal. Load it once with signal."
        : state.link === "forgotten" ? "This phone has forgotten the names." : "Loading the register.";
    } else if (waiting && kept.session && !kept.session.maySend) {
      words = `${marks} ${are} only on this phone. The register takes marks from the day of the session on.`;
    } else if (waiting) {
      words = state.link === "offline" ? `No signal. ${marks} ${are} only on this phone, and sent when there is signal.`
        : `${marks} ${are} only on this phone, and being sent.`;
    } else if (kept.session.closed) {
      words = "The register is closed.";
      colour = "quiet";
    } else {
      const when = new Date(kept.session.at).toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" });
      words = state.link === "offline" ? `No signal. Nothing is only on this phone; the register as it was at ${when}.`
        : refused.length ? "Everything else has reached the register." : "Everything has reached the register.";
      colour = state.link === "offline" || refused.length ? "wait" : "good";
    }
    const box = at("status");
    box.className = `saved ${colour}`;
    if (box.textContent !== words) box.firstElementChild.textContent = words;
    at("sign-in").hidden = state.link !== "signed_out";
    at("refused").hidden = !refused.length;
    const closed = refused.some(each => each.problem === "closed");
    const homeless = refused.filter(each => each.problem === "no_organisation");
    at("refused-words").textContent = `${refused.length} mark${refused.length === 1 ? " was" : "s were"} not taken, and `
      + `${refused.length === 1 ? "is" : "are"} only on this phone`
      + (closed ? ": the register is closed. Ask the coordinator to open it again; then they go by themselves."
        : homeless.length ? `: ${homeless.map(each => each.name).join(", ")} came for an organisation that is no longer there. `
          + "Choose another one; what was noted goes with it."
        : ". Look at the register and mark them there.");
    homes(homeless);
  }

  // For each walk-in whose organisation has gone another one to choose; drawn anew only where something has changed.
  function homes(homeless) {
    const drawn = JSON.stringify([homeless.map(each => each.id), known()]);
    if (at("homeless").dataset.drawn === drawn) return;
    at("homeless").dataset.drawn = drawn;
    at("homeless").replaceChildren(...homeless.map(each => {
      const part = at("row-homeless").content.firstElementChild.cloneNode(true), list = part.querySelector("select");
      const label = part.querySelector("label"), button = part.querySelector("button");
      list.id = label.htmlFor = `home-${each.id}`;
      label.textContent = `Organisation of ${each.name}, instead of ${each.organisationName}`;
      button.dataset.walkIn = each.id;
      button.querySelector(".vh").textContent = ` for ${each.name}`;
      offer(list);
      return part;
    }));
  }

  // The walk-in keeps its id, and with it what was pressed on it since.
  async function rehome(id, chosen) {
    const entry = state.kept.queue.find(each => each.id === id);
    if (!entry || !chosen.value) return;
    const own = state.kept.queue.filter(each => each.row === `w${id}`);
    await keep([
      { ...entry, organisation: Number(chosen.value), organisationName: chosen.text, problem: undefined },
      ...own.map(each => ({ ...each, problem: undefined })),
    ]);
  }

  // --- pressing

  async function press(row, kind) {
    const standing = merge.standing(row.presses), now = Date.now();
    const entry = (kind, undoes) => ({ session, id: uuid(), row: row.key, kind, undoes, at: now });
    const entries = kind === "undo" ? standing.slice(-1).map(each => entry("undo", each.id)) : [
      ...standing.filter(() => row.outcome).map(each => entry("undo", each.id)), entry(kind),
    ];
    await keep(entries);
  }

  async function keep(entries) {
    await store.enqueue(entries);
    await refresh();
    if (at("find").value && !matching(rows()).some(row => !row.outcome)) at("find").value = "";
    show();
    sync();
  }

  async function refresh() {
    state.kept = await store.read(session);
    // After the day nothing is loaded again: what is only here is sent, and no name is needed for that.
    if (state.kept.lost && Date.now() < Date.parse(main.dataset.forget)) delete state.kept.session;
    state.kept.queue.sort((a, b) => a.at - b.at);
  }

  // --- sending and loading

  async function ask(address, options = {}) {
    const answer = await fetch(address, { credentials: "same-origin", redirect: "manual", cache: "no-store", ...options });
    if (answer.type === "opaqueredirect") throw new Error("signed_out");
    if (answer.status === 404) throw new Error("not_yours");
    if (answer.status === 403) throw new Error("stale");
    if (!answer.ok) throw new Error("offline");
    return answer.json();
  }

  // After the day, or once somebody has pressed that the names go, none is loaded; what is only here is still sent.
  async function load(over) {
    const since = (state.kept.session && state.kept.session.at) || (over && new Date().toISOString());
    const answer = await ask(main.dataset.rows + (since ? `?since=${encodeURIComponent(since)}` : ""));
    await takeOver(answer, !since);
    if (!since || over) return;
    // Who has got or lost a place since then is in no press, nor which organisation has come or gone: then all is loaded.
    const places = state.kept.rows.filter(row => row.key.startsWith("p")).map(row => Number(row.key.slice(1)));
    const isSame = String(answer.places) === inShort(places)
      && String(answer.organisations_in_short) === inShort(known().map(([id]) => id));
    if (!isSame) await takeOver(await ask(main.dataset.rows), true);
  }

  const inShort = numbers => String([numbers.length, numbers.reduce((sum, number) => sum + number, 0)]);

  async function takeOver(answer, whole = false) {
    state.csrf = answer.csrf;
    const results = Object.entries(answer.results || {});
    const about = { at: answer.at, closed: answer.closed, maySend: answer.may_send, forgetAt: main.dataset.forget };
    if (answer.organisations) about.organisations = answer.organisations;
    await store.takeOver(session, {
      about, whole,
      rows: answer.rows.map(([key, name, organisation, presses]) => ({
        key, name, organisation, presses: presses.map(([id, kind]) => ({ id, kind })),
      })),
      kept: results.filter(([, said]) => said === "kept").map(([id]) => id),
      problems: results.filter(([, said]) => said !== "kept"),
    });
    await refresh();
  }

  async function send() {
    const sent = [...state.kept.queue].sort((a, b) => Boolean(a.problem) - Boolean(b.problem)).slice(0, MOST_AT_ONCE);
    const body = {
      since: state.kept.session && state.kept.session.at,
      walk_ins: sent.filter(each => each.kind === "walk_in").map(({ id, name, organisation }) => ({ id, name, organisation })),
      presses: sent.filter(each => each.kind !== "walk_in").map(({ id, row, kind, undoes }) => ({ id, row, kind, undoes })),
    };
    const answer = await ask(main.dataset.send, {
      method: "POST", body: JSON.stringify(body),
      headers: { "Content-Type": "application/json", "X-CSRFToken": state.csrf },
    });
    await takeOver(answer);
    return Object.values(answer.results).some(said => said === "kept");
  }

  async function sync() {
    if (state.busy) { state.again = true; return; }
    state.busy = true;
    try {
      const over = state.forgot || Date.now() >= Date.parse(main.dataset.forget);
      if (!over || state.kept.queue.length) await load(over);
      while (state.kept.queue.length && state.kept.session.maySend && await send());
      state.link = over ? "forgotten" : "there";
      if (!over) keepPageOnce();
      if (over) {
        await store.forget(Date.now(), session);
        await refresh();
      }
    } catch (error) {
      state.link = ["signed_out", "not_yours"].includes(error.message) ? error.message : "offline";
    } finally {
      state.busy = false;
      organisations();
      show();
      if (state.again) { state.again = false; setTimeout(sync); }
    }
  }

  const known = () => (state.kept.session && state.kept.session.organisations) || [];
  const offer = list => list.replaceChildren(list.options[0], ...known().map(([id, name]) => new Option(name, String(id))));

  function organisations() {
    const list = at("walk-in-organisation"), drawn = JSON.stringify(known());
    if (list.dataset.drawn === drawn) return;
    list.dataset.drawn = drawn;
    const { value, text } = list.selectedOptions[0];
    offer(list);
    list.value = value;
    if (list.selectedIndex >= 0) return;
    list.value = "";
    wrong(`${text} is no longer there. Choose another organisation`);
  }

  function wrong(words) {
    at("walk-in-error").textContent = words;
    at("walk-in-error").hidden = !words;
  }

  // --- this page, kept for when there is no signal

  // Where the signal goes meanwhile it is kept the next time there is some.
  async function keepPageOnce() {
    if (state.keeping || main.dataset.ready) return;
    state.keeping = true;
    await keepPage().catch(() => {});
    state.keeping = false;
  }

  async function keepPage() {
    if (!("serviceWorker" in navigator) || !window.caches) return;
    await navigator.serviceWorker.register(main.dataset.worker, { scope: "/" });
    const parts = [...document.querySelectorAll("link[rel=stylesheet], link[rel=icon]")].map(each => each.href);
    const scripts = [...document.querySelectorAll("script[src]")].map(each => each.src);
    const cache = await caches.open("register");
    const page = await fetch(location.pathname, { credentials: "same-origin", redirect: "manual" });
    if (!page.ok) return;
    await cache.put(location.pathname, page);
    await Promise.allSettled([...parts, ...scripts].map(each => cache.add(each)));
    main.dataset.ready = "yes";
  }

  // --- hands

  main.addEventListener("click", event => {
    const button = event.target.closest("button");
    const key = button && button.dataset.mark && button.closest("li").dataset.key;
    const row = key && rows().find(each => each.key === key);
    if (row) press(row, button.dataset.mark);
    if (button && button.dataset.walkIn) {
      rehome(button.dataset.walkIn, button.closest("li").querySelector("select").selectedOptions[0]);
    }
  });
  at("find").addEventListener("input", () => { shown.expected = FIRST; show(); });
  for (const half of ["expected", "marked"]) {
    at(`more-${half}`).addEventListener("click", () => { shown[half] *= 4; show(); });
  }
  at("walk-in").addEventListener("submit", event => {
    event.preventDefault();
    const name = at("walk-in-name").value.trim(), chosen = at("walk-in-organisation").selectedOptions[0];
    wrong(name && chosen.value ? "" : "Enter a name and choose an organisation");
    if (!name || !chosen.value) { at("walk-in-name").focus(); return; }
    at("walk-in").reset();
    keep([{
      session, id: uuid(), kind: "walk_in", name, organisation: Number(chosen.value), organisationName: chosen.text,
      at: Date.now(),
    }]);
  });
  at("drop").addEventListener("click", async () => {
    await store.drop(session, state.kept.queue.filter(each => each.problem).map(each => each.id));
    await refresh();
    show();
  });
  at("forget").addEventListener("click", async () => {
    state.forgot = true;
    await store.forget(0, session);
    await refresh();
    show();
    sync();
  });
  at("tab-only").checked = store.inTab();
  at("tab-only").addEventListener("change", async event => {
    await store.choose(session, event.target.checked);
    await refresh();
    show();
  });
  addEventListener("online", sync);
  addEventListener("offline", () => { state.link = "offline"; show(); });
  document.addEventListener("visibilitychange", () => { if (!document.hidden) sync(); });
  setInterval(() => { if (!document.hidden && state.link !== "forgotten") sync(); }, EVERY);

  (async () => {
    await store.forget(Date.now());
    await refresh();
    organisations();
    show();
    await sync();
  })();
})();
