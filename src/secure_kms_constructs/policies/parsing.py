"""Parses policy documents.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from difflib import get_close_matches
from functools import partial

from .conditions import parse_conditions
from .documents import Effect, Policy, Statement, unknown_statement
from .elements import parse_actions, parse_resources
from .principals import Principals, parse_principals
from .verdicts import PolicyError, Unknown

_VARIABLES_SINCE = "2012-10-17"
_VERSIONS = ("2008-10-17", _VARIABLES_SINCE)
_ELEMENTS = (
    "Sid",
    "Effect",
    "Principal",
    "NotPrincipal",
    "Action",
    "NotAction",
    "Resource",
    "NotResource",
    "Condition",
)
_EVERYONE = parse_principals("*", "Principal")
_PAIRS = (("Principal", "NotPrincipal"), ("Action", "NotAction"), ("Resource", "NotResource"))


def parse_key_policy(
    document: Mapping[str, object] | Unknown,
    *,
    name: str = "key policy",
    lenient: bool = False,
    stored: bool = False,
) -> Policy:
    """Parse the policy of a KMS key.

    https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-overview.html

    :param document: the policy as JSON objects; anything in it, or all of it, may be ``Unknown``.
    :param name: what reasons call it.
    :param lenient: whether what makes no sense is told in ``Policy.broken`` and not known; by default it is an error.
    :param stored: whether AWS returned it: then the unique id of a user or role says that this one was deleted.
    :raises PolicyError: when it is not a well-formed key policy.
    """
    return _Parser(name, is_key_policy=True, completes=False, lenient=lenient, stored=stored).policy(document)


def parse_identity_policy(
    document: Mapping[str, object] | Unknown, *, name: str = "identity policy", lenient: bool = False
) -> Policy:
    """Parse a policy of a user, group or role, a permissions boundary, or a session policy.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html

    :param document: the policy as JSON objects; anything in it, or all of it, may be ``Unknown``.
    :param name: what reasons call it.
    :param lenient: whether what makes no sense is told in ``Policy.broken`` and not known; by default it is an error.
    :raises PolicyError: when it is not a well-formed identity policy.
    """
    return _Parser(name, is_key_policy=False, completes=True, lenient=lenient).policy(document)


def parse_scp(*documents: Mapping[str, object] | Unknown, name: str = "SCP", lenient: bool = False) -> Policy:
    """Parse the service control policies of one place: the root, an organizational unit or an account.

    Policies of one place add up, those of several places limit each other.
    https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_scps_evaluation.html

    :param documents: the policies as JSON objects; anything in them, or all of one, may be ``Unknown``. Where none of
        them allows anything, FullAWSAccess, which AWS attaches to every place, is taken to stand beside them.
    :param name: what reasons call it.
    :param lenient: whether what makes no sense is told in ``Policy.broken`` and not known; by default it is an error.
    :raises PolicyError: when one is not a well-formed service control policy.
    """
    parser = _Parser(name, is_key_policy=False, completes=False, lenient=lenient)
    parsed = [parser.policy(document) for document in documents]
    statements = [statement for policy in parsed for statement in policy.statements]
    return Policy(
        name,
        False,
        tuple(replace(statement, index=index) for index, statement in enumerate(statements)),
        tuple(one for policy in parsed for one in policy.broken),
    )


@dataclass(frozen=True)
class _Parser:
    """Parses documents of one kind.

    :param completes: whether AWS fills incomplete ARNs of resources.
    :param stored: whether AWS returned them.
    """

    name: str
    is_key_policy: bool
    completes: bool
    lenient: bool
    stored: bool = False

    def policy(self, document: object) -> Policy:
        try:
            return self._policy(document)
        except PolicyError as error:
            if not self.lenient:
                raise
            why = Unknown(f"{self.name}, which is not well-formed")
            return Policy(self.name, self.is_key_policy, (unknown_statement(0, why),), ((None, str(error)),))

    def _policy(self, document: object) -> Policy:
        if isinstance(document, Unknown):
            return Policy(self.name, self.is_key_policy, (unknown_statement(0, document),))
        document = _checked(document, self.name, ("Version", "Id", "Statement"))
        version = document.get("Version", _VERSIONS[0])
        if version not in _VERSIONS:
            raise PolicyError(f"{self.name}: Version must be one of {', '.join(_VERSIONS)}, got {version!r}")
        if "Statement" not in document:
            raise PolicyError(f"{self.name} must have a Statement, got {', '.join(document) or 'no element'}")
        statements = document["Statement"]
        listed = statements if isinstance(statements, list | tuple) else [statements]
        broken: list[tuple[int | None, str]] = []
        parse = partial(self._statement, variables=version == _VARIABLES_SINCE, broken=broken)
        return Policy(self.name, self.is_key_policy, tuple(parse(*pair) for pair in enumerate(listed)), tuple(broken))

    def _statement(
        self, index: int, value: object, *, variables: bool, broken: list[tuple[int | None, str]]
    ) -> Statement:
        if isinstance(value, Unknown):
            return unknown_statement(index, value)
        where = f"{self.name} statement {index}"
        try:
            return self._whole(index, value, where, variables)
        except PolicyError as error:
            if not self.lenient:
                raise
            broken.append((index, str(error)))
            return self._in_part(index, value, where, variables)

    def _whole(self, index: int, value: object, where: str, variables: bool) -> Statement:
        statement = _checked(value, where, _ELEMENTS)
        for element, sibling in _PAIRS:
            if element in statement and sibling in statement:
                raise PolicyError(f"{where} must have {element} or {sibling}, got both")
        return Statement(
            index,
            _sid(statement, where),
            _effect(statement, where),
            self._principals(statement, where),
            "NotPrincipal" in statement,
            parse_actions(statement, where),
            parse_resources(statement, where, variables=variables, completes=self.completes),
            parse_conditions(statement.get("Condition", {}), where, variables=variables),
            next((a for a, b in _PAIRS[1:] if a not in statement and b not in statement), None),
        )

    def _in_part(self, index: int, value: object, where: str, variables: bool) -> Statement:
        """Read a statement that AWS refuses: what it may do is told by those of its elements that make sense."""
        why = Unknown(f"{where}, which is not well-formed")
        if not isinstance(value, Mapping):
            return unknown_statement(index, why)
        effect = Effect(value["Effect"]) if value.get("Effect") in ("Allow", "Deny") else Effect.UNKNOWN
        both = any(element in value and sibling in value for element, sibling in _PAIRS)
        if both or not set(value) <= set(_ELEMENTS):
            return unknown_statement(index, why, effect)
        whole: dict[str, object] = {"Action": why, "Resource": why}
        whole |= {"Principal": why} if self.is_key_policy else {}
        for element in (one for one in value if one != "Effect"):
            base = element.removeprefix("Not")
            tried = {name: one for name, one in whole.items() if name != base} | {element: value[element]}
            tried |= {"Effect": "Allow", "Condition": value[element] if element == "Condition" else {}}
            try:
                self._whole(index, tried, where, variables)
            except PolicyError:
                continue
            whole = {name: one for name, one in whole.items() if name != base} | {element: value[element]}
        read = self._whole(index, whole | {"Effect": "Allow", "Condition": {}}, where, variables)
        return replace(read, effect=effect, conditions=parse_conditions(why, where, variables=variables))

    def _principals(self, statement: Mapping[str, object], where: str) -> Principals:
        name = next((element for element in _PAIRS[0] if element in statement), None)
        if self.is_key_policy and name is None:
            raise PolicyError(f"{where} must have a Principal, as every statement of a key policy")
        if not self.is_key_policy and name is not None:
            raise PolicyError(f"{where} must not have a {name}: an identity policy has that of its identity")
        return parse_principals(statement[name], f"{where}: {name}", stored=self.stored) if name else _EVERYONE


def _checked(value: object, where: str, elements: tuple[str, ...]) -> Mapping[str, object]:
    if not isinstance(value, Mapping):
        raise PolicyError(f"{where} must be an object, got {value!r}")
    for element in value:
        if element not in elements:
            close = get_close_matches(str(element), elements, n=1)
            hint = f"; did you mean {close[0]}?" if close else f"; known are {', '.join(elements)}"
            raise PolicyError(f"{where} has an element that policies do not have, {element!r}{hint}")
    return value


def _sid(statement: Mapping[str, object], where: str) -> str | None:
    sid = statement.get("Sid")
    if sid is not None and not isinstance(sid, str | Unknown):
        raise PolicyError(f"{where}: Sid must be text, got {sid!r}")
    return str(sid) if sid is not None else None


def _effect(statement: Mapping[str, object], where: str) -> Effect:
    effect = statement.get("Effect")
    if isinstance(effect, Unknown):
        return Effect.UNKNOWN
    if effect not in ("Allow", "Deny"):
        raise PolicyError(f"{where}: Effect must be Allow or Deny, got {effect!r}")
    return Effect(effect)
