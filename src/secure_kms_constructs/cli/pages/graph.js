// The picture: from who, through which service and for what, to the key. It holds 40 nodes at most.
const COLUMNS = ["who", "through", "for what", "key"];
const MOST_NODES = 40;
const MOST_OF_A_COLUMN = MOST_NODES / COLUMNS.length;

function stepsOf(line, who) {
  const services = line.via ? line.via : ["any service, or none"];
  const limits = [...Object.values(line.encryption_context), ...Object.values(line.conditions), ...line.when];
  return services.map((service) => [who, service, limits.join(" and ") || "anything", line.key]);
}

// The lines of each name of each column.
function nodesOf(steps) {
  const columns = COLUMNS.map(() => new Map());
  for (const [line, path] of steps) path.forEach((name, place) => columns[place].set(name, [...(columns[place].get(name) ?? []), line]));
  return columns;
}

// Names of a column with what stands for them: the less alarming of too many are one.
function folded(names) {
  if (names.size <= MOST_OF_A_COLUMN) return (name) => name;
  const ordered = [...names].sort(([one, first], [other, second]) => rank(worst(second)) - rank(worst(first)) || compare(one, other));
  const kept = new Set(ordered.slice(0, MOST_OF_A_COLUMN - 1).map(([name]) => name));
  return (name) => (kept.has(name) ? name : `${names.size - kept.size} more`);
}

function graph(lines) {
  const whole = lines.flatMap((line) => stepsOf(line, line.principal).map((path) => [line, path]));
  const all = nodesOf(whole).reduce((sum, one) => sum + one.size, 0);
  const isChosen = byId("key").value || byId("filter").value.trim();
  if (!lines.length) return tell("nobody");
  if (all > MOST_NODES && !isChosen && new Set(lines.map((one) => one.key)).size > 1) {
    return tell(`${counted(all, "node")} are too many for one picture: choose a key, or filter.`);
  }
  draw(all > MOST_NODES ? fold(lines) : whole);
}

const tell = (text) => byId("graph").replaceChildren(make("p", { class: "soft" }, text));

function fold(lines) {
  const alike = new Map(partiesOf(lines).flatMap((party) => party.members.map((one) => [one.name, party.name])));
  const steps = lines.flatMap((line) => stepsOf(line, alike.get(line.principal) ?? line.principal).map((path) => [line, path]));
  const names = nodesOf(steps).map(folded);
  return steps.map(([line, path]) => [line, path.map((name, place) => names[place](name))]);
}

function draw(steps) {
  const ordered = [...steps].sort(([, one], [, other]) => compare(one[3], other[3]) || compare(one[0], other[0]));
  const columns = nodesOf(ordered), edges = new Map();
  for (const [line, path] of ordered) {
    for (let place = 1; place < path.length; place++) {
      const edge = JSON.stringify([place, path[place - 1], path[place]]);
      edges.set(edge, (edges.get(edge) ?? new Set()).add(line));
    }
  }
  const room = byId("graph").clientWidth, gap = room < 640 ? 28 : 64;
  const width = Math.max(room < 640 ? 128 : 150, (room - 3 * gap - 22) / 4);
  const step = 28, top = 34, most = Math.max(...columns.map((one) => one.size)), height = top + most * step + 8;
  const x = (place) => 10 + place * (width + gap);
  const at = columns.map((names) => new Map([...names.keys()].map((name, index) => [name, top + (index + 0.5) * (most * step / names.size)])));
  const whole = x(3) + width + 10;
  const svg = make("svg", { width: whole, height, viewBox: `0 0 ${whole} ${height}`, role: "group", "aria-label": "From principal to key; arrow keys move from node to node" });
  COLUMNS.forEach((title, place) => svg.append(make("text", { class: "head", x: x(place), y: 18 }, title)));
  for (const [edge, several] of edges) {
    const [place, from, to] = JSON.parse(edge), found = [...several];
    const x1 = x(place - 1) + width, x2 = x(place), y1 = at[place - 1].get(from), y2 = at[place].get(to);
    const path = make("path", { class: worst(found), "aria-hidden": "true", d: `M${x1},${y1} C${x1 + gap / 2},${y1} ${x2 - gap / 2},${y2} ${x2},${y2}` },
      make("title", {}, `${from} → ${to}`));
    path.addEventListener("click", () => choose(null, `${from} → ${to}`, found));
    svg.append(path);
  }
  const nodes = columns.map((names, place) => [...names].map(([name, found]) => {
    const level = worst(found);
    const alarms = place === 0 && found[0].kind === "outsider" ? " outsider" : place === 2 && name === "anything" && level !== "owner" ? " anything" : "";
    const group = make("g", { class: `node${alarms}`, role: "button", tabindex: -1, "aria-label": `${COLUMNS[place]}: ${name}, ${SAID[level]}`, transform: `translate(${x(place)},${at[place].get(name) - 11})` },
      make("rect", { width, height: 22, rx: 4 }), make("text", { x: 7, y: 15 }, place === 1 ? name.replace(/\.amazonaws\.com$/, "") : name), make("title", {}, name));
    const pick = () => {
      rove(nodes.flat(), false, group);
      choose(group, name, [...new Set(found)]);
    };
    group.addEventListener("click", pick);
    group.addEventListener("keydown", (event) => walk(event, nodes, place, pick));
    svg.append(group);
    return group;
  }));
  nodes[0][0].setAttribute("tabindex", "0");
  byId("graph").replaceChildren(svg);
  for (const text of svg.querySelectorAll(".node text")) fit(text, width - 14);
}

// Shortens a text in its middle until it fits: names differ at their ends.
function fit(text, room) {
  const whole = text.textContent;
  let [low, high] = [1, whole.length];
  if (text.getComputedTextLength() <= room) return;
  while (low < high) {
    const kept = Math.ceil((low + high) / 2), head = Math.floor(kept / 4);
    text.textContent = `${whole.slice(0, head)}…${whole.slice(whole.length - kept + head)}`;
    if (text.getComputedTextLength() <= room) low = kept;
    else high = kept - 1;
  }
  const head = Math.floor(low / 4);
  text.textContent = `${whole.slice(0, head)}…${whole.slice(whole.length - low + head)}`;
}

function walk(event, nodes, place, pick) {
  const column = nodes[place], index = column.indexOf(event.currentTarget);
  const near = (other) => other?.[Math.min(other.length - 1, Math.round((index + 0.5) * other.length / column.length - 0.5))];
  const to = {
    ArrowDown: column[index + 1], ArrowUp: column[index - 1], ArrowRight: near(nodes[place + 1]), ArrowLeft: near(nodes[place - 1]),
    Home: column[0], End: column.at(-1),
  };
  if (event.key === "Enter" || event.key === " ") pick();
  else if (event.key in to) rove(nodes.flat(), true, to[event.key]);
  else return;
  event.preventDefault();
}
