"""What a key policy says of who manages the key: its deployer and its administrators."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from secure_kms_constructs.aws.facts import (
    ADMINISTRATOR_ACTIONS,
    DEPLOYER_ACTIONS,
    POLICY_ADMINISTRATOR_ACTIONS,
    RECREATED_DEPLOYER_ACTIONS,
    REPLICATE_ACTIONS,
)

from . import statements
from .reading import ADMINISTRATION
from .statements import Statement


def owners(
    root: str,
    deployer: str,
    administrators: Sequence[str],
    policy_administrators: Sequence[str],
    *,
    multi_region: bool,
) -> list[Statement]:
    """Return what lets a deployer and administrators manage a key.

    :param root: of the key's account.
    """
    replicate = REPLICATE_ACTIONS.value if multi_region else ()
    several = [
        ("AllowDeployerToManageKey", [deployer], DEPLOYER_ACTIONS.value + replicate),
        (ADMINISTRATION[0], administrators, ADMINISTRATOR_ACTIONS.value),
        (
            ADMINISTRATION[1],
            policy_administrators,
            POLICY_ADMINISTRATOR_ACTIONS.value + replicate,
        ),
    ]
    written = [
        statements.key_statement(sid, {"AWS": statements.one_or_many(principals)}, actions)
        for sid, principals, actions in several
        if principals
    ]
    # KMS keeps the unique id of a role: a bootstrap that was deleted and made again is somebody else, by its name
    # the same. What its IAM policy allows it then is enough to write the policy anew.
    by_name = {"ArnEquals": {"aws:PrincipalArn": deployer}}
    again = statements.key_statement("AllowDeployerByName", {"AWS": root}, RECREATED_DEPLOYER_ACTIONS.value, by_name)
    return [written[0], again, *written[1:]]


def provisions(deployer: str, several: Mapping[str, Iterable[str]]) -> list[Statement]:
    """Return what lets a deployer do actions through services, one statement for all that the same services need.

    :param several: ``kms:ViaService`` values by action.
    """
    shared: dict[tuple[str, ...], list[str]] = {}
    for action, via in several.items():
        shared.setdefault(tuple(sorted(via)), []).append(action)
    return [
        statements.key_statement(
            # Each action stands in one statement only, so its name tells the statement for good.
            f"AllowDeployerTo{part[0].removeprefix('kms:')}",
            {"AWS": deployer},
            part,
            condition,
        )
        for via, actions in shared.items()
        for part, condition in statements.split_by_condition(
            actions, {_operator(via): {"kms:ViaService": statements.one_or_many(via)}}, {}
        )
    ]


def _operator(values: Iterable[str]) -> str:
    return "StringLike" if any("*" in one or "?" in one for one in values) else "StringEquals"
