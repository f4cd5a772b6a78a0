"use strict";
const { Annotations, BootstraplessSynthesizer, CfnResource, Stack, Stage, Tokenization } = require("aws-cdk-lib");
const { CfnAlias, CfnKey } = require("aws-cdk-lib/aws-kms");
const { Order } = require("./circles");
const { conditionOf } = require("./conditions");
const { importedBelow } = require("./imports");
const { isAdopted } = require("./keys");
const { l1Of } = require("./l1");
const { numbered } = require("./numbered");
const { Naming, withPaths } = require("./references");
const { Scoped } = require("./scoped");

/** @typedef {import("constructs").IConstruct} IConstruct */
/** @typedef {{ path: string, logicalId: string, type: string, stack: string, properties: any, condition?: string }} Looked */

const ANY = /"Resource":("\*"|\[[^\]]*"\*")/;
const ROLE = /^AWS::IAM::(Role|User)$/;
const MANAGED = "AWS::IAM::ManagedPolicy";
const TAKES = /^AWS::IAM::(Role|User|Policy|ManagedPolicy)$|^AWS::SecretsManager::ResourcePolicy$/;
// What selects by tags or patterns, and so refers to nothing that it needs the key of.
const SELECTS = new Set(["AWS::Backup::BackupSelection"]);

/**
 * The resources of a stage, not of the stages in it.
 * @param {IConstruct} scope
 * @returns {Generator<any>}
 */
function* resourcesOf(scope) {
  if (CfnResource.isCfnResource(scope)) yield scope;
  for (const child of scope.node.children) if (!Stage.isStage(child)) yield* resourcesOf(child);
}

/**
 * Whether a resource cannot refer to a key: a role or user without policies of its own, and nothing takes away from it.
 * Where CDK keeps overrides is private to it; where it is otherwise one day, anything may.
 * @param {any} element
 */
function usesNoKey(element) {
  if (!["AWS::IAM::Role", "AWS::IAM::User"].includes(element.cfnResourceType)) return false;
  const { policies, permissionsBoundary, rawOverrides } = element;
  return policies === undefined && permissionsBoundary === undefined && Object.keys(rawOverrides ?? { any: 1 }).length === 0;
}

/**
 * Whether properties of an IAM resource or resource policy take anything away from anybody.
 * @param {any} properties
 */
function restrictive({ AssumeRolePolicyDocument: _trust, ...properties }) {
  return properties.PermissionsBoundary !== undefined || JSON.stringify(properties).includes('"Effect":"Deny"');
}

/**
 * What CloudFormation calls a stack; of a nested one the name of its parent, its logical id and a random part.
 * @param {Stack} stack
 * @returns {string}
 */
function nameOf(stack) {
  const { nestedStackParent: parent, nestedStackResource: resource } = stack;
  return parent && resource ? `${nameOf(parent)}-${parent.resolve(/** @type {any} */ (resource).logicalId)}-*` : stack.stackName;
}

/**
 * The role that the synthesizer of a stack deploys with; null where it has none, or tells it only once bound.
 * @param {Stack} stack
 * @returns {string | null}
 */
function executionRoleOf(stack) {
  // It is for stacks that something else deploys, and names CDK's role all the same.
  if (stack.synthesizer instanceof BootstraplessSynthesizer) return null;
  try {
    return /** @type {any} */ (stack.synthesizer).cloudFormationExecutionRoleArn ?? null;
  } catch {
    return null;
  }
}

/**
 * Where a stack is deployed and by whom, null where its synthesizer does not tell; and what it is called.
 * @param {Stack} stack
 * @returns {any}
 */
function placeOf(stack) {
  // A nested stack is deployed with the stack around it.
  let top = stack;
  while (top.nestedStackParent) top = top.nestedStackParent;
  const deployer = executionRoleOf(top);
  return stack.resolve([stack.partition, stack.region, stack.account, stack.urlSuffix, deployer, nameOf(stack)]);
}

/**
 * The paths of imported keys by their ARNs, as JSON; the first of several that stand for one.
 * @param {any[]} imported
 * @param {Map<Stack, Map<string, string>>} ids
 * @returns {Map<string, string>}
 */
function arnsOf(imported, ids) {
  return new Map(
    [...imported].reverse().map((key) => {
      const written = Tokenization.resolve(key.keyArn, { scope: key, resolver: new Naming(true), preparing: false });
      return [JSON.stringify(withPaths(written, ids.get(Stack.of(key)) ?? new Map(), new Set())), key.node.path];
    }),
  );
}

/**
 * A value with references to imported keys in place of their ARNs.
 * @param {any} value
 * @param {Map<string, string>} arns
 * @param {Set<string>} seen
 * @returns {any}
 */
function withKeys(value, arns, seen) {
  const path = arns.get(JSON.stringify(value));
  if (path !== undefined) {
    seen.add(path);
    return { Resource: path, Attribute: "Arn" };
  }
  if (Array.isArray(value)) return value.map((one) => withKeys(one, arns, seen));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, it]) => [name, withKeys(it, arns, seen)]));
}

/**
 * What a key waits for beside what its policy names.
 * @param {any} key an L1
 * @returns {string[]}
 */
function ownReferences(key) {
  const resolver = new Naming();
  const { description, rawOverrides } = key;
  Tokenization.resolve([description, rawOverrides, key.tags.renderTags()], { scope: key, resolver, preparing: false });
  const after = key.obtainDependencies().filter(CfnResource.isCfnResource);
  return [...resolver.seen, ...after.map((/** @type {any} */ one) => one.node.path)];
}

/**
 * What an L1 writes: its resource, the paths that this refers to, and those that it waits for otherwise.
 * @param {any} element
 * @param {Map<string, string>} named
 * @param {boolean} parameters
 * @returns {[any, Set<string>, string[]][]}
 */
function writtenBy(element, named, parameters = false) {
  const resolver = new Naming(parameters);
  const written = Tokenization.resolve(element._toCloudFormation(), { scope: element, resolver, preparing: false });
  return Object.values(written?.Resources ?? {}).map((/** @type {any} */ one) => {
    const after = [one.DependsOn ?? []].flat().map((id) => named.get(id) ?? "");
    return [{ ...one, Properties: withPaths(one.Properties ?? {}, named, resolver.seen) }, resolver.seen, after];
  });
}

/**
 * What a resource is called where its template says it, by a property such as `Name` or `BucketName`.
 * @param {Looked} one
 * @returns {string | undefined}
 */
function literalName(one) {
  const [, service, kind] = (one.type ?? "").split("::");
  if (kind === undefined || service === "IAM" || service === "KMS") return undefined;
  const name = one.properties.Name ?? one.properties[`${kind}Name`];
  return typeof name === "string" ? name : undefined;
}

/**
 * What in a stage has to do with some of its keys: what refers to one, what refers to that and is of a type that may need
 * its key, and the roles that these name. Ask once Aspects have run.
 * @param {IConstruct} scope
 * @param {any[]} keys
 * @param {Set<string>} leading types whose resources may need the key of another resource
 * @param {any[]} imported keys that the app does not make
 */
function look(scope, keys, leading, imported) {
  /** @type {Map<string, any>} */
  const elements = new Map();
  /** @type {Map<Stack, Map<string, string>>} */
  const ids = new Map();
  /** @type {Map<string, string>} */
  const idOf = new Map();
  for (const element of resourcesOf(scope)) {
    const { stack, node: { path } } = element;
    const id = stack.resolve(element.logicalId);
    elements.set(path, element);
    idOf.set(path, id);
    if (!ids.has(stack)) ids.set(stack, new Map());
    ids.get(stack)?.set(id, path);
  }
  const starts = new Set(keys.map((one) => l1Of(one).node.path));
  /** @type {Map<string, [Looked, Set<string>]>} */
  const read = new Map();
  const arns = arnsOf(imported, ids);
  for (const one of imported) {
    const { path } = one.node;
    if (!ids.has(Stack.of(one))) ids.set(Stack.of(one), new Map());
    starts.add(path);
    const properties = { Tags: [] };
    read.set(path, [{ path, logicalId: "", type: CfnKey.CFN_RESOURCE_TYPE_NAME, stack: Stack.of(one).node.path, properties }, new Set()]);
  }
  const order = new Order(elements, (path) => {
    const element = elements.get(path);
    if (later.has(path) && !read.has(path)) readOne(path, element);
    // What this library writes for a role is no use to look for, and may be waited for.
    else if (element.node.scope?.node.scope instanceof Scoped && !scoped.has(path)) {
      scoped.add(path);
      for (const [, seen, after] of writtenBy(element, ids.get(element.stack) ?? new Map())) order.add(element, [...seen, ...after]);
    }
  });
  /** @type {Set<string>} */
  const scoped = new Set();
  const readOne = (/** @type {string} */ path, /** @type {any} */ element) => {
    const { stack } = element;
    const logicalId = /** @type {string} */ (idOf.get(path));
    const about = { path, logicalId, type: element.cfnResourceType, stack: stack.node.path };
    if (element instanceof CfnKey) {
      // As an L1 renders them, before they are spelled as in a template.
      const tags = /** @type {any[]} */ (element.tags.renderTags() ?? []);
      const Tags = tags.map(({ key, value }) => ({ Key: key, Value: value }));
      if (starts.has(path)) read.set(path, [{ ...about, properties: { Tags }, condition: conditionOf(element) }, new Set()]);
      return;
    }
    const named = /** @type {Map<string, string>} */ (ids.get(stack));
    let written;
    try {
      written = writtenBy(element, named, arns.size > 0);
    } catch (error) {
      // CDK says what is missing in words of its own, as soon as it validates.
      if (element.node.scopes.some((/** @type {IConstruct} */ one) => one.node.validate().length > 0)) return;
      throw error;
    }
    for (const [resource, seen, after] of written) {
      const properties = arns.size > 0 ? withKeys(resource.Properties, arns, seen) : resource.Properties;
      read.set(path, [{ ...about, type: resource.Type, properties, condition: resource.Condition }, seen]);
      order.add(element, [...seen, ...after]);
    }
  };
  /** @type {Map<string, any>} */
  const later = new Map();
  for (const [path, element] of elements) {
    // What this library writes for a role has both of its sides.
    if (element.node.scope?.node.scope instanceof Scoped) continue;
    if (usesNoKey(element)) later.set(path, element);
    else readOne(path, element);
  }
  const refers = (/** @type {Set<string>} */ seen, /** @type {{ has(path: string): boolean }} */ to) =>
    [...seen].some((one) => to.has(one));
  const aliases = [...read.values()].filter(([one, seen]) => one.type === CfnAlias.CFN_RESOURCE_TYPE_NAME && refers(seen, starts));
  const names = aliases.map(([one]) => one.properties.AliasName).filter((one) => typeof one === "string");
  const named = new Set([...starts, ...aliases.map(([one]) => one.path)]);
  /** @type {Map<string, Looked>} */
  const found = new Map();
  // What the L2 grants a key of another account or region names all keys.
  const adopted = keys.some(isAdopted);
  for (const [path, [one, seen]] of read) {
    // Statements about all keys are no use of this one, and may be meant as one.
    const text = one.type.startsWith("AWS::IAM::") ? JSON.stringify(one.properties) : "";
    if (text.includes(":key/*") || (adopted && ANY.test(text) && text.includes("kms:"))) found.set(path, one);
    if (SELECTS.has(one.type)) found.set(path, one);
    const byName = names.length > 0 && names.some((name) => JSON.stringify(one.properties).includes(name));
    if (named.has(path) || byName || refers(seen, named)) found.set(path, one);
  }
  const under = new Set(found.keys());
  const leads = (/** @type {string} */ type) => leading.has(type) || (leading.has("AWS::*") && type.startsWith("AWS::"));
  // CDK gives a literal name on as it is, so that nothing refers to what has it.
  const literal = [...found.values()].map(literalName).filter((name) => name !== undefined);
  const isNamedIn = (/** @type {any} */ properties) => {
    const text = literal.length > 0 ? JSON.stringify(properties) : "";
    return literal.some((name) => text.includes(`:"${name}"`) || text.includes(`["${name}"`));
  };
  for (const [path, [one, seen]] of read) {
    if (leads(one.type) && (refers(seen, under) || (leading.has(one.type) && !one.type.startsWith("AWS::IAM::") && isNamedIn(one.properties)))) found.set(path, one);
  }
  // Who takes a managed policy says so by itself; those were not read for what they hold inside.
  const managed = new Set([...found].filter(([, one]) => one.type === MANAGED).map(([path]) => path));
  if (managed.size > 0) for (const [path, element] of later) if (!read.has(path)) readOne(path, element);
  for (const [path, [one, seen]] of read) if (one.type.startsWith("AWS::IAM::") && refers(seen, managed)) found.set(path, one);
  // What a service runs, and as whom, is said by its task definition.
  for (const [path, one] of [...found]) {
    if (one.type !== "AWS::ECS::Service") continue;
    for (const other of read.get(path)?.[1] ?? []) {
      const it = read.get(other)?.[0];
      if (it?.type === "AWS::ECS::TaskDefinition") found.set(other, it);
    }
  }
  // Roles, and who holds a policy that names a key.
  for (const path of [...found.keys()]) {
    for (const other of read.get(path)?.[1] ?? []) {
      if (later.has(other) && !read.has(other)) readOne(other, later.get(other));
      const it = read.get(other)?.[0];
      if (it && ROLE.test(it.type)) found.set(other, it);
    }
  }
  const documents = numbered();
  const of = keys.map((key) => documents.of(key.now()));
  const scopes = keys.map((key) => l1Of(key));
  /** @type {Set<string>[]} */
  const namedIn = [];
  const policies = documents.list.map((one, i) => {
    const place = scopes[of.indexOf(i)];
    const resolver = new Naming();
    const written = Tokenization.resolve(one, { scope: place, resolver, preparing: false });
    namedIn.push(resolver.seen);
    return withPaths(written, /** @type {Map<string, string>} */ (ids.get(place.stack)), resolver.seen);
  });
  scopes.forEach((key, i) => order.add(key, namedIn[of[i]]));
  // A role may be named once it is known what uses the key; what the key itself waits for stands apart.
  const roles = [...found.values()].filter((one) => ROLE.test(one.type)).map((one) => one.path);
  /** @type {Record<string, Record<string, string[]>>} */
  const ways = {};
  /** @type {Record<string, Record<string, string[]>>} */
  const waits = {};
  scopes.forEach((key, i) => {
    const { path } = key.node;
    ways[path] = order.circles(key, new Set([...namedIn[of[i]], ...roles]));
    waits[path] = order.circles(key, ownReferences(key));
    // Names and types of what a key must not refer to are looked up.
    for (const one of [ways[path], waits[path]].flatMap(Object.values).flat()) {
      const it = read.get(one)?.[0];
      if (it) found.set(one, it);
    }
  });
  // What takes away from roles and users: Denies, wherever they are attached, and permissions boundaries.
  const restricts = [...read].filter(([, [one]]) => TAKES.test(one.type) && restrictive(one.properties));
  if (restricts.some(([, [one]]) => one.type === MANAGED)) {
    for (const [path, element] of later) if (!read.has(path)) readOne(path, element);
    const managing = new Set(restricts.map(([path]) => path));
    for (const [path, [one, seen]] of read) if (ROLE.test(one.type) && refers(seen, managing)) found.set(path, one);
  }
  for (const [path, [one, seen]] of restricts) {
    found.set(path, one);
    for (const other of seen) {
      if (later.has(other) && !read.has(other)) readOne(other, later.get(other));
      const it = read.get(other)?.[0];
      if (it && (ROLE.test(it.type) || it.type === MANAGED)) found.set(other, it);
    }
  }
  // What this library wrote, which has a side in them too.
  const ours = [];
  for (const [path, element] of restricts.length > 0 ? elements : []) {
    if (!(element.node.scope?.node.scope instanceof Scoped)) continue;
    readOne(path, element);
    const [one] = read.get(path) ?? [];
    if (one) ours.push(one);
  }
  const places = Object.fromEntries([...ids.keys()].map((stack) => [stack.node.path, placeOf(stack)]));
  const imports = importedBelow(scope).length;
  return { resources: [...found.values()], places, paths: [...scopes.map((one) => one.node.path)], policies, of, ways, waits, ours, imports };
}

/**
 * Adds annotations to constructs.
 * @param {IConstruct[]} constructs
 * @param {[number, boolean, string, string][]} notes which construct, whether it is a warning, id and text
 */
function tell(constructs, notes) {
  for (const [number, warns, id, text] of notes) {
    const on = Annotations.of(constructs[number]);
    if (warns) on.addWarningV2(id, text);
    else on.addInfoV2(id, text);
  }
}

/**
 * @param {IConstruct} key
 * @param {any[]} values
 */
function pathsIn(key, values) {
  const resource = l1Of(key);
  const { stack } = resource;
  /** @type {Map<string, string>} */
  const named = new Map();
  for (const one of resourcesOf(stack)) if (one.stack === stack) named.set(stack.resolve(one.logicalId), one.node.path);
  const resolver = new Naming();
  // One at a time: what is empty would drop out of a list.
  return values.map((one) => {
    const written = Tokenization.resolve(one, { scope: resource, resolver, preparing: false });
    return withPaths(written ?? null, named, resolver.seen);
  });
}

module.exports = { executionRoleOf, look, pathsIn, tell, usesNoKey };
