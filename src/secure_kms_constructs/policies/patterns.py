"""Text of a policy: wildcards, policy variables, and how they match the text of a request.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from .verdicts import PolicyError, Unknown

# Inside a pattern these stand for the wildcards, so that a substituted or escaped * stays an asterisk.
# Unicode sets both aside for internal use, and text that contains them is refused.
ANY, ONE = "\ufdd0", "\ufdd1"
# In the ARN of a key it stands for a hexadecimal digit that is not known.
HEX = "\ufdd3"

_SET_ASIDE = re.compile("[\ufdd0-\ufdef]")
_VARIABLE = re.compile(r"\$\{([^}]*)\}")
_NAME_AND_DEFAULT = re.compile(r"\s*([^,]*?)\s*(?:,\s*'(.*)')?\s*")
_DIGITS = "0123456789abcdef"
_ESCAPES = ("*", "?", "$")

# What a request has for a condition key: one value, the values of a multivalued key, something not known,
# or None where it does not have the key.
ContextValue = str | tuple[str | Unknown, ...] | Unknown | None
# Answers with that for a key's name in lower case.
Context = Callable[[str], ContextValue]


@dataclass(frozen=True)
class Variable:
    """A policy variable, ``${aws:username}`` or ``${aws:PrincipalTag/team, 'none'}``."""

    key: str
    default: str | None

    def value(self, context: Context) -> str | Unknown | None:
        """Return what it stands for; a multivalued key cannot be a variable."""
        value = context(self.key.lower())
        return self.default if value is None or isinstance(value, tuple) else value


@dataclass(frozen=True)
class Text:
    """A value of a policy, cut into pattern text and variables.

    :param written: the value as the policy has it.
    """

    written: str
    pieces: tuple[str | Variable, ...]

    @property
    def fixed(self) -> str | None:
        """The pattern of a text without variables; None of one with."""
        piece = self.pieces[0]
        return piece if len(self.pieces) == 1 and isinstance(piece, str) else None

    def is_plain(self, *, wildcards: bool) -> bool:
        """Tell whether it stands for exactly what is written, where wildcards do or do not count."""
        return self.fixed == (self.written if wildcards else _wildcards(self.written))

    def resolve(self, context: Context) -> str | Unknown | None:
        """Return the pattern with its variables filled in; None where one has no value."""
        if self.fixed is not None:
            return self.fixed
        filled = []
        for piece in self.pieces:
            value = piece if isinstance(piece, str) else piece.value(context)
            if not isinstance(value, str):
                return value
            filled.append(value)
        return "".join(filled)


def check_characters(text: str, where: str) -> str:
    """Return the text; PolicyError where it holds a code point that Unicode sets aside, as wildcards are here."""
    if _SET_ASIDE.search(text):
        raise PolicyError(f"{where} must not contain the code points U+FDD0 to U+FDEF, got {text!r}")
    return text


def scalar(value: object, where: str) -> str:
    """Return a condition value as IAM compares it, as text.

    :raises PolicyError: when it is neither text nor number nor boolean.
    """
    if isinstance(value, bool):
        return str(value).lower()
    if not isinstance(value, str | int | float):
        raise PolicyError(f"{where} must be text, a number, a boolean or a list of these, got {value!r}")
    return check_characters(str(value), where)


def parse_text(written: str, *, variables: bool) -> Text:
    """Cut a policy value into pieces.

    :param variables: whether ``${...}`` is a variable: only in Version 2012-10-17.
    """
    if not variables or "${" not in written:
        return Text(written, (_wildcards(written),))
    pieces: list[str | Variable] = []
    end = 0
    for match in _VARIABLE.finditer(written):
        pieces.append(_wildcards(written[end : match.start()]))
        pieces.append(_variable(match[1]))
        end = match.end()
    pieces.append(_wildcards(written[end:]))
    return Text(written, tuple(pieces))


def _wildcards(text: str) -> str:
    return text.replace("*", ANY).replace("?", ONE)


def _variable(inside: str) -> str | Variable:
    if inside in _ESCAPES:
        return inside
    match = _NAME_AND_DEFAULT.fullmatch(inside)
    # Whatever else stands between the braces names no condition key, and so never has a value.
    return Variable(match[1], match[2]) if match else Variable(inside, None)


def literal(pattern: str) -> str:
    """Return a pattern as plain text, for operators to which * and ? are ordinary characters."""
    return pattern.replace(ANY, "*").replace(ONE, "?")


def like(pattern: str, value: str) -> bool:
    """Match a whole value: * is any text, ? any one character."""
    if ANY not in pattern and ONE not in pattern:
        return pattern == value
    return _regex(pattern).fullmatch(value) is not None


@lru_cache(maxsize=4096)
def _regex(pattern: str) -> re.Pattern[str]:
    first, *rest = (_one(part) for part in pattern.split(ANY))
    if not rest:
        return re.compile(first, re.DOTALL)
    # The leftmost match of each part is always good enough. The lookahead holds on to it, so a pattern of
    # many asterisks cannot make the search explode.
    middle = "".join(f"(?=(?P<g{index}>.*?{part}))(?P=g{index})" for index, part in enumerate(rest[:-1]) if part)
    return re.compile(f"{first}{middle}.*{rest[-1]}", re.DOTALL)


def _one(part: str) -> str:
    return ".".join(re.escape(piece) for piece in part.split(ONE))


def arn_like(pattern: str, arn: str) -> bool:
    """Match two ARNs component by component, as the Arn* operators do.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html#Conditions_ARN
    """
    return all(like(*pair) for pair in zip(pattern.split(":", 5), arn.split(":", 5), strict=True))


def resource_like(pattern: str, arn: str) -> bool:
    """Match a ``Resource`` value: a * within a component stays in it, one at its end may cross colons.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html
    """
    if ANY not in pattern and ONE not in pattern and HEX not in arn:
        return pattern == arn
    return pattern == ANY or _resource_like(pattern, arn)


@lru_cache(maxsize=65536)
def _resource_like(pattern: str, arn: str) -> bool:
    # The places in the ARN that the pattern so far can end at. A regular expression could explode.
    reached = {0}
    for place, token in enumerate(pattern):
        if token == ANY and pattern[place + 1 : place + 2] in ("", ":"):
            reached = set(range(min(reached), len(arn) + 1))
        elif token == ANY:
            reached = {end for start in reached for end in range(start, _component_end(arn, start) + 1)}
        else:
            reached = {at + 1 for at in reached if _is(token, arn[at : at + 1])}
        if not reached:
            return False
    return len(arn) in reached


def _component_end(arn: str, start: int) -> int:
    colon = arn.find(":", start)
    return len(arn) if colon < 0 else colon


def _is(token: str, character: str) -> bool:
    if token == ONE:
        return character not in ("", ":")
    return token == character or (character == HEX and token in _DIGITS)
