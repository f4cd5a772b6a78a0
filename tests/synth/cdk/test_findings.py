"""What owners must add is told by plain `python app.py` too, to whoever looks."""

from __future__ import annotations

import sys
from io import StringIO

import pytest
from aws_cdk import Stack
from aws_cdk import aws_secretsmanager as secretsmanager

from secure_kms_constructs import ResolvedKey, ScopedSecretReader
from tests.synth.templates import make_role

KEY = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-0987654321ab"


class Terminal(StringIO):
    """A terminal that keeps what is written to it."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    "stream, cli, is_told", [(Terminal(), None, True), (Terminal(), "2.1000.0", False), (StringIO(), None, False)]
)
def test_the_owners_part_is_told_where_somebody_looks_and_the_cdk_cli_does_not(
    stream: StringIO, cli: str | None, is_told: bool, stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CDK_CLI_VERSION", raising=False)
    if cli:
        monkeypatch.setenv("CDK_CLI_VERSION", cli)
    key = ResolvedKey.from_arn(stack, "Key", KEY)
    secret = secretsmanager.Secret(stack, "Secret", encryption_key=key)
    monkeypatch.setattr(sys, "stderr", stream)
    ScopedSecretReader(stack, "Reader", grantee=make_role(stack), secrets=[secret])
    told = stream.getvalue()
    assert bool(told) is is_told
    if is_told:
        assert told.startswith("[info at Stack/")
        assert '"Action": "kms:Decrypt"' in told
        assert f"to the policy of {KEY}" in told
