"""Texts that tell wildcard patterns apart: one for each combination of patterns that one text can match."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from secure_kms_constructs.policies.patterns import ANY, ONE

# In a pattern, any one digit; set aside by Unicode like the wildcards.
DIGIT = "\ufdd2"

# Past so many states the patterns are too entangled to tell apart, and what depends on them is unknown.
STATES = 20_000

# Stands for "any other character": the first that no pattern has, in the end one that Unicode leaves unused.
_OTHERS = "xzqjkvwyXZQJKVWY" + "".join(map(chr, range(0xE000, 0xE800)))


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
        return not (self.any_case or any(wildcard in self.text for wildcard in (ANY, ONE, DIGIT)))


def matches(pattern: Pattern, text: str) -> bool:
    """Tell whether a pattern matches a text."""
    tokens = tuple(_tokens(pattern))
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


_Places = tuple[frozenset[int], ...]


@lru_cache(maxsize=1024)
def telling_texts(patterns: tuple[Pattern, ...], literals: frozenset[str] = frozenset()) -> tuple[str, ...] | None:
    """Return a text for each combination of patterns that some text matches, none of them a literal.

    :return: None where it would take too long to find out.
    """
    if literals and (found_at_once := telling_texts(patterns)) is not None and literals.isdisjoint(found_at_once):
        return found_at_once
    machines = [tuple(_tokens(pattern)) for pattern in patterns]
    following = _following(literals)
    used = {character for tokens in machines for token in tokens for character in token.characters}
    used.update(*literals)
    other = next(one for one in _OTHERS if one not in used)
    found: dict[tuple[bool, ...], str] = {}
    # Where each pattern stands after a text, and the text itself while it may still become a literal.
    start = (tuple(_skipping(tokens, {0}) for tokens in machines), "" if literals else None)
    # Not seen yet, because the empty text is no value, and a longer one may lead to the same place.
    seen, waiting = set(), deque([(start, "")])
    while waiting:
        (places, prefix), text = waiting.popleft()
        if text and prefix not in literals:
            accepted = tuple(len(tokens) in place for tokens, place in zip(machines, places, strict=True))
            found.setdefault(accepted, text)
        near = _near(machines, places) | following.get(prefix or "", frozenset())
        for character in (other, *sorted(near)):
            longer = prefix + character if prefix is not None else None
            state = (
                tuple(_after(*pair, character) for pair in zip(machines, places, strict=True)),
                longer if longer in literals or longer in following else None,
            )
            if state not in seen:
                seen.add(state)
                waiting.append((state, text + character))
        if len(seen) > STATES:
            return None
    return tuple(found.values())


def _tokens(pattern: Pattern) -> Iterator[_Token]:
    colons = 0
    for character in pattern.text:
        crosses = not pattern.arn or colons >= 5
        if character in (ANY, ONE):
            yield _Token("", repeats=character == ANY, crosses=crosses)
        elif character == DIGIT:
            yield _Token("0123456789")
        else:
            yield _Token(character.lower() + character.upper() if pattern.any_case else character)
        colons += character == ":"


def _following(literals: Iterable[str]) -> dict[str, frozenset[str]]:
    """Return the characters that may follow each beginning of a literal."""
    following: dict[str, set[str]] = {}
    for literal in literals:
        for place, character in enumerate(literal):
            following.setdefault(literal[:place], set()).add(character)
    return {prefix: frozenset(characters) for prefix, characters in following.items()}


def _near(machines: list[tuple[_Token, ...]], places: _Places) -> set[str]:
    """The characters that do something else than any other character."""
    near: set[str] = set()
    for tokens, place in zip(machines, places, strict=True):
        for at in place:
            if at < len(tokens):
                near.update(tokens[at].characters or (() if tokens[at].crosses else ":"))
    return near


def _after(tokens: tuple[_Token, ...], place: frozenset[int], character: str) -> frozenset[int]:
    accepting = (at for at in place if at < len(tokens) and tokens[at].accepts(character))
    return _skipping(tokens, {at if tokens[at].repeats else at + 1 for at in accepting})


def _skipping(tokens: tuple[_Token, ...], place: set[int]) -> frozenset[int]:
    reached = set()
    for at in place:
        reached.add(at)
        while at < len(tokens) and tokens[at].repeats:
            at += 1
            reached.add(at)
    return frozenset(reached)
