"use strict";
const { CfnParameter, CfnResource, DefaultTokenResolver, Reference } = require("aws-cdk-lib");

const join = (/** @type {any} */ left, /** @type {any} */ right) =>
  left === undefined ? right : right === undefined ? left : { "Fn::Join": ["", [left, right]] };

// Looks like an intrinsic function, which is what the properties of an L1 may be instead of text.
const MARK = "secure-kms-constructs:";

/** Puts the path of a resource where a reference to it stands, whichever stack it would be rendered for. */
class Naming extends DefaultTokenResolver {
  /** @param {boolean} parameters whether those of templates are named too, which a nested stack gets as its own */
  constructor(parameters = false) {
    super({ join });
    this.parameters = parameters;
    /** @type {Set<string>} */
    this.seen = new Set();
  }

  /**
   * @param {import("aws-cdk-lib").IResolvable} token
   * @param {import("aws-cdk-lib").IResolveContext} context
   * @param {import("aws-cdk-lib").IPostProcessor} postProcessor
   * @returns {any}
   */
  resolveToken(token, context, postProcessor) {
    const target = Reference.isReference(token) ? token.target : undefined;
    if (!(CfnResource.isCfnResource(target) || (this.parameters && target instanceof CfnParameter))) {
      return super.resolveToken(token, context, postProcessor);
    }
    const { path } = target.node;
    this.seen.add(path);
    return { Ref: `${MARK}${/** @type {Reference} */ (token).displayName}:${path}` };
  }
}

/**
 * Tells references by path, those too that somebody wrote as intrinsic functions by hand.
 * @param {any} value
 * @param {Map<string, string>} named paths by logical id, of one stack
 * @param {Set<string>} seen
 * @returns {any}
 */
function withPaths(value, named, seen) {
  if (Array.isArray(value)) return value.map((one) => withPaths(one, named, seen));
  if (typeof value !== "object" || value === null) return value;
  const parts = Object.entries(value);
  if (parts.length === 1 && parts[0][0] === "Fn::Sub") return substituted(parts[0][1], named, seen);
  if (parts.length === 1 && (parts[0][0] === "Ref" || parts[0][0] === "Fn::GetAtt")) {
    const [name, it] = parts[0];
    if (typeof it === "string" && it.startsWith(MARK)) {
      const [, attribute, ...path] = it.split(":");
      return { Resource: path.join(":"), Attribute: attribute };
    }
    const [id, attribute] = name === "Ref" ? [it, "Ref"] : Array.isArray(it) ? it : String(it).split(".");
    const path = named.get(String(id));
    if (path !== undefined) {
      seen.add(path);
      return { Resource: path, Attribute: String(attribute) };
    }
  }
  return Object.fromEntries(parts.map(([name, it]) => [name, withPaths(it, named, seen)]));
}

/**
 * An Fn::Sub with a variable for each reference that its text makes by name.
 * @param {any} value
 * @param {Map<string, string>} named
 * @param {Set<string>} seen
 * @returns {any}
 */
function substituted(value, named, seen) {
  const [text, given] = Array.isArray(value) ? value : [value, {}];
  const variables = withPaths({ ...given }, named, seen);
  const written = String(text).replace(/\$\{([^}]+)\}/g, (whole, /** @type {string} */ name) => {
    const [id, ...attribute] = name.split(".");
    const path = name in variables ? undefined : named.get(id);
    if (path === undefined) return whole;
    seen.add(path);
    variables[`Of${name.replace(/\W/g, "")}`] = { Resource: path, Attribute: attribute.join(".") || "Ref" };
    return `\${Of${name.replace(/\W/g, "")}}`;
  });
  return { "Fn::Sub": Object.keys(variables).length > 0 ? [written, variables] : written };
}

module.exports = { Naming, withPaths };
