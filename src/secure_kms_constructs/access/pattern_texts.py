"""Texts that tell wildcard patterns apart: one for each combination of patterns that some text matches.

No sample letter stands for "any other character", because policies could use it up. At each step of the search the
characters are divided by what the patterns do with them, and one of each part is tried. So a combination that is not
found is one that no text has.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from string import ascii_letters, digits

from secure_kms_constructs.policies.patterns import ANY, ONE

# In a pattern, one character or any number of them of a kind; set aside by Unicode like the wildcards.
DIGIT, NAME, NAMES, PATH, PATHS, LABEL, LABELS, DOTTED = "\ufdd2\ufdd3\ufdd4\ufdd5\ufdd6\ufdd7\ufdd8\ufdd9"

# What names and paths of IAM are made of: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
_OF_NAMES = "xzqjkvwy" + "".join(one for one in ascii_letters + digits if one not in "xzqjkvwy") + "_+=,.@-"
# All that is printed in ASCII; those that also stand for wildcards last.
IAM = _OF_NAMES + "".join(one for one in map(chr, range(0x21, 0x7F)) if one not in _OF_NAMES + "*?") + "*?"
_OF_LABELS = "".join(one for one in _OF_NAMES if one.islower() or one.isdigit()) + "-"
_KINDS = {
    DIGIT: (digits, False),
    NAME: (_OF_NAMES, False),
    NAMES: (_OF_NAMES, True),
    PATH: (IAM, False),
    PATHS: (IAM, True),
    LABEL: (_OF_LABELS, False),
    LABELS: (_OF_LABELS, True),
    DOTTED: (_OF_LABELS + ".", True),
}
# Which of the characters that no policy uses to take first.
_LIKELY = "xzqjkvwyXZQJKVWY" + "".join(map(chr, range(0xE000, 0xF900)))

# Past so many states the patterns are too entangled to tell apart, and what depends on them is unknown.
STATES = 20_000


@dataclass(frozen=True)
class Pattern:
    """A pattern of a policy.

    :param text: with the wildcards of ``policies.patterns``.
    :param arn: whether a wildcard before the fifth colon stays within its component, as for ``ArnLike``.
    :param any_case: whether letters match whatever their case.
    """

    text: str
    arn: bool = False
    any_case: bool = False

    @property
    def is_plain(self) -> bool:
        """Whether exactly one text matches."""
        return not (self.any_case or any(one in _KINDS or one in (ANY, ONE) for one in self.text))


def matches(pattern: Pattern, text: str) -> bool:
    """Tell whether a pattern matches a text."""
    tokens = _tokens(pattern)
    place = _skipping(tokens, {0})
    for character in text:
        place = _after(tokens, place, character)
    return len(tokens) in place


@dataclass(frozen=True)
class _Token:
    """One step of a pattern: some characters, or a wildcard that may or may not stand for a colon."""

    characters: str
    repeats: bool = False
    crosses: bool = True

    def accepts(self, character: str) -> bool:
        return character in self.characters if self.characters else self.crosses or character != ":"


_Tokens = tuple[_Token, ...]


@lru_cache(maxsize=4096)
def telling_texts(
    patterns: tuple[Pattern, ...], literals: frozenset[str] = frozenset(), within: tuple[Pattern, ...] = ()
) -> tuple[str, ...] | None:
    """Return a text for each combination of patterns that some text matches, none of them a literal.

    :param within: patterns of which each text must match one; none where it may be any but the empty text.
    :return: None where it would take too long to find out.
    """
    if literals and (at_once := telling_texts(patterns, frozenset(), within)) and literals.isdisjoint(at_once):
        return at_once
    machines = [_Machine(_tokens(one)) for one in (*within, *patterns)]
    bounds = machines[: len(within)]
    characters = IAM if within else _characters([one.tokens for one in machines], literals)
    following = _following(literals)
    letters: dict[object, tuple[str, ...]] = {}
    found: dict[tuple[bool, ...], str] = {}
    # Where each pattern stands after a text, and the text itself while it may still become a literal.
    start = (tuple(one.start for one in machines), "" if literals else None)
    # Not seen yet, because the empty text is no value, and a longer one may lead to the same place.
    seen, waiting = set(), deque([(start, "")])
    while waiting:
        (places, prefix), text = waiting.popleft()
        accepted = tuple(one.is_end[place] for one, place in zip(machines, places, strict=True))
        if text and prefix not in literals and (not within or any(accepted[: len(within)])):
            found.setdefault(accepted[len(within) :], text)
        near = following.get(prefix or "", "") if prefix is not None else ""
        active = _active(machines, places)
        if (active, near) not in letters:
            letters[active, near] = _letters(characters, active, near)
        steps = [one.steps[place] for one, place in zip(machines, places, strict=True)]
        for character in letters[active, near]:
            longer = prefix + character if prefix is not None else None
            after = tuple([one[character] for one in steps])
            state = (after, longer if longer in literals or longer in following else None)
            if state not in seen and (
                not within or any(one.places[place] for one, place in zip(bounds, after, strict=False))
            ):
                seen.add(state)
                waiting.append((state, text + character))
        if len(seen) > STATES:
            return None
    return tuple(found.values())


class _Machine:
    """A pattern that reads a text; the sets of places where it may stand then are few, and each has a number.

    :ivar places: the places, by number.
    :ivar is_end: whether the text matches there.
    :ivar steps: what number follows for a character.
    """

    def __init__(self, tokens: _Tokens) -> None:
        self.tokens = tokens
        self.places: list[frozenset[int]] = []
        self.is_end: list[bool] = []
        self.steps: list[_Steps] = []
        self._numbers: dict[frozenset[int], int] = {}
        self.start = self.number_of(_skipping(tokens, {0}))

    def number_of(self, place: frozenset[int]) -> int:
        if place not in self._numbers:
            self._numbers[place] = len(self.places)
            self.places.append(place)
            self.is_end.append(len(self.tokens) in place)
            self.steps.append(_Steps(self, place))
        return self._numbers[place]


class _Steps(dict[str, int]):
    """What follows from one set of places, told once for each character."""

    def __init__(self, machine: _Machine, place: frozenset[int]) -> None:
        self._machine = machine
        self._place = place

    def __missing__(self, character: str) -> int:
        self[character] = self._machine.number_of(_after(self._machine.tokens, self._place, character))
        return self[character]


@lru_cache(maxsize=16384)
def _tokens(pattern: Pattern) -> _Tokens:
    return tuple(_tokens_of(pattern))


def _tokens_of(pattern: Pattern) -> Iterator[_Token]:
    colons = 0
    for character in pattern.text:
        crosses = not pattern.arn or colons >= 5
        if character in (ANY, ONE):
            yield _Token("", repeats=character == ANY, crosses=crosses)
        elif character in _KINDS:
            yield _Token(*_KINDS[character])
        else:
            yield _Token(character.lower() + character.upper() if pattern.any_case else character)
        colons += character == ":"


def _characters(machines: Iterable[_Tokens], literals: Iterable[str]) -> str:
    """Return all characters that are mentioned, and one that is not, which stands for all others."""
    used = {character for tokens in machines for token in tokens for character in token.characters}
    used.update(*literals, ":")
    other: str = next(one for one in (*_LIKELY, *map(chr, range(0x20, 0xD800))) if one not in used)
    return other + "".join(sorted(used))


def _following(literals: Iterable[str]) -> dict[str, str]:
    """Return the characters that may follow each beginning of a literal."""
    following: dict[str, set[str]] = {}
    for literal in literals:
        for place, character in enumerate(literal):
            following.setdefault(literal[:place], set()).add(character)
    return {prefix: "".join(sorted(characters)) for prefix, characters in following.items()}


def _active(machines: list[_Machine], places: tuple[int, ...]) -> frozenset[_Token]:
    """The steps that the next character may be of."""
    return frozenset(
        one.tokens[at]
        for one, place in zip(machines, places, strict=True)
        for at in one.places[place]
        if at < len(one.tokens)
    )


def _letters(characters: str, active: frozenset[_Token], near: str) -> tuple[str, ...]:
    """Return one character for each way in which the next may be taken."""
    taken: dict[object, str] = {}
    for one in characters:
        taken.setdefault((one if one in near else "", *(token.accepts(one) for token in active)), one)
    return tuple(taken.values())


def _after(tokens: _Tokens, place: frozenset[int], character: str) -> frozenset[int]:
    accepting = (at for at in place if at < len(tokens) and tokens[at].accepts(character))
    return _skipping(tokens, {at if tokens[at].repeats else at + 1 for at in accepting})


def _skipping(tokens: _Tokens, place: set[int]) -> frozenset[int]:
    reached = set()
    for at in place:
        reached.add(at)
        while at < len(tokens) and tokens[at].repeats:
            at += 1
            reached.add(at)
    return frozenset(reached)
