"use strict";

/**
 * A list without repetitions, and the place of each thing in it; -1 for nothing.
 * @returns {{ list: object[], of(it: object | undefined): number }}
 */
function numbered() {
  /** @type {object[]} */
  const list = [];
  const seen = new Map();
  return {
    list,
    of(it) {
      if (it === undefined) return -1;
      if (!seen.has(it)) {
        seen.set(it, list.length);
        list.push(it);
      }
      return seen.get(it);
    },
  };
}

module.exports = { numbered };
