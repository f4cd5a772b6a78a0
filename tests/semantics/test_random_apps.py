"""Random apps: synth succeeds or our error says why not, and the judge allows what was granted and nothing else."""

from __future__ import annotations

from typing import Any

from aws_cdk import App, Stack
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.semantics.assembly import deploy_app, logical_id, name_of
from tests.semantics.judge import Judge
from tests.semantics.random_apps import ACCOUNT, PLACES, REGION, Layout, build
from tests.semantics.resolve import resolve
from tests.synth.templates import cycle


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
    made = build(app, layout)
    keys, secrets, roles = made.keys, made.secrets, made.roles
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
            expected = (role_number, number) in made.granted
            for via, allowed in (("secretsmanager", expected), ("ssm", False), (None, False)):
                answer = deployment.ask(judge, who, "kms:Decrypt", key, via=via, encryption_context=context)
                if answer.allowed is not allowed:
                    wrong.append((who, secret.node.path, via, answer.explanation))
            if deployment.ask(judge, who, "secretsmanager:GetSecretValue", arns[number]).allowed is not expected:
                wrong.append((who, secret.node.path, "value", ""))
        for use in made.uses:
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
