"""What CloudWatch Logs is called in a key policy, in each partition."""

from __future__ import annotations

import pytest

from secure_kms_constructs.checks import check_templates
from secure_kms_constructs.checks.examples import ACCOUNT, THE_KEY, allow, key, template


@pytest.mark.parametrize(
    "region, principal, is_admitted",
    [
        ("eu-west-1", "logs.eu-west-1.amazonaws.com", True),
        ("eu-west-1", "logs.us-east-1.amazonaws.com", False),
        ("eu-west-1", "logs.eu-west-1.amazonaws.com.cn", False),
        ("cn-north-1", "logs.cn-north-1.amazonaws.com.cn", True),
        ("cn-north-1", "logs.cn-north-1.amazonaws.com", True),
        ("cn-north-1", "logs.cn-northwest-1.amazonaws.com.cn", False),
    ],
)
def test_a_log_group_has_a_key_that_admits_its_service(region: str, principal: str, is_admitted: bool) -> None:
    actions = ["kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey"]
    group = {"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": "/app", "KmsKeyId": THE_KEY}}
    made = template(Key=key(allow({"Service": principal}, actions)), Logs=group)
    found = [one.rule for one in check_templates({"App": made}, account=ACCOUNT, region=region).findings]
    assert ("KLP506" in found) is not is_admitted
