"use strict";
const { ManagedPolicy, Policy, PolicyDocument } = require("aws-cdk-lib/aws-iam");
const { Construct } = require("constructs");

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
    if (managed) new ManagedPolicy(scope, `Policy${i + 1}`, { document, [kind]: [principal] });
    else new Policy(scope, "Policy", { document, [kind]: [principal] });
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
