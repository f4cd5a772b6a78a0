"""The question: who does what to which key, under which circumstances."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import lru_cache

from secure_kms_constructs.aws.facts import KEY_ACTIONS

from .conditions import PRINCIPAL_ACCOUNT_KEYS
from .patterns import ContextValue, scalar
from .principals import PRINCIPAL_TYPES, Caller, Kind, parse_caller
from .verdicts import PolicyError, Unknown, Unlike

_KEY = re.compile(r"arn:[\w-]+:kms:[\w-]+:(\d{12}):key/[^\s*?:]+")
_ACCOUNT = re.compile(r"\d{12}")
_ACTIONS = {action.lower(): action for action in KEY_ACTIONS.value}

GivenValue = str | bool | int | float | Sequence["str | Unknown"] | Unknown | None


@dataclass(frozen=True)
class Request:
    """One call to KMS, as the policies see it.

    :param principal: ARN of a user, role, role session, federated user or account root, or the name of a
        service such as ``logs.us-east-1.amazonaws.com``. The ARN of a role stands for a session whose name no
        policy mentions; ask with the session's ARN for one that is mentioned.
    :param action: one that is done to a key, such as ``kms:Decrypt``, without wildcards.
    :param key: the full ARN of the key.
    :param context: all condition keys that the request has, by their IAM names such as ``kms:ViaService``: a
        list for a multivalued key, ``Unknown`` for one whose value or presence cannot be told, None for one
        that the request does not have. Filled in unless given, because principal, key and ``kms:ViaService``
        tell them: ``aws:PrincipalType``, ``aws:PrincipalArn``, ``aws:PrincipalAccount``,
        ``aws:PrincipalIsAWSService``, ``aws:PrincipalServiceName``, ``aws:username``,
        ``aws:ResourceAccount``, ``aws:ViaAWSService`` and ``kms:CallerAccount``.
    :param resource_account: the account of the key, where it is not that of its ARN.
    :raises PolicyError: when one of them is none of that.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
    """

    principal: str
    action: str
    key: str
    context: Mapping[str, GivenValue] = field(default_factory=dict)
    resource_account: str | None = None
    caller: Caller = field(init=False, repr=False, compare=False)
    key_account: str = field(init=False, repr=False, compare=False)
    lowered_action: str = field(init=False, repr=False, compare=False)
    _given: Mapping[str, ContextValue] = field(init=False, repr=False, compare=False)
    _derived: Mapping[str, ContextValue] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        for name in ("principal", "action", "key", "resource_account"):
            value = getattr(self, name)
            if not isinstance(value, str) and not (value is None and name == "resource_account"):
                raise PolicyError(f"{name} must be text, got {value!r}")
        lowered_action = _lowered_action(self.action)
        given = _given(self.context)
        account = _key_account(self.key, self.resource_account)
        caller = parse_caller(self.principal)
        via = given.get("kms:viaservice")
        derived = _derived(caller, account, via if isinstance(via, Unknown) else str(via is not None).lower())
        for name, value in (
            ("caller", caller),
            ("key_account", account),
            ("lowered_action", lowered_action),
            ("_given", given),
            ("_derived", derived),
        ):
            object.__setattr__(self, name, value)

    @property
    def cross_account(self) -> bool:
        """Whether the principal belongs to another account than the key; a service belongs to none."""
        return self.caller.account not in (None, self.key_account)

    def value(self, key: str) -> ContextValue:
        """Return the value of a condition key, its name in lower case; None where the request has none."""
        return self._given[key] if key in self._given else self._derived.get(key)

    def value_for_everybody(self, key: str) -> ContextValue:
        """Return the same where a statement lets everybody in: with an account, "all identities" of that account.

        https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html#conditions-kms-caller-account
        """
        value = self.value(key)
        if key in PRINCIPAL_ACCOUNT_KEYS and isinstance(value, Unknown):
            # A service is no identity of the account.
            return Unlike(value.description, frozenset({self.key_account}))
        return value


def action_named(action: str) -> str:
    """Return a KMS action on a key as AWS writes it; PolicyError where there is none."""
    return _ACTIONS[_lowered_action(action)]


@lru_cache(maxsize=1024)
def _lowered_action(action: str) -> str:
    lowered = action.lower()
    if lowered not in _ACTIONS:
        close = get_close_matches(lowered, _ACTIONS, n=1)
        hint = f"; did you mean {_ACTIONS[close[0]]}?" if close else ""
        raise PolicyError(f"action must be a KMS action on a key, such as kms:Decrypt, got {action!r}{hint}")
    return lowered


@lru_cache(maxsize=65536)
def _key_account(key: str, resource_account: str | None) -> str:
    match = _KEY.fullmatch(key)
    if not match:
        raise PolicyError(
            f"key must be the full ARN of one key, arn:<partition>:kms:<region>:<account>:key/<key id>, got {key!r}"
        )
    account = match[1] if resource_account is None else resource_account
    if not _ACCOUNT.fullmatch(account):
        raise PolicyError(f"resource_account must be an account id of 12 digits, got {resource_account!r}")
    return account


def _given(context: object) -> dict[str, ContextValue]:
    if not isinstance(context, Mapping):
        raise PolicyError(f"context must map condition keys to values, got {context!r}")
    given: dict[str, ContextValue] = {}
    for key, value in context.items():
        if not isinstance(key, str) or key.lower() in given:
            raise PolicyError(f"context must name each condition key once, whatever its case, got {key!r}")
        given[key.lower()] = _value(value, f"context {key}")
    return given


def _value(value: object, where: str) -> ContextValue:
    if value is None or isinstance(value, Unknown):
        return value
    if isinstance(value, list | tuple):
        # A set without members is absent: IAM has no empty value.
        return tuple(one if isinstance(one, Unknown) else scalar(one, where) for one in value) or None
    return scalar(value, where)


@lru_cache(maxsize=16384)
def _derived(caller: Caller, key_account: str, via_service: str | Unknown) -> Mapping[str, ContextValue]:
    derived: dict[str, ContextValue] = {
        "aws:resourceaccount": key_account,
        "aws:viaawsservice": via_service,
        "aws:principalisawsservice": str(caller.kind is Kind.SERVICE).lower(),
    }
    if caller.kind is Kind.SERVICE:
        # A service principal belongs to no account; which type and which other names it has, no page says.
        undocumented = Unknown(f"not documented for the service principal {caller.text}")
        derived["aws:principalservicename"] = caller.text
        derived["aws:principalservicenameslist"] = undocumented
        derived["aws:principaltype"] = undocumented
        # Managed applications of Identity Center call through it by a key policy that AWS publishes.
        if via_service == "false":
            derived["kms:viaservice"] = derived["aws:viaawsservice"] = undocumented
        derived.update(dict.fromkeys(PRINCIPAL_ACCOUNT_KEYS, undocumented))
        return derived
    derived["aws:principalaccount"] = derived["kms:calleraccount"] = caller.account
    derived["aws:principaltype"] = PRINCIPAL_TYPES[caller.kind]
    derived["aws:principalarn"] = caller.principal_arn
    if caller.kind is Kind.USER:
        derived["aws:username"] = caller.name
    return derived
