"""Roles that AWS makes for what templates say: what they are called, and what of it only a deployment tells."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from .inline import PERMISSION_SET, SAM_TYPES
from .resource_types import IAM_NAME, IAM_PATH
from .resources import Described
from .stacks import ANY_REGION, Stack

UPPER, HEX = "ABCDEFGHIJKLMNOPQRSTUVWXYZ", "0123456789abcdef"
_ODD = re.compile("[^A-Za-z0-9-]")

# What is assumed of a name, by stack and what tells it there.
Told = Callable[[Stack, str], Mapping[str, str]]


@dataclass(frozen=True)
class MadeRole:
    """A role that is made for a resource.

    :param id: what tells it from others of its stack.
    :param path: None where it is not known.
    :param start: what comes before the random part of a name that CloudFormation gives; None for another name.
    :param form: a pattern of all that the name may be, where ``start`` does not tell it.
    """

    partition: str
    account: str
    id: str
    name: str
    path: str | None
    start: tuple[str, str] | None = None
    form: str | None = None

    @property
    def arn(self) -> str:
        """Its ARN, with a stand-in for what is not known."""
        return f"arn:{self.partition}:iam::{self.account}:role{self.path or '/'}{self.name}"


def roles_for(one: Described, accounts: Iterable[str], told: Told) -> Iterator[MadeRole]:
    """Return the roles that may be made for a resource, whether or not it names another one.

    :param accounts: those in which an IAM Identity Center may make the role of a permission set.
    :param told: what is assumed of names.
    """
    if one.resource.type in SAM_TYPES:
        yield _by_sam(one, told)
    elif one.resource.type == PERMISSION_SET:
        for account in sorted(accounts):
            yield _by_identity_center(one, account, told)


def start_of(stack: Stack, logical_id: str) -> tuple[str, str]:
    """Return what CloudFormation puts before the random part of a name."""
    return _ODD.sub("-", stack.physical_name), re.sub("[^A-Za-z0-9]", "", logical_id)


def form_from(stack: Stack, start: tuple[str, str], longest: int) -> str | None:
    """Return a pattern of generated names in a stack whose own name is not known; None for another stack."""
    if stack.has_known_name:
        return None
    # A name too long is cut, of both parts; those of nested stacks are long.
    is_cut = stack.parent is not None and len("-".join(start)) + 13 > longest
    return f"*-{'?' * 12}" if is_cut else f"*-{start[1]}-{'?' * 12}"


def _by_sam(one: Described, told: Told) -> MadeRole:
    """The role that the Serverless Application Model makes for a function or state machine.

    https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-specification-generated-resources-function.html
    """
    resource, stack = one.resource, one.stack
    logical_id = resource.source.logical_id
    start = start_of(stack, f"{logical_id}Role")
    name = f"{start[0]:.24}-{start[1]:.24}-{stack.scrambled(logical_id, UPPER, 12)}"
    assumed = told(stack, logical_id)
    given = resource.properties.get("RolePath", "/")
    path = assumed.get("path", given if isinstance(given, str) and IAM_PATH.fullmatch(given) else None)
    form = form_from(stack, start, 64)
    return MadeRole(resource.partition, resource.account, logical_id, assumed.get("name", name), path, start, form)


def _by_identity_center(one: Described, account: str, told: Told) -> MadeRole:
    """The role that IAM Identity Center makes of a permission set in an account to which it is assigned.

    https://docs.aws.amazon.com/singlesignon/latest/userguide/referencingpermissionsets.html
    """
    resource, stack = one.resource, one.stack
    logical_id, given = resource.source.logical_id, resource.properties.get("Name")
    known = given if isinstance(given, str) and IAM_NAME.fullmatch(given) else None
    id = f"{logical_id} {account}"
    name = f"AWSReservedSSO_{known or stack.scrambled(logical_id, UPPER, 12)}_{stack.scrambled(id, HEX, 16)}"
    path: str | None = "/aws-reserved/sso.amazonaws.com/"
    if resource.region == ANY_REGION:
        path = None
    elif resource.region != "us-east-1":
        path = f"{path}{resource.region}/"
    assumed = told(stack, id)
    form = f"AWSReservedSSO_{known or '*'}_{'?' * 16}"
    return MadeRole(resource.partition, account, id, assumed.get("name", name), assumed.get("path", path), None, form)
