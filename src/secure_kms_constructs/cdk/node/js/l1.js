"use strict";
const { CfnRole, CfnUser } = require("aws-cdk-lib/aws-iam");

/**
 * The L1 that a construct is made of, of an L1 itself.
 * @param {import("constructs").IConstruct} construct
 * @returns {any}
 */
function l1Of(construct) {
  return "cfnResourceType" in construct ? construct : construct.node.defaultChild;
}

/**
 * Name and path as the L1 of a role or user was given them; null where it has none.
 * @param {any} resource
 * @returns {[string | null, string | null] | null}
 */
function nameGiven(resource) {
  if (resource instanceof CfnRole) return [resource.roleName ?? null, resource.path ?? null];
  return resource instanceof CfnUser ? [resource.userName ?? null, resource.path ?? null] : null;
}

module.exports = { l1Of, nameGiven };
