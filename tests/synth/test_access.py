"""The map of access of synthesized apps, and the examples of the documentation."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from types import ModuleType

import pytest
from aws_cdk import App, Environment, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_secretsmanager as secretsmanager
from syrupy.assertion import SnapshotAssertion

from secure_kms_constructs import AccessMap, HardenedKey, ScopedSecretReader, assert_can, assert_cannot, assert_only
from secure_kms_constructs.access import DEPLOYER, ROOT, imported
from tests.synth.templates import make_role

EXAMPLES = Path(__file__).parents[2] / "examples"
HERE = Environment(account="111122223333", region="us-east-1")


@pytest.fixture(scope="module", autouse=True)
def examples() -> Iterator[None]:
    sys.path.insert(0, str(EXAMPLES))
    yield
    sys.path.remove(str(EXAMPLES))


@pytest.fixture(scope="module")
def example() -> ModuleType:
    return import_module("access_in_tests")


@pytest.fixture(scope="module")
def assembly(tmp_path_factory: pytest.TempPathFactory) -> str:
    from hardened_secrets import HardenedSecrets

    app = App(outdir=str(tmp_path_factory.mktemp("cdk.out")))
    HardenedSecrets(app, "Secrets", env=HERE)
    return app.synth().directory


@pytest.fixture(scope="module")
def access(assembly: str) -> AccessMap:
    return AccessMap.from_assembly(assembly)


def test_the_example_asserts_who_decrypts(example: ModuleType, access: AccessMap) -> None:
    tests = [test for name, test in vars(example).items() if name.startswith("test_") and "reviewed" not in name]
    assert len(tests) == 3
    for test in tests:
        test(access)


def test_the_example_compares_with_a_snapshot(
    example: ModuleType, access: AccessMap, snapshot: SnapshotAssertion
) -> None:
    example.test_access_is_as_reviewed(access, snapshot)


def test_the_examples_ask_an_assembly(assembly: str, access: AccessMap, capsys: pytest.CaptureFixture[str]) -> None:
    access_questions = import_module("access_questions")
    access_questions.answer(assembly, "Secrets/Key")
    access_questions.explain(assembly, "OrdersFunction/ServiceRole", "Secrets/Key")
    access_questions.review(assembly, assembly)
    said = capsys.readouterr().out
    assert "Secrets/OrdersFunction/ServiceRole can kms:Decrypt Secrets/Key if kms:ViaService = " in said
    assert "Secrets/OrdersReader/Policy statement 1 allows kms:Decrypt" in said
    assert "allowed if SecretARN = Secrets/" in said
    assert ": Secrets/OrdersFunction/ServiceRole kms:Decrypt Secrets/Key" in said
    assert said.endswith("nobody gained or lost access\n")
    assert str(access) == access.to_text()


def test_an_app_is_asked_with_its_constructs(app: App, stack: Stack) -> None:
    key = HardenedKey(stack, "Key")
    role, other = make_role(stack), make_role(stack, "Other")
    legacy = iam.Role.from_role_name(stack, "Legacy", "legacy")
    secret = secretsmanager.Secret(stack, "Secret", encryption_key=key)
    ScopedSecretReader(stack, "Reader", grantee=role, secrets=[secret])
    ScopedSecretReader(stack, "LegacyReader", grantee=legacy, secrets=[secret])

    access = AccessMap.from_app(app)
    assert_only(access, "kms:Decrypt", key, {role, imported(legacy), ROOT, DEPLOYER})
    assert_can(access, "kms:Decrypt", key, role)
    assert_cannot(access, "kms:Decrypt", key, other)
    with pytest.raises(AssertionError, match="unknown: arn:aws:iam::111122223333:role/legacy might via secretsmanager"):
        assert_only(access, "kms:Decrypt", key, {role, legacy, ROOT, DEPLOYER})
