"""Puts a policy of ours in place of that of a stock key, with what was added to it and granted on it until now."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from aws_cdk import Reference, Tokenization
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms

from secure_kms_constructs.authoring.adopted import is_stock_delegation, uses_of
from secure_kms_constructs.authoring.key_policies import KeyPolicy
from secure_kms_constructs.authoring.narrowing import add_narrowed
from secure_kms_constructs.authoring.reading import bound, is_account, listed
from secure_kms_constructs.aws import arns
from secure_kms_constructs.aws.facts import PENDING_WINDOW_DAYS
from secure_kms_constructs.aws.services import SERVICES, Service, Use

from .asking import account_of, node_of, region_of, stack_of
from .grantees import account_text
from .key_grants import KeyGrants
from .key_owners import policy_owned_by
from .looking import Watched, looker_of
from .node import Questions
from .rendering import renderings_in

_SYMMETRIC = "SYMMETRIC_DEFAULT"


class Owners(NamedTuple):
    """Who owns the keys that are adopted, and what is left to whom; as the arguments of HardenedKey."""

    deployer: iam.IGrantable | None
    administrators: Sequence[iam.IGrantable]
    policy_administrators: Sequence[iam.IGrantable]
    delegate_via: Sequence[Service]
    provision_via: Sequence[Service]
    separation_of_duties: bool
    organization: str | None


def adopt(key: kms.Key, owners: Owners, refuse: Callable[[Sequence[str]], None]) -> None:
    """Have a stock key say what a HardenedKey would.

    :param refuse: called at synth where it turns out that it cannot be; then the key is as it was.
    :raises ValueError: where that is known now; nothing is changed then.
    """
    stack, resource = stack_of(key), node_of(key).default_child
    if not isinstance(resource, kms.CfnKey):
        raise ValueError("its resource is no AWS::KMS::Key, so nothing is known of its policy")
    spec, usage = resource.key_spec or _SYMMETRIC, resource.key_usage or "ENCRYPT_DECRYPT"
    if resource.origin not in (None, "AWS_KMS"):
        raise ValueError(f"its material is of {resource.origin}, which does not rotate")
    symmetric, multi_region = spec == _SYMMETRIC, bool(resource.multi_region)
    kind = "SYMMETRIC" if symmetric else usage
    policy = policy_owned_by(
        key,
        owners.deployer,
        owners.administrators,
        owners.policy_administrators,
        multi_region=multi_region,
        separation_of_duties=owners.separation_of_duties,
        organization=owners.organization,
        rotates=symmetric,
    )
    for service in owners.provision_via if symmetric else ():
        policy.provision(service.actions_for(Use.PROVISION), service.via(region_of(stack)))
    for service in owners.delegate_via if symmetric else ():
        policy.delegate(service, service.via(region_of(stack)))
    _take_over(key, policy, kind)

    renderings = renderings_in(stack)
    settings: dict[str, Any] = (
        {"bypassPolicyLockoutSafetyCheck": False} if resource.bypass_policy_lockout_safety_check else {}
    )
    if symmetric:
        settings["enableKeyRotation"] = True
    longest = PENDING_WINDOW_DAYS.value[1]
    if resource.pending_window_in_days != longest:
        settings["pendingWindowInDays"] = longest
    Questions.adopt(key, renderings.in_node, renderings.start(policy), settings)
    renderings.follow(key, policy)
    delegates, extra = owners.delegate_via, owners.provision_via
    looker_of(stack).watch(Watched(key, policy, kind, spec, multi_region, extra, delegates, refuse))


def _take_over(key: kms.Key, policy: KeyPolicy, usage: str) -> None:
    """Narrow what stands in the policy already; what the L2 grants through a service, grant as a HardenedKey does."""
    stack, document = stack_of(key), key._policy
    [deployed] = Questions.key_policies(stack, [key])
    if document is None or deployed.before is not None or stack.resolve(document) != deployed.policy:
        raise ValueError("its policy was written by hand into its resource")
    written = list((document.to_json() or {}).get("Statement", []))
    resolved = stack.resolve(written)
    account, text = account_of(stack).id, account_text(stack)
    grants = KeyGrants(key, stack, admit=policy.admit, delegates_via=lambda _service: False)
    through = []
    for statement, it in zip(written, resolved, strict=True):
        plain = arns.plain(it)
        if is_stock_delegation(plain, text):
            continue
        service, grantee = _service_of(plain), _role_of(statement)
        if service is not None and grantee is not None:
            through.append(grants.taken_over(grantee, service, sorted(uses_of(plain, usage))))
        else:
            _check_context(plain, service)
            add_narrowed(policy, statement, it, account, text)
    # Nothing is refused any more.
    for write in through:
        write()


def _check_context(statement: dict[str, Any], service: Service | None) -> None:
    """Check that who comes through a service and is named, may use the key for named resources only."""
    principal = statement["Principal"]
    named = [str(one) for one in listed(principal.get("AWS"))] if isinstance(principal, dict) else []
    names = [one for one in named if not is_account(one)]
    tied = any(one.startswith("kms:encryptioncontext") for one in bound(statement))
    if service is not None and service.context_key and names and not tied and statement.get("Effect") == "Allow":
        raise ValueError(f"{names[0]} uses it through {service.name}, and nothing says for which resources")


def _service_of(statement: dict[str, Any]) -> Service | None:
    """Return the service that a statement lets somebody come through."""
    via = [str(one) for one in listed(bound(statement).get("kms:viaservice"))]
    found = [one for one in SERVICES if len(via) == 1 and via[0].startswith(f"{one.prefix}.")]
    return found[0] if found else None


def _role_of(statement: dict[str, Any]) -> Any:
    """Return the role or user of this app that a statement admits; None for anybody else."""
    principal = statement.get("Principal")
    named = listed(principal.get("AWS")) if isinstance(principal, dict) and set(principal) == {"AWS"} else []
    if len(named) != 1 or not isinstance(named[0], str):
        return None
    token = Tokenization.reverse_string(named[0]).first_token
    if token is None or not Reference.is_reference(token):
        return None
    owner = node_of(token.target).scope  # type: ignore[attr-defined]
    return owner if isinstance(owner, (iam.Role, iam.User)) else None
