"""What stands around account and key and only takes away: policies of the organization and of VPC endpoints."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from .documents import Policy
from .principals import Kind
from .requests import Request
from .verdicts import Unknown, Verdict, all_of, opposite

_SERVICE_LINKED = "AWSServiceRoleFor"


@dataclass(frozen=True)
class Outer:
    """The policies around account and key.

    :param scps: service control policies of the principal's account, those of each place as one.
    :param rcps: resource control policies of the key's account.
    :param endpoint_policy: the policy of the VPC endpoint through which the call goes.
    """

    scps: tuple[Policy, ...] = ()
    rcps: tuple[Policy, ...] = ()
    endpoint_policy: Policy | None = None

    @cached_property
    def all(self) -> tuple[Policy, ...]:
        """Every one of them."""
        return (*self.scps, *self.rcps, *((self.endpoint_policy,) if self.endpoint_policy else ()))

    def in_force(self, request: Request) -> Iterator[tuple[Policy, Verdict]]:
        """Return each with whether it binds a request."""
        if self.scps:
            binds = scps_bind(request)
            yield from ((policy, binds) for policy in self.scps)
        if self.rcps:
            binds = rcps_bind(request)
            yield from ((policy, binds) for policy in self.rcps)
        if self.endpoint_policy:
            yield self.endpoint_policy, endpoint_binds(request)


NO_OUTER = Outer()


def scps_bind(request: Request) -> Verdict:
    """Tell whether service control policies bind a request: those of users, roles and root users, no service's own.

    https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_scps.html#not-restricted-by-scp
    """
    return False if request.caller.kind is Kind.SERVICE else opposite(_is_service_linked(request))


def rcps_bind(request: Request) -> Verdict:
    """Tell whether resource control policies bind a request: those of services too.

    https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_rcps.html#actions-not-restricted-by-rcps
    """
    return False if request.lowered_action == "kms:retiregrant" else opposite(_is_service_linked(request))


def endpoint_binds(request: Request) -> Verdict:
    """Tell whether a request goes through a VPC endpoint: calls that a service makes do not.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/access_forward_access_sessions.html
    """
    if request.caller.kind is Kind.SERVICE:
        return False
    via, through = request.value("kms:viaservice"), request.value("aws:viaawsservice")
    return all_of((_is(via, None), _is(through, "false")))


def _is(value: object, wanted: str | None) -> Verdict:
    return None if isinstance(value, Unknown) else value == wanted


def _is_service_linked(request: Request) -> Verdict:
    caller = request.caller
    if caller.kind is Kind.ROLE:
        return ":role/aws-service-role/" in caller.text
    # A session does not tell the path of its role, and others may have a role of such a name.
    return None if caller.kind is Kind.SESSION and caller.name.startswith(_SERVICE_LINKED) else False
