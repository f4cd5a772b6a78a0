"""AWS-managed policies whose text is known."""

from __future__ import annotations

import pytest

from secure_kms_constructs.aws.managed_policies import AWS_MANAGED, aws_managed
from secure_kms_constructs.policies import Request, evaluate, parse_identity_policy, parse_key_policy

ROLE = "arn:aws:iam::111122223333:role/app"
KEY = "arn:{}:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
SECRET = "arn:{}:secretsmanager:eu-west-1:111122223333:secret:db-AbCdEf"
DECRYPT = {
    "AdministratorAccess": True,
    "PowerUserAccess": True,
    "AWSSecretsManagerClientReadOnlyAccess": True,
    "SecretsManagerReadWrite": False,
    "service-role/AWSLambdaBasicExecutionRole": False,
}


@pytest.mark.parametrize("name", AWS_MANAGED)
def test_every_aws_managed_policy_has_its_page(name: str) -> None:
    row = AWS_MANAGED[name]
    page = "https://docs.aws.amazon.com/aws-managed-policy/latest/reference/"
    assert row.source == f"{page}{name.rpartition('/')[2]}.html"


@pytest.mark.parametrize("partition", ["aws", "aws-cn"])
@pytest.mark.parametrize("name", DECRYPT)
def test_what_an_aws_managed_policy_says_of_a_secret_s_key(name: str, partition: str) -> None:
    known = aws_managed(f"arn:{partition}:iam::aws:policy/{name}")
    assert known is not None
    decides = {"Effect": "Allow", "Principal": {"AWS": "111122223333"}, "Action": "kms:*", "Resource": "*"}
    key_policy = parse_key_policy({"Version": "2012-10-17", "Statement": [decides]})
    context = {
        "kms:ViaService": "secretsmanager.eu-west-1.amazonaws.com",
        "kms:EncryptionContext:SecretARN": SECRET.format(partition),
    }
    principal = ROLE.replace("aws", partition, 1)
    request = Request(principal, "kms:Decrypt", KEY.format(partition), context)
    identity = parse_identity_policy(known.document)
    assert evaluate(request, key_policy=key_policy, identity_policies=[identity]).allowed is DECRYPT[name]


@pytest.mark.parametrize("via", [None, "s3.eu-west-1.amazonaws.com"])
def test_the_client_policy_decrypts_through_secrets_manager_only(via: str | None) -> None:
    known = AWS_MANAGED["AWSSecretsManagerClientReadOnlyAccess"]
    decides = {"Effect": "Allow", "Principal": {"AWS": "111122223333"}, "Action": "kms:*", "Resource": "*"}
    key_policy = parse_key_policy({"Version": "2012-10-17", "Statement": [decides]})
    context = {"kms:ViaService": via, "kms:EncryptionContext:SecretARN": SECRET.format("aws")}
    request = Request(ROLE, "kms:Decrypt", KEY.format("aws"), context)
    identity = parse_identity_policy(known.document)
    assert evaluate(request, key_policy=key_policy, identity_policies=[identity]).allowed is False


@pytest.mark.parametrize(
    "arn", ["arn:aws:iam::111122223333:policy/AdministratorAccess", "arn:aws:iam::aws:policy/NobodyKnowsThisOne"]
)
def test_a_policy_of_an_account_or_of_unknown_text_is_none(arn: str) -> None:
    assert aws_managed(arn) is None
