"""What the key policy of a stock key has to say once it leaves nothing to IAM policies any more.

The L2 grants by identity policies alone, because its keys delegate to them. Each such grant gets its other side here:
the key policy names who, the identity policy says what, and both are needed, as for a HardenedKey.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from secure_kms_constructs.aws.facts import CRYPTOGRAPHIC_ACTIONS, KEY_ACTIONS, METADATA_ACTIONS

from .apps import App, Looked, plain, referred
from .circles import generated_arn, literal_arn
from .identity_sides import HOLDERS, POLICIES, admitted, holders_of, names_one, services_of, statements_of
from .instead import as_json
from .joining import joined
from .reading import KEY_PAIR_ACTIONS, is_account, listed, meant
from .served_keys import KeyFacts
from .statements import Statement, key_statement
from .usages import names_of

_PUBLIC_KEY = "kms:GetPublicKey"
_USES = CRYPTOGRAPHIC_ACTIONS | {"kms:CreateGrant", _PUBLIC_KEY}
_MANAGES = KEY_ACTIONS.value - _USES - set(METADATA_ACTIONS.value)


class Adopted(NamedTuple):
    """The key policy's side of what identity policies grant.

    :param statements: with ``{account}`` and the like for where the key is, and references to roles.
    :param problems: what cannot be served.
    """

    statements: list[Statement]
    problems: list[str]


def is_stock_delegation(statement: Statement, account: str) -> bool:
    """Tell whether a statement is the one that leaves a key to the IAM policies of its account, and no more.

    :param statement: as text.
    :param account: the key's account as it stands there.
    """
    principal = statement.get("Principal")
    named = listed(principal.get("AWS")) if isinstance(principal, dict) and set(principal) == {"AWS"} else []
    return (
        statement.get("Effect") == "Allow"
        and listed(statement.get("Action")) == ["kms:*"]
        and len(named) == 1
        and is_account(str(named[0]))
        and account in str(named[0]).split(":")
        and not statement.get("Condition")
    )


def identity_grants(app: App, key: KeyFacts) -> Adopted:
    """Return what a key policy needs for each role and user that a policy of its own lets use the key by name."""
    names, problems = names_of(app, key.path), list[str]()
    # Who, as a condition names it, with what it may; and who has no such name.
    actions: dict[str, tuple[str, Any, list[str], set[str]]] = {}
    for policy in app.referring_to(names):
        for statement in statements_of(policy):
            if statement.get("Effect") != "Allow" or not names_one(statement, names):
                continue
            problems += _unserved(policy, statement)
            uses = uses_of(statement, key.kind.usage)
            via = sorted(services_of(plain(statement)))
            for called, who, holder in _held_by(app, key, policy):
                if who is None:
                    # What is left to IAM policies through a service is left to whoever it is.
                    problems += [] if key.delegates else [_elsewhere(called)]
                    continue
                # What is granted through a service stays so, and has its other side where the L2 wrote one.
                through = [one for one in key.statements if set(via) & services_of(one)]
                rest = uses - (admitted(app, holder, statement, through) if holder is not None else set())
                actions.setdefault(as_json([who, via]), (*who, via, set()))[3].update(rest)
    found = []
    for operator, value, via, several in actions.values():
        if several:
            account = str(listed(value)[0]).split(":")[4] if not isinstance(value, dict) else "{account}"
            equal: dict[str, Any] = {"kms:CallerAccount": account}
            condition = {operator: {"aws:PrincipalArn": value}, "StringEquals": equal}
            if via:
                equal["kms:ViaService"] = via[0] if len(via) == 1 else via
            root = {"AWS": f"arn:{{partition}}:iam::{account}:root"}
            found.append(key_statement("AllowUse", root, several, condition))
    problems += _unread(app, names)
    problems += _all_keys(app, key)
    return Adopted(joined(found), list(dict.fromkeys(problems)))


def _held_by(app: App, key: KeyFacts, policy: Looked) -> Iterator[tuple[str, tuple[str, Any] | None, Looked | None]]:
    """Yield who has a policy, as messages call it, as a condition names it (None where none can), and its resource."""
    for holder in holders_of(app, policy):
        yield holder.called, _named(app, key, holder), holder
    there = app.places.get(policy.stack)
    is_here = there is not None and there.account == key.place.account
    for part, kind in (("Roles", "role"), ("Users", "user")):
        for name in listed(policy.properties.get(part)):
            if isinstance(name, str):
                # Of an imported one. Names are unique in an account, whatever their path.
                start = f"arn:{{partition}}:iam::{{account}}:{kind}/"
                named = "ArnLike", [f"{start}{name}", f"{start}*/{name}"]
                yield f"{kind} {name}", named if is_here else None, None


def _unread(app: App, names: set[str]) -> Iterator[str]:
    """Yield what may let somebody use the key, and of whom it is not told here."""
    for one in app.referring_to(names):
        if one.type in POLICIES:
            allows = any(it.get("Effect") == "Allow" and names_one(it, names) for it in statements_of(one))
            known = [
                *holders_of(app, one),
                *(it for part in ("Roles", "Users") for it in listed(one.properties.get(part))),
            ]
            groups = one.properties.get("Groups") or any(
                other.type == "AWS::IAM::Group"
                and one.path in referred(listed(other.properties.get("ManagedPolicyArns")))
                for other in app.referring_to([one.path])
            )
            if allows and (groups or not known):
                yield (
                    f"{one.called} allows use of the key to a group, or to whoever it is attached to elsewhere, and no "
                    "key policy can name those: grant to the roles and users themselves"
                )
        elif one.type.startswith(("AWS::IAM::", "AWS::SSO::")) and one.type not in HOLDERS:
            yield f"{one.called}, {one.type}, names the key, and is not read here: use an iam.Policy"


def _all_keys(app: App, key: KeyFacts) -> Iterator[str]:
    """Yield what may mean this key by ``*``: so the L2 grants a key of another account or region."""
    for policy in app.resources.values():
        there = app.places.get(policy.stack)
        if there is not None and (there.account, there.region) == (key.place.account, key.place.region):
            continue
        if there is not None and _is_of_another(there.account, key.place.account):
            # Whom the key policy admits of another account stays admitted by it, and nobody else ever was.
            continue
        for one in statements_of(policy):
            asked = sorted(uses_of(one, key.kind.usage))
            if one.get("Effect") == "Allow" and asked and "*" in listed(one.get("Resource")):
                yield (
                    f"{policy.called} allows {', '.join(asked)} on * from another region, or an account that is not "
                    "known, as the L2 grants keys of elsewhere, and may mean this key: make it a HardenedKey, whose "
                    "grants name it"
                )


def _is_of_another(account: str, own: str) -> bool:
    # An account that is no number may be the key's own.
    return account.isdecimal() and own.isdecimal() and account != own


def uses_of(statement: Statement, usage: str) -> set[str]:
    """Return the uses of a key that a statement of the L2 means.

    The L2 writes ``GenerateDataKey*`` and ``ReEncrypt*`` for an encrypter: the first takes in key pairs, which no
    service makes, the second decrypts. As the grants of a HardenedKey, neither is admitted on the word of a wildcard.
    """
    patterns = [str(one) for one in listed(statement.get("Action"))]
    asked = meant(patterns, _USES)
    if usage == "SYMMETRIC":
        asked -= KEY_PAIR_ACTIONS.difference(patterns) | {_PUBLIC_KEY}
    if "kms:Decrypt" not in asked:
        asked -= {"kms:ReEncryptFrom"}.difference(patterns)
    return asked


def _unserved(policy: Looked, statement: Statement) -> Iterator[str]:
    if "Action" not in statement:
        yield f"{policy.called} allows all but NotAction on the key: name the actions"
    elif managed := sorted(meant(statement.get("Action"), _MANAGES)):
        named = ", ".join(map(str, listed(statement.get("Action"))))
        yield (
            f"{policy.called} allows {named} on the key, which manages the key ({managed[0]}): pass who it is for as "
            "administrators=[...], and leave this statement out"
        )


def _named(app: App, key: KeyFacts, holder: Looked) -> tuple[str, Any] | None:
    """Return how a condition names a role or user, without a circle and without a cross-stack reference."""
    literal = literal_arn(app, key.place, holder)
    if literal is not None:
        return "ArnEquals", literal
    if holder.stack != key.stack:
        return None
    if holder.path not in key.ways:
        return "ArnEquals", {"Resource": holder.path, "Attribute": "Arn"}
    pattern = generated_arn(app, key.place, holder)
    return None if pattern is None else ("ArnLike", pattern)


def _elsewhere(called: str) -> str:
    return (
        f"{called} uses the key, and the key policy cannot name it: it is in another stack with a generated "
        "name, or waits for the key. Give it a literal name, or pass delegate_via=[...] for the service that it uses"
    )
