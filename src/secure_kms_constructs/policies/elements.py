"""The ``Action`` and ``Resource`` elements of a statement and their Not siblings.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from difflib import get_close_matches
from functools import lru_cache, partial

from secure_kms_constructs.aws.facts import KEY_ACTIONS

from .made_up import names_key
from .patterns import ANY, Context, Text, check_characters, like, parse_text
from .verdicts import PolicyError, Unknown, Verdict, any_of, opposite

_ACTIONS = {action.lower(): action for action in sorted(KEY_ACTIONS.value)}


@dataclass(frozen=True)
class Element:
    """An ``Action`` or ``Resource`` element, or its Not sibling.

    :param negated: whether it is the Not sibling.
    :param values: its values; empty where a statement has neither, which never matches.
    :param completed: those that are no whole ARNs, as they are if AWS fills the rest with ``*``, where no page says
        whether it does.
    """

    negated: bool
    values: tuple[Text | Unknown, ...]
    completed: tuple[Text, ...] = ()

    def matches_action(self, action: str) -> Verdict:
        """Tell whether it names an action, given in lower case."""
        return self._matches(any_of(_names_action(value, action) for value in self.values))

    def matches_resource(self, arn: str, context: Context) -> Verdict:
        """Tell whether it names a resource."""
        # A variable without a value names no resource. Whether NotResource then names all others or makes the
        # statement invalid, the page on variables leaves open.
        without_value = None if self.negated else False
        named = any_of(_names_resource(value, arn, context, without_value) for value in self.values)
        if named is False and any(_names_resource(one, arn, context, None) is not False for one in self.completed):
            named = None
        return self._matches(named)

    def _matches(self, verdict: Verdict) -> Verdict:
        return opposite(verdict) if self.negated else verdict


def parse_actions(statement: Mapping[str, object], where: str) -> Element:
    """Parse ``Action`` or ``NotAction``; PolicyError where its values are no texts."""
    return _element(statement, "Action", where, partial(_action, where=where))


def parse_resources(statement: Mapping[str, object], where: str, *, variables: bool, completes: bool) -> Element:
    """Parse ``Resource`` or ``NotResource``; PolicyError where its values are no texts.

    :param completes: whether AWS fills what an ARN lacks with ``*``, as in identity policies:
        https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html
    """
    element = _element(statement, "Resource", where, partial(_resource, variables=variables, completes=completes))
    if completes:
        return element
    parts = (one for one in element.values if isinstance(one, Text) and _is_part(one.written))
    return replace(
        element, completed=tuple(_resource(one.written, variables=variables, completes=True) for one in parts)
    )


def _element(statement: Mapping[str, object], name: str, where: str, parse: Callable[[str], Text]) -> Element:
    written = next((element for element in (name, f"Not{name}") if element in statement), None)
    values = tuple(_texts(statement[written], f"{where}: {written}")) if written else ()
    parsed = (value if isinstance(value, Unknown) else parse(value) for value in values)
    return Element(written == f"Not{name}", tuple(parsed))


def _texts(value: object, where: str) -> Iterator[str | Unknown]:
    values = value if isinstance(value, list | tuple) else [value]
    if not values:
        raise PolicyError(f"{where} must have at least one value, got none")
    for one in values:
        if not isinstance(one, str | Unknown):
            raise PolicyError(f"{where} must be text or a list of texts, got {one!r}")
        yield one if isinstance(one, Unknown) else check_characters(one, where)


def _action(text: str, where: str) -> Text:
    action = parse_text(text.lower(), variables=False)
    if ":" not in text and set(action.fixed or "") != {ANY}:
        close = get_close_matches(text.lower(), _ACTIONS, n=1)
        hint = f"; did you mean {_ACTIONS[close[0]]}?" if close else ""
        raise PolicyError(f"{where}: Action: an action must be <service>:<name> or *, got {text!r}{hint}")
    return action


def _resource(text: str, *, variables: bool, completes: bool) -> Text:
    # Variables count only after the fifth colon of an ARN; elsewhere they stay text, which no key ARN holds.
    parsed = parse_text(text, variables=variables and text.split("${")[0].count(":") >= 5)
    if not completes or not _is_part(text):
        return parsed
    return Text(text, ((parsed.fixed or "") + f":{ANY}" * (5 - text.count(":")),))


def _is_part(text: str) -> bool:
    """Tell whether a text is an ARN of fewer than six parts."""
    return text.count(":") < 5 and set(text) != {"*"}


def _names_action(value: Text | Unknown, action: str) -> Verdict:
    if isinstance(value, Unknown):
        return None
    return _is_action(value.fixed or "", action)


@lru_cache(maxsize=65536)
def _is_action(pattern: str, action: str) -> bool:
    # Without a service, only "*" is an action.
    return like(pattern, action) if ":" in pattern else set(pattern) == {ANY}


def _names_resource(value: Text | Unknown, arn: str, context: Context, without_value: Verdict) -> Verdict:
    if isinstance(value, Unknown):
        return None
    pattern = value.resolve(context)
    if isinstance(pattern, str):
        return names_key(pattern, arn)
    return without_value if pattern is None else None
