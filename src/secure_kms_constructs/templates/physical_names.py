"""Names and ARNs of resources: those that templates give, and stand-ins for those that a deployment chooses."""

from __future__ import annotations

import re
import string

from secure_kms_constructs.policies import Unknown
from secure_kms_constructs.policies.made_up import made_up_id
from secure_kms_constructs.policies.verdicts import Verdict

from . import references
from .forms import form_of
from .resolution import Resolver
from .resource_types import ARN, IAM_NAME, IAM_PATH, REF_IS_PROPERTY, TYPES, ResourceType
from .stacks import Stack
from .texts import NO_VALUE, as_text, unknown

_SCRAMBLED = {
    "hex32": ("0123456789abcdef", 32),
    "lower12": (string.ascii_lowercase + string.digits, 12),
    "six": (string.ascii_letters + string.digits, 6),
    "upper12": (string.ascii_uppercase + string.digits, 12),
    "upper17": (string.ascii_uppercase + string.digits, 17),
}
_KEY_ID = re.compile(r"[\w-]+")
_ODD = re.compile(r"[^A-Za-z0-9-]")
_FITTING = {
    **dict.fromkeys(("GroupName", "InstanceProfileName", "ManagedPolicyName", "RoleName", "UserName"), IAM_NAME),
    "Path": IAM_PATH,
    "PrimaryKeyArn": _KEY_ID,
}
_FORBIDDEN = re.compile(r"[*?\s\ufdd0-\ufdef]|\$\{")


def name_or_arn(resolver: Resolver, stack: Stack, logical_id: str) -> object:
    """Return what ``Ref`` of a resource is."""
    kind, missing = _kind(resolver, stack, logical_id)
    if missing:
        return missing
    if kind in REF_IS_PROPERTY:
        return resolver.value(stack.properties(logical_id).get(REF_IS_PROPERTY[kind]), stack)
    if kind in TYPES:
        return formatted(resolver, stack, logical_id, TYPES[kind].ref)
    return unknown(f"Ref of {stack.source(logical_id).path}, {kind}")


def attribute(resolver: Resolver, stack: Stack, logical_id: str, name: str) -> object:
    """Return what ``Fn::GetAtt`` of a resource is."""
    kind, missing = _kind(resolver, stack, logical_id)
    if missing:
        return missing
    if name.startswith("Outputs.") and kind == "AWS::CloudFormation::Stack":
        return references.nested_output(resolver, stack, logical_id, name.removeprefix("Outputs."))
    if kind == "Custom::CrossRegionExportReader":
        return references.written_across(resolver, stack, name)
    if kind == "AWS::SSM::Parameter" and name in ("Type", "Value"):
        return resolver.value(stack.properties(logical_id).get(name), stack)
    if kind in TYPES and name in TYPES[kind].attributes:
        return formatted(resolver, stack, logical_id, TYPES[kind].attributes[name])
    return unknown(f"{name} of {stack.source(logical_id).path}, {kind}")


def arn_of(resolver: Resolver, stack: Stack, logical_id: str, kind: str) -> str | None:
    """Return the ARN of a resource; None for a type whose ARN is not known here, or that has none."""
    if kind not in TYPES or not TYPES[kind].arn:
        return None
    return formatted(resolver, stack, logical_id, ARN)


def formatted(resolver: Resolver, stack: Stack, logical_id: str, form: str) -> str:
    """Fill a format of the table of types."""
    fields = resolver.once(("fields", stack.name, logical_id), lambda: _fields(resolver, stack, logical_id))
    if not isinstance(fields, dict):
        # Its name refers to itself.
        fields = _made_up(stack, logical_id, TYPES[str(stack.resource(logical_id)["Type"])])
    return form.format_map(fields)


def _kind(resolver: Resolver, stack: Stack, logical_id: str) -> tuple[str, Unknown | None]:
    kind = stack.resource(logical_id).get("Type")
    if not isinstance(kind, str):
        return "", unknown(f"{logical_id}, which {stack.name} does not have")
    if resolver.exists(logical_id, stack) is False:
        return kind, unknown(f"{stack.source(logical_id).path}, which does not exist: its condition is false")
    return kind, None


def _fields(resolver: Resolver, stack: Stack, logical_id: str) -> dict[str, str]:
    kind = TYPES[str(stack.resource(logical_id)["Type"])]
    properties = stack.properties(logical_id)
    told = resolver.stacks.told(stack, logical_id)
    given: dict[str, str | None] = {}
    for name, meant in ((kind.named_by, "name"), ("Path", "path"), ("PrimaryKeyArn", "key_id")):
        if name in properties:
            if meant in told:
                continue
            value = resolver.value(properties[name], stack)
            given[meant] = _usable(resolver, stack, logical_id, name, value)
            if meant == "name" and name in _FITTING and isinstance(value, Unknown) and (form := form_of(value)) != "*":
                # What is known of the name is known of what stands for it.
                given[meant] = form.replace("*", stack.scrambled(logical_id, *_SCRAMBLED["upper12"]))
    known = {meant: text for meant, text in given.items() if text is not None}
    return _made_up(stack, logical_id, kind, _multi_region(resolver, stack, logical_id), **known, **told)


def _multi_region(resolver: Resolver, stack: Stack, logical_id: str) -> Verdict:
    """Tell whether a key is a multi-Region key, which its id says."""
    if stack.resource(logical_id).get("Type") == "AWS::KMS::ReplicaKey":
        return True
    properties = stack.properties(logical_id)
    if any(name.startswith("Fn::") for name in properties):
        return None
    value = resolver.value(properties.get("MultiRegion", False), stack)
    if value is NO_VALUE:
        return False
    text = as_text(value)
    return None if text is None else text.lower() == "true"


def _usable(resolver: Resolver, stack: Stack, logical_id: str, name: str, value: object) -> str | None:
    text = as_text(value)
    if name == "PrimaryKeyArn" and text is not None:
        text = text.rpartition("/")[2]
    fits = _FITTING.get(name)
    if text and not _FORBIDDEN.search(text) and (fits is None or fits.fullmatch(text)):
        return text
    shown = value if isinstance(value, Unknown) else repr(value)[:60]
    source = stack.source(logical_id)
    resolver.note(source, f"{name} of {source.path} is {shown}: it is read as one that only a deployment tells")
    return None


def _made_up(
    stack: Stack, logical_id: str, kind: ResourceType, multi_region: Verdict = None, **given: str
) -> dict[str, str]:
    place = stack.environment
    fields = _Fields(stack, logical_id, multi_region)
    fields |= {"p": place.partition, "r": place.region, "a": place.account, "suffix": place.url_suffix, "path": "/"}
    fields |= given
    if "name" not in fields:
        made = kind.generated.format_map(fields)
        fields["name"] = made.lower() if "lower12" in kind.generated else made
    fields["arn"] = kind.arn.format_map(fields)
    return fields


class _Fields(dict[str, str]):
    """The fields of formats; those that take the place of what a deployment chooses are made when asked for."""

    def __init__(self, stack: Stack, logical_id: str, multi_region: Verdict) -> None:
        super().__init__()
        self._stack, self._logical_id, self._multi_region = stack, logical_id, multi_region

    def __missing__(self, field: str) -> str:
        match field:
            case "stack":
                made = _ODD.sub("-", self._stack.physical_name)
            case "logical_id":
                made = _ODD.sub("", self._logical_id)
            case "unslashed":
                made = self["name"].removeprefix("/")
            case "key_id":
                made = made_up_id(self["hex32"], multi_region=self._multi_region)
            case _:
                made = self._stack.scrambled(self._logical_id, *_SCRAMBLED[field])
        self[field] = made
        return made
