"""Policy documents of templates, parsed. What makes no sense in one is unknown, and noted."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial

from secure_kms_constructs.policies import Policy, PolicyError, Unknown, parse_identity_policy, parse_key_policy

from .landscape import Note, Source
from .loading import TemplateError, parse_json
from .texts import as_text, unknown


@dataclass
class Documents:
    """Parses each document once, and remembers where its policy stands and what was wrong with it.

    :param stored: whether AWS returned them, as ``parse_key_policy`` has it.
    """

    stored: bool = False
    sources: dict[str, Source] = field(default_factory=dict)
    notes: dict[Note, None] = field(default_factory=dict)
    _parsed: dict[tuple[Unknown | int, str], tuple[object, Policy]] = field(default_factory=dict)

    def key_policy(self, document: object, name: str, source: Source) -> Policy:
        """Parse the policy of a key."""
        return self._policy(document, name, source, partial(parse_key_policy, stored=self.stored))

    def identity_policy(self, document: object, name: str, source: Source | None = None) -> Policy:
        """Parse a policy of a role, user or group, or a boundary; ``source`` is None for one of no template."""
        return self._policy(document, name, source, parse_identity_policy)

    def _policy(self, document: object, name: str, source: Source | None, parse: Callable[..., Policy]) -> Policy:
        key = (document if isinstance(document, Unknown) else id(document), name)
        if key in self._parsed:
            return self._parsed[key][1]
        try:
            policy = _parsed(_object(document), name, parse)
        except TemplateError as error:
            policy = parse(unknown(f"{name}, which is not well-formed"), name=name)
            policy = replace(policy, broken=((None, str(error)),))
        for _, text in policy.broken:
            self.notes[Note(source, f"{shortened(text)}: read as unknown", mistake=True)] = None
        if source:
            self.sources[name] = source
        # The document is kept too, because nothing else may have its id.
        self._parsed[key] = (document, policy)
        return policy


def _parsed(document: Mapping[str, object] | Unknown, name: str, parse: Callable[..., Policy]) -> Policy:
    try:
        return parse(document, name=name)
    except PolicyError:
        # CloudFormation passes numbers on as text, such as an account id without quotes in YAML.
        return parse(_in_texts(document), name=name, lenient=True)


def shortened(text: str) -> str:
    """Return a text, cut where it is too long to read."""
    return text if len(text) < 300 else f"{text[:297]}..."


def _in_texts(value: object) -> object:
    if isinstance(value, dict):
        return {name: _in_texts(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_in_texts(inner) for inner in value]
    text = as_text(value)
    return value if text is None else text


def _object(document: object) -> Mapping[str, object] | Unknown:
    if isinstance(document, str):
        document = parse_json(document, "a policy given as text")
    if isinstance(document, Unknown | Mapping):
        return document
    raise TemplateError(f"a policy must be an object, got {type(document).__name__}")
