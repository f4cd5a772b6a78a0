"""KmsDriftAlarms: a message for each change of who can use which key."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from aws_cdk import Annotations, ConstructSelector, Stack
from aws_cdk import aws_config as config
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from .authoring import drift_events
from .aws import arns
from .aws.config_rules import KmsConfigRule
from .aws.facts import EVENT_PATTERN_CHARACTERS
from .cdk.asking import account_of, region_of, root_of, stack_of
from .cdk.findings import check_at_synth, check_several
from .cdk.places import is_known
from .cdk.signatures import OwnSignature
from .keys import HardenedKey

# Or all of it known only at deploy time.
_ROLE = r"arn:[^:]+:iam::[^:]+:role/[^*?\s]+|\$\{[^}]+\}"
_field = events.EventField.from_path


class KmsDriftAlarms(Construct):
    """EventBridge rules that send a message when a key, its policy, a grant on it or the trail is changed.

    They see the account and region of their stack: make one in each region that has keys. They need a trail that logs
    management events and does not exclude KMS, and each event at most some minutes late; a trail of this app is
    looked at, else an informational finding says what it has to be like.

    :param topic: where messages go, under a HardenedKey.
    :param queue: the same, in place of a topic.
    :param leave_out: ARNs of roles whose deployments are left out: what CloudFormation does as one of them, and nothing
        that they do otherwise. Default: none, so that deployments are told too.
    :param config_rules: managed rules of AWS Config to make; the account needs a recorder.
        ``KmsConfigRule.in_region(region)`` are those of a region. Default: none.
    :raises ValueError: without one of topic and queue, for one that is not under a HardenedKey or is in another region,
        for a role that is no ARN of one, and for a Config rule that the region does not have.

    https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-service-event-cloudtrail.html
    """

    __signature__ = OwnSignature()

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        topic: sns.ITopic | None = None,
        queue: sqs.IQueue | None = None,
        leave_out: Sequence[str] = (),
        config_rules: Sequence[KmsConfigRule] = (),
    ) -> None:
        stack = stack_of(scope)
        _check_target(stack, topic, queue)
        deployers = _roles(stack, leave_out)
        wanted = _config_rules(stack, config_rules)
        super().__init__(scope, id)
        self.rules: dict[str, events.Rule] = {
            name: self._rule(name, pattern, lines, topic, queue)
            for name, pattern, lines in (
                ("KeyChanges", drift_events.key_changes(deployers), _KEY),
                ("Grants", drift_events.grants(deployers), _GRANT),
                ("Blinding", drift_events.blinding(), _TRAIL),
            )
        }
        """The rules by name: ``KeyChanges``, ``Grants`` and ``Blinding``."""
        for rule in wanted:
            config.CfnConfigRule(
                self,
                rule.name.title().replace("_", ""),
                source={"owner": "AWS", "sourceIdentifier": rule.value},
                input_parameters=rule.managed.parameters or None,
            )
        check_at_synth(stack, lambda: self._look_at_trails(stack))

    def _rule(
        self,
        name: str,
        pattern: Mapping[str, Any],
        lines: Sequence[str],
        topic: sns.ITopic | None,
        queue: sqs.IQueue | None,
    ) -> events.Rule:
        rule = events.Rule(
            self,
            name,
            description=f"KMS drift: {', '.join(pattern['detail']['eventName'])}",
            event_pattern=events.EventPattern(
                source=pattern["source"], detail_type=pattern["detail-type"], detail=pattern["detail"]
            ),
        )
        message = events.RuleTargetInput.from_multiline_text("\n".join([*_WHO, *lines]))
        if topic is not None:
            rule.add_target(targets.SnsTopic(topic, message=message))
        if queue is not None:
            rule.add_target(targets.SqsQueue(queue, message=message))
        return rule

    def _look_at_trails(self, stack: Stack) -> list[str]:
        found = [_verdict(one, stack) for one in ConstructSelector.resources_of_type(_TRAILS).select(root_of(stack))]
        told = [one for one in found if one != "elsewhere"]
        if told and set(told) == {False}:
            return [
                f"{self.node.path} never sends a message: no trail of this app logs what changes keys; "
                "take kms.amazonaws.com out of its excluded sources, and log management events of ReadWriteType All or "
                "WriteOnly"
            ]
        if True not in told:
            Annotations.of(self).add_info_v2(
                "secure-kms-constructs:driftTrail",
                f"{self.node.path} needs a trail for its account and region that logs management events that write and "
                "does not exclude kms.amazonaws.com; this app does not tell of one",
            )
        return []


_TRAILS = "AWS::CloudTrail::Trail"
_WHO = (
    f"{_field('$.detail.eventName')} in account {_field('$.account')}, region {_field('$.region')}, at "
    f"{_field('$.detail.eventTime')}",
    f"Who: {_field('$.detail.userIdentity.type')} {_field('$.detail.userIdentity.arn')}",
    f"From: {_field('$.detail.sourceIPAddress')}, event {_field('$.detail.eventID')}",
)
_KEY = (
    f"Key: {_field('$.detail.resources[0].ARN')} {_field('$.detail.requestParameters.keyId')} "
    f"{_field('$.detail.requestParameters.aliasName')} {_field('$.detail.requestParameters.customKeyStoreId')}",
)
_GRANT = (
    f"Key: {_field('$.detail.resources[0].ARN')}",
    f"Grantee: {_field('$.detail.requestParameters.granteePrincipal')} "
    f"{_field('$.detail.requestParameters.granteeServicePrincipal')}, grant "
    f"{_field('$.detail.responseElements.grantId')}",
)
_TRAIL = (f"Trail: {_field('$.detail.requestParameters.name')} {_field('$.detail.requestParameters.trailName')}",)


def _check_target(stack: Stack, topic: sns.ITopic | None, queue: sqs.IQueue | None) -> None:
    if (topic is None) is (queue is None):
        got = "none" if topic is None else "both"
        raise ValueError(f"one of topic and queue must be given, got {got}: it is where messages go")
    name: str = "queue" if topic is None else "topic"
    target: Any = queue if topic is None else topic
    if isinstance(target, str):
        raise ValueError(f"{name} takes a construct, got the text {target!r}: make it under a HardenedKey")
    option = "encryption_master_key" if topic is None else "master_key"
    if not isinstance(getattr(target, option), HardenedKey):
        raise ValueError(
            f"{name} must be of this app and under a HardenedKey, which then admits EventBridge, got "
            f"{target.node.path}: make it with {option}=HardenedKey(...)"
        )
    region = region_of(stack_of(target))
    if is_known(region) and is_known(region_of(stack)) and region != region_of(stack):
        raise ValueError(f"{name} must be in region {region_of(stack)} of the rules, got one of {region}")


def _roles(stack: Stack, roles: Sequence[str]) -> list[str]:
    check_several("leave_out", roles)
    texts = [arns.as_text(stack.resolve(role)) for role in roles]
    for text in texts:
        if not re.fullmatch(_ROLE, text):
            raise ValueError(
                "leave_out must be the ARNs of roles that deploy, arn:<partition>:iam::<account>:role/<name>, such as "
                f"the deployer_arn of a HardenedKey, got {text!r}"
            )
    # As long as a deployment can make them.
    longest = drift_events.grants([arns.bounded(text) for text in texts])
    size, quota = len(json.dumps(longest, separators=(",", ":"))), EVENT_PATTERN_CHARACTERS.value
    if size > quota:
        raise ValueError(
            f"leave_out must fit an event pattern of {quota} characters, got {len(roles)} roles that make it {size}: "
            "name fewer"
        )
    return list(dict.fromkeys(roles))


def _config_rules(stack: Stack, rules: Sequence[KmsConfigRule]) -> list[KmsConfigRule]:
    check_several("config_rules", rules)
    region = region_of(stack)
    for rule in rules:
        if not isinstance(rule, KmsConfigRule):
            raise ValueError(f"config_rules must be members of KmsConfigRule, got {rule!r}")
        if not is_known(region):
            raise ValueError(f"config_rules need a stack with a region, got {stack.node.path} without one: pass env=")
        if region in rule.managed.not_in:
            raise ValueError(
                f"config_rules must be those of the region, and {region} does not have {rule.value}: use "
                f"KmsConfigRule.in_region({region!r}), and `secure-kms check` for the rest"
            )
    return list(dict.fromkeys(rules))


def _verdict(trail: Any, stack: Stack) -> bool | str | None:
    """Return whether a trail logs what the rules wait for; "elsewhere" for one of another place."""
    its = stack_of(trail)
    read = its.resolve(
        {
            "IsLogging": trail.is_logging,
            "EventSelectors": trail.event_selectors,
            "AdvancedEventSelectors": trail.advanced_event_selectors,
        }
    )
    here = trail.is_multi_region_trail is True or region_of(its) == region_of(stack)
    ours = trail.is_organization_trail is True or account_of(its).id == account_of(stack).id
    return drift_events.logs_key_changes(_capitalized(read)) if here and ours else "elsewhere"


def _capitalized(value: Any) -> Any:
    """Return properties of an L1 as the template names them."""
    if isinstance(value, list):
        return [_capitalized(one) for one in value]
    if isinstance(value, dict) and not any(name.startswith(("Fn::", "Ref")) for name in value):
        return {name[:1].upper() + name[1:]: _capitalized(one) for name, one in value.items()}
    return value
