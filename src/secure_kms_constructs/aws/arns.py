"""ARNs as text: what can be read of one that CloudFormation still has to fill in.

Plain Python. Intrinsics become ``${...}`` placeholders, so one pattern reads literal and unresolved ARNs alike.
"""

from __future__ import annotations

import json
import re
from typing import Any, NamedTuple

from .facts import LOOKUP_DUMMY_KEY_ID, ORGANIZATION_ID, PARAMETER_NAME

_PLACEHOLDER = r"\$\{[^}]*\}"
# As text, because what compiles while a module loads is waited for in each app.
_ARN = r"arn:(?P<partition>[^:]+):(?P<service>[^:]*):(?P<region>[^:]*):(?P<account>[^:]*):(?P<resource>.+)"
_REGION = rf"[a-z]{{2,}}(-[a-z]+)+-[0-9]+|{_PLACEHOLDER}"
_ACCOUNT = rf"[0-9]{{12}}|{_PLACEHOLDER}"
_PARTITION = rf"aws(-[a-z]+)*|{_PLACEHOLDER}"
_UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
KEY_ID = rf"{_UUID}|mrk-[0-9a-f]{{32}}"
"""Id of a key that KMS has."""
KEY_ARN = r"arn:[\w-]+:kms:[\w-]+:\d{12}:key/[\w-]+"
"""ARN of one key, as it is told: the id may be made up, as those of examples are."""
_KEY_ID = rf"{KEY_ID}|{_PLACEHOLDER}"


class Arn(NamedTuple):
    """The parts of an ARN; a part that is known only at deploy time is a ``${...}`` placeholder."""

    partition: str
    service: str
    region: str
    account: str
    resource: str


def as_text(resolved: Any) -> str:
    """Return a resolved CloudFormation value as one string, with each intrinsic as ``${...}``."""
    if isinstance(resolved, str):
        return resolved
    if isinstance(resolved, dict) and len(resolved) == 1:
        ((name, value),) = resolved.items()
        if name == "Ref" and isinstance(value, str):
            return _placeholder(value)
        if name == "Fn::GetAtt" and isinstance(value, list):
            return _placeholder(".".join(map(str, value)))
        if name == "Fn::Join" and isinstance(value, list) and len(value) == 2 and isinstance(value[1], list):
            return str(value[0]).join(map(as_text, value[1]))
        if name == "Fn::Sub" and isinstance(value, str):
            return re.sub(r"\$\{([^!}]*)\}", lambda match: _placeholder(match[1]), value)
    return _placeholder(json.dumps(resolved, sort_keys=True))


def _placeholder(name: str) -> str:
    # Without colons and braces, so that the text around it still splits as an ARN.
    return "${" + re.sub(r"[:{}]+", ".", name) + "}"


def has_placeholder(text: str) -> bool:
    """Tell whether part of the text is known only at deploy time."""
    return "${" in text


def as_pattern(text: str) -> str:
    """Return a text with ``*`` for what is known only at deploy time."""
    return re.sub(rf"({_PLACEHOLDER})+", "*", text)


def only_pseudo_parameters(text: str) -> bool:
    """Tell whether every placeholder means the same in all stacks of one account and region."""
    return not has_placeholder(re.sub(r"\$\{AWS\.(Partition|AccountId|Region|URLSuffix)\}", "", text))


def parse(text: str) -> Arn | None:
    """Return the parts of an ARN, None where the text is no ARN or hides its structure."""
    match = re.fullmatch(_ARN, text)
    return Arn(**match.groupdict()) if match else None


def key_arn(text: str, what: object = "key") -> Arn | None:
    """Check that a text is the ARN of one KMS key.

    :return: its parts; None where all of it is known only at deploy time.
    :raises ValueError: for anything that a policy would not match, or would match too widely
        (https://docs.aws.amazon.com/kms/latest/developerguide/cmks-in-iam-policies.html).
    """

    def refuse(why: str) -> ValueError:
        return ValueError(
            f"{what} must be the full ARN of one KMS key, arn:<partition>:kms:<region>:<account>:key/<key id>, "
            f"got {text!r}: {why}"
        )

    if re.fullmatch(_PLACEHOLDER, text):
        return None
    if re.fullmatch(_KEY_ID, text):
        raise refuse("a key id alone matches no policy, pass the ARN that `aws kms describe-key` shows for it")
    if text.startswith("alias/"):
        raise refuse("an alias name matches no policy, pass the ARN of the key it points to")
    arn = parse(text)
    if arn is None and re.match(_PLACEHOLDER, text):
        known = re.sub(_PLACEHOLDER, "", text)
        if "*" in known or "?" in known:
            raise refuse("a wildcard reaches other keys, name one key for each statement")
        if "alias/" in known:
            raise refuse("a policy on an alias ARN never matches a use of the key")
        return None
    if arn is None:
        raise refuse("this is not an ARN")
    if arn.service != "kms":
        raise refuse(f"this is an ARN of {arn.service}")
    if arn.resource.startswith("alias/"):
        raise refuse("a policy on an alias ARN never matches a use of the key, pass the ARN of the key it points to")
    for part, pattern in (("partition", _PARTITION), ("region", _REGION), ("account", _ACCOUNT)):
        if not re.fullmatch(pattern, getattr(arn, part)):
            raise refuse(f"its {part} is {getattr(arn, part)!r}")
    kind, _, key_id = arn.resource.partition("/")
    if kind != "key" or not re.fullmatch(_KEY_ID, key_id):
        if "*" in key_id or "?" in key_id:
            raise refuse("a wildcard reaches other keys, name one key for each statement")
        raise refuse(f"{arn.resource!r} is not key/<uuid> or key/mrk-<32 hexadecimal digits>")
    return arn


def is_key_id(text: str) -> bool:
    """Tell whether a text is the literal id of a KMS key."""
    return bool(re.fullmatch(_KEY_ID, text)) and not has_placeholder(text)


def is_lookup_dummy(arn: Arn) -> bool:
    """Tell whether a key's ARN is what ``Key.from_lookup`` answers before the lookup has run."""
    return arn.resource == f"key/{LOOKUP_DUMMY_KEY_ID.value}"


def check_parameter_name(name: str) -> None:
    """Check the name of an SSM parameter, as far as it is known before the deployment.

    :raises ValueError: for a name that Systems Manager would refuse.
    """
    if not has_placeholder(name) and not re.fullmatch(PARAMETER_NAME.value, name):
        raise ValueError(
            f"parameter_name must be an SSM parameter name like /app/key-arn, of a-z A-Z 0-9 _ . - and /, got {name!r}"
        )


def check_organization(organization: object) -> str:
    """Return the id of an organization.

    :raises ValueError: for what is none.
    """
    if not isinstance(organization, str) or not re.fullmatch(ORGANIZATION_ID.value, organization):
        raise ValueError(
            f"organization must be the id of yours, o-..., got {organization!r}: a wrong one shuts out whom it should "
            "not; `aws organizations describe-organization --query Organization.Id` shows it"
        )
    return organization


def principal_arn(text: str) -> tuple[Arn, str] | None:
    """Return the parts of an IAM principal's ARN and its kind (role, user, root, ...), None where it hides them."""
    arn = parse(text)
    if arn is None or arn.service not in ("iam", "sts"):
        return None
    return arn, arn.resource.split("/", 1)[0]


def identity(text: str) -> str:
    """Return what is equal for every spelling of one role or user: its account, kind and name.

    Names are unique in an account whatever their path. Text that is no such ARN is its own identity.
    """
    match = re.fullmatch(r"arn:(?:[^:]+|\$\{Token\[.*?\]\}):iam::(.+):(role|user)/(?:.*/)?([^/]+)", text)
    return f"{match[2]}/{match[3]} of {match[1]}" if match else text


def contradict(one: str, other: str) -> bool:
    """Tell whether two parts are both known and differ."""
    return not has_placeholder(one) and not has_placeholder(other) and one != other


# The longest a pseudo parameter can become, for policies that have to fit a quota before they are deployed.
_LONGEST = {"${AWS.Partition}": 10, "${AWS.Region}": 14, "${AWS.AccountId}": 12, "${AWS.URLSuffix}": 16}
# An ARN with a generated name: the prefix in the longest partition, and a name of 64 characters.
_LONGEST_ARN = 130


_TOKEN = r"\$\{Token\[(AWS\.\w+)\.\d+\]\}"


def bounded(text: str) -> str:
    """Return the text with each placeholder, or each token of CDK, as long as it can become."""
    named = re.sub(_TOKEN, r"${\1}", text)
    return re.sub(_PLACEHOLDER, lambda match: "x" * _LONGEST.get(match[0], _LONGEST_ARN), named)


def references(resolved: Any) -> set[str]:
    """Return the logical ids that a resolved value refers to."""
    if isinstance(resolved, list):
        return set().union(*map(references, resolved))
    if not isinstance(resolved, dict):
        return set()
    named = resolved.get("Ref") or resolved.get("Fn::GetAtt")
    name = named[0] if isinstance(named, list) and named else named
    own = {name} if len(resolved) == 1 and isinstance(name, str) and not name.startswith("AWS::") else set()
    return own.union(*map(references, resolved.values()))


def plain(resolved: Any) -> Any:
    """Return a resolved value with every intrinsic turned into text."""
    if isinstance(resolved, list):
        return [plain(item) for item in resolved]
    if isinstance(resolved, dict):
        if len(resolved) == 1 and next(iter(resolved)).startswith(("Ref", "Fn::")):
            return as_text(resolved)
        return {name: plain(value) for name, value in resolved.items()}
    return resolved
