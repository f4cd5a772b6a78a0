"""Where a stack without environment may be deployed, as far as a policy tells one place from another."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from itertools import product
from typing import Any

from secure_kms_constructs.aws import arns

_ACCOUNT, _REGION, _PARTITION = "${AWS.AccountId}", "${AWS.Region}", "${AWS.Partition}"
_NAMES = {_ACCOUNT: "account", _REGION: "region"}
# What stands for the accounts that a policy does not name.
_ANY_ACCOUNT = "000000000000"
_ACCOUNT_NAMED = re.compile(r"(?<![0-9*?])[0-9*?]{1,12}(?![0-9*?])")
_REGION_NAMED = re.compile(r"\b[a-z]{2,3}(?:-[a-z]+)+-\d\b")
# One of them is meant by a pattern of a region or partition, and another is not.
_REGIONS = ("us-east-1", "eu-west-1", "ap-southeast-2", "sa-east-1", "cn-north-1", "us-gov-west-1")
_REGION_MEANT = re.compile(r"[a-z]-[*?]|[a-z][*?]-|\baws-")
_PARTITIONS = {"cn-": "aws-cn", "us-gov-": "aws-us-gov"}


def possible(policy: Any, texts: Sequence[str], known: Mapping[str, str]) -> list[dict[str, str]]:
    """Return what the pseudo parameters in some texts may stand for: what a policy means, and what it does not.

    :param policy: plain data, with placeholders.
    :param known: what is known of them.
    """
    written = json.dumps(arns.plain(policy))
    hidden = [one for one in _NAMES if one not in known and any(one in text for text in texts)]
    choices = [_accounts(written) if one == _ACCOUNT else _regions(written) for one in hidden]
    return [
        _with_partition({**known, **dict(zip(hidden, values, strict=True))})
        for values in product(*map(sorted, choices))
    ]


def called(place: Mapping[str, str], known: Mapping[str, str]) -> str:
    """Return how messages call a place: by what is not known of it before the deployment."""
    return " and ".join(f"{name} {place[one]}" for one, name in _NAMES.items() if one in place and one not in known)


def _accounts(written: str) -> set[str]:
    return {_ANY_ACCOUNT} | {
        one for one in map(_instance, _ACCOUNT_NAMED.findall(written)) if len(one) == len(_ANY_ACCOUNT)
    }


def _instance(pattern: str) -> str:
    """Return one text that a pattern of an account means."""
    missing = len(_ANY_ACCOUNT) - len(pattern.replace("*", ""))
    return pattern.replace("*", "0" * missing, 1).replace("*", "").replace("?", "0")


def _regions(written: str) -> set[str]:
    named = {*_REGION_NAMED.findall(written), *(_REGIONS if _REGION_MEANT.search(written) else ())}
    return named | {next(one for one in (*_REGIONS, "il-central-1") if one not in named)}


def _with_partition(place: dict[str, str]) -> dict[str, str]:
    region = place.get(_REGION)
    if region is None or _PARTITION in place:
        return place
    partition = next((name for start, name in _PARTITIONS.items() if region.startswith(start)), "aws")
    return {**place, _PARTITION: partition}
