"""The roles and users of a landscape, those apart that have something to do with a key."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import islice

from secure_kms_constructs.policies.documents import Statement
from secure_kms_constructs.policies.made_up import is_made_up, place_of
from secure_kms_constructs.policies.patterns import ANY, ONE, Text
from secure_kms_constructs.policies.verdicts import Unknown
from secure_kms_constructs.templates.landscape import Identity

from .mentions import Mentions
from .parties import Party, of_identity

_KMS = "kms:"
# An ARN that names one resource. AWS fills in what an incomplete one leaves out, so that may be any.
_WHOLE = re.compile(r"arn:[^:]+:(?!kms:)[^:]+:[^:]*:[^:]*:.+|arn:[^:]+:kms:[^:]+:[^:]+:.+")


@dataclass(frozen=True, eq=False)
class Identities:
    """The roles and users of a landscape.

    Most of them have nothing to do with most keys, and so may do all the same, nearly always nothing. Such are
    asked for once.
    """

    identities: tuple[Identity, ...]

    @cached_property
    def parties(self) -> tuple[Party, ...]:
        """All of them."""
        paths = Counter(one.source.path for one in self.identities if one.source)
        return tuple(of_identity(one, alone=not one.source or paths[one.source.path] == 1) for one in self.identities)

    def beside(self, key: str, mentions: Mentions) -> Iterator[Party]:
        """Return those that have something to do with a key, and one of each class of the others."""
        near = self.near(key, mentions)
        yield from near
        for several in self._classes.values():
            yield from islice((one for one in several if one not in near), 1)

    def alike(self, party: Party, key: str, mentions: Mentions) -> Iterable[Party]:
        """Return those that may do with a key what one of them may."""
        near = self.near(key, mentions)
        if party in near or party not in self._classes.get(_class(party), ()):
            return (party,)
        return (one for one in self._classes[_class(party)] if one not in near)

    def missing(self, mentions: Mentions) -> list[str]:
        """Return the principals that a key policy names and that are none of these."""
        return sorted(mentions.arns - self._by_arn.keys())

    def near(self, key: str, mentions: Mentions) -> dict[Party, None]:
        """Return those that a key policy tells from others, or whose own policies may be about the key."""
        if mentions.variables or mentions.like:
            named = [one for one in self.parties if mentions.tell(one.principal)]
        else:
            named = [one for arn in sorted(mentions.arns & self._by_arn.keys()) for one in self._by_arn[arn]]
        # A literal ARN may be that of a key of which only the deployment tells the id.
        literal = self._index.get(place_of(key) or "", ()) if is_made_up(key) else ()
        return dict.fromkeys((*named, *self._index.get(key, ()), *self._index.get("", ()), *literal))

    @cached_property
    def _by_arn(self) -> dict[str, list[Party]]:
        """The parties by ARN, which two may share of which only one can be in an account."""
        found: dict[str, list[Party]] = {}
        for one in self.parties:
            found.setdefault(one.principal, []).append(one)
        return found

    @cached_property
    def _classes(self) -> dict[object, list[Party]]:
        classes: dict[object, list[Party]] = {}
        for one in self.parties:
            classes.setdefault(_class(one), []).append(one)
        return classes

    @cached_property
    def _index(self) -> dict[str, list[Party]]:
        """The parties by the ARNs of the keys that their policies name; by "" where they may be about any key."""
        index: dict[str, list[Party]] = {}
        for one in self.parties:
            named = (
                {"": None}
                if one.boundary
                else dict.fromkeys(
                    arn for policy in one.policies for statement in policy.statements for arn in _keys_of(statement)
                )
            )
            for arn in named:
                index.setdefault(arn, []).append(one)
        return index


def _class(party: Party) -> object:
    return party.caller.kind, party.caller.account


def _keys_of(statement: Statement) -> Iterator[str]:
    if not statement.actions.negated and not any(map(_is_of_kms, statement.actions.values)):
        return
    if statement.resources.negated:
        yield ""
    for resource in statement.resources.values:
        text = None if isinstance(resource, Unknown) else resource.fixed
        if text is None or ANY in text or ONE in text or not _WHOLE.fullmatch(text):
            yield ""
            continue
        yield text
        place = None if is_made_up(text) else place_of(text)
        if place:
            yield place


def _is_of_kms(action: Text | Unknown) -> bool:
    """Tell whether a value of ``Action`` may name an action of KMS."""
    pattern = _KMS if isinstance(action, Unknown) else action.fixed or ""
    start = pattern.replace(ONE, ANY).split(ANY)[0]
    return start.startswith(_KMS) or (_KMS.startswith(start) and start != pattern)
