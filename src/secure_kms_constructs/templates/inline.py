"""The policies that stand inside of a resource, each with its place: of roles, and of what makes roles."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from secure_kms_constructs.policies import Unknown

from .landscape import Resource

_HOLDERS = ("AWS::IAM::Role", "AWS::IAM::User", "AWS::IAM::Group")
SAM_TYPES = ("AWS::Serverless::Function", "AWS::Serverless::StateMachine")
PERMISSION_SET = "AWS::SSO::PermissionSet"


@dataclass(frozen=True)
class Inline:
    """A policy inside of a resource.

    :param title: what reasons call it.
    :param location: its place in the resource.
    """

    title: str
    location: str
    document: object


def inline_policies(resource: Resource) -> Iterator[Inline]:
    """Return the inline policies that a resource has, or gives to the role that is made for it."""
    path, properties = resource.source.path, resource.properties
    if resource.type in _HOLDERS:
        yield from _named(path, listed(properties.get("Policies")))
    elif resource.type in SAM_TYPES:
        # https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-resource-function.html
        for place, one in enumerate(listed(properties.get("Policies"))):
            if isinstance(one, dict) and "Statement" in one:
                where = f"[{place}]" if isinstance(properties["Policies"], list) else ""
                yield Inline(f"policy {place} of {path}", f"Properties.Policies{where}", one)
    elif resource.type == PERMISSION_SET and "InlinePolicy" in properties:
        yield Inline(f"inline policy of {path}", "Properties.InlinePolicy", properties["InlinePolicy"])


def _named(path: str, policies: list[object]) -> Iterator[Inline]:
    titles: set[str] = set()
    for place, one in enumerate(policies):
        title = f"policy {place} of {path}"
        match one:
            case {"PolicyDocument": document, "PolicyName": str(name)}:
                by_name = f"policy {name} of {path}"
                title = title if by_name in titles else by_name
            case {"PolicyDocument": document}:
                pass
            case _:
                document = one if isinstance(one, Unknown) else Unknown(f"{title}, which is no policy")
        titles.add(title)
        yield Inline(title, f"Properties.Policies[{place}].PolicyDocument", document)


def listed(value: object) -> list[object]:
    """Return what a property holds, which may be one thing or a list of them."""
    if value is None:
        return []
    return value if isinstance(value, list) else [value]
