// What the page is about, and what all its parts use.
const data = JSON.parse(document.getElementById("data").textContent);
const LEVELS = ["owner", "narrow", "wide", "unknown", "alarm"];
const SIGNS = { owner: "·", narrow: "✓", wide: "!", unknown: "?", alarm: "‼" };
const SAID = {
  owner: "manages it, or is its root user",
  narrow: "within limits",
  wide: "without limits, or within a wildcard",
  unknown: "not known whether",
  alarm: "anyone not listed",
};
const SVG = ["svg", "g", "rect", "text", "path", "title"];
const byId = (id) => document.getElementById(id);
const compare = (one, other) => one.localeCompare(other, "en", { numeric: true });
data.keys.sort(compare);
const short = (action) => action.replace("kms:", "");
const rank = (level) => LEVELS.indexOf(level);
const worst = (lines) => lines.reduce((found, one) => (rank(one.level) > rank(found) ? one.level : found), "owner");
const counted = (number, word) => `${number} ${word}${number === 1 ? "" : "s"}`;

function make(name, attributes = {}, ...children) {
  const made = SVG.includes(name) ? document.createElementNS("http://www.w3.org/2000/svg", name) : document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
    else if (value !== undefined) made.setAttribute(key, value);
  }
  made.append(...children);
  return made;
}

// The lines that are asked for.
function shown() {
  const action = byId("action").value, key = byId("key").value, alarming = byId("alarming").checked;
  const wanted = byId("filter").value.trim().toLowerCase();
  return data.access.filter((line) =>
    (!action || line.actions.includes(action)) &&
    (!key || line.key === key) &&
    (!alarming || rank(line.level) >= rank("wide")) &&
    (!wanted || `${line.principal} ${line.circumstances} ${line.key}`.toLowerCase().includes(wanted)));
}

// Keys that have a column: all of them, until somebody asks for less.
function columnsOf(lines) {
  const asked = byId("key").value || byId("filter").value.trim() || byId("alarming").checked;
  const found = new Set(lines.map((line) => line.key));
  return asked ? data.keys.filter((key) => found.has(key)) : data.keys;
}

const ALIKE = 3;

// Principals that can do the same, but for the names of what they do it with.
function shape(lines) {
  const said = lines.map((line) => {
    const { key, level, allowed, actions, via, encryption_context: context, conditions, when } = line;
    return [key, level, allowed, actions, via, Object.keys(context), conditions, when];
  });
  return JSON.stringify([lines[0].kind, said.map((one) => JSON.stringify(one)).sort()]);
}

// Principals with their lines, the alarming first; those alike are one where that is wanted.
function partiesOf(lines) {
  const several = new Map();
  for (const line of lines) several.set(line.principal, [...(several.get(line.principal) ?? []), line]);
  const shapes = new Map();
  for (const [name, theirs] of several) {
    const alike = byId("grouped").checked ? shape(theirs) : name;
    shapes.set(alike, [...(shapes.get(alike) ?? []), { name, kind: theirs[0].kind, lines: theirs, members: [] }]);
  }
  const parties = [...shapes.values()].flatMap((alike) => {
    if (alike.length < ALIKE) return alike;
    const members = alike.sort((one, other) => compare(one.name, other.name));
    const name = `${members.length} alike: ${members[0].name} … ${members.at(-1).name}`;
    return [{ name, kind: members[0].kind, lines: members.flatMap((one) => one.lines), members }];
  });
  return parties.sort((one, other) => rank(worst(other.lines)) - rank(worst(one.lines)) || compare(one.name, other.name));
}

// Moves the one stop of the Tab key within a table or a picture, as its arrow keys do.
function rove(places, from, to) {
  if (!to) return;
  for (const one of places) one.setAttribute("tabindex", "-1");
  to.setAttribute("tabindex", "0");
  if (from) to.focus();
}
