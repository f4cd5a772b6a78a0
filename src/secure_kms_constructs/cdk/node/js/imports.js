"use strict";
const { CfnResource, Reference, Resource, Stage, Tokenization } = require("aws-cdk-lib");

/** @typedef {import("constructs").IConstruct} IConstruct */

const KEYS = ["AWS::KMS::Key", "AWS::KMS::ReplicaKey"];
// What Python notes on the keys that AWS manages.
const MANAGED = "secure-kms-constructs:awsManagedKeyOf";
// An unfinished lookup: what it stands for is known in the next round.
const DUMMY = "1234abcd-12ab-34cd-56ef-1234567890ab";

/**
 * Whether a construct stands for a key that the app does not make. One made of an L1 of the app, or by a reference to
 * one, as a global table makes it of the key of a replica, stands for that; an alias has the ARN of a key too.
 * @param {any} one
 */
function isImported(one) {
  if (!Resource.isResource(one) || !("keyArn" in one) || "aliasName" in one || Resource.isOwnedResource(one)) return false;
  const { node, keyArn } = /** @type {any} */ (one);
  if (typeof keyArn !== "string" || keyArn.includes(DUMMY) || CfnResource.isCfnResource(node.scope)) return false;
  const { firstToken: token } = Tokenization.reverseString(keyArn);
  const target = token && Reference.isReference(token) ? /** @type {any} */ (token.target) : undefined;
  if (KEYS.includes(target?.cfnResourceType)) return false;
  return !node.metadata.some((/** @type {any} */ entry) => entry.type === MANAGED);
}

/**
 * The keys of a stage that the app does not make, not those of the stages in it.
 * @param {IConstruct} scope
 * @returns {IConstruct[]}
 */
function importedBelow(scope) {
  const below = scope.node.children.filter((one) => !Stage.isStage(one)).flatMap(importedBelow);
  return isImported(scope) ? [scope, ...below] : below;
}

module.exports = { importedBelow };
