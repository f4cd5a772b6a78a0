"""Rules on grants: access that no policy shows."""

from __future__ import annotations

from collections.abc import Iterator

from secure_kms_constructs.policies import Request
from secure_kms_constructs.policies.evaluation import Policies, denies
from secure_kms_constructs.policies.verdicts import Verdict, any_of
from secure_kms_constructs.templates.landscape import Key

from .context import Context
from .documents import Written
from .examples import BASE, NO_FOREIGN_GRANTS, ROLE, ROOT, THE_KEY, Json, allow, key, keyed, policy, template
from .findings import Found, Severity
from .naming import depends_on, is_unknown, named_actions
from .rule import Rule

_KMS = "https://docs.aws.amazon.com/kms/latest/developerguide/"


def _foreign_grants(context: Context) -> Iterator[Found]:
    for made, resource in context.made_keys:
        verdict = any_of(_denies_grants(made))
        if verdict is not True:
            may = "does not deny" if verdict is False else "may not deny"
            message = f"{may} kms:CreateGrant where no AWS service asks for it"
            yield Found(resource.source, "Properties.KeyPolicy", message, undecided=verdict is None)


def _denies_grants(made: Key) -> Iterator[Verdict]:
    account = made.arn.split(":")[4]
    context = {"kms:GrantIsForAWSResource": "false"}
    request = Request(f"arn:aws:iam::{account}:role/any-role", "kms:CreateGrant", made.arn, context)
    policies = Policies(made.policy, (), None)
    for statement, named in made.policy.about("kms:creategrant"):
        yield denies(statement, named, request, policies)


def _create_grant(context: Context) -> Iterator[Found]:
    guarded = {made.policy.name for made, _ in context.made_keys if any_of(_denies_grants(made))}
    for one in (*context.identity_statements, *context.key_statements):
        if one.allows is False or one.document.policy.name in guarded or _is_service_only(one):
            continue
        actions = list(named_actions(one.statement))
        grants = [name for name, named in actions if _is_about_grants(name, named)]
        if not grants and all(named is not None for _, named in actions):
            continue
        if depends_on(one.statement, lambda name: name in ("kms:grantisforawsresource", "kms:viaservice")):
            continue
        doubt = one.allows is None or not grants or is_unknown(one.statement)
        may = "may allow" if doubt else "allows"
        message = f"{may} kms:CreateGrant to whom and for what its holder likes"
        yield one.found(message, "Action", "NotAction", undecided=doubt)


def _is_about_grants(name: str, named: frozenset[str] | None) -> bool:
    """Tell whether somebody wrote down grants; whoever allows every action has findings of other rules."""
    return named is not None and "kms:CreateGrant" in named and len(named) < 20 and name != "NotAction"


def _is_service_only(one: Written) -> bool:
    principals = one.statement.principals
    return bool(principals.services) and not principals.aws


_GRANTS = allow(None, "kms:CreateGrant", Resource=THE_KEY)
_RDS = allow(ROOT, "kms:CreateGrant", {"Bool": {"kms:GrantIsForAWSResource": "true"}})


def _granting(statement: Json) -> Json:
    return template(Key=key(_RDS), Role=ROLE, Policy=policy(statement))


RULES = (
    Rule(
        id="KLP203",
        name="foreign-grants",
        title="A key policy lets principals make grants that are not for an AWS service",
        severity=Severity.WARNING,
        controls=("Control Tower CT.KMS.PR.3", "Control Tower CT.KMS.PV.1"),
        why="A grant is access that no policy shows, and whoever may make grants may make them for anyone.",
        fix="Deny kms:CreateGrant to everybody, BoolIfExists kms:GrantIsForAWSResource and "
        "aws:PrincipalIsAWSService false.",
        source="https://docs.aws.amazon.com/controltower/latest/controlreference/kms-rules.html",
        broken=keyed(base=tuple(one for one in BASE if one is not NO_FOREIGN_GRANTS)),
        clean=keyed(),
        check=_foreign_grants,
    ),
    Rule(
        id="KLP204",
        name="create-grant",
        title="A statement allows kms:CreateGrant without kms:GrantIsForAWSResource",
        severity=Severity.WARNING,
        controls=("ours",),
        why="With it a principal gives the use of the key to anyone, itself included, and no policy shows that.",
        fix="Add Bool kms:GrantIsForAWSResource true: services make the grants that they need with it.",
        source=f"{_KMS}conditions-kms.html#conditions-kms-grant-is-for-aws-resource",
        broken=_granting(_GRANTS),
        clean=_granting(dict(_GRANTS, Condition={"Bool": {"kms:GrantIsForAWSResource": "true"}})),
        check=_create_grant,
    ),
)
