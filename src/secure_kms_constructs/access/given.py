"""What a question gives of a request: the service and the condition keys, as users and rows write them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cached_property
from typing import Any

from secure_kms_constructs.aws.condition_keys import (
    CROSS_SERVICE_CONDITION_KEYS,
    GLOBAL_CONDITION_KEYS,
    IDENTITY_CENTER_PREFIXES,
    KMS_CONDITION_KEYS,
    TAGGING_CONDITION_KEYS,
    VIA_SERVICE_PREFIXES,
)
from secure_kms_constructs.aws.services import SERVICES
from secure_kms_constructs.policies import Policy, Unknown
from secure_kms_constructs.policies.patterns import ContextValue, scalar
from secure_kms_constructs.templates.landscape import Landscape

from .errors import AccessError
from .links import names_in
from .names import names_of_construct
from .questions import ENCRYPTION_CONTEXT, TOLD, VIA, VIA_ANY, Question
from .texts import Words

_CONTEXT_KEYS = "kms:encryptioncontextkeys"
_KNOWN = frozenset(
    {
        *KMS_CONDITION_KEYS.value,
        *GLOBAL_CONDITION_KEYS.value,
        *CROSS_SERVICE_CONDITION_KEYS.value,
        *TAGGING_CONDITION_KEYS.value,
    }
)
# These have a name of somebody's after the slash or the second colon.
_OPEN_ENDED = ("aws:principaltag", "aws:requesttag", "aws:resourcetag", "kms:encryptioncontext")
_OF_SERVICES = frozenset({*(one.context_key for one in SERVICES if one.context_key), "SecretVersionId"})

# The values that a condition key may have, any one of them; the keys in lower case.
Given = Mapping[str, ContextValue]


@dataclass(frozen=True)
class Like:
    """Any value that a pattern matches, as rows print one."""

    pattern: str


@dataclass(frozen=True, eq=False)
class Vocabulary:
    """The names and values that the policies of some landscapes use.

    :param words: how rows print values.
    """

    landscapes: tuple[Landscape, ...]
    words: Words

    def given(self, via: object, context: Mapping[str, Any] | None, region: str) -> dict[str, list[Any]] | None:
        """Return what is given of a request: for each condition key the values that it may have, or patterns of them.

        What is not given may be anything. A request that is given without a service is one that the principal
        makes itself, and then its encryption context is all that is given of it.

        :param via: the service that asks for the principal.
        :param context: condition keys, by their names or as rows print them.
        :param region: that of the key.
        :return: None where nothing is given.
        :raises AccessError: when a name or value is not one that can be known.
        """
        if via is None and context is None:
            return None
        found: dict[str, list[Any]] = {}
        # KMS tells names of an encryption context apart by their case, as a set, and not one by one.
        asked: dict[str, str] = {}
        for name, value in (context or {}).items():
            key = self._key(name)
            asked[key] = name.split(":", 2)[2] if name.lower().startswith(ENCRYPTION_CONTEXT) else name
            if key in found:
                raise AccessError(f"context must name each condition key once, got {name!r} again")
            found[key] = self._vias(value, region) if key == VIA else self._values(key, value)
        if via is not None and VIA in found:
            raise AccessError("give the service as via or as kms:ViaService of context, not both")
        if via is not None:
            found[VIA] = self._vias(via, region)
        named = [key for key in found if key.startswith(ENCRYPTION_CONTEXT)]
        if found.setdefault(VIA, [None]) == [None] and named:
            # A grant may want an encryption context as a whole.
            found.setdefault(_CONTEXT_KEYS, [tuple(asked[key] for key in named if found[key] != [None])])
            found.update((key, [None]) for key in self._contexts if key not in found)
        return found

    def _key(self, name: object) -> str:
        if not isinstance(name, str):
            raise AccessError(f"context must map condition keys to values, got {name!r}")
        lowered = name.lower()
        if f"{ENCRYPTION_CONTEXT}{lowered}" in self._contexts and lowered not in _KNOWN:
            return self._checked_context(f"{ENCRYPTION_CONTEXT}{lowered}", name)
        if lowered in TOLD or lowered == VIA_ANY:
            raise AccessError(f"context must leave out {name}, which the principal, the key and via tell")
        root = ":".join(lowered.split("/")[0].split(":")[:2])
        if lowered.startswith(ENCRYPTION_CONTEXT):
            return self._checked_context(lowered, name.split(":", 2)[2])
        if lowered in self._named or (root in _OPEN_ENDED and root != lowered) or root in _KNOWN:
            return lowered
        known = {*_KNOWN, *self._named, *(one.removeprefix(ENCRYPTION_CONTEXT) for one in self._contexts)}
        raise AccessError(f"no condition key of a request to KMS is called {name!r}{_close(lowered, known)}")

    def _checked_context(self, key: str, name: str) -> str:
        written = self._contexts.get(key)
        if written is None:
            names = [one.removeprefix(ENCRYPTION_CONTEXT) for one in self._contexts]
            if get_close_matches(name.lower(), names, n=1, cutoff=0.8):
                raise AccessError(f"no policy is about an encryption context {name!r}{_close(name.lower(), names)}")
            self._contexts[key] = name
        return key

    def _vias(self, value: object, region: str) -> list[Any]:
        if value is None:
            return [None]
        if not isinstance(value, str) or not value:
            raise AccessError(f"via must be the name of a service such as secretsmanager, got {value!r}")
        prefix = value.split(".")[0]
        if prefix not in self._prefixes and value not in self._texts.get(VIA, ()):
            raise AccessError(
                f"no service that calls KMS for others is called {value!r}{_close(prefix, self._prefixes)}"
            )
        full = value if "." in value else f"{value}.{region}.amazonaws.com"
        return [Like(full) if _is_pattern(full) else full]

    def _values(self, key: str, value: object) -> list[Any]:
        if value is None or isinstance(value, Unknown):
            return [value]
        if isinstance(value, list | tuple | set | frozenset):
            members = (one for it in value for one in self._texts_of(key, it)[:1])
            return [tuple(one.pattern if isinstance(one, Like) else one for one in members) or None]
        return self._texts_of(key, value)

    def _texts_of(self, key: str, value: object) -> list[Any]:
        """Return what a value may mean: itself, or what the construct of that path makes."""
        if isinstance(value, str | bool | int | float):
            text = scalar(value, f"context {key}")
            names = [text]
        else:
            names = names_of_construct(value)
            text = names[0] if names else ""
        arns = [arn for name in names for arn in self.words.meanings(name)]
        if not names or (not isinstance(value, str | bool | int | float) and not arns):
            raise AccessError(f"context {key} must be text, or a construct that the templates make, got {value!r}")
        is_arn = text.startswith("arn:") or _is_pattern(text)
        if key.endswith("arn") and not is_arn and not arns:
            paths = sorted(self.words.paths.values())
            raise AccessError(f"context {key} must be an ARN or a path, got {text!r}{_close(text, paths)}")
        every = [*arns, *([] if arns and key.endswith("arn") else [text])]
        return [Like(one) if _is_pattern(one) else one for one in every]

    @cached_property
    def _prefixes(self) -> set[str]:
        named = {text.split(".")[0] for text in self._texts.get(VIA, ())}
        known = {*VIA_SERVICE_PREFIXES.value, *IDENTITY_CENTER_PREFIXES.value, *(one.prefix for one in SERVICES)}
        return known | {one for one in named if one and not _is_pattern(one) and "$" not in one}

    @cached_property
    def _contexts(self) -> dict[str, str]:
        """The encryption contexts that policies name, and services have, by their condition keys in lower case."""
        written = (name for name in self._named.values() if name.lower().startswith(ENCRYPTION_CONTEXT))
        every = (*(name.split(":", 2)[2] for name in written), *_OF_SERVICES)
        return {f"{ENCRYPTION_CONTEXT}{name.lower()}": name for name in sorted(every)}

    @cached_property
    def _named(self) -> dict[str, str]:
        """The condition keys that the policies name."""
        return {
            name.lower(): name
            for policy in self._policies()
            for statement in policy.statements
            for name in names_in(statement)
        }

    @cached_property
    def _texts(self) -> dict[str, set[str]]:
        """The values with which the policies compare each condition key."""
        found: dict[str, set[str]] = {}
        for policy in self._policies():
            for condition in (one for statement in policy.statements for one in statement.conditions):
                texts = (value for value in condition.values if isinstance(value, str))
                found.setdefault(condition.key.lower(), set()).update(texts)
        return found

    def _policies(self) -> Iterator[Policy]:
        for landscape in self.landscapes:
            for key in landscape.keys:
                yield from (key.policy, *key.grants)
            for outer in landscape.organization.values():
                yield from (*outer.scps, *outer.rcps)
            for one in landscape.identities:
                yield from (*one.policies, *((one.boundary,) if one.boundary else ()))


def choices(question: Question, given: Mapping[str, list[Any]]) -> Iterator[Given]:
    """Return each way to give a question what is given: patterns as one value of each class that they match."""
    chosen: list[dict[str, ContextValue]] = [{}]
    for key, values in given.items():
        chosen = [{**one, **more} for one in chosen for more in _ways(question, key, values)]
    yield from chosen


def _ways(question: Question, key: str, values: Iterable[Any]) -> Iterator[Given]:
    for value in values:
        if not isinstance(value, Like):
            yield {key: value}
            continue
        matching = question.values_like(key, value.pattern)
        # Where they cannot be told, or make no difference, it may have any.
        yield from ({key: one} for one in matching) if matching else ({},)


def _is_pattern(text: str) -> bool:
    return "*" in text or "?" in text


def _close(name: str, known: Iterable[str]) -> str:
    known = sorted(known)
    close = get_close_matches(name, known, n=3, cutoff=0.5) or known[:3]
    return f"; there are {', '.join(close)}{' and others' if len(known) > len(close) else ''}" if close else ""
