"use strict";
// In words that any Node reads, so that an old one says what it lacks and not where it stumbles.
var least = /\d+/.exec(require("./package.json").engines.node)[0];
if (parseInt(process.versions.node, 10) < parseInt(least, 10)) {
  throw new Error("Node " + least + " or newer is needed, got " + process.versions.node + ": set JSII_NODE to a newer node");
}
module.exports = Object.assign({}, require("./questions"), require("./scoped"), require("./keys"));
