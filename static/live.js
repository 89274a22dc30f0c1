/* Follows live questions: asks every second whether there is something new, and puts it on the page.
   The page works without: its link loads it again. Nothing is sent but the version that is here. */
(function () {
  "use strict";
  var list = document.querySelector("[data-live]");
  if (!list || !window.fetch) return;
  var news = document.querySelector("[data-live-news]");
  var again = document.querySelector("[data-live-again]");
  var tag = list.dataset.tag, failed = 0, timer, asking = false, over = false;
  if (again) again.hidden = true;

  function later(pause) {
    clearTimeout(timer);
    if (over) return;
    timer = setTimeout(ask, pause);
  }

  function pause() {
    if (document.hidden || list.querySelector("[data-live-closed]")) return 15000;
    return (1000 + Math.random() * 200) * Math.pow(2, Math.min(failed, 4));
  }

  function ask() {
    if (asking) return;
    asking = true;
    fetch(list.dataset.live, { headers: { "If-None-Match": tag }, credentials: "omit", cache: "no-store" })
      .then(function (answer) {
        failed = 0;
        if (answer.status === 304) return;
        if (answer.status === 404) return gone();
        if (!answer.ok) throw new Error(answer.status);
        return answer.text().then(function (text) { return put(text, answer.headers.get("ETag")); });
      })
      .catch(function () { failed += 1; })
      .then(function () { asking = false; later(pause()); });
  }

  /* What the scribe works on stands behind the sign-in and has an address of its own. */
  function put(text, newer) {
    if (!list.dataset.own) return show(text, newer);
    if (list.contains(document.activeElement)) return say("There is something new. It appears when you leave the list");
    return fetch(list.dataset.own, { credentials: "same-origin", cache: "no-store" }).then(function (answer) {
      if (!answer.ok) return gone();
      return answer.text().then(function (own) { show(own, newer); });
    });
  }

  function show(text, newer) {
    var before = known();
    list.innerHTML = text;
    tag = newer;
    var fresh = known().filter(function (each) { return before.indexOf(each) < 0; }).length;
    say(fresh ? fresh + (fresh === 1 ? " new question" : " new questions") : "");
  }

  function known() {
    return Array.prototype.map.call(list.querySelectorAll("[data-question]"), function (each) {
      return each.dataset.question;
    });
  }

  function say(words) {
    if (news) news.textContent = words;
  }

  function gone() {
    over = true;
    say("This page follows the questions no longer. Look at the screen for the code, and type it again");
    if (again) again.hidden = false;
  }

  document.addEventListener("visibilitychange", function () { if (!document.hidden) later(0); });
  later(pause());
})();
