"""What takes away from roles and users of an app: Denies in their own policies, and permissions boundaries.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from typing import Any, NamedTuple

from secure_kms_constructs.aws import arns
from secure_kms_constructs.aws.managed_policies import aws_managed
from secure_kms_constructs.policies import Policy, Unknown, parse_identity_policy

from .apps import App, Looked, Place, as_text, reference
from .identity_sides import HOLDERS, POLICIES, documents_of, holders_of
from .reading import listed

_PSEUDO = {"partition": "${AWS.Partition}", "region": "${AWS.Region}", "account": "${AWS.AccountId}"}
_ELEMENTS = ("Resource", "NotResource")

Names = Callable[[Any, str], "str | Unknown"]
"""Tells what a value of a Resource element is for what is asked about, given the path of the stack that it is of."""


class Document(NamedTuple):
    """A document as the look at synth has it.

    :param called: how messages call the policy that it is of.
    :param stack: the path of the stack that it is of.
    :param partly: whether only what it says of keys and secrets is known.
    """

    called: str
    stack: str
    value: Any
    partly: bool = False


class Restrictions(NamedTuple):
    """What takes away from one role or user; a boundary that cannot be read is none here, because it may allow all."""

    denials: tuple[Document, ...]
    boundary: Document | None = None

    def policies(self, app: App, names: Names) -> tuple[list[Policy], Policy | None]:
        """Return the parsed policies, the Denies apart from the boundary.

        :param names: tells what values of Resource elements are.
        """
        boundary = _parsed(app, self.boundary, names, "permissions boundary ") if self.boundary else None
        return [_parsed(app, one, names) for one in self.denials], boundary


def restrictions_of(app: App, holder: str) -> Restrictions:
    """Return what takes away from a role or user, given its path."""
    return _by_holder(app).get(holder, Restrictions(()))


def restricted(app: App) -> Iterator[tuple[Looked, Restrictions]]:
    """Yield the roles and users that something takes away from."""
    yield from ((app.resources[path], found) for path, found in _by_holder(app).items())


# As many keys ask the same of one app.
@lru_cache(maxsize=1)
def _by_holder(app: App) -> Mapping[str, Restrictions]:
    denials: dict[str, list[Document]] = defaultdict(list)
    for policy in app.resources.values():
        # What exists under a condition may not be there.
        if policy.type not in {*POLICIES, *HOLDERS} or (policy.condition and policy.type in POLICIES):
            continue
        denying = [one for one in documents_of(policy) if any(map(_is_denial, listed(one.get("Statement"))))]
        for holder in holders_of(app, policy) if denying else ():
            denials[holder.path] += [Document(policy.called, policy.stack, one) for one in denying]
    boundaries = {
        one.path: found
        for one in app.resources.values()
        if one.type in HOLDERS and (found := _boundary(app, one)) is not None
    }
    return {
        path: Restrictions(tuple(denials.get(path, ())), boundaries.get(path)) for path in {**denials, **boundaries}
    }


def _is_denial(statement: Any) -> bool:
    return isinstance(statement, Mapping) and statement.get("Effect") == "Deny"


def _boundary(app: App, holder: Looked) -> Document | None:
    value = holder.properties.get("PermissionsBoundary")
    if value is None:
        return None
    policy = app.at(value) if reference(value) else None
    if policy is not None and policy.type == "AWS::IAM::ManagedPolicy":
        return next((Document(policy.called, policy.stack, one) for one in documents_of(policy)), None)
    text = re.sub(r"^arn:\$\{AWS\.Partition\}:", "arn:aws:", as_text(value))
    known = aws_managed(text)
    return Document(text.rpartition("/")[2], holder.stack, known.document, partly=True) if known else None


def _parsed(app: App, document: Document, names: Names, before: str = "") -> Policy:
    place = app.places.get(document.stack)
    told = _told(document.value, place)
    for statement, written in zip(listed(told.get("Statement")), listed(document.value.get("Statement")), strict=True):
        for element in _ELEMENTS:
            if isinstance(statement, dict) and element in statement:
                statement[element] = [names(one, document.stack) for one in listed(written[element])]
    return parse_identity_policy(told, name=f"{before}{document.called}", lenient=True)


def text_of(value: Any, place: Place | None) -> str:
    """Return a value as text, with what is known of a place in it."""
    text = as_text(value)
    for part, placeholder in _PSEUDO.items() if place else ():
        text = text.replace(placeholder, getattr(place, part))
    return text


def _told(value: Any, place: Place | None) -> Any:
    """Return a value with texts for references that are told, and what is unknown for others."""
    if isinstance(value, list):
        return [_told(one, place) for one in value]
    if isinstance(value, Mapping) and not reference(value) and not _is_function(value):
        return {name: _told(one, place) for name, one in value.items()}
    if not isinstance(value, str | Mapping):
        return value
    text = text_of(value, place)
    return Unknown(text) if arns.has_placeholder(text) and not _is_variable(text) else text


def _is_function(value: Mapping[str, Any]) -> bool:
    return any(name == "Ref" or name.startswith("Fn::") for name in value)


def _is_variable(text: str) -> bool:
    """Tell whether all placeholders of a text are policy variables."""
    return all(":" in one for one in re.findall(r"\$\{([^}]*)\}", text))
