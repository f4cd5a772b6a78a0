"use strict";
const { CfnElement, DefaultTokenResolver, Reference, Stack, Tokenization } = require("aws-cdk-lib");
const { l1Of } = require("./l1");

/** @typedef {import("constructs").IConstruct} IConstruct */
/** @typedef {{ logicalId: string, path: string, type: string, stack: string, properties: (string | number)[][] }} Use */

// How CDK itself names the parameters by which a nested stack gets a reference; the resource inside is told instead.
const PASSED_BY_CDK = /^referenceto/;
const MARK = "secure-kms-constructs.target.";

/** Puts a mark where a reference to a target stands, whichever stack it would be rendered for. */
class Marking extends DefaultTokenResolver {
  /** @param {Map<unknown, number>} targets */
  constructor(targets) {
    const join = (/** @type {any} */ left, /** @type {any} */ right) =>
      left === undefined ? right : right === undefined ? left : { "Fn::Join": ["", [left, right]] };
    super({ join });
    this.targets = targets;
  }

  /**
   * @param {import("aws-cdk-lib").IResolvable} token
   * @param {import("aws-cdk-lib").IResolveContext} context
   * @param {import("aws-cdk-lib").IPostProcessor} postProcessor
   * @returns {any}
   */
  resolveToken(token, context, postProcessor) {
    const number = Reference.isReference(token) ? this.targets.get(token.target) : undefined;
    return number === undefined ? super.resolveToken(token, context, postProcessor) : { Ref: MARK + number };
  }
}

/**
 * Yields the logical ids that a template's value refers to, and the path of properties to each.
 * @param {any} value
 * @param {(string | number)[]} path
 * @param {boolean} inside whether it is an argument of an intrinsic function, which is no property
 * @returns {Generator<[string, (string | number)[]]>}
 */
function* references(value, path, inside = false) {
  if (Array.isArray(value)) {
    for (const [i, one] of value.entries()) yield* references(one, inside ? path : [...path, i], inside);
    return;
  }
  if (typeof value !== "object" || value === null) return;
  for (const [name, one] of Object.entries(value)) {
    if (name === "Ref") yield [String(one), path];
    else if (name === "Fn::GetAtt") yield [Array.isArray(one) ? String(one[0]) : String(one).split(".")[0], path];
    else if (name === "Fn::Sub") {
      const text = Array.isArray(one) ? one[0] : one;
      for (const match of String(text).matchAll(/\$\{([^!}.]+)[^}]*\}/g)) yield [match[1], path];
      if (Array.isArray(one)) yield* references(Object.values(one[1] ?? {}), path, true);
    } else if (name.startsWith("Fn::")) yield* references(one, path, true);
    else yield* references(one, [...path, name]);
  }
}

/**
 * @param {IConstruct} scope
 * @param {IConstruct[]} targets
 * @returns {Use[][]}
 */
function uses(scope, targets) {
  /** @type {Use[][]} */
  const found = targets.map(() => []);
  /** @type {Map<unknown, number>} */
  const numbers = new Map(targets.map((one, i) => [l1Of(one), i]));
  // As somebody who writes intrinsic functions by hand refers to them, in their own stack only.
  /** @type {Map<Stack, Map<string, number>>} */
  const named = new Map();
  targets.forEach((one, i) => {
    const stack = Stack.of(one);
    if (!named.has(stack)) named.set(stack, new Map());
    named.get(stack)?.set(stack.resolve(l1Of(one).logicalId), i);
  });
  const resolver = new Marking(numbers);
  for (const element of scope.node.findAll()) {
    if (!CfnElement.isCfnElement(element)) continue;
    const stack = element.stack;
    const written = Tokenization.resolve(
      /** @type {any} */ (element)._toCloudFormation(),
      { scope: element, resolver, preparing: false },
    );
    for (const [logicalId, resource] of Object.entries(written?.Resources ?? {})) {
      /** @type {Map<number, Map<string, (string | number)[]>>} */
      const paths = new Map();
      for (const [name, path] of references(resource.Properties, [])) {
        const marked = name.startsWith(MARK);
        const number = marked ? Number(name.slice(MARK.length)) : named.get(stack)?.get(name);
        const passed = resource.Type === "AWS::CloudFormation::Stack" && PASSED_BY_CDK.test(String(path[1]));
        if (number === undefined || passed) continue;
        if (!paths.has(number)) paths.set(number, new Map());
        paths.get(number)?.set(JSON.stringify(path), path);
      }
      for (const [number, properties] of paths) {
        const { path } = element.node;
        found[number].push({ logicalId, path, type: resource.Type, stack: stack.node.path, properties: [...properties.values()] });
      }
    }
  }
  return found;
}

module.exports = { uses };
