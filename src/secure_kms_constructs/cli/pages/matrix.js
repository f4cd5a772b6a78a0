// The table: one row for each principal, one column for each key.
const opened = new Set();

function matrix(lines) {
  const keys = columnsOf(lines), rows = [];
  const head = make("tr", { role: "row" }, make("th", { role: "columnheader", scope: "col" }, "who"), ...keys.map((key) =>
    make("th", { role: "columnheader", scope: "col" }, make("button", { type: "button", title: key, tabindex: -1, onclick: () => pickKey(key) }, key))));
  for (const party of partiesOf(lines)) {
    rows.push(rowOf(party, keys, "party"));
    if (opened.has(party.name)) rows.push(...party.members.map((one) => rowOf(one, keys, "member")));
  }
  const table = byId("matrix");
  table.setAttribute("aria-rowcount", rows.length + 1);
  table.setAttribute("aria-colcount", keys.length + 1);
  table.replaceChildren(
    make("thead", { role: "rowgroup" }, head),
    make("tbody", { role: "rowgroup" }, ...(rows.length ? rows : [nobody(keys.length + 1)])));
  // More columns than a sheet of paper is wide are printed as a list.
  byId("cards").media = `screen and (max-width: 640px)${keys.length > 4 ? ", print" : ""}`;
  rove(stops(), false, table.querySelector("td button") ?? stops()[0]);
}

const nobody = (columns) => make("tr", { role: "row" }, make("th", { role: "rowheader", scope: "row", colspan: columns }, "nobody"));

function rowOf(party, keys, kind) {
  const header = make("th", { class: party.kind, title: party.name, role: "rowheader", scope: "row" });
  if (party.members.length) {
    const is = opened.has(party.name);
    header.append(make("button", { type: "button", tabindex: -1, "aria-expanded": is, onclick: () => toggle(party.name) }, `${is ? "▾" : "▸"} ${party.name}`));
  } else header.append(party.name);
  return make("tr", { role: "row", class: kind }, header, ...keys.map((key) => cellOf(party, key)));
}

function cellOf(party, key) {
  const found = party.lines.filter((line) => line.key === key);
  if (!found.length) return make("td", { role: "gridcell", tabindex: -1, "aria-label": `${party.name}, ${key}: nothing` });
  const level = worst(found), several = (texts) => [...new Set(texts)].sort();
  const said = byId("action").value
    ? several(found.map((one) => one.circumstances || "always"))
    : several(found.flatMap((one) => one.actions.map(short)));
  const text = said.length > 3 && party.members.length ? `${said[0]} and ${said.length - 1} more` : said.join(byId("action").value ? "; " : ", ");
  const button = make("button", { type: "button", class: level, title: text, tabindex: -1, "aria-label": `${party.name}, ${key}: ${text}, ${SAID[level]}` },
    make("i", { "aria-hidden": "true" }, SIGNS[level]), text);
  button.addEventListener("click", () => {
    rove(stops(), false, button);
    choose(button, `${party.name} and ${key}`, found);
  });
  return make("td", { role: "gridcell", "data-key": key }, button);
}

function toggle(name) {
  if (!opened.delete(name)) opened.add(name);
  matrix(shown());
  const again = [...document.querySelectorAll("#matrix tbody th")].find((one) => one.title === name)?.querySelector("button");
  rove(stops(), true, again);
}

// What may have the focus in each cell, row by row.
const grid = () => [...byId("matrix").rows].map((row) => [...row.cells].map((cell) => cell.querySelector("button") ?? cell));
const stops = () => grid().flat().filter((one) => one.tagName !== "TH");

function move(event) {
  const rows = grid();
  const y = rows.findIndex((row) => row.some((one) => one.contains(event.target)));
  if (y < 0) return;
  const x = rows[y].findIndex((one) => one.contains(event.target));
  const steps = { ArrowRight: [0, 1], ArrowLeft: [0, -1], ArrowDown: [1, 0], ArrowUp: [-1, 0] };
  let to;
  if (event.key in steps) {
    const [down, right] = steps[event.key];
    // Headers without a button, and cells that are not drawn, are passed over.
    for (let [i, j] = [y + down, x + right]; rows[i]?.[j] && !to; [i, j] = [i + down, j + right]) if (canStop(rows[i][j])) to = rows[i][j];
  } else if (event.key === "Home" || event.key === "End") {
    const row = event.ctrlKey ? rows[event.key === "Home" ? 0 : rows.length - 1] : rows[y];
    to = (event.key === "Home" ? row : [...row].reverse()).find(canStop);
  } else return;
  event.preventDefault();
  rove(stops(), true, to);
}

const canStop = (one) => one.tagName !== "TH" && one.getClientRects().length > 0;
