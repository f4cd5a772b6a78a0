"use strict";
// In words that any Node reads, so that an old one says what it lacks and not where it stumbles.
var least = require("./package.json").engines.node.replace(">=", "");
if (parseInt(process.versions.node, 10) < parseInt(least, 10)) {
  throw new Error("Node " + least + " or newer is needed, got " + process.versions.node + ": set JSII_NODE to a newer node");
}
var keys = require("./keys");
module.exports = {
  KeyBase: keys.KeyBase,
  KeyPolicies: keys.KeyPolicies,
  Questions: require("./questions").Questions,
  Scoped: require("./scoped").Scoped,
};
