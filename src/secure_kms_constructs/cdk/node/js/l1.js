"use strict";
const { CfnRole, CfnUser } = require("aws-cdk-lib/aws-iam");
const { CfnStream } = require("aws-cdk-lib/aws-kinesis");
const { CfnBucket } = require("aws-cdk-lib/aws-s3");
const { CfnSecret } = require("aws-cdk-lib/aws-secretsmanager");

/**
 * The L1 that a construct is made of, of an L1 itself.
 * @param {import("constructs").IConstruct} construct
 * @returns {any}
 */
function l1Of(construct) {
  return "cfnResourceType" in construct ? construct : construct.node.defaultChild;
}

/**
 * A property as the template will have it, overrides included; of what no text overrides a token's stand-in. Where
 * CDK keeps overrides is private to it.
 * @param {any} resource
 * @param {string} name as templates spell it
 */
function written(resource, name) {
  const over = resource.rawOverrides?.Properties ?? {};
  if (!(name in over)) return resource[name[0].toLowerCase() + name.slice(1)] ?? null;
  return typeof (over[name] ?? "") === "string" ? over[name] ?? null : "${Token[Overridden]}";
}

/**
 * Whether overrides put an intrinsic function, a macro or nothing in place of a resource or of all its properties, so
 * that what it will be is not told.
 * @param {any} resource
 */
function isReplaced({ rawOverrides }) {
  const isOther = (/** @type {any} */ it) =>
    typeof it !== "object" || it === null || Object.keys(it).some((name) => name === "Ref" || name.startsWith("Fn::"));
  return rawOverrides !== undefined && (isOther(rawOverrides) || ("Properties" in rawOverrides && isOther(rawOverrides.Properties)));
}

/** @type {[Function, string][]} */
const NAMES = [[CfnRole, "RoleName"], [CfnUser, "UserName"], [CfnSecret, "Name"], [CfnBucket, "BucketName"], [CfnStream, "Name"]];

/**
 * Name and path as the L1 of a role, user or other thing was given them; null where it has none.
 * @param {any} resource
 * @returns {[string | null, string | null] | null}
 */
function nameGiven(resource) {
  const [, name] = NAMES.find(([kind]) => resource instanceof kind) ?? [];
  if (name === undefined) return null;
  return [written(resource, name), /^(Role|User)Name$/.test(name) ? written(resource, "Path") : null];
}

module.exports = { isReplaced, l1Of, nameGiven };
