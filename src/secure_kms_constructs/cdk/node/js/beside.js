"use strict";
const { DefaultTokenResolver, Reference, Stack, StringConcat, Tokenization } = require("aws-cdk-lib");
const { ManagedPolicy, Policy, PolicyDocument } = require("aws-cdk-lib/aws-iam");
const { Construct } = require("constructs");
const { l1Of } = require("./l1");
const { Scoped } = require("./scoped");

/** @typedef {import("constructs").IConstruct} IConstruct */

/** Puts the path of a resource where a reference to it stands, the same in every stack. */
class ByPath extends DefaultTokenResolver {
  constructor() {
    super(new StringConcat());
  }

  /**
   * @param {import("aws-cdk-lib").IResolvable} token
   * @param {import("aws-cdk-lib").IResolveContext} context
   * @param {import("aws-cdk-lib").IPostProcessor} postProcessor
   * @returns {any}
   */
  resolveToken(token, context, postProcessor) {
    if (!Reference.isReference(token)) return super.resolveToken(token, context, postProcessor);
    return "${" + `${token.target.node.path}.${token.displayName}` + "}";
  }
}

/**
 * Whether a document may speak of some actions. Private to CDK: where its statements are kept otherwise one day, it may.
 * @param {any} document
 * @param {RegExp} about
 */
function speaks({ statements }, about) {
  if (!Array.isArray(statements)) return true;
  const named = (/** @type {any} */ one) => [...(one.actions ?? ["*"]), ...(one.notActions?.length ? ["*"] : [])];
  return statements.some((one) => named(one).some((action) => about.test(String(action))));
}

/**
 * The policies that others attached to a role or user.
 * @param {any} principal
 * @param {any[]} managed the managed policies of its stack
 * @returns {Generator<[string, any]>} path and document
 */
function* attached(principal, managed) {
  const inline = l1Of(principal)?.policies;
  for (const one of Array.isArray(inline) ? inline : []) yield [principal.node.path, one.policyDocument];
  // Private to CDK, some as arrays and some in a box of its own; where they are kept otherwise one day, nothing is told.
  const has = (/** @type {any} */ several, /** @type {any} */ it) => several?.find?.((/** @type {any} */ one) => one === it);
  const found = new Set([principal.attachedPolicies?.policies, principal.managedPolicies].filter(Array.isArray).flat());
  for (const one of managed) {
    if (has(one.roles, principal) || has(one.users, principal) || has(principal._managedPolicies, one)) found.add(one);
  }
  for (const one of found) {
    // What is AWS's own has no text here, and no place in the tree.
    if (!(one instanceof Policy || one instanceof ManagedPolicy)) continue;
    if (!(one.node.scope instanceof Scoped)) yield [one.node.path, one.document];
  }
}

/**
 * What policies of others allow each of some principals about some actions, with paths for references.
 * @param {IConstruct} scope
 * @param {any[]} principals
 * @param {string[]} texts told in the same way
 * @param {string} about a regular expression
 */
function beside(scope, principals, texts, about) {
  const expression = new RegExp(about, "i");
  const told = (/** @type {any} */ value) =>
    Tokenization.resolve(value, { scope, resolver: new ByPath(), preparing: false });
  /** @type {Map<Stack, any[]>} */
  const managed = new Map();
  const managedIn = (/** @type {Stack} */ stack) => {
    if (!managed.has(stack)) managed.set(stack, stack.node.findAll().filter((one) => one instanceof ManagedPolicy));
    return /** @type {any[]} */ (managed.get(stack));
  };
  const of = principals.map((principal) =>
    (Construct.isConstruct(principal) ? [...attached(principal, managedIn(Stack.of(principal)))] : [])
      .filter(([, document]) => document instanceof PolicyDocument && speaks(document, expression))
      .map(([path, document]) => [path, told(document)]),
  );
  return { of, texts: told(texts) };
}

module.exports = { beside };
