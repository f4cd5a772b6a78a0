"""Questions of which a part is unknown, and the reasons of their answers as text."""

from __future__ import annotations

from secure_kms_constructs.policies import Unknown
from tests.unit.cases.case import (
    ACCOUNT,
    ROOT,
    USES_KEY,
    Question,
    allow,
    deny,
    policy,
)

ROLE, VIA = f"arn:aws:iam::{ACCOUNT}:role/app", "ssm.us-east-1.amazonaws.com"

CASES: list[tuple[str, Question, list[str]]] = [
    *(
        (
            f"what is unknown: {what}",
            Question(key_policy=policy(statement), context={"kms:ViaService": VIA}),
            [
                f"key policy statement 0 might allow kms:Decrypt: {doubt}",
                "no identity policy allows kms:Decrypt",
            ],
        )
        for what, statement, doubt in (
            ("action", allow(Unknown("x"), ROLE), "its actions are not known"),
            ("resource", allow("kms:*", ROLE, resource=Unknown("x")), "its resources are not known"),
            (
                "principal",
                allow("kms:*", {"AWS": Unknown("x")}),
                "whether it covers the principal is not known",
            ),
            ("condition", allow("kms:*", ROLE, Unknown("If Prod")), "Condition is unknown (If Prod)"),
            (
                "value",
                allow("kms:*", ROLE, {"StringEquals": {"kms:ViaService": ["x", Unknown("Ref Via")]}}),
                f"StringEquals kms:ViaService wants x or unknown (Ref Via), the request has {VIA}",
            ),
        )
    ),
    (
        "a delegation that is not known",
        Question(
            key_policy=policy(allow("kms:*", ROOT, Unknown("x"))),
            identity_policies=[policy(allow(Unknown("y")))],
        ),
        [
            "key policy statement 0 might let identity policies decide kms:Decrypt: Condition is unknown (x)",
            "identity policy 0 statement 0 might allow kms:Decrypt: its actions are not known",
        ],
    ),
    (
        "a Deny that is not known, beside the Allow",
        Question(key_policy=policy(allow("kms:*", ROLE), deny(Unknown("x"), ROLE)), identity_policies=[USES_KEY]),
        [
            "key policy statement 1 might deny kms:Decrypt: its actions are not known",
            "key policy statement 0 allows kms:Decrypt",
            "identity policy 0 statement 0 allows kms:Decrypt",
        ],
    ),
    (
        "an effect that is not known",
        Question(key_policy=policy(allow("kms:*", ROLE) | {"Effect": Unknown("x")})),
        [
            "key policy statement 0 might deny kms:Decrypt: its Effect is not known",
            "key policy statement 0 might allow kms:Decrypt: its Effect is not known",
            "no identity policy allows kms:Decrypt",
        ],
    ),
    (
        "of two conditions the one that is unknown",
        Question(
            key_policy=policy(allow("kms:*", ROLE, {"Null": {"aws:PrincipalArn": False}, "Bool": Unknown("x")})),
            identity_policies=[USES_KEY],
        ),
        [
            "key policy statement 0 might allow kms:Decrypt: Bool is unknown (x)",
            "identity policy 0 statement 0 allows kms:Decrypt",
        ],
    ),
]
