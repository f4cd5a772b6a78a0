"""The code of a plan, synthesized: it gives what was observed and nothing that differs in one field."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from aws_cdk import App, Environment

from secure_kms_constructs.evidence.requests import call_of
from secure_kms_constructs.evidence.uses import Use
from secure_kms_constructs.migrate.codes import code_of
from secure_kms_constructs.migrate.replay import mutations
from secure_kms_constructs.policies import evaluate
from secure_kms_constructs.policies.documents import Effect
from secure_kms_constructs.templates import read_assembly
from tests.unit.migrate.accounts import (
    ACCOUNT,
    DELEGATES,
    ONE,
    OTHER,
    READER,
    REGION,
    allow,
    document,
    observed,
    plan,
    role,
    snapshot,
    use,
)

PARAMETER = f"arn:aws:ssm:{REGION}:{ACCOUNT}:parameter/app/token"
VIA_SSM: dict[str, Any] = {
    "service": "ssm.amazonaws.com",
    "via": f"ssm.{REGION}.amazonaws.com",
    "context": {"PARAMETER_ARN": PARAMETER},
}
OTHER_SERVICES = ["secretsmanager:*", "ssm:GetParameter*"]
USES = {
    "secrets": [use(), use(secret="other"), use(key=OTHER, secret="third")],
    "a rotation": [use(), use("GenerateDataKey")],
    "a parameter": [use(**VIA_SSM)],
    "direct calls": [use(secret=None, context={"Department": "IT"}), use("GenerateDataKey", secret=None)],
    "everything": [use(), use(key=OTHER, **VIA_SSM), use("Encrypt", secret=None, context={"a": "1"})],
}


def deployed_policies(uses: list[Use], folder: Path) -> list[Any]:
    wide = document(allow(["kms:Decrypt", "kms:GenerateDataKey", "kms:Encrypt"]), allow(OTHER_SERVICES))
    [made] = plan(snapshot(role(wide=wide)), observed(*uses)).plans
    scope: dict[str, Any] = {"__name__": "made"}
    exec(compile(code_of(made), "construct.py", "exec"), scope)
    app = App(outdir=str(folder))
    scope["ReaderKeyUse"](app, "Made", env=Environment(account=ACCOUNT, region=REGION))
    app.synth()
    identities = [one for landscape in read_assembly(folder) for one in landscape.identities]
    [reader] = [one for one in identities if one.arn == READER]
    # What the imported role has beside them is not known; here it has nothing.
    return [one for one in reader.policies if all(it.effect is Effect.ALLOW for it in one.statements)]


@pytest.mark.parametrize("name", USES)
def test_the_code_gives_what_was_observed(name: str, tmp_path: Path) -> None:
    policies = deployed_policies(USES[name], tmp_path / "out")

    def allowed(call: Any, *, mine: bool = True) -> bool | None:
        given = policies if mine else []
        return evaluate(call.request(), key_policy=DELEGATES, identity_policies=given).allowed

    for one in USES[name]:
        assert allowed(call_of(one)) is True, one
        refused = [(field, call) for field, call in mutations(one, USES[name])]
        assert len(refused) >= 10
        for field, call in refused:
            assert allowed(call, mine=field != "role") is False, (field, str(call))


def test_the_stack_says_the_key_by_its_arn(tmp_path: Path) -> None:
    deployed_policies(USES["secrets"], tmp_path / "out")
    text = (tmp_path / "out" / "Made.template.json").read_text()
    assert text.count(ONE) >= 1
    assert '"Resource": "*"' not in text
