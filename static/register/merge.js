// What the presses on one row come to: the same function of the set as attendance/register.py, whatever the order.
// A press is {id, kind, undoes}. tests/attendance/test_phone_browser.py holds both against each other.
"use strict";

window.registerMerge = {
  // The presses that no undo names. The same press twice is one.
  standing(presses) {
    const undone = new Set(presses.filter(each => each.kind === "undo").map(each => each.undoes));
    const seen = new Set();
    return presses.filter(each => {
      if (each.kind === "undo" || undone.has(each.id) || seen.has(each.id)) return false;
      seen.add(each.id);
      return true;
    });
  },

  // attended, in_part, excused, or "" where nothing is marked.
  outcome(presses) {
    const kinds = new Set(this.standing(presses).map(each => each.kind));
    if (kinds.has("late") || kinds.has("left_early")) return "in_part";
    if (kinds.has("attended")) return "attended";
    return kinds.has("excused") ? "excused" : "";
  },

  // The words of the door for them.
  words(presses, isWalkIn) {
    const kinds = new Set(this.standing(presses).map(each => each.kind));
    if (kinds.has("late") && kinds.has("left_early")) return "Came late and left early";
    if (kinds.has("late")) return "Came late";
    if (kinds.has("left_early")) return "Left early";
    if (kinds.has("attended")) return isWalkIn ? "Walk-in" : "Here";
    return kinds.has("excused") ? "Excused" : "";
  },
};
