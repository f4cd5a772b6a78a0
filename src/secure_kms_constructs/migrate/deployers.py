"""Roles that deploy: those of the CDK bootstrap, and those that a pipeline assumes. What they keep is documented."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date, timedelta

from secure_kms_constructs.account.records import Identity
from secure_kms_constructs.authoring.reading import listed, statements_in

from .plans import Excepted

# https://docs.aws.amazon.com/cdk/v2/guide/bootstrapping-env.html
_BOOTSTRAP = re.compile(
    r"cdk-[a-z0-9]+-(cfn-exec|deploy|file-publishing|image-publishing|lookup)-role-\d{12}-[a-z0-9-]+"
)
_REASONS = {
    "cfn-exec": "CloudFormation makes every resource as this role; bootstrap with --cloudformation-execution-policies "
    "to narrow it",
    "deploy": "pipelines decrypt the artifacts of other accounts as this role, through S3 alone",
    "file-publishing": "the CDK CLI encrypts assets as this role, under the key of the bootstrap bucket",
    "image-publishing": "the CDK CLI pushes images as this role, and reads assets for that",
    "lookup": "the CDK CLI looks up what exists as this role, which AWS's ReadOnlyAccess allows",
}
# https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_create_oidc_secure-by-default.html
_PIPELINES = re.compile(
    r".*:oidc-provider/(token\.actions\.githubusercontent\.com|gitlab\.com|agent\.buildkite\.com|oidc\.circleci\.com/.+"
    r"|vstoken\.dev\.azure\.com/.+|app\.terraform\.io|[\w.-]*gitlab[\w.-]*|api\.bitbucket\.org/.+)"
)
_PIPELINE = "a pipeline deploys as this role; it needs no more than sts:AssumeRole on the roles of the CDK bootstrap"
_HOLDS = timedelta(days=182)


def bootstrap_kind(name: str) -> str | None:
    """Return which role of the CDK bootstrap a role is by its name; None where it is none."""
    found = _BOOTSTRAP.fullmatch(name)
    return found[1] if found else None


def excepted(identity: Identity, documents: Iterable[object], today: date) -> Excepted | None:
    """Return the exception that can be documented for a role that deploys; None for any other.

    :param documents: its policies.
    :param today: half a year later the exception ends.
    """
    kind = bootstrap_kind(identity.arn.rpartition("/")[2])
    if kind is None and not _is_of_pipeline(identity.trust):
        return None
    rules = ["decrypt-on-all-keys", *(["every-action"] if any(map(_allows_everything, documents)) else [])]
    reason = _REASONS[kind] if kind else _PIPELINE
    return Excepted(identity.arn, reason, (today + _HOLDS).isoformat(), tuple(rules))


def _is_of_pipeline(trust: object) -> bool:
    providers = (
        provider
        for statement in statements_in(trust)
        if isinstance(principal := statement.get("Principal"), dict)
        for provider in listed(principal.get("Federated"))
    )
    return any(isinstance(one, str) and _PIPELINES.fullmatch(one) for one in providers)


def _allows_everything(document: object) -> bool:
    return any(one.get("Effect") == "Allow" and "*" in listed(one.get("Action")) for one in statements_in(document))
