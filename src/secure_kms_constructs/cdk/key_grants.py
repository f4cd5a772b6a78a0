"""Grants on a key of this app: asks about the grantee, has it decided, and writes both sides."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import reduce
from typing import Any

from aws_cdk import Annotations, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms

from secure_kms_constructs.authoring import key_grants
from secure_kms_constructs.authoring.admissions import Admission
from secure_kms_constructs.authoring.key_grants import Decision, Who
from secure_kms_constructs.aws import arns
from secure_kms_constructs.aws.services import Service, Use, written

from .asking import Called, region_of
from .callers import Asking
from .findings import PRINCIPAL, announce, check_no_text
from .grantees import Grantee
from .holding import holds_policies, takes_policies
from .key_arguments import check_resource_arns
from .l2_grants import asked_by_user, contexts_of, is_through, literal_contexts, principal_behind, resources_of
from .places import GRANT_APART, KEY_APART, check_reference, same_environment
from .resolved_grantees import check_plain, resolve_grantee


class KeyGrants:
    """Writes the grants on one key.

    :param admit: writes an admission into the key policy.
    :param delegates_via: tells whether the key leaves a service to the IAM policies of its account.
    """

    def __init__(
        self,
        key: kms.Key,
        stack: Stack,
        *,
        admit: Callable[[Admission], None],
        delegates_via: Callable[[Service], bool],
    ) -> None:
        self._key = key
        self._stack = stack
        self._admit = admit
        self._delegates_via = delegates_via

    def use(self, grantee: iam.IGrantable, actions: Sequence[str], asking: Asking | None) -> iam.Grant | iam.IGrantable:
        """Grant actions to a role or user.

        :param asking: the construct that asks along with a resource; None for direct calls.
        :return: the grant, or the grantee that only a key policy can name: a service, an account, anyone.
        """
        check_no_text("grantee", grantee, PRINCIPAL)
        if isinstance(grantee, iam.ManagedPolicy):
            raise ValueError(
                f"grantee must be a role or a user, got the managed policy {grantee.node.path}, which no key policy "
                "can name: grant to the roles that it is attached to"
            )
        principal, service = grantee.grant_principal, asking.service if asking else None
        if service is not None:
            asked_for = asked_by_user(service) if is_through(principal) else None
            check_plain(asked_for.grantee.grant_principal if asked_for else principal, service)
        if service is not None and is_through(principal):
            grantee = principal_behind(principal, asked_by_user(service)) or grantee
            principal = grantee.grant_principal
        # These hold no identity policy: the key policy alone decides, as the L2 writes it.
        if isinstance(principal, iam.PrincipalBase) and not isinstance(principal, iam.ArnPrincipal):
            return grantee
        if isinstance(principal, (iam.AccountPrincipal, iam.AnyPrincipal)):
            return grantee
        resolved, who = self._ask(grantee, delegable=asking is not None)
        if asking is not None:
            return self._along(grantee, resolved, who, asking, actions)
        return self._write(grantee, resolved, who, key_grants.for_use(who, actions, self._key.key_arn))

    def via(self, grantee: iam.IGrantable, service: Service, use: Use, resource_arns: Sequence[str]) -> iam.Grant:
        """Grant a use through one service, for named resources."""
        texts = [arns.as_text(one) for one in self._stack.resolve(list(resource_arns))]
        check_resource_arns(service, resource_arns, texts, region_of(self._stack))
        resolved, who = self._ask(grantee)
        decision = key_grants.for_resources(
            who,
            service,
            use,
            service.via(region_of(self._stack)),
            self._key.key_arn,
            resource_arns,
            texts,
            delegated=self._delegates_via(service),
        )
        if not who.holds and resolved.is_linked:
            self._announce_linked(resolved)
        return self._write(grantee, resolved, who, decision)

    def taken_over(self, grantee: iam.IGrantable, service: Service, actions: Sequence[str]) -> Callable[[], iam.Grant]:
        """Return what grants again, both sides, what a stock key's policy grants a role or user through a service.

        :raises ValueError: where it cannot be, or where it is not told for which resources.
        """
        resolved, who = self._ask(grantee)
        if not who.holds:
            raise ValueError(f"{who.name} holds no policies here, so the key policy would admit it for everything")
        contexts = resources_of(resolved, service) if service.context_key else []
        if service.context_key and not contexts:
            raise ValueError(
                f"{who.name} uses it through {service.name}, and no policy of its own tells for which resources"
            )
        via = service.via(region_of(self._stack))
        decision = key_grants.along_with_resource(
            who, service, actions, via, self._key.key_arn, contexts=contexts, named=[], delegated=False
        )
        return lambda: self._write(grantee, resolved, who, decision)

    def _ask(self, grantee: iam.IGrantable, *, delegable: bool = True) -> tuple[Grantee, Who]:
        resolved = resolve_grantee(grantee, self._key)
        return resolved, Who(
            resolved.name,
            resolved.identity,
            resolved.account,
            resolved.is_foreign(self._stack),
            holds_policies(resolved, self._key),
            resolved.is_protected,
            lambda: resolved.arn_in(self._stack, delegable=delegable),
        )

    def _along(
        self, grantee: iam.IGrantable, resolved: Grantee, who: Who, asking: Asking, actions: Sequence[str]
    ) -> iam.Grant:
        """Grant what a construct asks for along with a resource."""
        key_grants.check_foreign(who, actions)
        if resolved.is_protected:
            self._check_protected(resolved)
        service = asking.service
        asked = asked_by_user(service)
        named, contexts = [], []
        if asking.has_named:
            named = [] if who.holds else literal_contexts(service, asked)
            contexts = contexts_of(resolved, service, asked, actions) if who.holds else []
        if who.holds and service.context_key and not contexts:
            self._announce_unbound(resolved, service)
        elsewhere = not same_environment(self._stack, resolved.stack or self._stack)
        if contexts and service == Service.SECRETS_MANAGER and elsewhere:
            # CDK names a secret of another place without the six characters at its end.
            contexts = [*contexts, *literal_contexts(service, asked)]
        via, delegated = service.via(region_of(self._stack)), self._delegates_via(service)
        decision = key_grants.along_with_resource(
            who, service, actions, via, self._key.key_arn, contexts=contexts, named=named, delegated=delegated
        )
        return self._write(grantee, resolved, who, decision)

    def _write(self, grantee: iam.IGrantable, resolved: Grantee, who: Who, decision: Decision) -> iam.Grant:
        """Write both sides as decided."""
        if who.holds:
            # Its identity policy, in the stack of its policies, has to name the key.
            check_reference(resolved.policies_in, self._stack, Called("key", self._key), GRANT_APART, KEY_APART)
        if decision.admission is not None:
            self._admit(decision.admission)
        if not who.holds and who.foreign:
            why = foreign_identity(resolved)
            announce(self._key, "requiredIdentityPolicy", why, decision.statements, of=resolved.name)
        if decision.named is not None:
            grants = [self._name(decision.named, one) for one in decision.statements]
        elif who.holds:
            grants = [self._attach(grantee, one) for one in decision.statements]
        else:
            return iam.Grant.drop(grantee, "the key policy admits it")
        return reduce(lambda one, other: one.combine(other), grants)

    def _attach(self, grantee: iam.IGrantable, statement: dict[str, Any]) -> iam.Grant:
        actions, condition = _listed(statement["Action"]), statement.get("Condition")
        arns_of_key = [self._key.key_arn]
        return iam.Grant.add_to_principal(
            grantee=grantee, actions=actions, resource_arns=arns_of_key, conditions=condition
        )

    def _name(self, arn: str, statement: dict[str, Any]) -> iam.Grant:
        """Name a principal in the key policy, as the L2 would; it comes back through add_to_resource_policy."""
        principal: iam.PrincipalBase = iam.ArnPrincipal(arn)
        if statement.get("Condition"):
            # The grant's own conditions never reach a resource policy, those of the principal do.
            principal = iam.PrincipalWithConditions(principal, statement["Condition"])
        return iam.Grant.add_to_principal_or_resource(
            grantee=principal,
            actions=_listed(statement["Action"]),
            resource_arns=[self._key.key_arn],
            resource_self_arns=["*"],
            resource=self._key,
        )

    def _check_protected(self, grantee: Grantee) -> None:
        """Check that the construct that grants has written no policy for a role that takes none."""
        if takes_policies(grantee, self._key):
            raise ValueError(
                f"IAM lets nobody change the policies of {grantee.name}, and this grant would write one: import it "
                "with mutable=False, and the policies of the resource and of the key admit it"
            )
        if grantee.is_linked:
            self._announce_linked(grantee)

    def _announce_unbound(self, grantee: Grantee, service: Service) -> None:
        text = (
            f"{grantee.name} may use the key through {service.name} for whatever is under it, because which resource "
            "the grant is for cannot be told where it is made: pass the resource without its key there (imported by "
            f"its ARN or name), and grant with key.grant_via(role, {written(service)}, ...) or a Scoped construct"
        )
        Annotations.of(self._key).add_info_v2("secure-kms-constructs:unboundGrant", text)

    def _announce_linked(self, grantee: Grantee) -> None:
        text = (
            f"{grantee.name} is linked to a service, which makes it when it first needs it, and a key policy takes no "
            "principal that does not exist: make it first with `aws iam create-service-linked-role`"
        )
        Annotations.of(self._key).add_info_v2("secure-kms-constructs:serviceLinkedRole", text)


def foreign_identity(grantee: Grantee) -> str:
    """Say why the owner of a grantee of another account has to write."""
    return (
        f"{grantee.name} is of another account, so its policy cannot be written here: "
        "unless it allows this already, its owner must add"
    )


def _listed(value: str | list[str]) -> list[str]:
    return value if isinstance(value, list) else [value]
