"""What a resource needs of the KMS key it is given, as one row for each principal that needs it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum


class Who(str, Enum):
    """Who calls KMS."""

    DEPLOYER = "deployer"
    """The principal that CloudFormation acts as, through the service, in its own name."""
    CALLER = "caller"
    """Whoever reads or writes the resource, through the service: a role or user that a grant names."""
    ROLE = "role"
    """A role that the resource itself names in a property."""
    SERVICE = "service"
    """A service principal."""
    LINKED_ROLE = "service-linked role"
    """A role of the service, which takes no identity policy."""


class Basis(str, Enum):
    """How a row is known."""

    PAGE = "page"
    """A page of AWS says it."""
    HANDLERS = "handlers"
    """The handlers of the CloudFormation type list it: often a lower bound."""
    BELIEF = "belief"
    """Concluded from other rows; no page says it."""


class Grants(str, Enum):
    """Which grants ``kms:CreateGrant`` may create."""

    FOR_SERVICES = "for services"
    """Those that an AWS service makes for itself: ``kms:GrantIsForAWSResource``."""
    ANY = "any"
    """Any: a page says that the service does not support ``kms:GrantIsForAWSResource``."""
    FOR_DECRYPT = "for decrypt"
    """Those that allow Decrypt alone: ``kms:GrantOperations``."""
    FOR_DATA = "for data"
    """Those that allow no more than to keep and read data, and to hand that on: ``kms:GrantOperations``."""


class Require(str, Enum):
    """What a key must be."""

    ONE_REGION = "no multi-Region key"
    SEVERAL_REGIONS = "a multi-Region key"
    FULL_ARN = "the full ARN of the key"
    SYMMETRIC = "a symmetric key"
    NO_KEY = "a bucket that Amazon S3 encrypts with its own key (SSE-S3)"
    DNSSEC = "an ECC_NIST_P256 key for SIGN_VERIFY in us-east-1"
    SIGNING = "an asymmetric key for SIGN_VERIFY"
    TAGGED = "the tag EventBridgeApiDestinations=true"
    TAGGED_FOR_NODES = "the tag SystemsManagerJustInTimeNodeAccessManaged=true"


@dataclass(frozen=True, kw_only=True)
class Need:
    """What one principal needs of the key that a resource uses.

    Values in ``principal``, ``context`` and ``source_arn`` may hold ``{partition}``, ``{region}``, ``{account}``,
    ``{suffix}`` (of the partition's URLs) and ``{name}``: the literal name of the resource where its template has one
    (``named_by``), else ``*``.

    :param type: CloudFormation type of the resource.
    :param paths: properties that name the key, ``*`` for each member of a list; none stands for all of the type that no
        other row for the same principal names. For an edge, the properties that lead to the resource under the key.
    :param leads_to: types that an edge leads to; none where the resource itself takes the key.
    :param principal: service principal, the property that names the role (``*`` for the same member of a list as in
        the key's path), or ``<service>/<name>`` of a service-linked role.
    :param actions: what KMS is asked. None: nothing is, and the page says so.
    :param via: prefixes of ``kms:ViaService``; none for calls that do not come through a service.
    :param any_region: whether the page wants ``kms:ViaService`` for any region.
    :param unnamed_via: whether the calls come through a service whose ``kms:ViaService`` no page names.
    :param context: encryption-context pairs that a page says are sent.
    :param source_account: whether a page says or shows that ``aws:SourceAccount`` is sent.
    :param source_arn: pattern of the ``aws:SourceArn`` that a page says or shows is sent.
    :param sourceless: whether a page says that no source is sent, so that nothing can be bound to one.
    :param requires: what the key must be.
    :param grants: what ``kms:CreateGrant`` is bound to.
    :param named_by: property with the name of the resource, or with the ARN of the one that it belongs to.
    :param only_with: property that must be there for the row to hold, ``*`` for the same member of a list as in the
        key's path; ``Type=instant`` for one that must be that, or is not told.
    :param only_without: property that must not be there, or must not be that.
    :param asked_by: actions of the service, whoever holds one of which for the resource is a caller.
    :param delegated: whether the role is made where no template shows it, so that only ``delegate_via`` serves it.
    :param at_run: whether KMS is asked only once the resource is used, so that nothing fails in a deployment.
    :param basis: how the row is known.
    :param source: the page, or where the handlers are listed.
    """

    type: str
    who: Who
    source: str
    paths: tuple[str, ...] = ()
    leads_to: tuple[str, ...] = ()
    principal: str = ""
    actions: tuple[str, ...] = ()
    via: tuple[str, ...] = ()
    any_region: bool = False
    unnamed_via: bool = False
    context: tuple[tuple[str, str], ...] = ()
    source_account: bool = False
    source_arn: str = ""
    sourceless: bool = False
    grants: Grants = Grants.FOR_SERVICES
    requires: tuple[Require, ...] = ()
    named_by: str = ""
    only_with: str = ""
    only_without: str = ""
    asked_by: tuple[str, ...] = ()
    delegated: bool = False
    at_run: bool = False
    basis: Basis = Basis.PAGE

    @property
    def is_edge(self) -> bool:
        """Whether the resource needs the key of another resource."""
        return bool(self.leads_to)


def holds(need: Need, value_at: Callable[[str], object]) -> bool:
    """Tell whether what a row depends on is so; what is not told may be.

    :param value_at: what a property of the resource holds; None where it is not there.
    """
    return (not need.only_with or _is(need.only_with, value_at) is not False) and (
        not need.only_without or _is(need.only_without, value_at) is not True
    )


def _is(condition: str, value_at: Callable[[str], object]) -> bool | None:
    path, _, wanted = condition.partition("=")
    value = value_at(path)
    if value is None or not wanted:
        return value is not None
    return value == wanted if isinstance(value, str) else None
