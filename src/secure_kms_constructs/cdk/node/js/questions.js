"use strict";
const { Reference, Resource, Stack, Stage, Tokenization } = require("aws-cdk-lib");
const { CfnRole, CfnUser, Policy, Role, User } = require("aws-cdk-lib/aws-iam");
const { beside } = require("./beside");
const { withoutConditions } = require("./conditions");
const { importedBelow } = require("./imports");
const { isReplaced, l1Of, nameGiven } = require("./l1");
const { adopt, finished, release } = require("./keys");
const { executionRoleOf, look, pathsIn, tell } = require("./look");
const { numbered } = require("./numbered");

/** @typedef {import("constructs").IConstruct} IConstruct */

// Where jsii keeps the id under which Python knows an object. Where it is not, nothing is told ahead.
const ID = Symbol.for("$__jsii__objid__$");
/** @type {WeakSet<object>} */
const told = new WeakSet();

/**
 * The given constructs, and the secrets and roles beside them that Python holds: what it will ask for next.
 * @param {IConstruct[]} constructs
 * @returns {Set<any>}
 */
function andBeside(constructs) {
  /** @type {Set<any>} */
  const asked = new Set(constructs);
  for (const scope of new Set(constructs.map((one) => one.node.scope))) {
    for (const one of /** @type {any[]} */ (scope ? scope.node.children : [])) {
      if (one[ID] === undefined || told.has(one) || !Resource.isOwnedResource(one)) continue;
      if (one instanceof Role || "secretArn" in one) asked.add(one);
    }
  }
  return asked;
}

/**
 * Whether something is a role or user of this app, which takes grants itself.
 * @param {any} one
 */
function isIdentity(one) {
  return one instanceof Role || one instanceof User;
}

/**
 * Whether a text is nothing but a reference to a resource, which is as long as an ARN.
 * @param {string | null} text
 */
function isReference(text) {
  return text !== null && Reference.isReference(Tokenization.reverseCompleteString(text));
}

/**
 * Whether overrides may change a key's policy. Private to CDK: where they are kept otherwise one day, they may.
 * @param {any} resource
 */
function mayBeOverridden(resource) {
  const { rawOverrides } = resource;
  return isReplaced(resource) || rawOverrides === undefined || "KeyPolicy" in (rawOverrides.Properties ?? {});
}

/**
 * The policy of a key as its template will have it, overrides included; null where they take it away.
 * @param {Stack} stack
 * @param {any} resource
 */
function rendered(stack, resource) {
  if (isReplaced(resource)) return null;
  const written = withoutConditions(() => stack.resolve(resource._toCloudFormation()));
  const [one] = /** @type {any[]} */ (Object.values(written.Resources));
  return one.Properties?.KeyPolicy ?? null;
}

// What stands for more than a text: a token for a list or a number, and one in the name of a property.
const MORE_THAN_TEXT = /#\{Token\[|-\d\.\d+e\+|\$\{Token\[[^"]*":/;

/**
 * Values resolved, each text once: the same ARN stands in several statements, and CDK takes long for what is no token too.
 * @param {Stack} stack
 * @param {string} values as JSON
 */
function resolved(stack, values) {
  /** @type {Map<string, any>} */
  const known = new Map();
  const found = JSON.parse(values, (_, value) => {
    if (typeof value !== "string" || !value.includes("${Token[")) return value;
    if (!known.has(value)) known.set(value, stack.resolve(value));
    return known.get(value);
  });
  // What is undefined drops out of lists too.
  const isMore = MORE_THAN_TEXT.test(values) || [...known.values()].includes(undefined);
  return isMore ? stack.resolve(JSON.parse(values)) : found;
}

/** What Python asks, each question once for many. */
class Questions {
  /**
   * What a grant asks about each of several resources of this app: stack, ARN and whether that is a reference, name,
   * key, name and path of a role as given, and whose grants it takes, such as a function's role, about which the same.
   * @param {IConstruct[]} constructs
   * @returns {any}
   */
  static describe(constructs) {
    const [stacks, keys, principals] = [numbered(), numbered(), numbered()];
    const about = (/** @type {any} */ one) => {
      told.add(one);
      const arn = one.secretArn ?? one.roleArn ?? one.userArn ?? null;
      const given = nameGiven(l1Of(one));
      const stack = stacks.of(Stack.of(one));
      const principal = principals.of(isIdentity(one) ? undefined : one.grantPrincipal);
      const [name, key] = [one.physicalName ?? null, keys.of(one.encryptionKey)];
      return [one[ID] ?? null, stack, arn, isReference(arn), name, key, given, principal];
    };
    const answers = [...andBeside(constructs)].map(about);
    const behind = principals.list.map((one) => (isIdentity(one) ? about(one) : null));
    const lists = { stacks: stacks.list, keys: keys.list, principals: principals.list };
    return { ...lists, told: JSON.stringify([answers, behind]) };
  }

  /**
   * Name and path of each role, user or other thing as templates would have them now.
   * @param {IConstruct[]} constructs
   * @returns {string}
   */
  static names(constructs) {
    return JSON.stringify(constructs.map((one) => nameGiven(l1Of(one))));
  }

  /**
   * What each principal of a stack holds beside our policies, resolved.
   * @param {Stack} stack
   * @param {IConstruct[]} principals
   * @returns {string}
   */
  static held(stack, principals) {
    const found = principals.map((principal) => {
      const children = principal.node.children;
      const byDefault = children.find((one) => one.node.id === "DefaultPolicy");
      const made = children.find((one) => one instanceof CfnRole || one instanceof CfnUser);
      return {
        added: byDefault instanceof Policy ? [byDefault.document] : [],
        inline: made?.policies ?? [],
        managed: made?.managedPolicyArns ?? [],
      };
    });
    // What is empty drops out of a resolved value.
    return JSON.stringify(stack.resolve(found));
  }

  /**
   * What policies of others say of each of some principals, about actions that a regular expression means; references
   * are told by path, in some texts too.
   * @param {IConstruct} scope
   * @param {IConstruct[]} principals
   * @param {string[]} texts
   * @param {string} about
   * @returns {string}
   */
  static beside(scope, principals, texts, about) {
    return JSON.stringify(beside(scope, principals, texts, about));
  }

  /**
   * The policies that keys of a stack have now, resolved: each once, and which of them each key has. Where overrides
   * change what was written, both are told.
   * @param {Stack} stack
   * @param {IConstruct[]} keys
   * @returns {string}
   */
  static keyPolicies(stack, keys) {
    const documents = numbered();
    const of = keys.map((key) => documents.of(finished(key)));
    /** @type {[number, any][]} */
    const overridden = [];
    keys.forEach((key, i) => {
      if (mayBeOverridden(l1Of(key))) overridden.push([i, rendered(stack, l1Of(key))]);
    });
    return JSON.stringify({ documents: documents.list.map((one) => stack.resolve(one)), of, overridden });
  }

  /**
   * Values as they will stand in the templates of a stack: one text, where jsii would take each part apart.
   * @param {Stack} stack
   * @param {string} values a list, as JSON
   * @returns {string}
   */
  static resolve(stack, values) {
    return JSON.stringify(resolved(stack, values));
  }

  /**
   * What in a stage has to do with some of its keys, and what the policies of these say. Ask once Aspects have run.
   * @param {IConstruct[]} keys
   * @param {string} leading types whose resources may need the key of another resource, with blanks between
   * @param {IConstruct[]} imported keys that the app does not make
   * @returns {string}
   */
  static look(keys, leading, imported) {
    const [one] = [...keys, ...imported];
    return JSON.stringify(look(Stage.of(one) ?? one.node.root, keys, new Set(leading.split(" ")), imported));
  }

  /**
   * The keys that the app does not make, in the stage of a construct.
   * @param {IConstruct} one
   * @returns {IConstruct[]}
   */
  static importedKeys(one) {
    // With its ARN, which Python cannot ask of what a construct of CDK imported by itself.
    return importedBelow(Stage.of(one) ?? one.node.root).flatMap((/** @type {any} */ key) => [key, key.keyArn]);
  }

  /**
   * The role that the synthesizer of a stack deploys with; null where it has none. Python holds a synthesizer that was
   * made there as it was before CDK bound it to the stack, and that does not tell.
   * @param {Stack} stack
   * @returns {string | null}
   */
  static executionRole(stack) {
    return executionRoleOf(stack);
  }

  /**
   * Values of a key's policy, with the paths of what they refer to.
   * @param {IConstruct} key
   * @param {any[]} values
   * @returns {string}
   */
  static withPaths(key, values) {
    return JSON.stringify(pathsIn(key, values));
  }

  /**
   * Has a key of the L2 show a policy of Python's.
   * @param {IConstruct} key
   * @param {any} policies
   * @param {string} told
   * @param {string} settings what else its L1 gets, as JSON
   */
  static adopt(key, policies, told, settings) {
    adopt(key, policies, told, settings);
  }

  /**
   * Leaves a key that was adopted as it was.
   * @param {IConstruct} key
   */
  static release(key) {
    release(key);
  }

  /**
   * Adds annotations to constructs.
   * @param {IConstruct[]} constructs
   * @param {string} notes as JSON
   */
  static tell(constructs, notes) {
    tell(constructs, JSON.parse(notes));
  }
}

module.exports = { Questions };
