// Opens a page in jsdom, clicks, and prints what it shows: node dom.cjs <file> <hash> <selector to click>...
const { readFileSync } = require("node:fs");
const { JSDOM, VirtualConsole } = require("jsdom");

const [file, hash, ...clicks] = process.argv.slice(2);
const errors = [];
const virtualConsole = new VirtualConsole();
virtualConsole.on("jsdomError", (error) => errors.push(String(error)));
const { window } = new JSDOM(readFileSync(file, "utf8"), {
  runScripts: "dangerously",
  url: `http://localhost/${hash}`,
  virtualConsole,
});
const { document } = window;
for (const selector of clicks) {
  const [wanted, value] = selector.split("=>");
  const element = document.querySelector(wanted);
  if (!element) throw new Error(`nothing is ${wanted}`);
  if (value === undefined) element.dispatchEvent(new window.MouseEvent("click", { bubbles: true }));
  else {
    element.value = value;
    element.dispatchEvent(new window.Event("input", { bubbles: true }));
  }
}
const cells = [...document.querySelectorAll("#matrix tbody tr")].map((row) => ({
  principal: row.querySelector("th").textContent,
  cells: [...row.querySelectorAll("td")].map((cell) => cell.querySelector("button")?.className.split(" ")[0] ?? ""),
}));
console.log(JSON.stringify({
  errors,
  rows: cells,
  edges: [...document.querySelectorAll("#graph path")].map((path) => path.querySelector("title").textContent),
  details: document.getElementById("details").textContent,
  notes: document.getElementById("notes").textContent,
  count: document.getElementById("count").textContent,
}));
