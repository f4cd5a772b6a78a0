"""Rows as text, for people and for snapshots: construct paths where a value is the ARN of a construct."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from secure_kms_constructs.aws.facts import CRYPTOGRAPHIC_ACTIONS, KEY_ACTIONS, METADATA_ACTIONS
from secure_kms_constructs.policies.lines import one_line
from secure_kms_constructs.templates.landscape import Landscape, Note
from secure_kms_constructs.templates.stacks import ANY_REGION

from .rows import Row
from .value_classes import Constraint

# Whoever may read a key's metadata learns nothing that it protects, so snapshots leave that out.
ACTIONS = tuple(sorted(KEY_ACTIONS.value - set(METADATA_ACTIONS.value)))

# Of so few actions it is said which are left out, instead of all the others.
_FEW = 5

# What may follow the ARN of a resource in a value that is about it.
_SUFFIXES = ("", ":*", "/*", "*")


@dataclass(frozen=True, eq=False)
class Words:
    """How values of policies are shown.

    :param paths: construct paths by the ARN of what the constructs make.
    """

    paths: Mapping[str, str] = field(default_factory=dict)

    def circumstances(self, row: Row) -> str:
        """Return when a row is so: through which service, with which encryption context, under which conditions."""
        region = row.side.region
        via = f"via {_either(self._services(row.via, region))}" if row.via and _is_plain(row.via) else ""
        said = [self.constraint(one) for one in row.constraints if not (via and one is row.via)]
        when = f"when {' or '.join(row.when)}" if row.when else ""
        return " ".join(one for one in (via, f"if {' and '.join(said)}" if said else "", when) if one)

    def _services(self, via: Constraint, region: str) -> list[str]:
        ends = (f".{region}.amazonaws.com", f".{ANY_REGION}.amazonaws.com")
        return sorted(value.removesuffix(ends[0]).removesuffix(ends[1]) for value in via.values)

    def constraint(self, constraint: Constraint) -> str:
        """Return a constraint in words."""
        return constraint.text(sorted(self.value(one) for one in constraint.values))

    def value(self, text: str) -> str:
        """Return a value, as a construct path where it is the ARN of what a construct makes."""
        for suffix in _SUFFIXES:
            arn = text.removesuffix(suffix)
            if text.endswith(suffix) and arn in self.paths:
                return self.paths[arn] + suffix
        return text

    def meanings(self, text: str) -> list[str]:
        """Return the ARNs that are shown as a text."""
        found = []
        for suffix in _SUFFIXES:
            if text.endswith(suffix):
                found += [f"{arn}{suffix}" for arn in self._arns.get(text.removesuffix(suffix), ())]
        return sorted(dict.fromkeys(found))

    @cached_property
    def _arns(self) -> dict[str, list[str]]:
        arns: dict[str, list[str]] = {}
        for arn, path in self.paths.items():
            arns.setdefault(path, []).append(arn)
        return arns


def words_of(landscapes: Iterable[Landscape]) -> Words:
    """Return how values of the landscapes' policies are shown."""
    resources = (one for landscape in landscapes for one in landscape.resources)
    return Words({one.arn: one.source.path for one in resources if one.arn})


@dataclass(frozen=True)
class Line:
    """What a principal can do with a key under the same circumstances.

    :param key: the construct path of the key, else its ARN.
    :param principal: the construct path of the principal, else its ARN or what it stands for.
    :param allowed: True; None where it is not known whether it can.
    :param actions: the KMS actions.
    :param circumstances: in words; empty where there are none.
    :param rows: the rows that say so, one for each action.
    """

    key: str
    principal: str
    allowed: bool | None
    actions: tuple[str, ...]
    circumstances: str
    rows: tuple[Row, ...]

    def __str__(self) -> str:
        told = f"{self.principal}: {of_actions(self.actions)} {self.circumstances}".rstrip()
        return f"{' ' if self.allowed else '?'} {one_line(told)}"


def lines(rows: Iterable[Row], words: Words) -> tuple[Line, ...]:
    """Return rows as lines, sorted by key, those of the templates before those who only stand for others."""
    said: dict[tuple[str, bool, str, bool, str], list[Row]] = {}
    for row in rows:
        line = (row.key, row.party.outsider, row.principal, row.allowed is None, words.circumstances(row))
        said.setdefault(line, []).append(row)
    return tuple(
        Line(key, principal, None if unknown else True, tuple(row.action for row in alike), text, tuple(alike))
        for (key, _, principal, unknown, text), alike in sorted(said.items(), key=lambda one: one[0])
    )


def as_text(told: Iterable[Line], keys: Iterable[str], notes: Iterable[Note], *, owners: bool = True) -> str:
    """Return lines as text, below the key that they are about.

    :param owners: whether owners have lines of their own, or one in common that names them.
    """
    by_key: dict[str, list[str]] = {key: [] for key in keys}
    folded: dict[str, list[str]] = {}
    for line in told:
        if owners or not is_of_owner(line):
            by_key[line.key].append(str(line))
        else:
            folded.setdefault(line.key, []).append(line.principal)
    for key, names in folded.items():
        by_key[key].append(one_line(f"  owners: {', '.join(dict.fromkeys(names))}"))
    blocks = ["\n".join([one_line(key), *(said or ["  nobody"])]) for key, said in by_key.items()]
    unread = sorted(f"? {one_line(of_note(note))}" for note in notes)
    return "\n\n".join([*blocks, *(["\n".join(["not known", *unread])] if unread else [])])


def is_of_owner(line: Line) -> bool:
    """Tell whether a line is about the ownership of a key, and no use of it that anybody was given.

    So are all of the root user of its account, those of the role that deploys through services, and those of whoever
    manages it without a use of it and without ``kms:CreateGrant``, by which one gives oneself a use.
    """
    row = line.rows[0]
    party = row.party
    if party.is_root or party.is_deployer:
        own = party.caller.account == row.side.account
        return own and (party.is_root or _manages(line) or bool(row.via and _is_plain(row.via)))
    return bool(line.allowed) and party.source is not None and _manages(line)


def _manages(line: Line) -> bool:
    return "kms:CreateGrant" not in line.actions and not CRYPTOGRAPHIC_ACTIONS.intersection(line.actions)


def of_note(note: Note) -> str:
    """Return what could not be read, and where."""
    return f"{note.source.path if note.source else 'templates'}: {note.text}"


def of_actions(actions: Iterable[str]) -> str:
    """Return KMS actions in words."""
    actions = tuple(actions)
    others = sorted(set(ACTIONS).difference(actions))
    if len(others) <= _FEW:
        return f"every action{f' but {_short(others)}' if others else ''}"
    return _short(actions)


def _short(actions: Iterable[str]) -> str:
    return ", ".join(sorted({one.removeprefix("kms:") for one in actions}))


def _is_plain(via: Constraint) -> bool:
    return bool(via.values) and not via.negated and not via.absent


def _either(values: list[str]) -> str:
    return ", ".join(values[:-1]) + " or " + values[-1] if len(values) > 1 else "".join(values)
