"""Outsiders: principals that no template makes, one for each kind that a key's policy may tell from the others."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import product

from secure_kms_constructs.policies import Policy
from secure_kms_constructs.policies.documents import Statement
from secure_kms_constructs.policies.patterns import ANY, ONE
from secure_kms_constructs.policies.principals import Kind

from .mentions import Mentions, mentions_of, of_account, shown
from .parties import EVERYTHING, Party, caller_of, is_short_enough, named_by_arn
from .pattern_texts import DIGIT, DOTTED, LABEL, LABELS, NAME, NAMES, PATH, PATHS, Pattern, matches, telling_texts

ANYBODY_ELSE = "anybody else"
"""Everybody whom no template makes and whom the key policy does not name, each with ``kms:*`` on ``*``."""

_WITH_EVERYTHING = " with kms:* on *"
# Policies of the organization do not bind them.
_SERVICE_LINKED = Pattern(f"arn:{ANY}:iam::{ANY}:role/aws-service-role/{ONE}{ANY}", arn=True)
_ANY_SERVICE = "any AWS service"
_ANY_ACCOUNT = "another account"
# What the ARNs of each kind of principal are like, after partition and account.
_ARNS = {
    Kind.ROOT: ("iam::{}:root",),
    Kind.USER: (f"iam::{{}}:user/{NAME}{NAMES}", f"iam::{{}}:user/{PATH}{PATHS}/{NAME}{NAMES}"),
    Kind.ROLE: (f"iam::{{}}:role/{NAME}{NAMES}", f"iam::{{}}:role/{PATH}{PATHS}/{NAME}{NAMES}"),
    # https://docs.aws.amazon.com/STS/latest/APIReference/API_GetFederationToken.html
    Kind.FEDERATED: (f"sts::{{}}:federated-user/{NAME}{NAME}{NAMES}",),
}
# The usual names of services, and any others: "in the following format" is all that a page says of them.
# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html#principal-services
_LABELS = (f"{LABEL}{LABELS}", f"{LABEL}{DOTTED}{LABEL}")
_SERVICES = tuple(Pattern(f"{one}.amazonaws.com") for one in _LABELS)
_SERVICES_OF_CHINA = tuple(Pattern(f"{one}.amazonaws.com.cn") for one in _LABELS)
_OTHER_SERVICES = tuple(Pattern(f"{one}.{LABEL}{LABELS}") for one in _LABELS)
_TOO_MANY = "its policy tells {} apart by more patterns than can be tried together"
_NO_NAME = "no name of IAM was found that is like that, and none can be ruled out"


@dataclass(frozen=True, eq=False)
class Outsiders:
    """Those whom no template makes, as far as the policy of one key tells them apart.

    :param key: the ARN of the key.
    :param policy: its policy.
    :param grants: the grants on it.
    :param around: the policies of the organization that take away of what they can do.
    """

    key: str
    policy: Policy
    grants: tuple[Policy, ...] = ()
    around: tuple[Policy, ...] = ()

    @cached_property
    def mentions(self) -> Mentions:
        """Whom the key policy tells from others."""
        found = mentions_of(self.policy, (*self.grants, *self.around))
        if self.around:
            found.like.add(_SERVICE_LINKED)
        return found

    @cached_property
    def parties(self) -> tuple[Party, ...]:
        """One for each kind of principal."""
        if not (self.grants or self.around) and all(_is_about_anyone(one) for one in self.policy.statements):
            # So it may be anyone, and nothing in it could tell one from the other.
            everyone = self._stands_for(*self._general_names)
            role = self._arn("role/other")
            return (Party("anyone whom its policy admits", role, (EVERYTHING,), outsider=True, stands_for=everyone),)
        root = self._arn("root")
        return (Party(named_by_arn(root), root), *self._principals(), *self._services())

    @cached_property
    def _general_names(self) -> tuple[str, ...]:
        """What kinds of outsiders are called, whether or not its policy tells some of a kind from others."""
        kinds = ("principal", *(kind.value for kind in _ARNS if kind is not Kind.ROOT))
        whose = (*self._named_accounts, _ANY_ACCOUNT)
        named = (f"any {kind} of {account}" for kind, account in product(kinds, whose))
        every = (f"{one}{powers}" for one, powers in product(named, ("", _WITH_EVERYTHING)))
        roots = (self._arn("root"), *(f"root user of {one}" for one in whose))
        return (*every, *roots, _ANY_SERVICE, ANYBODY_ELSE)

    def sessions_of(self, user: Party) -> Iterator[Party]:
        """Return the federated sessions that a user may make, told apart like those of others."""
        session = replace(
            user,
            name=f"{user.name} as federated user",
            unless=(user.name,),
            stands_for=frozenset({user.name}),
            session_of=user.principal,
        )
        arns = self._arns_of(Kind.FEDERATED, user.caller.account)
        if arns is None:
            arn = f"arn:{user.caller.partition}:sts::{user.caller.account}:federated-user/other"
            yield replace(session, principal=arn, untold=_TOO_MANY.format("federated users"))
            return
        yield from (replace(session, principal=arn) for arn in arns)

    def _principals(self) -> Iterator[Party]:
        for account, kind in product((*self._accounts, None), _ARNS):
            if (account, kind) != (self._account, Kind.ROOT):
                yield from self._of(kind, account)

    def _of(self, kind: Kind, account: str | None) -> Iterator[Party]:
        whose = self._called(account)
        sample = _ARNS[kind][0].format("0" * 12).replace(NAMES, "").replace(NAME, "x")
        if self._entangled(kind):
            why = "its policy has a variable for the name of a principal within a text"
            yield from self._alike(kind, whose, self._with_partition(sample), (), why)
            return
        arns = self._arns_of(kind, account)
        if arns is None:
            yield from self._alike(kind, whose, self._with_partition(sample), (), _TOO_MANY.format("principals"))
            return
        for arn in arns:
            alike = sorted(shown(one) for one in self.mentions.like if matches(one, arn))
            caller = caller_of(arn)
            if caller is not None and is_short_enough(caller):
                yield from self._alike(kind, whose, arn, alike)
            else:
                yield from self._alike(kind, whose, self._with_partition(sample), alike, _NO_NAME)

    def _arns_of(self, kind: Kind, account: str | None) -> list[str] | None:
        """Return an ARN of each sort of principals that is told from others, none of them one that is named."""
        within = tuple(Pattern(self._with_partition(one.format(account or DIGIT * 12))) for one in _ARNS[kind])
        known = () if account else tuple(map(of_account, self._accounts))
        like = tuple(sorted(self.mentions.like, key=lambda one: (one.text, one.arn, one.any_case)))
        found = telling_texts((*known, *like), frozenset(self.mentions.arns), within)
        if found is None:
            return None
        # Those of accounts that have a name are asked for by it.
        return [one for one in found if account or one.split(":")[4] not in self._accounts]

    def _alike(
        self, kind: Kind, whose: str, arn: str, like: Iterable[str], untold: str | None = None
    ) -> Iterator[Party]:
        """Return those of a kind who are like some patterns: without a policy of their own, and with all they can."""
        suffix = _like(like)
        general = f"any principal of {whose}{suffix}"
        if kind is Kind.ROOT:
            # A root user has every permission; so it need be told only where others have not the same.
            every = f"{general}{_WITH_EVERYTHING}"
            called = ("root user of {}", f"any principal of {{}}{_WITH_EVERYTHING}")
            standing = self._stands_for(*(one.format(it) for it in self._meant(whose) for one in called))
            name = f"root user of {whose}{suffix}"
            yield Party(name, arn, outsider=True, unless=(every,), untold=untold, stands_for=standing)
            return
        name = f"any {kind.value} of {whose}{suffix}"
        names = tuple(f"any {call} of {it}" for it in self._meant(whose) for call in (kind.value, "principal"))
        # Across accounts a key policy alone allows nothing, and a grant alone does.
        alone = whose == self._account or bool(self.grants)
        for power in ["", _WITH_EVERYTHING] if alone else [_WITH_EVERYTHING]:
            yield Party(
                f"{name}{power}",
                arn,
                (EVERYTHING,) if power else (),
                outsider=True,
                general=f"{general}{power}",
                unless=(name,) if power else (),
                untold=untold,
                stands_for=self._stands_for(*(f"{one}{power}" for one in names)),
            )

    def _called(self, account: str | None) -> str:
        if account is None or account in self._named_accounts:
            return account or _ANY_ACCOUNT
        return f"{_ANY_ACCOUNT} such as {account}"

    def _meant(self, whose: str) -> tuple[str, ...]:
        """Return by which names those of an account may be meant: one that nobody names is another account, too."""
        return tuple(dict.fromkeys((whose, _ANY_ACCOUNT if whose.startswith(_ANY_ACCOUNT) else whose)))

    def _services(self) -> Iterator[Party]:
        for name in sorted(self.mentions.services):
            # What is no name of a service is nobody's.
            if caller_of(name) is not None:
                yield Party(name, name)
        like = tuple(sorted(self.mentions.services_like, key=lambda one: (one.text, one.any_case)))
        named = frozenset(self.mentions.services)
        usual_names = (*_SERVICES, *(_SERVICES_OF_CHINA if self.key.startswith("arn:aws-cn:") else ()))
        usual, every = (telling_texts(like, named, one) for one in (usual_names, (*usual_names, *_OTHER_SERVICES)))
        if usual is None or every is None:
            yield self._service("other.amazonaws.com", (), _TOO_MANY.format("services"))
            return
        asked: dict[tuple[str, ...], Party] = {}
        for text in (*usual, *every):
            alike = tuple(sorted(shown(one) for one in like if matches(one, text)))
            doubt = None if text in usual else "it is not known whether a service has such a name"
            asked.setdefault(alike, self._service(text, alike, doubt=doubt))
        yield from asked.values()

    def _service(self, name: str, like: Iterable[str], untold: str | None = None, *, doubt: str | None = None) -> Party:
        known = caller_of(name) is not None
        return Party(
            f"{_ANY_SERVICE}{_like(like)}",
            name if known else "other.amazonaws.com",
            outsider=True,
            untold=untold if known else _NO_NAME,
            doubt=doubt,
            stands_for=self._stands_for(_ANY_SERVICE),
        )

    def _entangled(self, kind: Kind) -> bool:
        return bool(self.mentions.entangled - ({"aws:username"} if kind is not Kind.USER else set()))

    def _stands_for(self, *names: str) -> frozenset[str]:
        return frozenset({*names, ANYBODY_ELSE})

    def _arn(self, resource: str) -> str:
        return self._with_partition(f"iam::{self._account}:{resource}")

    def _with_partition(self, rest: str) -> str:
        return f"arn:{self.key.split(':')[1]}:{rest}"

    @property
    def _account(self) -> str:
        return self.key.split(":")[4]

    @cached_property
    def _named_accounts(self) -> tuple[str, ...]:
        """The accounts that have a name, the key's own first."""
        return (self._account, *sorted(self.mentions.accounts - {self._account}))

    @cached_property
    def _accounts(self) -> tuple[str, ...]:
        """The accounts that are told from others, the key's own first."""
        return (*self._named_accounts, *sorted(self.mentions.beside - {*self._named_accounts}))


def _is_about_anyone(statement: Statement) -> bool:
    named = statement.principals
    return named.partly_unknown and not (named.aws or named.services or statement.conditions)


def of_any_account(name: str) -> str:
    """Return the name of those of an account as that of those of whatever other account."""
    return re.sub(r"(?<= of )\d{12}\b", _ANY_ACCOUNT, name)


def with_sessions(policy: Policy, user: str | None, session: str) -> Policy:
    """Return a key policy or grant with what it says of one user said of a federated session that the user makes.

    Nothing in a request tells whose session it is. So the sessions of each user that is named are asked for apart,
    and whoever no template makes is a session of somebody else.

    :param user: the ARN of the user; None for a session of a user whom the policy does not name.
    """
    if not any(one.principals.user_accounts for one in policy.statements):
        return policy
    return Policy(
        policy.name, policy.is_key_policy, tuple(_of_session(one, user, session) for one in policy.statements)
    )


def _of_session(statement: Statement, user: str | None, session: str) -> Statement:
    named = statement.principals
    aws = named.aws | {session} if user in named.aws else named.aws
    return replace(statement, principals=replace(named, aws=aws, user_accounts=frozenset()))


def _like(patterns: Iterable[str]) -> str:
    text = " and ".join(patterns)
    return f" like {text}" if text else ""
