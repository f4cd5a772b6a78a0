"use strict";
const { DefaultTokenResolver, Reference, Tokenization } = require("aws-cdk-lib");
const { CfnManagedPolicy, CfnPolicy, CfnRolePolicy, CfnUserPolicy, Group, ManagedPolicy, Policy, PolicyDocument } = require("aws-cdk-lib/aws-iam");
const { Construct } = require("constructs");
const { l1Of } = require("./l1");
const { Scoped } = require("./scoped");

/** @typedef {import("constructs").IConstruct} IConstruct */

/** Joins texts and intrinsic functions to a text, with a placeholder for each that only the deployment tells. */
class Placeholders {
  /**
   * @param {any} left
   * @param {any} right
   */
  join(left, right) {
    const text = (/** @type {any} */ one) =>
      typeof one === "object" ? "${" + String(one.Ref ?? JSON.stringify(one)).replace(/[:{}]+/g, ".") + "}" : one;
    return left === undefined ? text(right) : right === undefined ? text(left) : `${text(left)}${text(right)}`;
  }
}

/** Puts the path of a resource where a reference to it stands, the same in every stack. */
class ByPath extends DefaultTokenResolver {
  constructor() {
    super(new Placeholders());
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
 * Whether a construct is the L1 of a policy that no construct of the L2 made.
 * @param {any} one
 */
function isBare(one) {
  const isPolicy = [CfnPolicy, CfnManagedPolicy, CfnRolePolicy, CfnUserPolicy].some((kind) => one instanceof kind);
  return isPolicy && !(one.node.scope instanceof Policy || one.node.scope instanceof ManagedPolicy);
}

/**
 * The policies that others attached to a role, user or group.
 * @param {any} principal
 * @param {any[]} others the managed policies, groups and L1 policies of the app
 * @param {(value: any) => any} told
 * @returns {Generator<[string, any]>} path, and a document or a list of the ARNs of managed policies
 */
function* attached(principal, others, told) {
  const l1 = l1Of(principal);
  const inline = l1?.policies;
  for (const one of Array.isArray(inline) ? inline : []) yield [principal.node.path, one.policyDocument];
  // Private to CDK, some as arrays and some in a box of its own; where they are kept otherwise one day, nothing is told.
  const has = (/** @type {any} */ several, /** @type {any} */ it) => several?.find?.((/** @type {any} */ one) => one === it);
  const found = new Set([principal.attachedPolicies?.policies, principal.managedPolicies].filter(Array.isArray).flat());
  const groups = told(l1?.groups) ?? [];
  for (const one of others) {
    if (one instanceof Group) {
      if (groups.includes(told(one.groupName))) yield* attached(one, others, told);
      continue;
    }
    if (isBare(one)) {
      // These name who has them by what names it everywhere, a reference to its name.
      const names = told([one.roles ?? [], one.users ?? [], one.groups ?? [], one.roleName ?? [], one.userName ?? []]);
      const own = told(principal.roleName ?? principal.userName ?? principal.groupName);
      if (names.flat().includes(own)) yield [one.node.path, one.policyDocument];
      continue;
    }
    const among = [one.roles, one.users, one.groups];
    if (among.some((it) => has(it, principal)) || has(principal._managedPolicies, one)) found.add(one);
  }
  for (const one of found) {
    // What no construct makes has no text here.
    if (!(one instanceof Policy || one instanceof ManagedPolicy)) continue;
    if (!(one.node.scope instanceof Scoped)) yield [one.node.path, one.document];
  }
  yield [principal.node.path, told(l1?.managedPolicyArns) ?? []];
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
  // Whoever attaches them may do so from another stack.
  const others = scope.node.root.node.findAll().filter((one) => one instanceof ManagedPolicy || one instanceof Group || isBare(one));
  const of = principals.map((principal) =>
    (Construct.isConstruct(principal) ? [...attached(principal, others, told)] : [])
      .filter(([, it]) => (it instanceof PolicyDocument ? speaks(it, expression) : typeof it === "object"))
      .map(([path, it]) => [path, told(it)]),
  );
  return { of, texts: told(texts) };
}

module.exports = { beside };
