"""Which services make grants for what they encrypt, and which make whatever call their user wants."""

from __future__ import annotations

import pytest

from secure_kms_constructs.aws.catalogue import written
from secure_kms_constructs.aws.cloudtrail import GRANTING

# With a role that the user chose: AWS SDK integrations, universal targets, `aws:executeAwsApi`, AWS integrations,
# extensions and hooks.
PROXIES = {"states", "scheduler", "ssm", "apigateway", "pipes", "cloudformation"}
# They run the code of their users.
RUNS_CODE = {"airflow", "bedrock", "bedrock-agentcore", "kinesisanalytics", "sagemaker"}


def made_by() -> set[str]:
    return {via for row in written() if "kms:CreateGrant" in row.actions for via in row.via}


@pytest.mark.parametrize("name", GRANTING)
def test_each_makes_grants_by_its_page(name: str) -> None:
    assert GRANTING[name].value in made_by()
    assert GRANTING[name].source.startswith("https://docs.aws.amazon.com/")


def test_what_makes_calls_or_runs_code_of_its_users_is_left_out() -> None:
    assert not {one.value for one in GRANTING.values()} & (PROXIES | RUNS_CODE)
