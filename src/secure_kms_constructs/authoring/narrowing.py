"""Narrows what other constructs add to a key policy, or refuses it with the way out.

CDK's own constructs write for keys that delegate to IAM: they admit the account root and leave the rest to identity
policies. On a key that delegates nothing, such a statement admits everybody with an IAM policy.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from secure_kms_constructs.aws import arns
from secure_kms_constructs.aws.facts import CROSS_ACCOUNT_ACTIONS, METADATA_ACTIONS
from secure_kms_constructs.aws.services import SERVICES, Service, Use

from .key_policies import KeyPolicy
from .principals import is_one, is_visible
from .reading import POSITIVE, bound, is_account, listed, meant, names_principals, names_source
from .statements import Statement, merged, one_or_many

# What tells the L2's grant_admin from other statements; it takes in PutKeyPolicy and CreateGrant.
L2_ADMIN_ACTIONS = ("kms:Create*", "kms:Delete*", "kms:Put*")
_L2_ADMIN = {
    *L2_ADMIN_ACTIONS,
    *("kms:Describe*", "kms:Disable*", "kms:Enable*", "kms:Get*", "kms:List*", "kms:Revoke*", "kms:Update*"),
    *("kms:TagResource", "kms:UntagResource", "kms:ScheduleKeyDeletion", "kms:CancelKeyDeletion"),
}


def add_narrowed(
    policy: KeyPolicy, statement: Statement, resolved: Any, account: str, own_account: str, *, of: Service | None = None
) -> None:
    """Add a statement of somebody else to a key policy, as narrow as it can be and still work.

    :param statement: the statement, with tokens.
    :param resolved: the same statement resolved.
    :param account: the key's account, maybe a token.
    :param own_account: the key's account as it stands in ``resolved``.
    :param of: the service whose resource asks for it, where one does.
    :raises ValueError: where the statement would open the key, or would never match.
    """
    text = arns.plain(resolved)
    if "Action" not in statement and "NotAction" not in statement:
        raise ValueError(f"a key policy statement must name its actions, got {text}: KMS would ignore it")
    if statement.get("Effect") == "Deny":
        policy.add(statement)
        return
    if "NotAction" in statement or "NotPrincipal" in statement or "Principal" not in statement:
        raise ValueError(f"a key policy statement must name its actions and principals, got {text}")
    principal, said = statement["Principal"], text["Principal"]
    if not isinstance(principal, dict):
        raise _everyone(text)
    for kind, value in principal.items():
        for who, name in _pairs(value, said[kind]):
            one, one_text = {**statement, "Principal": {kind: who}}, {**text, "Principal": {kind: name}}
            if kind == "Service":
                if meant(listed(statement.get("Action")), ["kms:PutKeyPolicy"]):
                    raise ValueError(
                        f"no service changes a key policy, got {statement['Action']} for {name}: name uses"
                    )
                for each in _for_service(one, one_text, name, account, of):
                    policy.add(each)
            elif kind == "AWS" and name == "*":
                raise _everyone(text)
            elif kind == "AWS" and is_account(name):
                _add_for_account(policy, one, one_text, own_account, resolved)
            elif kind == "AWS":
                if not re.search("[*?]", name):
                    _check_visible(listed(resolved["Principal"][kind]), name)
                _add_for_arn(policy, one, one_text, own_account)
            else:
                raise ValueError(f"a key policy admits IAM principals and AWS services, got {kind}: {name}")


def _check_visible(values: list[Any], name: str) -> None:
    """Check that a principal cannot turn out an account, or several roles."""
    for value in values:
        if arns.as_text(value) == name and not is_visible(value):
            raise ValueError(
                f"a principal must be visibly one role or user of one account, got {name}: write its ARN, or pass the "
                "role itself"
            )


def _check_named(resolved: Statement, account: str) -> None:
    """Check that whom a condition names can turn out nobody else, and is of the account that the statement is for."""
    values = (
        value
        for operator, block in (resolved.get("Condition") or {}).items()
        if operator in POSITIVE
        for key, several in block.items()
        if key.lower() == "aws:principalarn"
        for value in listed(several)
    )
    for value in values:
        name = arns.as_text(value)
        if not re.search("[*?]", name):
            _check_visible([value], name)
        elif not is_one(re.sub("[*?]", "x", name)):
            raise ValueError(
                f"a pattern of aws:PrincipalArn must be visible, got {name}: what fills it in may be a wildcard too, "
                "so write it out"
            )
        parsed, whose = arns.principal_arn(name), re.search(r"[0-9]{12}", account)
        if parsed and whose and arns.contradict(parsed[0].account, whose[0]):
            raise ValueError(
                f"a statement for {account} admits nobody of another account, got aws:PrincipalArn {name}: write the "
                "statement for the account of the role"
            )


def _add_for_account(
    policy: KeyPolicy, statement: Statement, text: Statement, own_account: str, resolved: Statement
) -> None:
    """Add a statement for an account's root, which admits whoever an IAM policy of the account admits."""
    actions, tied = listed(statement.get("Action")), bound(text)
    ours = text["Principal"]["AWS"].endswith(f":{own_account}:root")
    if names_principals(tied):
        _check_named(resolved, text["Principal"]["AWS"])
        for who, name in _pairs(bound(statement)["aws:principalarn"], tied["aws:principalarn"]):
            _check_principal(policy, who, name, actions, own_account)
        policy.add(statement)
    elif set(actions) <= set(METADATA_ACTIONS.value):
        policy.add(statement)
    elif "kms:viaservice" in tied and "aws:principalarn" not in tied and ours and _names_services(tied):
        for via, said in _pairs(bound(statement)["kms:viaservice"], tied["kms:viaservice"]):
            policy.provision(_provisioning(said, actions), via)
            if said.startswith(f"{Service.SECRETS_MANAGER.prefix}."):
                # CreateSecret encrypts the value and reads it back.
                policy.note_created(Service.SECRETS_MANAGER.actions_for(Use.WRITE), via)
    else:
        raise _delegation(text)


def _names_services(tied: dict[str, Any]) -> bool:
    """Tell whether ``kms:ViaService`` names services; their region may be any."""
    return not any(re.match(r"[^.]*[*?]", str(one)) for one in listed(tied["kms:viaservice"]))


def _add_for_arn(policy: KeyPolicy, statement: Statement, text: Statement, own_account: str) -> None:
    """Add a statement that names a role or user."""
    actions, who, name = listed(statement.get("Action")), statement["Principal"]["AWS"], text["Principal"]["AWS"]
    if "*" in name or "?" in name:
        raise ValueError(f"KMS takes no wildcard in a principal, got {name}: name each role")
    if set(L2_ADMIN_ACTIONS) <= set(actions) <= _L2_ADMIN and "Condition" not in statement and isinstance(who, str):
        policy.add_administrator(who)
        return
    _check_principal(policy, who, name, actions, own_account)
    policy.add(statement)


def _check_principal(policy: KeyPolicy, who: Any, name: str, actions: list[str], own_account: str) -> None:
    if meant(actions, ["kms:PutKeyPolicy"]):
        raise ValueError(
            f"only the deployer and policy_administrators may change the key policy, got {actions} for {name}: "
            "pass the principal as policy_administrators of the HardenedKey"
        )
    parsed = arns.principal_arn(name)
    if parsed and arns.contradict(parsed[0].account, own_account):
        dead = sorted(action for action in actions if not meant(action, CROSS_ACCOUNT_ACTIONS.value))
        if dead:
            raise ValueError(f"KMS honours no {', '.join(dead)} for a principal of another account, got {name}")
    # In a statement from JSON it may be an intrinsic function.
    policy.note_use(who if isinstance(who, str) else name, actions)


def _pairs(values: Any, texts: Any) -> Iterable[tuple[str, str]]:
    return zip(listed(values), listed(texts), strict=True)


def _provisioning(via: str, actions: list[str]) -> Iterable[str]:
    """Return what the deployer needs to create a resource of a service; where no page says it, what was asked for."""
    for service in SERVICES:
        if via.startswith(f"{service.prefix}.") and Use.PROVISION in service.actions:
            return service.actions_for(Use.PROVISION)
    return actions


def _for_service(
    statement: Statement, text: Statement, service: str, account: str, of: Service | None
) -> Iterator[Statement]:
    """Yield what a statement for a service principal means: DescribeKey apart, which has no encryption context."""
    # The keys of a condition decide what goes apart, and they are the same with tokens and without.
    for (actions, condition), (_, said) in zip(_apart(statement), _apart(text), strict=True):
        one = {**statement, "Action": actions, "Condition": condition}
        if not condition:
            del one["Condition"]
        yield _with_source(one, {**text, "Condition": said}, service, account, of)


def _apart(statement: Statement) -> Iterator[tuple[Any, dict[str, Any]]]:
    condition = statement.get("Condition", {})
    without = {
        operator: {key: value for key, value in block.items() if not key.lower().startswith("kms:encryptioncontext")}
        for operator, block in condition.items()
    }
    without = {operator: block for operator, block in without.items() if block}
    actions = listed(statement.get("Action"))
    inert = [action for action in actions if without != condition and meant(action, ["kms:DescribeKey"])]
    rest = [action for action in actions if action not in inert]
    if rest or not inert:
        yield one_or_many(rest or actions), condition
    if inert:
        yield "kms:DescribeKey", without


def _with_source(statement: Statement, text: Statement, service: str, account: str, of: Service | None) -> Statement:
    """Bind a service principal to calls for this account, where nothing binds it yet.

    Not where a page shows that it sends no source, or none for some of its calls and it is not known for which ones. A
    source that refers to something may have to become a pattern (see ``opened``), so it is bound to the account too.
    """
    # The catalogue is read once there is a service in it.
    from secure_kms_constructs.aws.catalogue import source_of

    sent, tied = source_of(service), bound(text)
    if sent == "" and of is not None:
        sent = source_of(service, of.name)
    literal = all(arns.only_pseudo_parameters(str(one)) for one in listed(tied.get("aws:sourcearn")))
    if sent == "" or (names_source(tied) and (literal or sent != "aws:SourceAccount" or "aws:sourceaccount" in tied)):
        return statement
    by_arn = {"ArnLike": {"aws:SourceArn": f"arn:*:*:*:{account}:*"}}
    tie = by_arn if sent == "aws:SourceArn" else {"StringEquals": {"aws:SourceAccount": account}}
    return {**statement, "Condition": merged(statement.get("Condition", {}), tie)}


def _everyone(text: Any) -> ValueError:
    tied = bound(text)
    via = [str(one) for one in listed(tied.get("kms:viaservice"))]
    if via and "kms:calleraccount" in tied:
        names = [one.name for one in SERVICES if any(value.startswith(f"{one.prefix}.") for value in via)]
        return ValueError(
            f"a HardenedKey admits nobody by '*', got {text}: pass delegate_via=[...] for "
            f"{', '.join(names) or ', '.join(via)}, which leaves that service's callers to the account's IAM policies"
        )
    return ValueError(f"a HardenedKey admits nobody by '*', got {text}: name the roles that use the key")


def _delegation(text: Statement) -> ValueError:
    return ValueError(
        f"a HardenedKey does not delegate to the IAM policies of a whole account, got {text}: "
        "grant the roles that use the key (key.grant_decrypt(role)), or pass delegate_via=[service]. "
        "A construct that insists on it (ECS Exec does) takes kms.Key.from_key_arn(self, 'Ref', key.key_arn) instead; "
        "grant its role on the HardenedKey itself"
    )
