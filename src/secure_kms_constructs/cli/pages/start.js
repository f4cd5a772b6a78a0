// What was asked, what it was made from, and the first picture.
function pickKey(key) {
  byId("key").value = byId("key").value === key ? "" : key;
  drawAll();
}

function drawAll() {
  const lines = shown();
  matrix(lines);
  graph(lines);
  const who = new Set(lines.map((one) => one.principal)).size;
  byId("count").textContent = `${counted(who, "principal")}, ${counted(columnsOf(lines).length, "key")}`;
  const asked = [byId("action").selectedOptions[0].textContent, byId("key").value && `key ${byId("key").value}`, byId("filter").value && `filter “${byId("filter").value}”`, byId("alarming").checked && "only what alarms"];
  byId("asked").textContent = `Who can ${asked.filter(Boolean).join("; ")}: ${byId("count").textContent}`;
}

// Text that a spreadsheet takes for a formula is none with an apostrophe before it.
const field = (value) => `"${String(value).replace(/^([=+\-@\t\r])/, "'$1").replaceAll('"', '""')}"`;

function asCsv(lines) {
  const rows = lines.map((line) => [
    line.key, line.principal, line.kind, line.allowed === null ? "might" : "can", line.actions.map(short).join(" "),
    line.circumstances || "always", SAID[line.level],
    line.statements.map((one) => `${one.path || one.policy}${one.statement === null ? "" : ` statement ${one.statement}`}`).join("; "),
  ]);
  const head = ["key", "principal", "kind", "can", "actions", "circumstances", "meaning", "statements"];
  return [head, ...rows].map((row) => row.map(field).join(",") + "\r\n").join("");
}

function download() {
  // With a mark of its encoding, without which spreadsheets guess.
  const address = URL.createObjectURL(new Blob(["\ufeff", asCsv(shown())], { type: "text/csv" }));
  make("a", { href: address, download: "access.csv" }).click();
  setTimeout(() => URL.revokeObjectURL(address), 1000);
}

function madeFrom({ from, stacks, accounts, regions, at, version }) {
  const some = stacks.length > 6 ? [...stacks.slice(0, 5), `${stacks.length - 5} more`] : stacks;
  return [
    from && `from ${from}`, some.length && `${some.length === 1 ? "stack" : "stacks"} ${some.join(", ")}`,
    accounts.length && `${accounts.length === 1 ? "account" : "accounts"} ${accounts.join(", ")}`, regions.join(", "),
    `at ${at}`, `by secure-kms-constructs ${version}`,
  ].filter(Boolean).join(" · ");
}

function list(title, lines) {
  byId("notes").append(make("h2", {}, title), make("ul", {}, ...lines.map((line) => make("li", {}, ...[line].flat()))));
}

const actions = [...new Set(data.access.flatMap((line) => line.actions))].sort();
byId("action").append(make("option", { value: "" }, "do anything"), ...actions.map((one) => make("option", { value: one }, short(one))));
byId("action").value = actions.includes("kms:Decrypt") ? "kms:Decrypt" : "";
byId("key").append(make("option", { value: "" }, `all ${data.keys.length}`), ...data.keys.map((one) => make("option", { value: one }, one)));
// So many rows are read one by one no more.
byId("grouped").checked = new Set(data.access.map((line) => line.principal)).size > 20;
byId("made").textContent = madeFrom(data.made);
for (const id of ["action", "key", "filter", "alarming", "grouped"]) byId(id).addEventListener("input", drawAll);
document.querySelector("form").addEventListener("submit", (event) => event.preventDefault());
byId("csv").addEventListener("click", download);
byId("close").addEventListener("click", close);
byId("matrix").addEventListener("keydown", move);
document.addEventListener("keydown", (event) => { if (event.key === "Escape" && document.body.classList.contains("open")) close(); });
addEventListener("resize", () => graph(shown()));
if (data.notes.length) list("Not known", data.notes.map((note) => [make("code", {}, note.path || "templates"), ` ${note.text}`]));
for (const [title, lines] of Object.entries(data.sections || {})) list(title, lines);
drawAll();
// A link to a cell: #<principal>|<key>.
const [principal, key] = decodeURIComponent(location.hash.slice(1)).split("|");
const linked = shown().filter((line) => line.principal === principal && line.key === key);
if (linked.length) choose(null, `${principal} and ${key}`, linked);
