"""KmsDriftAlarms: rules with messages that a person understands, to a topic or queue that they can reach."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from aws_cdk import App, Stack
from aws_cdk import aws_cloudtrail as cloudtrail
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sqs as sqs

from secure_kms_constructs import HardenedKey, KmsConfigRule, KmsDriftAlarms
from secure_kms_constructs.authoring import drift_events
from tests.cloudtrail_events import CASES
from tests.synth.templates import (
    ACCOUNT,
    OTHER_ACCOUNT,
    REGION,
    by_sid,
    environment,
    info,
    key_policy,
    readable,
    resources,
    stack_in,
    template,
)

NAMES = ("KeyChanges", "Grants", "Blinding")


@pytest.fixture
def topic(stack: Stack, key: HardenedKey) -> sns.Topic:
    return sns.Topic(stack, "Topic", master_key=key)


def rules(stack: Stack) -> dict[str, dict[str, Any]]:
    made = resources(template(stack), "AWS::Events::Rule")
    return {re.sub(r"^Drift|[0-9A-F]{8}$", "", name): one for name, one in made.items()}


def test_each_rule_has_its_pattern(stack: Stack, topic: sns.Topic, key: HardenedKey) -> None:
    KmsDriftAlarms(stack, "Drift", topic=topic, leave_out=[key.deployer_arn])
    deployer = f"arn:<AWS::Partition>:iam::{ACCOUNT}:role/cdk-hnb659fds-cfn-exec-role-{ACCOUNT}-{REGION}"
    wanted = {
        "KeyChanges": drift_events.key_changes([deployer]),
        "Grants": drift_events.grants([deployer]),
        "Blinding": drift_events.blinding(),
    }
    made = rules(stack)
    assert {name: readable(one["EventPattern"]) for name, one in made.items()} == wanted
    assert {one["State"] for one in made.values()} == {"ENABLED"}
    for name, one in made.items():
        assert all(event in one["Description"] for event in wanted[name]["detail"]["eventName"])


def shown(rule: dict[str, Any], event: dict[str, Any]) -> str:
    """Return the message about an event; what it does not have is empty."""
    [target] = rule["Targets"]
    transformer = target["InputTransformer"]

    def value(path: str) -> str:
        found: Any = event
        for part in re.findall(r"[\w-]+", path.removeprefix("$")):
            if isinstance(found, list):
                found = found[int(part)] if int(part) < len(found) else None
            else:
                found = found.get(part) if isinstance(found, dict) else None
        return "" if found is None else str(found)

    text = transformer["InputTemplate"]
    for name, path in transformer["InputPathsMap"].items():
        text = text.replace(f"<{name}>", value(path))
    assert "<" not in text
    return "\n".join(json.loads(line) for line in text.splitlines())


def told(name: str) -> dict[str, Any]:
    [case] = [one for one in CASES if one.name == name]
    return case.event


def test_a_message_says_who_what_which_key_and_from_where(stack: Stack, topic: sns.Topic) -> None:
    KmsDriftAlarms(stack, "Drift", topic=topic)
    made = rules(stack)
    key = "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
    assert shown(made["KeyChanges"], told("a user writes a key policy")).split("\n") == [
        "PutKeyPolicy in account 111122223333, region us-east-1, at 2026-11-28T12:00:00Z",
        "Who: IAMUser arn:aws:iam::111122223333:user/Alice",
        "From: 192.0.2.1, event 7bb906fa-dc21-4350-b65c-808ff0f72f55",
        f"Key: {key} {key}  ",
    ]
    assert shown(made["Grants"], told("a role makes a grant")).split("\n")[1:] == [
        "Who: AssumedRole arn:aws:sts::111122223333:assumed-role/Admin/session",
        "From: 192.0.2.1, event 7bb906fa-dc21-4350-b65c-808ff0f72f55",
        f"Key: {key}",
        "Grantee: arn:aws:iam::111122223333:role/Bob , grant f020fe75",
    ]
    assert shown(made["Blinding"], told("a role calls StopLogging")).split("\n")[-1] == "Trail: management "


def test_an_alias_a_store_a_service_and_a_trail_by_its_other_parameter_are_named(
    stack: Stack, topic: sns.Topic
) -> None:
    KmsDriftAlarms(stack, "Drift", topic=topic)
    made = rules(stack)
    alias = told("a role calls DeleteAlias")
    alias["detail"] = alias["detail"] | {"requestParameters": {"aliasName": "alias/app"}}
    assert shown(made["KeyChanges"], alias).endswith(" alias/app ")
    store = told("a role calls DisconnectCustomKeyStore")
    store["detail"] = store["detail"] | {"requestParameters": {"customKeyStoreId": "cks-1"}, "resources": []}
    assert shown(made["KeyChanges"], store).endswith("Key:    cks-1")
    service = told("somebody names a service in the new way")
    assert "Grantee:  dynamodb.amazonaws.com, grant" in shown(made["Grants"], service)
    selectors = told("a role calls PutEventSelectors")
    selectors["detail"] = selectors["detail"] | {"requestParameters": {"trailName": "org"}}
    assert shown(made["Blinding"], selectors).endswith("Trail:  org")


def test_a_topic_lets_eventbridge_in_and_so_does_its_key(stack: Stack, topic: sns.Topic) -> None:
    KmsDriftAlarms(stack, "Drift", topic=topic)
    [policy] = resources(template(stack), "AWS::SNS::TopicPolicy").values()
    assert policy["PolicyDocument"]["Statement"][0]["Principal"] == {"Service": "events.amazonaws.com"}
    admitted = [one for one in key_policy(stack) if one["Principal"] == {"Service": "events.amazonaws.com"}]
    assert {"kms:Decrypt"} <= {action for one in admitted for action in one["Action"]}
    assert all("Condition" not in one for one in admitted), "EventBridge sends topics no source"
    assert "unboundService" not in str(info(stack)), "what AWS does not support is said on the page"
    assert by_sid(key_policy(stack))


def test_a_queue_takes_messages_in_place_of_a_topic(stack: Stack, key: HardenedKey) -> None:
    queue = sqs.Queue(stack, "Queue", encryption_master_key=key)
    alarms = KmsDriftAlarms(stack, "Drift", queue=queue)
    assert set(alarms.rules) == set(NAMES) == set(rules(stack))
    [admitted] = [one for one in key_policy(stack) if one["Principal"] == {"Service": "events.amazonaws.com"}]
    assert admitted["Condition"] == {"ArnLike": {"aws:SourceArn": f"arn:*:*:*:{ACCOUNT}:*"}}
    assert "unboundService" not in str(info(stack))
    for one in rules(stack).values():
        assert readable(one["Targets"][0]["Arn"]) == "<Queue.Arn>"
    assert not resources(template(stack), "AWS::SNS::TopicPolicy")


def test_config_rules_are_made_where_they_are_asked_for(stack: Stack, topic: sns.Topic) -> None:
    KmsDriftAlarms(stack, "Drift", topic=topic, config_rules=KmsConfigRule.in_region(REGION))
    found = resources(template(stack), "AWS::Config::ConfigRule").values()
    assert {(one["Source"]["Owner"], one["Source"]["SourceIdentifier"]) for one in found} == {
        ("AWS", rule.value) for rule in KmsConfigRule
    }
    given = {one["Source"]["SourceIdentifier"]: one.get("InputParameters") for one in found}
    assert given["IAM_INLINE_POLICY_BLOCKED_KMS_ACTIONS"] == {"blockedActionsPatterns": "kms:Decrypt,kms:ReEncryptFrom"}
    assert given["KMS_KEY_POLICY_NO_PUBLIC_ACCESS"] is None


def test_no_config_rule_is_made_by_default(stack: Stack, topic: sns.Topic) -> None:
    """An account without a recorder refuses them."""
    KmsDriftAlarms(stack, "Drift", topic=topic)
    assert not resources(template(stack), "AWS::Config::ConfigRule")


def trail(stack: Stack, id: str = "Trail", **options: Any) -> cloudtrail.Trail:
    return cloudtrail.Trail(stack, id, bucket=s3.Bucket.from_bucket_name(stack, f"{id}Bucket", "trails"), **options)


NEEDS = "Stack/Drift needs a trail for its account and region"


def about_trails(stack: Stack) -> list[bool]:
    template(stack)
    return [one.startswith(NEEDS) for one in info(stack) if "driftTrail" in one]


def test_without_a_trail_in_the_app_the_finding_says_what_it_has_to_be_like(stack: Stack, topic: sns.Topic) -> None:
    KmsDriftAlarms(stack, "Drift", topic=topic)
    assert about_trails(stack) == [True]


@pytest.mark.parametrize(
    "options",
    [{}, {"management_events": cloudtrail.ReadWriteType.WRITE_ONLY}, {"is_multi_region_trail": False}],
    ids=str,
)
def test_a_trail_that_logs_them_is_enough(
    stack: Stack, other_stack: Stack, topic: sns.Topic, options: dict[str, Any]
) -> None:
    KmsDriftAlarms(stack, "Drift", topic=topic)
    trail(other_stack, **options)
    assert about_trails(stack) == []


@pytest.mark.parametrize(
    "options",
    [
        {"management_events": cloudtrail.ReadWriteType.READ_ONLY},
        {"exclude": ["kms.amazonaws.com"]},
        {"stopped": True},
    ],
    ids=str,
)
def test_a_trail_that_does_not_log_them_fails_the_synth(
    stack: Stack, topic: sns.Topic, options: dict[str, Any]
) -> None:
    KmsDriftAlarms(stack, "Drift", topic=topic)
    made = trail(stack, **({} if options.keys() & {"exclude", "stopped"} else options))
    resource: Any = made.node.default_child
    if "exclude" in options:
        resource.event_selectors = [
            cloudtrail.CfnTrail.EventSelectorProperty(exclude_management_event_sources=options["exclude"])
        ]
    if "stopped" in options:
        resource.is_logging = False
    says = "Stack/Drift never sends a message: no trail of this app logs what changes keys; take kms.amazonaws.com"
    with pytest.raises(RuntimeError, match=says):
        template(stack)
    # What the message says to do works: another trail that logs them.
    trail(stack, "Whole")
    template(stack)


@pytest.mark.parametrize(
    "region, account, multi, told",
    [
        ("us-east-1", ACCOUNT, True, True),
        ("us-east-1", ACCOUNT, False, False),
        (REGION, OTHER_ACCOUNT, False, False),
        (REGION, ACCOUNT, False, True),
    ],
)
def test_a_trail_of_another_place_does_not_count(
    app: App, stack: Stack, topic: sns.Topic, region: str, account: str, multi: bool, told: bool
) -> None:
    KmsDriftAlarms(stack, "Drift", topic=topic)
    trail(Stack(app, "Elsewhere", env=environment(region, account)), is_multi_region_trail=multi)
    assert about_trails(stack) == ([] if told else [True])


def test_a_trail_of_the_organization_counts_in_each_account(app: App, stack: Stack, topic: sns.Topic) -> None:
    KmsDriftAlarms(stack, "Drift", topic=topic)
    elsewhere = Stack(app, "Elsewhere", env=environment(REGION, OTHER_ACCOUNT))
    cloudtrail.CfnTrail(elsewhere, "Org", is_logging=True, s3_bucket_name="trails", is_organization_trail=True)
    assert about_trails(stack) == []


@pytest.mark.parametrize("region", ["ca-west-1", "us-gov-west-1"])
def test_a_region_without_a_config_rule_is_refused(region: str) -> None:
    stack = stack_in(region)
    topic = sns.Topic(stack, "Topic", master_key=HardenedKey(stack, "Key"))
    says = (
        rf"config_rules must be those of the region, and {region} does not have KMS_KEY_POLICY_NO_PUBLIC_ACCESS: use "
    )
    with pytest.raises(ValueError, match=says + rf"KmsConfigRule.in_region\('{region}'\)"):
        KmsDriftAlarms(stack, "Drift", topic=topic, config_rules=list(KmsConfigRule)[2:])
    KmsDriftAlarms(stack, "Drift", topic=topic, config_rules=KmsConfigRule.in_region(region))


def test_config_rules_need_a_region() -> None:
    stack = Stack(App(), "Stack")
    topic = sns.Topic(stack, "Topic", master_key=HardenedKey(stack, "Key"))
    with pytest.raises(ValueError, match=r"config_rules need a stack with a region, got Stack without one: pass env="):
        KmsDriftAlarms(stack, "Drift", topic=topic, config_rules=[KmsConfigRule.KEY_ROTATION])
    assert KmsDriftAlarms(stack, "Drift", topic=topic)


@pytest.mark.parametrize(
    "options, says",
    [
        ({}, "one of topic and queue must be given, got none"),
        ({"topic": "arn:aws:sns:eu-west-1:111122223333:t"}, "topic takes a construct, got the text 'arn:aws:sns"),
        ({"leave_out": "arn:aws:iam::111122223333:role/x"}, "leave_out must be a list"),
        ({"leave_out": ["cdk-role"]}, "leave_out must be the ARNs of roles that deploy, .*, got 'cdk-role'"),
        ({"leave_out": ["arn:aws:iam::*:role/*"]}, r"leave_out must be the ARNs of roles that deploy"),
        ({"leave_out": ["arn:aws:iam::111122223333:user/x"]}, "leave_out must be the ARNs of roles that deploy"),
        ({"leave_out": [f"arn:aws:iam::111122223333:role/{n:060}" for n in range(9)]}, "got 9 roles that make it 2"),
        ({"config_rules": "KMS_CMK"}, "config_rules must be a list, got 'KMS_CMK': put it in brackets"),
        ({"config_rules": ["KMS_CMK"]}, "config_rules must be members of KmsConfigRule, got 'KMS_CMK'"),
    ],
)
def test_what_makes_no_sense_is_refused(stack: Stack, topic: sns.Topic, options: dict[str, Any], says: str) -> None:
    given = options if "topic" in options or not options else {"topic": topic, **options}
    with pytest.raises(ValueError, match=says):
        KmsDriftAlarms(stack, "Drift", **given)
    assert KmsDriftAlarms(stack, "Drift", topic=topic), "what was refused leaves nothing behind"


def test_one_target_is_enough(stack: Stack, topic: sns.Topic, key: HardenedKey) -> None:
    queue = sqs.Queue(stack, "Queue", encryption_master_key=key)
    with pytest.raises(ValueError, match="one of topic and queue must be given, got both"):
        KmsDriftAlarms(stack, "Drift", topic=topic, queue=queue)


def test_a_topic_that_is_not_under_a_hardened_key_is_refused(stack: Stack) -> None:
    for id, options in (("Plain", {}), ("Stock", {"master_key": kms.Key(stack, "StockKey")})):
        with pytest.raises(ValueError, match=rf"under a HardenedKey, .* got Stack/{id}: make it with master_key="):
            KmsDriftAlarms(stack, "Drift", topic=sns.Topic(stack, id, **options))
    queue = sqs.Queue(stack, "Queue")
    with pytest.raises(ValueError, match=r"got Stack/Queue: make it with encryption_master_key=HardenedKey\(...\)"):
        KmsDriftAlarms(stack, "Drift", queue=queue)
    imported = sns.Topic.from_topic_arn(stack, "Imported", f"arn:aws:sns:{REGION}:{ACCOUNT}:t")
    with pytest.raises(ValueError, match="topic must be of this app"):
        KmsDriftAlarms(stack, "Drift", topic=imported)


def test_a_topic_of_another_region_is_refused(app: App, stack: Stack) -> None:
    abroad = Stack(app, "Abroad", env=environment("us-east-1"))
    topic = sns.Topic(abroad, "Topic", master_key=HardenedKey(abroad, "Key"))
    with pytest.raises(ValueError, match="topic must be in region eu-west-1 of the rules, got one of us-east-1"):
        KmsDriftAlarms(stack, "Drift", topic=topic)


def test_any_role_that_deploys_can_be_left_out(stack: Stack, topic: sns.Topic) -> None:
    role = iam.Role(stack, "Deployer", assumed_by=iam.ServicePrincipal("cloudformation.amazonaws.com"), role_name="d")
    named = [f"arn:aws:iam::{ACCOUNT}:role/path/deploys", role.role_arn]
    KmsDriftAlarms(stack, "Drift", topic=topic, leave_out=[*named, named[0]])
    [issuer, _] = rules(stack)["KeyChanges"]["EventPattern"]["detail"]["$or"]
    [_, but] = issuer["userIdentity"]["sessionContext"]["sessionIssuer"]["arn"]
    assert readable(but) == {"anything-but": [named[0], "<Deployer.Arn>"]}
