"use strict";

/** @typedef {any} Element a resource of an app */

/**
 * The stack of a resource, and those that it is nested in.
 * @param {any} stack
 * @returns {any[]}
 */
function nesting(stack) {
  const found = [];
  for (let one = stack; one; one = one.nestedStackParent) found.push(one);
  return found;
}

/**
 * Where a reference stands in a template: two resources of it, where a nested stack stands for what is in it; undefined
 * for stacks that are deployed apart, whose circles CDK refuses itself.
 * @param {Element} from
 * @param {Element} to
 * @returns {[Element, Element] | undefined}
 */
function inOneTemplate(from, to) {
  if (from.stack === to.stack) return [from, to];
  const [up, down] = [nesting(from.stack), nesting(to.stack)];
  const common = up.find((one) => down.includes(one));
  if (common === undefined) return undefined;
  const at = (/** @type {any[]} */ chain, /** @type {Element} */ it) => {
    const place = chain.indexOf(common);
    return place === 0 ? it : chain[place - 1].nestedStackResource;
  };
  return [at(up, from), at(down, to)];
}

/** What is made after what, by the references and dependencies of templates. */
class Order {
  /**
   * @param {Map<string, Element>} elements by path
   * @param {(path: string) => void} read adds what a resource refers to, where that is not known yet
   */
  constructor(elements, read) {
    this.elements = elements;
    this.read = read;
    /** @type {Map<Element, Set<Element>>} */
    this.before = new Map();
  }

  /**
   * @param {Element} from
   * @param {Iterable<string>} paths what it refers to
   */
  add(from, paths) {
    for (const path of paths) {
      const to = this.elements.get(path);
      const pair = to && to !== from ? inOneTemplate(from, to) : undefined;
      if (pair === undefined) continue;
      if (!this.before.has(pair[0])) this.before.set(pair[0], new Set());
      this.before.get(pair[0])?.add(pair[1]);
    }
  }

  /**
   * Which of some resources wait for a key, if the key referred to them: the paths from each to the key.
   * @param {Element} key
   * @param {Iterable<string>} paths
   * @returns {Record<string, string[]>}
   */
  circles(key, paths) {
    /** @type {Record<string, string[]>} */
    const found = {};
    for (const path of paths) {
      const to = this.elements.get(path);
      const pair = to && to !== key ? inOneTemplate(key, to) : undefined;
      if (pair === undefined) continue;
      const way = this.way(pair[1], pair[0]);
      if (way) found[path] = way.map((one) => one.node.path);
    }
    return found;
  }

  /**
   * @param {Element} from
   * @param {Element} to
   * @returns {Element[] | undefined}
   */
  way(from, to) {
    /** @type {Map<Element, Element | undefined>} */
    const reached = new Map([[from, undefined]]);
    for (const one of reached.keys()) {
      if (one === to) {
        const way = [];
        for (/** @type {Element} */ let it = one; it !== undefined; it = reached.get(it)) way.unshift(it);
        return way;
      }
      this.read(one.node.path);
      for (const next of this.before.get(one) ?? []) if (!reached.has(next)) reached.set(next, one);
    }
    return undefined;
  }
}

module.exports = { Order };
