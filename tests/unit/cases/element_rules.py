"""Action, Resource and their Not siblings, wildcards and variables."""

from __future__ import annotations

from dataclasses import replace

from tests.unit.cases.case import (
    ACCOUNT,
    DELEGATES,
    IAM,
    KEY,
    KEY_ID,
    KMS,
    OTHER_KEY,
    USES_KEY,
    Question,
    allow,
    deny,
    pair,
    policy,
    undecided,
    without,
)

_OVERVIEW = KMS + "key-policy-overview.html"
_IN_IAM = KMS + "cmks-in-iam-policies.html"
_RESOURCE = IAM + "reference_policies_elements_resource.html"

ROLE, OTHER_ROLE = f"arn:aws:iam::{ACCOUNT}:role/app", f"arn:aws:iam::{ACCOUNT}:role/app2"

delegated = Question(key_policy=DELEGATES, identity_policies=[USES_KEY])
named = Question(key_policy=policy(allow("kms:Decrypt", ROLE)))


def _by_resource(resource: object, **more: object) -> Question:
    return replace(delegated, identity_policies=[policy(allow("kms:*", resource=resource, **more))])


_ALIAS = f"arn:aws:kms:us-east-1:{ACCOUNT}:alias/app"
_TAGGED = f"arn:aws:kms:us-east-1:{ACCOUNT}:key/${{aws:PrincipalTag/key}}"
_DEFAULTED = f"arn:aws:kms:us-east-1:{ACCOUNT}:key/${{aws:PrincipalTag/key, '{KEY_ID}'}}"
_VARIABLES = IAM + "reference_policies_variables.html"
ELEMENTS = [
    *pair(
        _IN_IAM,
        "by an IAM policy with the key's ARN",
        _by_resource(KEY),
        "by an IAM policy with the key's alias",
        identity_policies=[policy(allow("kms:*", resource=_ALIAS))],
    ),
    *pair(
        _IN_IAM,
        "by an IAM policy with all keys of the account",
        _by_resource(f"arn:aws:kms:*:{ACCOUNT}:key/*"),
        "by an IAM policy with the bare key id",
        identity_policies=[policy(allow("kms:*", resource=KEY_ID))],
    ),
    *pair(
        _RESOURCE,
        "by wildcards within the components of an ARN",
        _by_resource(f"arn:aws:kms:us-*-?:{ACCOUNT}:key/1234abcd-*-1234567890ab"),
        "by a wildcard within a component that would have to cross a colon",
        identity_policies=[policy(allow("kms:*", resource=f"arn:aws:kms:us*1:{ACCOUNT}*{KEY_ID}"))],
    ),
    *pair(
        _RESOURCE,
        "by a wildcard at the end of a component, which may cross colons",
        _by_resource("arn:aws:kms:*"),
        "by a ? at the end of an ARN for more than one character",
        identity_policies=[policy(allow("kms:*", resource=f"{KEY[:-2]}?"))],
    ),
    *pair(
        _RESOURCE,
        "by a ? for one character of an ARN",
        _by_resource(f"{KEY[:-1]}?"),
        "by a ? for no character of an ARN",
        identity_policies=[policy(allow("kms:*", resource=f"{KEY}?"))],
    ),
    *pair(
        _OVERVIEW,
        "by a key policy with the key's ARN as resource",
        replace(named, key_policy=policy(allow("kms:*", ROLE, resource=KEY))),
        "by a key policy with another key's ARN as resource",
        key_policy=policy(allow("kms:*", ROLE, resource=OTHER_KEY)),
    ),
    *pair(
        _OVERVIEW,
        "by a key policy statement with an Action",
        named,
        "by a key policy statement without Action, which has no effect",
        key_policy=policy(without(allow("kms:*", ROLE), "Action")),
    ),
    *pair(
        _OVERVIEW,
        "where a Deny without Resource has no effect",
        replace(named, key_policy=policy(allow("kms:*", ROLE), without(deny("kms:*", ROLE), "Resource"))),
        "by a key policy statement without Resource, which has no effect",
        key_policy=policy(without(allow("kms:*", ROLE), "Resource")),
    ),
    *pair(
        IAM + "reference_policies_elements_action.html",
        "by an action in another case",
        replace(named, key_policy=policy(allow("KMS:decrypt", ROLE))),
        "by an action that only begins alike",
        key_policy=policy(allow("kms:DecryptAll", ROLE)),
    ),
    *pair(
        IAM + "reference_policies_elements_action.html",
        "by wildcards in an action",
        replace(named, key_policy=policy(allow("kms:De?r*t", ROLE))),
        "by an action wildcard of another service",
        key_policy=policy(allow("s3:*", ROLE)),
    ),
    *pair(
        IAM + "reference_policies_elements_action.html",
        "by all actions of all services",
        replace(named, key_policy=policy(allow("*", ROLE))),
        "by all actions that end alike of another service",
        key_policy=policy(allow("s3:*Decrypt", ROLE)),
    ),
    *pair(
        IAM + "reference_policies_elements_action.html",
        "by all actions of the service",
        replace(named, key_policy=policy(allow("kms:*", ROLE))),
        "by an action of no name",
        key_policy=policy(allow("kms:", ROLE)),
    ),
    *pair(
        IAM + "reference_policies_elements_notaction.html",
        "by NotAction of other actions",
        replace(
            named,
            key_policy=policy(without(allow(None, ROLE, NotAction=["kms:Put*", "kms:Encrypt"]), "Action")),
        ),
        "by NotAction of this action",
        key_policy=policy(without(allow(None, ROLE, NotAction=["kms:Put*", "kms:D*"]), "Action")),
    ),
    *pair(
        IAM + "reference_policies_elements_notresource.html",
        "by NotResource of another key",
        replace(delegated, identity_policies=[policy(without(allow("kms:*", NotResource=OTHER_KEY), "Resource"))]),
        "by NotResource of this key",
        identity_policies=[policy(without(allow("kms:*", NotResource=[OTHER_KEY, KEY]), "Resource"))],
    ),
    *pair(
        _VARIABLES,
        "by a variable in the resource",
        replace(_by_resource(_TAGGED), context={"aws:PrincipalTag/key": KEY_ID}),
        "by a variable in the resource without a value",
        context={},
    ),
    *pair(
        _VARIABLES,
        "by a single-valued key as variable in the resource",
        replace(_by_resource(_TAGGED), context={"aws:PrincipalTag/key": KEY_ID}),
        "by a multivalued key, which cannot be a variable in the resource",
        context={"aws:PrincipalTag/key": [KEY_ID]},
    ),
    *pair(
        _VARIABLES,
        "by the default of a variable in the resource",
        _by_resource(_DEFAULTED),
        "by a resource variable's value in place of its default",
        context={"aws:principaltag/KEY": "another"},
    ),
    *pair(
        _VARIABLES,
        "by a variable with version 2012-10-17",
        replace(_by_resource(_TAGGED), context={"aws:PrincipalTag/key": KEY_ID}),
        "by a variable with version 2008-10-17, which has none",
        identity_policies=[policy(allow("kms:*", resource=_TAGGED), version="2008-10-17")],
    ),
    *pair(
        _VARIABLES,
        "by a variable after the fifth colon of the resource",
        replace(_by_resource(_TAGGED), context={"aws:PrincipalTag/key": KEY_ID}),
        "by a variable before the fifth colon of the resource",
        identity_policies=[
            policy(allow("kms:*", resource=f"arn:aws:kms:us-east-1:${{aws:PrincipalAccount}}:key/{KEY_ID}"))
        ],
    ),
    *pair(
        _VARIABLES,
        "by a variable's value that equals the key id",
        replace(_by_resource(_TAGGED), context={"aws:PrincipalTag/key": KEY_ID}),
        "by a variable's value with a wildcard, which stands for itself",
        context={"aws:PrincipalTag/key": "*"},
    ),
    undecided(
        _VARIABLES,
        "by NotResource with a variable without a value",
        replace(delegated, identity_policies=[policy(without(allow("kms:*", NotResource=_TAGGED), "Resource"))]),
    ),
]

CASES = [*ELEMENTS]
