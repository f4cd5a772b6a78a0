// Lints the JavaScript of the Node part.
import js from "@eslint/js";

const globals = { module: "writable", process: "readonly", require: "readonly" };

export default [
  {
    files: ["src/secure_kms_constructs/cdk/node/js/*.js"],
    languageOptions: { sourceType: "commonjs", ecmaVersion: 2023, globals },
    linterOptions: { reportUnusedDisableDirectives: "error" },
    rules: { ...js.configs.recommended.rules, eqeqeq: "error", "no-unused-vars": ["error", { argsIgnorePattern: "^_" }] },
  },
  { files: ["src/secure_kms_constructs/cdk/node/js/*.js"], ignores: ["**/index.js"], rules: { "no-var": "error", "prefer-const": "error" } },
];
