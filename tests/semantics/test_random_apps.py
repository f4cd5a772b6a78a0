"""Random apps: synth succeeds or our error says why not, and the judge allows what was granted and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from aws_cdk import App, Environment, NestedStack, Stack, Token
from aws_cdk import aws_iam as iam
from aws_cdk import aws_secretsmanager as sm
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from secure_kms_constructs import (
    HardenedKey,
    ScopedLogGroupManager,
    ScopedParameterReader,
    ScopedSecretReader,
    Service,
)
from tests.semantics.assembly import deploy_app, logical_id, name_of
from tests.semantics.judge import Judge
from tests.semantics.resolve import resolve
from tests.synth.templates import cycle

ACCOUNT, OTHER_ACCOUNT, REGION, OTHER_REGION = "111122223333", "444455556666", "eu-west-1", "us-east-1"
PLACES = {
    "here": Environment(account=ACCOUNT, region=REGION),
    "region": Environment(account=ACCOUNT, region=OTHER_REGION),
    "account": Environment(account=OTHER_ACCOUNT, region=REGION),
    "agnostic": None,
}


@dataclass(frozen=True)
class Layout:
    """Where everything is; numbers are positions in the lists before."""

    stacks: list[str]
    keys: list[tuple[int, bool]]
    secrets: list[tuple[int, bool, bool]]
    roles: list[tuple[int, bool]]
    readers: list[tuple[int, int, set[int]]]
    parameters: list[tuple[int, int, int]]
    log_groups: list[tuple[int, int, int]]


@dataclass(frozen=True)
class Use:
    """A role's use of a key through another service than Secrets Manager, by positions, and whether it was granted."""

    role: int
    key: int
    service: str
    context: dict[str, str]
    granted: bool


@st.composite
def layouts(draw: st.DrawFn) -> Layout:
    places = ["here", "here", draw(st.sampled_from(["here", "nested", *PLACES]))]
    which = st.integers(0, len(places) - 1)
    keys = draw(st.lists(st.tuples(which, st.booleans()), min_size=1, max_size=3))
    secrets = draw(
        st.lists(st.tuples(st.integers(0, len(keys) - 1), st.booleans(), st.booleans()), min_size=1, max_size=4)
    )
    roles = draw(st.lists(st.tuples(which, st.booleans()), min_size=1, max_size=3))
    some = st.sets(st.integers(0, len(secrets) - 1), min_size=1)
    readers = draw(st.lists(st.tuples(which, st.integers(0, len(roles) - 1), some), min_size=1, max_size=4))
    by_name = st.lists(st.tuples(which, st.integers(0, len(roles) - 1), st.integers(0, len(keys) - 1)), max_size=2)
    return Layout(places, keys, secrets, roles, readers, draw(by_name), draw(by_name))


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
@given(layout=layouts())
def test_a_random_app_grants_what_it_says(judge: Judge, layout: Layout) -> None:
    app = App(context={"aws:cdk:enable-asset-metadata": True})
    stacks: list[Stack] = []
    for number, place in enumerate(layout.stacks):
        nested = place == "nested"
        stacks.append(NestedStack(stacks[0], f"N{number}") if nested else Stack(app, f"S{number}", env=PLACES[place]))
    keys = [
        HardenedKey(stacks[where], f"Key{n}", delegate_via=[Service.SECRETS_MANAGER] if delegates else ())
        for n, (where, delegates) in enumerate(layout.keys)
    ]
    secrets = []
    leaves: dict[Stack, Stack] = {}
    for n, (key, literal, apart) in enumerate(layout.secrets):
        home = stacks[layout.keys[key][0]]
        if apart and not isinstance(home, NestedStack):
            if home not in leaves:
                leaves[home] = Stack(app, f"{home.node.id}Secrets", env=PLACES[layout.stacks[layout.keys[key][0]]])
            home = leaves[home]
        name = f"app/secret{n}" if literal else None
        secrets.append(sm.Secret(home, f"Secret{n}", encryption_key=keys[key], secret_name=name))
    roles = [
        iam.Role(
            stacks[where], f"Role{n}", assumed_by=iam.AccountRootPrincipal(), role_name=f"role{n}" if named else None
        )
        for n, (where, named) in enumerate(layout.roles)
    ]
    granted: set[tuple[int, int]] = set()
    for n, (where, role, some) in enumerate(layout.readers):
        named = [secrets[one] for one in sorted(some)]
        if is_made(ScopedSecretReader, stacks[where], f"Reader{n}", grantee=roles[role], secrets=named):
            granted |= {(role, one) for one in some}

    uses = uses_by_name(layout, stacks, keys, roles)
    deployment = deploy_app(app, account=ACCOUNT, region=REGION)

    def physical(construct: Any, find: Any) -> str:
        return str(find(logical_id(construct), stack=name_of(Stack.of(construct))))

    arns = [physical(secret, deployment.secret) for secret in secrets]
    wrong = []
    for role_number, role in enumerate(roles):
        who = physical(role, deployment.role)
        for number, secret in enumerate(secrets):
            key = physical(keys[layout.secrets[number][0]], deployment.key)
            context = {"SecretARN": arns[number]}
            expected = (role_number, number) in granted
            for via, allowed in (("secretsmanager", expected), ("ssm", False), (None, False)):
                answer = deployment.ask(judge, who, "kms:Decrypt", key, via=via, encryption_context=context)
                if answer.allowed is not allowed:
                    wrong.append((who, secret.node.path, via, answer.explanation))
            if deployment.ask(judge, who, "secretsmanager:GetSecretValue", arns[number]).allowed is not expected:
                wrong.append((who, secret.node.path, "value", ""))
        for use in uses:
            key, expected = physical(keys[use.key], deployment.key), use.granted and use.role == role_number
            for service, allowed in ((use.service, expected), ("secretsmanager", False), (None, False)):
                # A key that leaves Secrets Manager to IAM policies is no exception: no policy names this context.
                answer = deployment.ask(judge, who, "kms:Decrypt", key, via=service, encryption_context=use.context)
                if answer.allowed is not allowed:
                    wrong.append((who, str(use), service, answer.explanation))
    assert not wrong
    for stack in deployment._stacks.values():
        assert cycle({"Resources": {}, **stack.template}) == []
        for _, properties in stack.resources("AWS::IAM::Policy"):
            for statement in properties["PolicyDocument"]["Statement"]:
                if "kms:Decrypt" in str(statement["Action"]):
                    assert "*" not in resolve(statement["Resource"], stack)
        for _, properties in stack.resources("AWS::KMS::Key"):
            assert not [
                one
                for one in resolve(properties["KeyPolicy"], stack)["Statement"]
                if one["Effect"] == "Allow" and one["Principal"] == "*"
            ]


def uses_by_name(layout: Layout, stacks: list[Stack], keys: list[HardenedKey], roles: list[iam.Role]) -> list[Use]:
    """Build the readers of parameters and the managers of log groups, and tell who then uses which key for what."""
    uses = []
    for n, (where, role, key) in enumerate(layout.parameters):
        named = {"grantee": roles[role], "parameters": [f"/app/p{n}"], "key": keys[key]}
        granted = is_made(ScopedParameterReader, stacks[where], f"Parameters{n}", **named)
        context = {"PARAMETER_ARN": arn_in(stacks[where], "ssm", f"parameter/app/p{n}")}
        uses.append(Use(role, key, "ssm", context, granted))
    for n, (where, role, key) in enumerate(layout.log_groups):
        named = {"grantee": roles[role], "key": keys[key], "log_group_prefix": f"/app/l{n}/"}
        granted = is_made(ScopedLogGroupManager, stacks[where], f"Logs{n}", **named)
        context = {"aws:logs:arn": arn_in(stacks[where], "logs", f"log-group:/app/l{n}/group")}
        uses.append(Use(role, key, "logs", context, granted))
    return uses


def is_made(construct: Callable[..., Any], scope: Stack, id: str, **properties: Any) -> bool:
    """Whether a grant is made, or refused with the way out."""
    try:
        construct(scope, id, **properties)
    except ValueError as refused:
        assert ": " in str(refused), "an error without way out"  # noqa: PT017
        return False
    return True


def arn_in(stack: Stack, service: str, resource: str) -> str:
    account, region = (
        known if not Token.is_unresolved(known) else default
        for known, default in ((stack.account, ACCOUNT), (stack.region, REGION))
    )
    return f"arn:aws:{service}:{region}:{account}:{resource}"
