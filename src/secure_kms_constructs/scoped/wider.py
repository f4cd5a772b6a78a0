"""Warns where the grantee of a grant has another, wider way to what the key encrypts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from aws_cdk import Stack
from aws_cdk import aws_kms as kms
from constructs import Construct

from secure_kms_constructs.authoring import stand_ins
from secure_kms_constructs.authoring.reading import listed, meant
from secure_kms_constructs.authoring.statements import Statement
from secure_kms_constructs.aws import arns
from secure_kms_constructs.aws.facts import SERVICE_CALL_KEYS
from secure_kms_constructs.aws.managed_policies import aws_managed
from secure_kms_constructs.aws.services import Service
from secure_kms_constructs.cdk.asking import key_arn_of, region_of
from secure_kms_constructs.cdk.findings import warn
from secure_kms_constructs.cdk.grantees import Grantee, account_text
from secure_kms_constructs.cdk.node import Questions
from secure_kms_constructs.cdk.places import is_known
from secure_kms_constructs.keys import HardenedKey
from secure_kms_constructs.policies import Policy, PolicyError, Unknown, parse_identity_policy
from secure_kms_constructs.policies.documents import Effect

# The actions about which the other policies of a grantee are read: those of keys, and what reads a secret.
_ABOUT = r"^(\*|kms:.*|secretsmanager:(\*|g.*))$"
_READS, _STAGE = "secretsmanager:GetSecretValue", "secretsmanager:versionstage"
# What no grant is for, as the encryption context of each service names it.
_SOMEBODY_ELSES = {
    Service.SECRETS_MANAGER: "secret:somebody-elses-AbCdEf",
    Service.PARAMETER_STORE: "parameter/somebody-elses",
    Service.CLOUDWATCH_LOGS: "log-group:somebody-elses",
}


class Granted(NamedTuple):
    """A grant as it was written.

    :param principal: what stands for the grantee's ARN; not looked at without a key.
    :param key: None for one that is not of this app, which AWS or somebody else manages: of that nothing is told.
    :param targets: ARNs of what it is for.
    :param identity: what it wrote for the grantee.
    """

    scope: Construct
    grantee: Grantee
    principal: str
    key: kms.Key | None
    service: Service
    targets: Sequence[str]
    identity: Sequence[Statement]


def warn_of_ways(
    stack: Stack, several: Sequence[Granted], policies: Mapping[kms.Key, Policy | None], known: Mapping[str, str]
) -> None:
    """Warn of each grant beside which the same grantee has a wider way, whoever made it and in whatever order.

    :param stack: the stack of the keys.
    :param policies: the finished key policies; None for one that cannot be read.
    :param known: what placeholders of that stack stand for.
    """
    principals = {one.grantee.identity: one.grantee.principal for one in several}
    keys = list(dict.fromkeys(one.key for one in several if one.key is not None))
    targets = list(dict.fromkeys(arn for one in several if _stages_of(one) for arn in one.targets))
    texts = [*map(key_arn_of, keys), *targets]
    # References in the policies of other stacks look otherwise, so they are told by path.
    documents, told = Questions.beside(stack, list(principals.values()), texts, _ABOUT)
    beside = dict(zip(principals, documents, strict=True))
    region = stand_ins.literal(region_of(stack) if is_known(region_of(stack)) else "${AWS.Region}", known)
    place = Place(stand_ins.literal("${AWS.Partition}", known), region, stand_ins.literal(account_text(stack), known))
    stands = {arns.as_text(text): place.key(number) for number, text in enumerate(told[: len(keys)])}
    pseudo = {"${AWS.Partition}": place.partition, "${AWS.Region}": region, "${AWS.AccountId}": place.account}
    filled = {**pseudo, **known, **stands}
    named = {
        arn: stand_ins.literal(arns.as_text(it), filled) for arn, it in zip(targets, told[len(keys) :], strict=True)
    }
    found: dict[Construct, list[str]] = {}
    for one in several:
        others = [it for path, held in beside[one.grantee.identity] for it in _documents(path, held, filled)]
        policy = policies[one.key] if one.key is not None else None
        parsed = [it for path, document in others if (it := _parsed(path, document)) is not None]
        ways = [*_stages(one, others, {named[arn] for arn in one.targets if arn in named})]
        if policy is not None and one.key is not None:
            ways += _uses(one, one.key, policy, parsed, place, place.key(keys.index(one.key)))
        ways = ways or [*_reads(one, parsed, place)]
        if ways:
            found.setdefault(one.scope, []).extend(ways)
    warn("widerWay", found)


class Place(NamedTuple):
    """Where keys are, in literals."""

    partition: str
    region: str
    account: str

    def key(self, number: int) -> str:
        """Return what stands for the ARN of a key."""
        return f"arn:{self.partition}:kms:{self.region}:{self.account}:key/00000000-0000-0000-0000-{number:012}"

    def somebody_elses(self, service: Service) -> str:
        """Return the ARN of something that no grant is for."""
        resource = _SOMEBODY_ELSES[service]
        return f"arn:{self.partition}:{service.prefix}:{self.region}:{self.account}:{resource}"


def _documents(path: str, held: Any, filled: Mapping[str, str]) -> Iterator[tuple[str, Any]]:
    """Yield name and text of a policy that somebody holds, or of those of AWS in a list of ARNs."""
    if not isinstance(held, list):
        yield path, stand_ins.filled(held, filled)
        return
    for arn in (stand_ins.literal(arns.as_text(one), filled) for one in held):
        if known := aws_managed(arn):
            yield f"AWS-managed policy {arn.rpartition('/')[2]} of {path}", known.document


def _uses(
    one: Granted, own: kms.Key, key_policy: Policy, identity: Sequence[Policy], place: Place, key: str
) -> Iterator[str]:
    by_itself = any(
        it.effect is not Effect.DENY and {one.principal, "*"} & it.principals.aws for it in key_policy.statements
    )
    if not identity and not by_itself:
        return
    context = {f"kms:EncryptionContext:{one.service.context_key}": place.somebody_elses(one.service)}
    direct = {**context, **dict.fromkeys((*SERVICE_CALL_KEYS.value, "kms:ViaService"))}
    through = {**context, "kms:ViaService": one.service.via(place.region)}
    for how, sent in (("itself", direct), (f"through {one.service.name}", through)):
        if by := stand_ins.allowed(one.principal, "kms:Decrypt", key, sent, key_policy, identity):
            yield (
                f"{one.grantee.name} may also decrypt {how} whatever else is under {own.node.path}: "
                f"{'; '.join(by)}: {_WAYS[isinstance(own, HardenedKey)]}, or acknowledge this where it is meant"
            )
            return


def _reads(one: Granted, identity: Sequence[Policy], place: Place) -> Iterator[str]:
    """Yield what reads secrets that no grant is for: this key keeps its own from it, other keys may not."""
    if one.service is not Service.SECRETS_MANAGER:
        return
    secret, told = place.somebody_elses(one.service), Unknown
    about = [(policy, it) for policy in identity for it, _ in policy.about(_READS.lower())]
    if any(it.effect is Effect.DENY and it.applies(secret, told) is not False for _, it in about):
        return
    for policy, it in about:
        if it.effect is Effect.ALLOW and it.applies(secret, told):
            what = "secrets under other keys" if one.key is not None else "every other secret"
            yield f"{one.grantee.name} may also read {what}, by {policy.name}: take that out, or name the secrets in it"
            return


_WAYS = {
    True: "take that out",
    False: "make the key a HardenedKey, on which an L2 grants for its own resource only",
}


def _parsed(path: str, document: Any) -> Policy | None:
    try:
        return parse_identity_policy(document, name=path)
    except PolicyError:
        # What cannot be read is not said to allow anything.
        return None


def _stages_of(one: Granted) -> bool:
    return any(map(_names_stage, one.identity))


def _stages(one: Granted, documents: Sequence[tuple[str, Any]], targets: set[str]) -> Iterator[str]:
    for path, document in documents if _stages_of(one) else ():
        for statement in listed(document.get("Statement")):
            reads = statement.get("Effect") == "Allow" and meant(statement.get("Action"), [_READS])
            named = {str(it) for it in listed(statement.get("Resource"))}
            if reads and not _names_stage(statement) and named & {"*", *targets}:
                yield (
                    f"{one.grantee.name} may also read every version stage, by {path}: pass version_stages to its "
                    "secret.grant_read(...) too, or leave version_stages out"
                )
                return


def _names_stage(statement: Mapping[str, Any]) -> bool:
    return any(key.lower() == _STAGE for block in (statement.get("Condition") or {}).values() for key in block)
