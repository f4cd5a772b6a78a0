"use strict";
const { Duration, Lazy, RemovalPolicy, Stage } = require("aws-cdk-lib");
const { AccountPrincipal, PolicyDocument, PolicyStatement } = require("aws-cdk-lib/aws-iam");
const { Key, ViaServicePrincipal } = require("aws-cdk-lib/aws-kms");
const { conditionOf, conditioned, forget } = require("./conditions");
const { l1Of } = require("./l1");

/** @typedef {import("aws-cdk-lib/aws-iam").IGrantable} IGrantable */
/** @typedef {import("aws-cdk-lib/aws-iam").Grant} Grant */
/** @typedef {[number, number, string | null]} Told a key's place, its document's number, that as JSON the first time */

// Tokens but those of pseudo parameters, and objects of CDK.
const REFERS = /[$#]\{Token\[(?!AWS\.)|"\$object"/;

/** A document that several keys share; Python has the whole, so it takes no statement that Python does not know. */
class SharedDocument extends PolicyDocument {
  /** @param {{ Statement: any[] }} json */
  constructor({ Statement }) {
    super({ statements: Statement.map((one) => PolicyStatement.fromJson(one)) });
    this.whole = true;
  }

  /** @param {PolicyStatement[]} statements */
  addStatements(...statements) {
    if (this.whole) throw new Error("a HardenedKey writes its policy itself: use add_to_resource_policy of the key");
    super.addStatements(...statements);
  }
}

/** Stages that were looked at in this round of preparing. @type {WeakSet<object>} */
const looked = new WeakSet();

/**
 * CDK prepares an app once Aspects have run, and resolves references: the first time that it asks, what uses the keys is
 * looked at, so that what follows from it may hold references. Once for a stage: a looker that Python hands over for each
 * of its stacks is another object here each time.
 * @param {import("aws-cdk-lib").IStableAnyProducer} looker
 * @param {object} stage
 * @param {boolean} preparing
 */
function look(looker, stage, preparing) {
  if (!preparing) looked.delete(stage);
  else if (!looked.has(stage)) {
    looked.add(stage);
    looker.produce();
  }
}

/**
 * The policy of a key as its template gets it.
 * @param {any} key
 * @param {import("aws-cdk-lib").IStableAnyProducer} looker
 * @param {boolean} preparing
 */
function written(key, looker, preparing) {
  look(looker, Stage.of(key) ?? key.node.root, preparing);
  if (!preparing) return conditioned(key.now(), l1Of(key), conditionOf(l1Of(key)));
  forget(key.stack);
  return key.now();
}

/** The key policies of the HardenedKeys of one stack, as Python told them last. */
class KeyPolicies {
  /**
   * @param {import("aws-cdk-lib").IStableAnyProducer} source tells what has changed since it told last
   * @param {import("aws-cdk-lib").IStableAnyProducer} looker looks at what uses the keys of a stage, and changes policies
   */
  constructor(source, looker) {
    this.source = source;
    this.looker = looker;
    this.asTold = true;
    /** @type {Map<number, PolicyDocument>} */
    this.documents = new Map();
    /** @type {Map<number, any>} */
    this.rendered = new Map();
    /** @type {any[]} */
    this.objects = [];
    /** @type {number[]} */
    this.numbers = [];
  }

  /** Python calls this before the first change since it told last. */
  changed() {
    this.asTold = false;
  }

  /**
   * The policy of a key as it is now.
   * @param {number} place
   * @returns {PolicyDocument}
   */
  of(place) {
    if (!this.asTold) {
      const { policies, objects } = this.source.produce();
      this.objects.push(...objects);
      for (const told of JSON.parse(policies)) this.learn(told);
      this.asTold = true;
    }
    return /** @type {PolicyDocument} */ (this.documents.get(this.numbers[place]));
  }

  /**
   * The policy of a key for a template. What refers to no resource is the same in every pass of a synth, which takes
   * several, and for every key that has it; so it is rendered once.
   * @param {number} place
   * @param {import("aws-cdk-lib").Stack} stack
   */
  render(place, stack) {
    const document = this.of(place);
    const number = this.numbers[place];
    if (!this.rendered.has(number)) return document;
    const rendered = this.rendered.get(number) ?? stack.resolve(document);
    this.rendered.set(number, rendered);
    return rendered;
  }

  /** @param {Told} told */
  learn([place, number, text]) {
    if (text !== null) {
      const revived = (/** @type {string} */ _, /** @type {any} */ value) =>
        typeof value?.$object === "number" ? this.objects[value.$object] : value;
      this.documents.set(number, new SharedDocument(JSON.parse(text, revived)));
      if (!REFERS.test(text)) this.rendered.set(number, undefined);
    }
    this.numbers[place] = number;
  }
}

/** A key that answers in Node what every Secret asks for, once Python has said so; all else goes to Python. */
class KeyBase extends Key {
  /**
   * @param {import("constructs").Construct} scope
   * @param {string} id
   * @param {string} props as JSON: days for durations, names for members of enums
   * @param {KeyPolicies} policies
   * @param {string} told
   */
  constructor(scope, id, props, policies, told) {
    const start = JSON.parse(told);
    policies.learn(start);
    const [place] = start;
    const policy = policies.of(place);
    const given = JSON.parse(props);
    for (const one of ["rotationPeriod", "pendingWindow"]) if (one in given) given[one] = Duration.days(given[one]);
    given.removalPolicy = RemovalPolicy[/** @type {keyof typeof RemovalPolicy} */ (given.removalPolicy)];
    super(scope, id, { ...given, policy });
    if (this.policy !== policy) throw new Error("secure-kms-constructs: policy injected");
    // A field of the L2, so an accessor of the class would be hidden by it.
    Object.defineProperty(this, "trustAccountIdentities", { get: () => false, configurable: true });
    this.now = () => policies.render(place, this.stack);
    this.written = Lazy.uncachedAny({ produce: ({ preparing }) => written(this, policies.looker, preparing) });
    l1Of(this).keyPolicy = this.written;
    /** @type {Map<string, Grant>} */
    this.granted = new Map();
  }

  /**
   * What the account asks for through one service, as text; undefined for anybody else.
   * @param {IGrantable} grantee
   * @param {string[]} actions
   */
  usual(grantee, actions) {
    if (!(grantee instanceof ViaServicePrincipal)) return undefined;
    // Private to CDK: where they are called otherwise one day, Python is asked each time.
    const { basePrincipal, serviceName } = /** @type {any} */ (grantee);
    if (!(basePrincipal instanceof AccountPrincipal) || typeof serviceName !== "string") return undefined;
    if (basePrincipal.accountId !== this.stack.account) return undefined;
    return `${serviceName} ${actions.join()}`;
  }

  /**
   * @param {string | undefined} usual
   * @param {() => Grant} ask
   */
  once(usual, ask) {
    if (usual === undefined) return ask();
    const grant = this.granted.get(usual) ?? ask();
    this.granted.set(usual, grant);
    return grant;
  }

  /**
   * @param {IGrantable} grantee
   * @param {string[]} actions
   */
  grant(grantee, ...actions) {
    return this.once(this.usual(grantee, actions), () => this.askGrant(grantee, ...actions));
  }

  /** @param {IGrantable} grantee */
  grantEncryptDecrypt(grantee) {
    return this.once(this.usual(grantee, ["EncryptDecrypt"]), () => this.askGrantEncryptDecrypt(grantee));
  }

  /**
   * Python overrides it.
   * @param {IGrantable} grantee
   * @param {string[]} actions
   */
  askGrant(grantee, ...actions) {
    return super.grant(grantee, ...actions);
  }

  /**
   * Python overrides it.
   * @param {IGrantable} grantee
   */
  askGrantEncryptDecrypt(grantee) {
    return super.grantEncryptDecrypt(grantee);
  }
}

/** What keys of the L2 had before they were adopted. @type {WeakMap<object, any>} */
const before = new WeakMap();

/**
 * Has a key of the L2 show a policy of Python's in place of its own.
 * @param {any} key
 * @param {KeyPolicies} policies
 * @param {string} told
 * @param {string} settings what else its L1 gets, as JSON
 */
function adopt(key, policies, told, settings) {
  const start = JSON.parse(told);
  policies.learn(start);
  const [place] = start;
  const resource = l1Of(key);
  const given = JSON.parse(settings);
  const had = Object.fromEntries(["keyPolicy", ...Object.keys(given)].map((name) => [name, resource[name]]));
  before.set(key, had);
  key.now = () => policies.render(place, key.stack);
  key.written = Lazy.uncachedAny({ produce: ({ preparing }) => written(key, policies.looker, preparing) });
  Object.assign(resource, given, { keyPolicy: key.written });
  // What comes later would be lost.
  had.keyPolicy.addStatements = () => {
    throw new Error(`secure-kms-constructs: ${key.node.path} is hardened already, so nothing more can be added to its policy: grant before the app is synthesized, or exclude the key`);
  };
}

/**
 * Whether a key is adopted, and was not left as it was.
 * @param {any} key
 */
function isAdopted(key) {
  return before.has(key) && key.written !== undefined;
}

/**
 * Leaves an adopted key as it was.
 * @param {any} key
 */
function release(key) {
  const had = before.get(key);
  delete had.keyPolicy.addStatements;
  Object.assign(l1Of(key), had);
  key.written = undefined;
  key.now = () => had.keyPolicy;
}

/**
 * The policy of a key as it is deployed: what was written, unless somebody assigned another; the same for the same.
 * @param {any} key
 * @returns {any}
 */
function finished(key) {
  const policy = l1Of(key).keyPolicy;
  return policy !== undefined && policy === key.written ? key.now() : policy;
}

module.exports = { KeyBase, KeyPolicies, adopt, finished, isAdopted, release };
