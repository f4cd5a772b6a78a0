// What decides, beside the page; on a phone in a sheet over it.
const MOST_DETAILS = 60;
let chosen = null;

function choose(element, title, lines) {
  chosen?.classList.remove("chosen");
  chosen = element;
  chosen?.classList.add("chosen");
  const rest = lines.length - MOST_DETAILS;
  byId("details").replaceChildren(
    make("h2", {}, title),
    ...lines.slice(0, MOST_DETAILS).map(explained),
    ...(rest > 0 ? [make("p", { class: "soft" }, `and ${rest} more: filter, or open the row`)] : []));
  open(true);
}

function open(is) {
  for (const one of [byId("aside"), document.body]) one.classList.toggle("open", is);
}

function close() {
  open(false);
  chosen?.focus();
}

function explained(line) {
  const can = line.allowed === null ? "might" : "can";
  return make("article", { class: line.level },
    make("p", {}, make("strong", {}, line.principal), ` ${can} ${line.actions.map(short).join(", ")}`),
    make("p", {}, line.circumstances || "always"),
    make("p", { class: "soft" }, line.key),
    make("ul", {}, ...line.statements.map((one) => make("li", {},
      make("code", {}, `${one.path || one.policy}${one.statement === null ? "" : ` statement ${one.statement}`}`),
      `${one.sid ? ` (${one.sid})` : ""} ${one.text}`))));
}
