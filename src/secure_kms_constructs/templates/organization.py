"""Policies of the organization that templates make, and the accounts that they surely bind."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import replace

from secure_kms_constructs.policies import Policy, Unknown, parse_key_policy, parse_scp
from secure_kms_constructs.policies.conditions import parse_conditions
from secure_kms_constructs.policies.documents import Effect, doubted
from secure_kms_constructs.policies.outer import Outer

from .documents import Documents
from .landscape import Resource
from .loading import TemplateError, parse_json
from .resources import Described
from .stacks import ANY_ACCOUNT

POLICY = "AWS::Organizations::Policy"
_ORGANIZATION = "AWS::Organizations::Organization"
SCP, RCP = "SERVICE_CONTROL_POLICY", "RESOURCE_CONTROL_POLICY"
_ACCOUNT = re.compile(r"\d{12}")
# https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_scps.html
_FULL_ACCESS = {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}


def organization_of(resources: Iterable[Described], documents: Documents) -> dict[str, Outer]:
    """Return, by account, the policies that templates attach to it by its id.

    To whom those of the root and of organizational units apply, templates do not tell. FullAWSAccess may stand beside
    each, so only what they deny counts. None bind the management account. That is where an organization is made; a
    policy may be made in the account of a delegated administrator, so its target may be the management account.
    https://docs.aws.amazon.com/organizations/latest/userguide/orgs_delegate_policies.html
    """
    found: dict[str, Outer] = defaultdict(Outer)
    resources = tuple(resources)
    managing = {
        one.resource.account
        for one in resources
        if one.resource.type == _ORGANIZATION and one.exists and not one.resource.doubt
    }
    for one in resources:
        resource = one.resource
        if resource.type != POLICY or one.exists is None:
            continue
        targets = resource.properties.get("TargetIds")
        for target in targets if isinstance(targets, list) else [targets]:
            if isinstance(target, str) and _ACCOUNT.fullmatch(target) and target != resource.account:
                outer = found[target]
                policy = doubted(policy_of(resource, beside_full_access=True), resource.doubt)
                documents.sources[policy.name] = resource.source
                if resource.account == ANY_ACCOUNT or resource.account not in managing:
                    policy = _perhaps(policy)
                kind = resource.properties.get("Type")
                scps = (*outer.scps, policy) if kind == SCP else outer.scps
                found[target] = Outer(scps, (*outer.rcps, policy) if kind == RCP else outer.rcps)
    return dict(found)


def _perhaps(policy: Policy) -> Policy:
    """Return a policy that may bind nobody."""
    why = Unknown("whether the target is the management account, which no such policy binds")
    [doubt] = parse_conditions(why, policy.name, variables=False)
    statements = tuple(
        replace(one, conditions=(*one.conditions, doubt)) if one.effect is Effect.DENY else one
        for one in policy.statements
    )
    return Policy(policy.name, policy.is_key_policy, statements, policy.broken)


def name_of(resource: Resource) -> str:
    """Return what reasons call the policy that a resource makes."""
    return f"policy {resource.source.path}"


def policy_of(resource: Resource, *, beside_full_access: bool = False) -> Policy:
    """Return the policy that a resource makes; what makes no sense in it is unknown.

    :param beside_full_access: whether FullAWSAccess may stand beside a service control policy.
    """
    name = name_of(resource)
    content = _content(resource.properties.get("Content"), name)
    if resource.properties.get("Type") == RCP:
        return parse_key_policy(content, name=name, lenient=True)
    return parse_scp(content, *([_FULL_ACCESS] if beside_full_access else []), name=name, lenient=True)


def _content(content: object, name: str) -> Mapping[str, object] | Unknown:
    if isinstance(content, str):
        try:
            content = parse_json(content, name)
        except TemplateError:
            return Unknown(f"{name}, which is not well-formed")
    return content if isinstance(content, Mapping | Unknown) else Unknown(f"{name}, which is no policy")
