"use strict";
const { CfnResource, Lazy } = require("aws-cdk-lib");
const { l1Of } = require("./l1");

/** @typedef {Map<string, string>} Conditions logical ids of conditions, by those of the resources that they decide on */

const NO_VALUE = { Ref: "AWS::NoValue" };
const NOT = /Not(Equals|Like)|NotIpAddress/;

/** @type {WeakMap<object, Conditions>} */
const known = new WeakMap();
let asIfAllHold = false;

/**
 * What something returns where policies are written as if all conditions held.
 * @template T
 * @param {() => T} ask
 * @returns {T}
 */
function withoutConditions(ask) {
  asIfAllHold = true;
  try {
    return ask();
  } finally {
    asIfAllHold = false;
  }
}

/**
 * The condition that decides whether a resource is made; undefined for one that always is. Where CDK keeps overrides is
 * private to it.
 * @param {any} resource
 * @returns {string | undefined}
 */
function conditionOf(resource) {
  const condition = resource?.rawOverrides?.Condition ?? resource?.cfnOptions?.condition;
  return typeof condition === "string" ? condition : condition && resource.stack.resolve(condition.logicalId);
}

/**
 * The conditions of the resources of a stack.
 * @param {any} stack
 * @returns {Conditions}
 */
function conditionsIn(stack) {
  let found = known.get(stack);
  if (found === undefined) {
    found = new Map();
    for (const one of stack.node.findAll()) {
      if (!CfnResource.isCfnResource(one) || one.stack !== stack || isFollowing(one)) continue;
      const condition = conditionOf(one);
      if (condition !== undefined) found.set(stack.resolve(one.logicalId), condition);
    }
    known.set(stack, found);
  }
  return found;
}

/**
 * Says that conditions may have changed.
 * @param {any} stack
 */
function forget(stack) {
  known.delete(stack);
}

/**
 * The conditions under which alone a value can be told, because it refers to what they decide on.
 * @param {any} value
 * @param {Conditions} conditions
 * @returns {string[]}
 */
function needed(value, conditions) {
  if (Array.isArray(value)) return value.flatMap((one) => needed(one, conditions));
  if (typeof value !== "object" || value === null) return [];
  const [[name, it]] = Object.entries(value).length > 0 ? Object.entries(value) : [["", ""]];
  const of = (/** @type {any} */ id) => [conditions.get(String(id).split(".")[0]) ?? []].flat();
  if (name === "Ref") return of(it);
  if (name === "Fn::GetAtt") return of(Array.isArray(it) ? it[0] : it);
  if (name === "Fn::If" && Array.isArray(it)) {
    return [...needed(it[1], conditions).filter((one) => one !== it[0]), ...needed(it[2], conditions)];
  }
  if (name === "Fn::Sub") {
    const [text, given] = Array.isArray(it) ? it : [it, {}];
    const named = [...String(text).matchAll(/\$\{([^}!]+)\}/g)].map((one) => one[1]).filter((one) => !(one in given));
    return [...named.flatMap(of), ...needed(Object.values(given), conditions)];
  }
  return Object.values(value).flatMap((one) => needed(one, conditions));
}

/**
 * The lists of a statement, any of whose values is enough, or none of whose values may be: each with what puts others in
 * its place, and takes it away.
 * @param {any} statement
 * @returns {{ values: any[], negated: boolean, with: (values: any[]) => any, without: () => any }[]}
 */
function listsOf(statement) {
  const found = [];
  for (const element of ["Resource", "NotResource"]) {
    if (!(element in statement)) continue;
    const put = (/** @type {any[]} */ values) => ({ ...statement, [element]: values });
    const { [element]: values, ...rest } = statement;
    // All but nothing is everything.
    const without = () => ({ ...rest, Resource: "*" });
    found.push({ values: [values].flat(), negated: element !== "Resource", with: put, without });
  }
  for (const [element, names] of /** @type {[string, any][]} */ ([
    ...["Principal", "NotPrincipal"].map((one) => [one, statement[one]]),
    ...Object.keys(statement.Condition ?? {}).map((one) => [one, statement.Condition[one]]),
  ])) {
    if (typeof names !== "object" || names === null) continue;
    const inCondition = !/Principal$/.test(element);
    const whole = (/** @type {any} */ block) => {
      const written = { ...(inCondition ? statement.Condition : statement), [element]: block };
      if (Object.keys(block).length === 0) {
        delete written[element];
        if (!inCondition) written.Principal = "*";
      }
      return inCondition ? { ...statement, Condition: written } : written;
    };
    for (const name of Object.keys(names)) {
      const { [name]: values, ...others } = names;
      found.push({
        values: [values].flat(),
        negated: inCondition ? NOT.test(element) : element === "NotPrincipal",
        with: (/** @type {any[]} */ some) => whole({ ...names, [name]: some }),
        without: () => whole(others),
      });
    }
  }
  return found;
}

/**
 * A statement as it is where some conditions hold, without what refers to resources that are not made: nothing, where
 * nobody or nothing is left that it is about.
 * @param {any} statement
 * @param {Conditions} conditions
 * @param {string[]} holding
 * @returns {any}
 */
function conditional(statement, conditions, holding) {
  const open = (/** @type {any} */ value) => needed(value, conditions).filter((one) => !holding.includes(one));
  for (const list of listsOf(statement)) {
    const [condition] = list.values.every((one) => open(one).length > 0) ? list.values.flatMap(open) : [];
    if (condition === undefined) continue;
    const left = list.values.filter((one) => !open(one).includes(condition));
    let otherwise = /** @type {any} */ (NO_VALUE);
    if (left.length > 0) otherwise = conditional(list.with(left), conditions, holding);
    // What must equal none of no values does.
    else if (list.negated) otherwise = conditional(list.without(), conditions, holding);
    return { "Fn::If": [condition, conditional(statement, conditions, [...holding, condition]), otherwise] };
  }
  let written = statement;
  listsOf(statement).forEach(({ values }, i) => {
    if (values.every((one) => open(one).length === 0)) return;
    const wrapped = (/** @type {any} */ one) =>
      open(one).reduce((inner, condition) => ({ "Fn::If": [condition, inner, NO_VALUE] }), one);
    written = listsOf(written)[i].with(values.map(wrapped));
  });
  return written;
}

/**
 * A policy whose statements leave out what refers to resources that are not made: CloudFormation refuses such references.
 * @param {any} document
 * @param {any} resource the L1 that it is for
 * @param {string | undefined} own the condition of that
 * @returns {any}
 */
function conditioned(document, resource, own) {
  const conditions = conditionsIn(resource.stack);
  if (conditions.size === 0 || asIfAllHold) return document;
  const written = resource.stack.resolve(document);
  if (!Array.isArray(written?.Statement)) return document;
  const holding = own === undefined ? [] : [own];
  return { ...written, Statement: written.Statement.map((/** @type {any} */ one) => conditional(one, conditions, holding)) };
}

/**
 * Whether a statement may leave nothing.
 * @param {any} one
 * @returns {boolean}
 */
function vanishes(one) {
  return one.Ref === NO_VALUE.Ref || (one["Fn::If"] !== undefined && one["Fn::If"].slice(1).some(vanishes));
}

/** What has the condition of what it is for. @type {WeakSet<object>} */
const following = new WeakSet();
const isFollowing = (/** @type {object} */ one) => following.has(one);

// One in each stack says in each pass that conditions may have changed: to read a stack anew for each takes its square.
/** @type {WeakMap<object, object>} */
const latest = new WeakMap();

/**
 * Has a policy be made where the principal that it is attached to is, and what its statements are about.
 * @param {any} resource the L1 of the policy
 * @param {any} principal
 */
function follow(resource, principal) {
  const { policyDocument: document, cfnOptions } = resource;
  let given = cfnOptions.condition;
  following.add(resource);
  latest.set(resource.stack, resource);
  const own = () => {
    if (given !== undefined) return resource.stack.resolve(given.logicalId);
    const l1 = l1Of(principal);
    const base = l1?.stack === resource.stack ? conditionOf(l1) : undefined;
    const { Statement: written } = conditioned(document, resource, base);
    if (!Array.isArray(written) || !written.every(vanishes)) return base;
    const [condition] = written[0]["Fn::If"];
    const isWhole = (/** @type {any} */ { "Fn::If": [first, yes, no] }) => first === condition && !vanishes(yes) && no.Ref === NO_VALUE.Ref;
    if (base === undefined && written.every(isWhole)) return condition;
    throw new Error(`secure-kms-constructs: ${resource.node.path} is about nothing where ${condition} is false, and IAM takes no policy without statements: make one construct for what each condition decides on`);
  };
  Object.defineProperty(cfnOptions, "condition", {
    configurable: true,
    enumerable: true,
    get: () => {
      const condition = own();
      return condition && { logicalId: condition };
    },
    set: (/** @type {any} */ value) => {
      given = value;
    },
  });
  resource.policyDocument = Lazy.uncachedAny({
    produce: ({ preparing }) => {
      if (!preparing) return conditioned(document, resource, own());
      if (latest.get(resource.stack) === resource) forget(resource.stack);
      return document;
    },
  });
}

module.exports = { conditionOf, conditioned, follow, forget, withoutConditions };
