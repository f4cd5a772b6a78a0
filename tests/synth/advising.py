"""Advice of errors: how to run into each, and what it says to do instead."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from aws_cdk import App, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_secretsmanager as secretsmanager

from secure_kms_constructs import HardenedKey
from tests.synth.templates import ACCOUNT, REGION, environment, make_role

Step = Callable[[], Any]
FOREIGN = "arn:aws:iam::999999999999:role/partner"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/app"


class Ground:
    """An app to build on; each thing is made when it is first asked for."""

    def __init__(self) -> None:
        self.app = App()
        self.stack = self.of("Stack")
        self._made: dict[str, Any] = {}

    def of(self, id: str, region: str = REGION, account: str = ACCOUNT) -> Stack:
        return Stack(self.app, id, env=environment(region, account))

    def _once(self, name: str, make: Callable[[], Any]) -> Any:
        if name not in self._made:
            self._made[name] = make()
        return self._made[name]

    @property
    def key(self) -> HardenedKey:
        found: HardenedKey = self._once("key", lambda: HardenedKey(self.stack, "Key"))
        return found

    @property
    def role(self) -> iam.Role:
        found: iam.Role = self._once("role", lambda: make_role(self.stack))
        return found

    @property
    def secret(self) -> secretsmanager.Secret:
        found: secretsmanager.Secret = self._once(
            "secret", lambda: secretsmanager.Secret(self.stack, "Secret", encryption_key=self.key)
        )
        return found

    @property
    def function(self) -> lambda_.Function:
        found: lambda_.Function = self._once(
            "function",
            lambda: lambda_.Function(
                self.stack,
                "Function",
                code=lambda_.Code.from_inline("pass"),
                handler="index.handler",
                runtime=lambda_.Runtime.PYTHON_3_13,
            ),
        )
        return found


class Advice(NamedTuple):
    """One advice.

    :param says: words of the message as they stand in the source.
    :param steps: on a ground, what is refused and what the advice says.
    """

    says: str
    steps: Callable[[Ground], tuple[Step, Step]]


ADVICE: list[Advice] = []


def advice(says: str) -> Callable[[Callable[[Ground], tuple[Step, Step]]], None]:
    """Add an advice."""
    return lambda steps: ADVICE.append(Advice(says, steps))
