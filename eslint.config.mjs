// Lints the JavaScript of the Node part, and that of the page, whose files are one script in the order below.
import js from "@eslint/js";

const globals = { module: "writable", process: "readonly", require: "readonly" };

export default [
  {
    files: ["src/secure_kms_constructs/cdk/node/js/*.js"],
    languageOptions: { sourceType: "commonjs", ecmaVersion: 2023, globals },
    linterOptions: { reportUnusedDisableDirectives: "error" },
    rules: { ...js.configs.recommended.rules, eqeqeq: "error", "no-unused-vars": ["error", { argsIgnorePattern: "^_" }] },
  },
  {
    files: ["src/secure_kms_constructs/cli/pages/*.js"],
    languageOptions: { sourceType: "script", ecmaVersion: 2023 },
    linterOptions: { reportUnusedDisableDirectives: "error" },
    // What a file uses of another is no mistake; the browser of the tests finds those.
    rules: { ...js.configs.recommended.rules, eqeqeq: "error", "no-undef": "off", "no-unused-vars": ["error", { vars: "local" }], "no-var": "error", "prefer-const": "error" },
  },
  { files: ["src/secure_kms_constructs/cdk/node/js/*.js"], ignores: ["**/index.js"], rules: { "no-var": "error", "prefer-const": "error" } },
];
