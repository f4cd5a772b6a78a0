"""Every placement works and opens nothing else, judged over the stacks of one assembly."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from aws_cdk import App, Resource, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_logs as logs
from aws_cdk import aws_secretsmanager as sm

from tests.semantics.assembly import logical_id, name_of
from tests.semantics.guarded import Documents, documents, under
from tests.semantics.judge import Judge
from tests.semantics.placed import Scene
from tests.semantics.placements import (
    OTHER_ACCOUNT,
    PLACEMENTS,
    REGIONS,
    Access,
    Placement,
    World,
    context_of_lookups,
)
from tests.semantics.refusals import REFUSALS, Refusal
from tests.semantics.resolve import resolve

EVERYTHING = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
CONTEXT = {"secretsmanager": "SecretARN", "ssm": "PARAMETER_ARN", "logs": "aws:logs:arn", "kinesis": "aws:kinesis:arn"}


@dataclass(frozen=True)
class Asked:
    """The placement's access as the judge is asked about it."""

    scene: Scene
    access: Access
    guardrails: Documents | None = None

    @property
    def stack(self) -> Any:
        return self.scene.deployment._stacks[name_of(Stack.of(self.access.built))]

    def arn(self, thing: Any) -> str:
        deployment = self.scene.deployment
        if isinstance(thing, str):
            region = REGIONS[self.scene.partition][0]
            suffix = "amazonaws.com.cn" if self.scene.partition == "aws-cn" else "amazonaws.com"
            return f"logs.{region}.{suffix}" if thing == "service:logs" else thing
        name, stack = logical_id(thing), name_of(Stack.of(thing))
        finders = [
            (iam.Role, deployment.role),
            (iam.User, deployment.user),
            (kms.Key, deployment.key),
            (sm.Secret, deployment.secret),
            (logs.LogGroup, deployment.log_group),
            (Resource, deployment.parameter),
        ]
        return next(find for kind, find in finders if isinstance(thing, kind))(name, stack=stack)

    def required(self, name: str) -> list[Any]:
        """What others must write, as they would find it after the deployment."""
        found = getattr(self.access.built, name, None) or []
        statements = [one for group in found.values() for one in group] if isinstance(found, dict) else found
        if not statements:
            return []
        resolved = resolve(Stack.of(self.access.built).resolve(statements), self.stack)
        assert isinstance(resolved, list)
        return resolved

    def may(self, judge: Judge, **change: Any) -> bool:
        access = self.access
        key = self.arn(access.key)
        resource = self.arn(access.resource)
        asked: dict[str, Any] = {
            "who": self.arn(access.who),
            "action": access.action,
            "via": None if access.direct else access.service,
            "context": {} if access.direct else {CONTEXT[access.service]: resource},
            "on": key,
            **change,
        }
        if asked["who"].startswith("logs."):
            # No policy is attached to a service, but the judge knows only those that end in .com.
            asked |= {"via": None, "identity": [EVERYTHING]}
        policy = None
        if not hasattr(access.key, "node"):
            policy = self.imported_key_policy(key)
        return self.ask(judge, asked, policy)

    def imported_key_policy(self, key: str) -> Any:
        """The policy that an imported key has once its owner has done as told; AWS's own for an AWS-managed key."""
        _, partition, _, region, account, _ = key.split(":", 5)
        if self.access.admitted or self.access.open_to_account:
            names = {"kms:CallerAccount": account, "kms:ViaService": f"{self.access.service}.{region}.amazonaws.com"}
            principal: Any = "*"
            statements = [
                {
                    "Effect": "Allow",
                    "Principal": principal,
                    "Action": "kms:Decrypt",
                    "Resource": "*",
                    "Condition": {"StringEquals": names},
                }
            ]
        else:
            statements = self.required("required_key_policy_statements")
            assert statements, "an imported key without word for its owner"
        root = {"AWS": f"arn:{partition}:iam::{account}:root"}
        only = {"StringEquals": {"aws:PrincipalType": "Account"}}
        own = {"Effect": "Allow", "Principal": root, "Action": "kms:*", "Resource": "*", "Condition": only}
        return {"Version": "2012-10-17", "Statement": [own, *statements]}

    def ask(self, judge: Judge, asked: Mapping[str, Any], policy: Any) -> bool:
        identity = asked.get("identity")
        extra = self.required("required_identity_statements")
        if identity is None and (extra or not self.known(asked["who"])):
            identity = [{"Version": "2012-10-17", "Statement": extra}] if extra else []
        question = self.scene.deployment.question(
            asked["who"],
            asked["action"],
            asked["on"],
            via=asked["via"],
            encryption_context=asked["context"],
            identity=identity,
            resource_policy=policy,
        )
        return judge.ask(under(question, self.guardrails) if self.guardrails else question).allowed

    def known(self, principal: str) -> bool:
        if principal.startswith("logs."):
            return True
        try:
            self.scene.deployment.question(principal, "kms:Decrypt", "*")
        except ValueError:
            return False
        return True

    def reads(self, judge: Judge, resource: str) -> bool:
        policy = None
        required = self.required("required_resource_policy_statements")
        if required:
            policy = {"Version": "2012-10-17", "Statement": required}
        who, read = self.arn(self.access.who), str(self.access.read)
        return self.ask(judge, {"who": who, "action": read, "on": resource, "via": None, "context": {}}, policy)


@pytest.fixture(params=PLACEMENTS, ids=lambda one: one.name)
def asked(request: pytest.FixtureRequest, scene: Scene) -> Asked:
    one: Placement = request.param
    return Asked(scene, scene.accesses[one.name])


def neighbour(arn: str) -> str:
    """Another resource under the same key, whose name only starts alike."""
    if ":secret:" in arn:
        return f"{arn[:-7]}-other-ZzZ999"
    parts = arn.rpartition("/" if "/" in arn else ":")
    return f"{parts[0].replace('parameter', 'parameter/x').replace('log-group:/', 'log-group:/x')}/{parts[2]}2"


def test_the_access_works(asked: Asked, judge: Judge) -> None:
    if not asked.access.admitted:
        assert asked.may(judge)
    if asked.access.read:
        assert asked.reads(judge, asked.arn(asked.access.resource))


GUARDRAILS = documents()


def test_the_access_works_under_guardrails(asked: Asked, judge: Judge) -> None:
    guarded = replace(asked, guardrails=GUARDRAILS)
    if not asked.access.admitted:
        assert guarded.may(judge)
    if asked.access.read:
        assert guarded.reads(judge, asked.arn(asked.access.resource))


def test_a_neighbour_is_denied(asked: Asked, judge: Judge) -> None:
    access = asked.access
    denied: dict[str, Any] = {}
    if access.admitted:
        return
    denied["another action"] = {"action": access.refused_action}
    if access.direct:
        denied["another action"] = {"action": "kms:Encrypt"}
    elif access.who != "service:logs":
        region = asked.arn(access.key).split(":")[3]
        elsewhere = next(r for r in REGIONS[asked.scene.partition] if r != region)
        if not access.open_to_account or hasattr(access.key, "node"):
            denied["a direct call"] = {"via": None}
            denied["another service"] = {"via": "sqs" if access.service == "ssm" else "ssm"}
            denied["another region's service"] = {"via": f"{access.service}.{elsewhere}.amazonaws.com"}
    # AWS-managed keys admit whoever may read the resource; there the identity side decides nothing.
    managed = access.open_to_account and not hasattr(access.key, "node")
    if not access.direct and not managed:
        denied["another resource"] = {"context": {CONTEXT[access.service]: neighbour(asked.arn(access.resource))}}
    account = asked.arn(access.key).split(":")[4]
    innocent = f"arn:{asked.scene.partition}:iam::{account}:role/innocent"
    if not managed:
        mighty = [] if access.open_to_account else [EVERYTHING]
        denied["an innocent role"] = {"who": innocent, "identity": mighty, "via": _via_of(access)}
        stranger = innocent.replace(account, "777788889999")
        denied["a stranger"] = {"who": stranger, "identity": [EVERYTHING], "via": _via_of(access)}
    assert [name for name, change in denied.items() if asked.may(judge, **change)] == []


def _via_of(access: Access) -> str | None:
    return None if access.direct else access.service


def test_another_resource_is_not_read(asked: Asked, judge: Judge) -> None:
    if asked.access.read:
        assert not asked.reads(judge, neighbour(asked.arn(asked.access.resource)))


def test_nobody_else_of_another_account_reads_it(asked: Asked, judge: Judge) -> None:
    """The policy of the secret names the grantee, not its account."""
    who = asked.arn(asked.access.who)
    if OTHER_ACCOUNT not in who or asked.access.service != "secretsmanager" or not asked.access.read:
        return
    resource = asked.arn(asked.access.resource)
    colleague = f"arn:{asked.scene.partition}:iam::{OTHER_ACCOUNT}:role/colleague"
    answer = asked.scene.deployment.ask(judge, colleague, asked.access.read, resource, identity=[EVERYTHING])
    assert not answer.allowed


def test_both_sides_are_needed(asked: Asked, judge: Judge) -> None:
    """The key policy alone opens nothing, unless the grantee can hold no policy."""
    access = asked.access
    if access.admitted or access.who == "service:logs" or (access.open_to_account and not hasattr(access.key, "node")):
        return
    bare = asked.scene.deployment.question(
        asked.arn(access.who),
        access.action,
        asked.arn(access.key),
        via=_via_of(access),
        encryption_context={} if access.direct else {CONTEXT[access.service]: asked.arn(access.resource)},
        identity=[],
        resource_policy=None if hasattr(access.key, "node") else asked.imported_key_policy(asked.arn(access.key)),
    )
    object.__setattr__(bare, "identity_policies", [])
    assert judge.ask(bare).allowed is access.by_role_itself


def test_no_statement_is_wider_than_one_key(scene: Scene) -> None:
    for stack in scene.deployment._stacks.values():
        for kind in ("AWS::IAM::Policy", "AWS::IAM::ManagedPolicy"):
            for name, properties in stack.resources(kind):
                for statement in properties["PolicyDocument"]["Statement"]:
                    actions = str(statement["Action"])
                    if "kms:" in actions and "kms:RequestAlias" not in str(statement):
                        resource = resolve(statement["Resource"], stack)
                        assert ":key/" in resource, f"{stack.name} {name}"
                        assert "*" not in resource, f"{stack.name} {name}"


def test_placement_names_are_unique() -> None:
    names = [one.name for one in PLACEMENTS]
    assert sorted(set(names)) == sorted(names)
    assert len(names) >= 40


# -- the table


def key_side(access: Access) -> str:
    """How the key's side came about, in the words of the table."""
    if getattr(access.built, "required_key_policy_statements", None):
        return "offered to the key's owner"
    if access.admitted or (access.open_to_account and not getattr(access.built, "key_policy_statements", None)):
        return "nothing needed"
    return "names the grantee, and what it reads" if access.by_role_itself else "written"


def identity_side(access: Access) -> str:
    if access.who == "service:logs":
        return "nothing needed"
    if getattr(access.built, "required_identity_statements", None):
        return "offered to the grantee's owner"
    if access.by_role_itself and not getattr(access.built, "identity_statements", None):
        return "cannot be written"
    return "without KMS" if access.admitted else "exact key ARN"


def table(scene: Scene) -> str:
    """The document that shows the cases of this file."""
    rows = [f"| {name} | {key_side(one)} | {identity_side(one)} |" for name, one in scene.accesses.items()]
    refused = [f"| {one.name} | {one.says} |" for one in REFUSALS]
    return "\n".join(
        [
            "# Where key, resource and reader can live",
            "",
            "Made by `pytest tests/semantics/test_placements.py --write-docs` from the cases that this test judges in",
            "three partitions: each works, and another resource, action, service, region, role or account is denied.",
            "",
            "| placement | key policy | identity policy |",
            "|--|--|--|",
            *rows,
            "",
            "## What is refused",
            "",
            "| placement | the error names the way out |",
            "|--|--|",
            *refused,
            "",
        ]
    )


def test_the_table_is_that_of_these_cases(scene: Scene, request: pytest.FixtureRequest) -> None:
    path = Path(__file__).parents[2] / "docs" / "placements.md"
    if request.config.getoption("--write-docs"):
        path.parent.mkdir(exist_ok=True)
        path.write_text(table(scene))
    assert path.read_text() == table(scene)


@pytest.mark.parametrize("refusal", REFUSALS, ids=lambda one: one.name)
def test_what_cannot_work_is_refused(refusal: Refusal) -> None:
    app = App(context=dict(context_of_lookups("aws")))
    with pytest.raises(ValueError, match=refusal.says.replace("...", ".*").replace("(", r"\(").replace("[", r"\[")):
        refusal.build(World(app, "aws", "P"))
