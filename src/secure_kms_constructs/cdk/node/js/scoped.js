"use strict";
const { ManagedPolicy, Policy, PolicyDocument } = require("aws-cdk-lib/aws-iam");
const { Construct } = require("constructs");
const { follow } = require("./conditions");
const { l1Of } = require("./l1");

/**
 * Attaches documents to a role or user, each as a policy below scope: one inline policy, or managed ones.
 * @param {Construct} scope
 * @param {string} kind `roles` or `users`
 * @param {any} principal
 * @param {string} documents as JSON
 * @param {boolean} managed
 */
function attach(scope, kind, principal, documents, managed) {
  JSON.parse(documents).forEach((/** @type {any} */ one, /** @type {number} */ i) => {
    const document = PolicyDocument.fromJson(one);
    const given = { document, [kind]: [principal] };
    follow(l1Of(managed ? new ManagedPolicy(scope, `Policy${i + 1}`, given) : new Policy(scope, "Policy", given)), principal);
  });
}

/** A construct with policies for a role or user, made in one call. */
class Scoped extends Construct {
  /**
   * @param {Construct} scope
   * @param {string} id
   * @param {string} kind
   * @param {any} principal
   * @param {string} documents
   * @param {boolean} managed
   */
  constructor(scope, id, kind, principal, documents, managed) {
    super(scope, id);
    attach(this, kind, principal, documents, managed);
  }
}

module.exports = { Scoped };
