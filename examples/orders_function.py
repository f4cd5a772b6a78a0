"""The Lambda function of both example stacks: it reads the one secret it is told about."""

import os

import boto3


def handler(_event: object, _context: object) -> dict[str, int]:
    """Return the length of the secret, never the secret."""
    answer = boto3.client("secretsmanager").get_secret_value(SecretId=os.environ["SECRET_ARN"])
    return {"characters": len(answer["SecretString"])}
