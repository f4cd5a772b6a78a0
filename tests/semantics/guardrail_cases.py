"""What guardrails forbid and what they leave alone, in pairs that differ in one field."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from secure_kms_constructs.organizations import Guardrail

ACCOUNT, TRUSTED, FOREIGN = "111122223333", "444455556666", "999988887777"
REGION, ORGANIZATION = "us-east-1", "o-ourcompany1"
KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/1234abcd-12ab-34cd-56ef-1234567890ab"
SECRET = f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:db-AbC123"


def role(name: str, account: str = ACCOUNT) -> str:
    return f"arn:aws:iam::{account}:role/{name}"


APP, BREAK_GLASS, ROOT = role("app"), role("break-glass/emea"), f"arn:aws:iam::{ACCOUNT}:root"
USER = f"arn:aws:iam::{ACCOUNT}:user/alice"
DEPLOYER = role(f"cdk-hnb659fds-cfn-exec-role-{ACCOUNT}-{REGION}")
DEPLOY_ROLE = role(f"cdk-hnb659fds-deploy-role-{ACCOUNT}-{REGION}")
ABROAD = role(f"cdk-hnb659fds-cfn-exec-role-{ACCOUNT}-eu-west-1")
OUTSIDER, PARTNER = role("app", FOREIGN), role("app", TRUSTED)
TRAIL, EVENTS, LOGS = "cloudtrail.amazonaws.com", "events.amazonaws.com", f"logs.{REGION}.amazonaws.com"

#: The options under which the cases hold.
OPTIONS = {
    "organization": ORGANIZATION,
    "break_glass": ["arn:aws:iam::*:role/break-glass/*"],
    "trusted_accounts": [TRUSTED],
}

ORG = {"aws:PrincipalOrgID": ORGANIZATION}
OTHER_ORG = {"aws:PrincipalOrgID": "o-theircompany"}
NOT_FOR_AWS = {**ORG, "kms:GrantIsForAWSResource": "false"}
BYPASS = "kms:BypassPolicyLockoutSafetyCheck"
WINDOW = "kms:ScheduleKeyDeletionPendingWindowInDays"


@dataclass(frozen=True)
class Case:
    """May `who` do `action` on `on`, whose own policy and whose identity policies let everybody do everything?

    `forbidden_by` is the only guardrail in the way, None where there is none.
    """

    name: str
    who: str
    action: str
    forbidden_by: Guardrail | None = None
    on: str = KEY
    context: Mapping[str, str] = field(default_factory=lambda: ORG)


def pair(forbidden_by: Guardrail, denied: Case, otherwise: str, **change: object) -> list[Case]:
    """A forbidden act, and the neighbour that differs in one field and is let alone."""
    assert len(change) == 1, f"{otherwise}: a neighbour differs in one field"
    name = f"{denied.who.rpartition('/')[2] or denied.who} {denied.name}"
    return [
        replace(denied, name=f"denied: {name}", forbidden_by=forbidden_by),
        replace(denied, name=f"allowed: {name}, but {otherwise}", **change),  # type: ignore[arg-type]
    ]


def _lockout() -> list[Case]:
    cases = []
    for who in (DEPLOYER, BREAK_GLASS):
        unchecked = Case("writes a key policy unchecked", who, "kms:PutKeyPolicy", context={**ORG, BYPASS: "true"})
        checked = {**ORG, BYPASS: "false"}
        cases += pair(Guardrail.LOCKOUT_CHECK, unchecked, "with the check", context=checked)
    made = Case("makes a key unchecked", DEPLOYER, "kms:CreateKey", on="*", context={**ORG, BYPASS: "true"})
    cases += pair(Guardrail.LOCKOUT_CHECK, made, "with the check", context={**ORG, BYPASS: "false"})
    made = replace(made, who=APP)
    return cases + pair(Guardrail.LOCKOUT_CHECK, made, "without saying", context=ORG)


def _grants() -> list[Case]:
    cases = []
    for who in (APP, BREAK_GLASS, USER, ROOT, DEPLOY_ROLE):
        direct = Case("creates a grant", who, "kms:CreateGrant", context=NOT_FOR_AWS)
        for_service = {**ORG, "kms:GrantIsForAWSResource": "true"}
        cases += pair(Guardrail.GRANTS, direct, "for an AWS service", context=for_service)
    through = Case("creates a grant for EKS", APP, "kms:CreateGrant", context=NOT_FOR_AWS)
    cases += pair(Guardrail.GRANTS, through, "deploys", who=DEPLOYER)
    cases += pair(Guardrail.GRANTS, through, "deploys elsewhere", who=ABROAD)
    cases += pair(Guardrail.GRANTS, through, "retires it", action="kms:RevokeGrant")
    named_alike = replace(through, who=role("my-cdk-hnb659fds-cfn-exec-role-1"))
    return cases + pair(Guardrail.GRANTS, named_alike, "is the service itself", who="fargate.amazonaws.com")


def _keys() -> list[Case]:
    cases = []
    for action in ("ScheduleKeyDeletion", "DisableKey", "DeleteImportedKeyMaterial"):
        taken = Case(f"does {action}", APP, f"kms:{action}")
        cases += pair(Guardrail.KEEP_KEYS, taken, "deploys", who=DEPLOYER)
        cases += pair(Guardrail.KEEP_KEYS, taken, "breaks the glass", who=BREAK_GLASS)
    for who in (USER, ROOT, DEPLOY_ROLE):
        disabled = Case("disables a key", who, "kms:DisableKey")
        cases += pair(Guardrail.KEEP_KEYS, disabled, "enables it", action="kms:EnableKey")
    deleted = Case("deletes a key", APP, "kms:ScheduleKeyDeletion")
    cases += pair(Guardrail.KEEP_KEYS, deleted, "keeps it", action="kms:CancelKeyDeletion")
    expires, stays = ({**ORG, "kms:ExpirationModel": f"KEY_MATERIAL_{one}"} for one in ("EXPIRES", "DOES_NOT_EXPIRE"))
    for context in (expires, ORG):
        imported = Case("imports material", APP, "kms:ImportKeyMaterial", context=context)
        cases += pair(Guardrail.KEEP_KEYS, imported, "that does not expire", context=stays)
        cases += pair(Guardrail.KEEP_KEYS, imported, "deploys", who=DEPLOYER)[1:]
        cases += pair(Guardrail.KEEP_KEYS, imported, "breaks the glass", who=BREAK_GLASS)[1:]
    for action in ("DeleteCustomKeyStore", "DisconnectCustomKeyStore", "UpdateCustomKeyStore"):
        store = Case(f"does {action}", APP, f"kms:{action}", on="*")
        cases += pair(Guardrail.KEEP_KEYS, store, "breaks the glass", who=BREAK_GLASS)
    return cases


def _waiting() -> list[Case]:
    cases = []
    for who, days in ((DEPLOYER, "7"), (BREAK_GLASS, "7"), (ABROAD, "29")):
        soon = Case(f"deletes a key in {days} days", who, "kms:ScheduleKeyDeletion", context={**ORG, WINDOW: days})
        cases += pair(Guardrail.WAITING_PERIOD, soon, "in 30 days", context={**ORG, WINDOW: "30"})
        cases += pair(Guardrail.WAITING_PERIOD, soon, "without saying when, which is 30", context=ORG)[1:]
    return cases


def _policies() -> list[Case]:
    cases = []
    for action in ("PutKeyPolicy", "ReplicateKey"):
        for who in (APP, USER, ROOT):
            written = Case(f"does {action}", who, f"kms:{action}")
            cases += pair(Guardrail.KEY_POLICIES, written, "deploys", who=DEPLOYER)
    written = Case("writes a key policy", DEPLOY_ROLE, "kms:PutKeyPolicy")
    cases += pair(Guardrail.KEY_POLICIES, written, "breaks the glass", who=BREAK_GLASS)
    return cases + pair(Guardrail.KEY_POLICIES, written, "reads it", action="kms:GetKeyPolicy")


def _perimeter() -> list[Case]:
    cases = []
    for action, on in (
        ("kms:Decrypt", KEY),
        ("kms:GenerateDataKey", KEY),
        ("kms:DescribeKey", KEY),
        ("secretsmanager:GetSecretValue", SECRET),
        ("secretsmanager:PutSecretValue", SECRET),
    ):
        foreign = Case(f"does {action} from another organization", OUTSIDER, action, on=on, context=OTHER_ORG)
        cases += pair(Guardrail.ORGANIZATION_PERIMETER, foreign, "from this one", context=ORG)
        cases += pair(Guardrail.ORGANIZATION_PERIMETER, foreign, "is trusted", who=PARTNER)[1:]
    alone = Case("decrypts from no organization", OUTSIDER, "kms:Decrypt", context={})
    cases += pair(Guardrail.ORGANIZATION_PERIMETER, alone, "is trusted", who=PARTNER)
    return cases + pair(Guardrail.ORGANIZATION_PERIMETER, alone, "is a service", who=LOGS)


def _deputies() -> list[Case]:
    def for_whom(account: str, organization: str | None = None) -> dict[str, str]:
        return {"aws:SourceAccount": account} | ({"aws:SourceOrgID": organization} if organization else {})

    cases = []
    for who, action, on in (
        (TRAIL, "kms:GenerateDataKey", KEY),
        (EVENTS, "kms:Decrypt", KEY),
        (LOGS, "kms:Decrypt", KEY),
        ("appflow.amazonaws.com", "secretsmanager:GetSecretValue", SECRET),
    ):
        theirs = Case(f"does {action} for others", who, action, on=on, context=for_whom(FOREIGN, "o-theircompany"))
        ours = for_whom(ACCOUNT, ORGANIZATION)
        cases += pair(Guardrail.CONFUSED_DEPUTY, theirs, "for this organization", context=ours)
        cases += pair(Guardrail.CONFUSED_DEPUTY, theirs, "without saying for whom", context={})[1:]
    nobodys = Case("decrypts for an account of no organization", TRAIL, "kms:Decrypt", context=for_whom(FOREIGN))
    return cases + pair(Guardrail.CONFUSED_DEPUTY, nobodys, "for a trusted one", context=for_whom(TRUSTED))


_ALL = [*_lockout(), *_grants(), *_keys(), *_waiting(), *_policies(), *_perimeter(), *_deputies()]
# One forbidden act has several neighbours.
CASES = list({case.name: case for case in _ALL}.values())
