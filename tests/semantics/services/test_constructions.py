"""CDK's constructs under a HardenedKey work as AWS's pages say, judged by an engine that is not ours."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from graphlib import TopologicalSorter
from typing import Any

import pytest
from aws_cdk.cx_api import CloudAssembly

from secure_kms_constructs.checks import Severity, check_assembly
from tests.semantics.deployed import Deployment
from tests.semantics.judge import Judge
from tests.semantics.services.asks import Ask
from tests.semantics.services.constructions import MACHINE, OTHER_MACHINE, SCALING
from tests.semantics.services.judging import BY_ACCOUNT, OTHER_KIND, wrong
from tests.semantics.services.launched import FLEET, SPOT, SPOT_FLEET
from tests.semantics.services.synthesized import ALL, WITH_ASKS, question


def test_enough_constructs_are_tried() -> None:
    assert len(WITH_ASKS) >= 110


@pytest.mark.parametrize("name", WITH_ASKS)
def test_a_construct_works_and_nothing_beside_it(deployments: dict[str, Deployment], judge: Judge, name: str) -> None:
    one = WITH_ASKS[name]
    assert one.asks
    found = list(wrong(deployments[name], judge, one, one.asks))
    assert not found, "\n".join(found)


def test_what_is_bound_by_the_account_alone_is_named(deployments: dict[str, Deployment], judge: Judge) -> None:
    def opens(name: str) -> bool:
        others = [other for ask in ALL[name].asks for what, other in ask.neighbours() if what == OTHER_KIND]
        return any(judge.ask(question(deployments[name], one)).allowed for one in others)

    assert [name for name in sorted(BY_ACCOUNT) if not opens(name)] == []


# Who has nothing to do with the key, where something else is said: a type of fleet, a role, a destination, logs.
NOTHING = {
    "by_l1_fleet_id": (FLEET, SPOT),
    "by_l1_fleet_disks": (FLEET, SPOT),
    "launched_by_fleet": (SPOT, "deployer"),
    "by_l1_spot_fleet_3": (SPOT, "deployer"),
    "launched_by_batch": (SPOT_FLEET,),
    "launched_by_batch_on_spot": (SCALING,),
    "by_l1_mail_by_role": ("ses.amazonaws.com",),
    "by_l1_sealed_mail_by_role": ("ses.amazonaws.com",),
    "by_l1_mail_to_bucket": ("logging.s3.amazonaws.com",),
    "by_l1_server_logs": ("s3.amazonaws.com",),
    "by_l1_machine": ("delivery.logs.amazonaws.com",),
    "by_l1_pipe": ("delivery.logs.amazonaws.com",),
}


@pytest.mark.parametrize("name", NOTHING)
def test_nobody_else_has_the_key_of_it(deployments: dict[str, Deployment], judge: Judge, name: str) -> None:
    for who in NOTHING[name]:
        for action in ("Decrypt", "GenerateDataKey", "CreateGrant"):
            through = "ec2" if who == "deployer" else None
            sent = {"kms:GrantIsForAWSResource": "true"} if action == "CreateGrant" and not through else {}
            ask = Ask(who=who, action=f"kms:{action}", via=through, sent=sent)
            assert not judge.ask(question(deployments[name], ask)).allowed, (who, action)


#: Of these no page names what the deployer asks: only the handlers of the CloudFormation types do.
BY_HANDLERS = {
    *("app-assistant", "app-calls", "app-lake", "app-learning", "app-streaming", "browser-portal", "health-records"),
    *(
        "knowledge-base",
        "l1-amazonmq-broker",
        "l1-appflow-flow",
        "l1-bedrock-agent",
        "l1-connect-instancestorageconfig",
    ),
    *("l1-deadline-farm", "l1-kendra-index", "l1-msk-cluster", "l1-opensearchserverless-collection"),
    *("l1-qbusiness-application", "l1-sagemaker-notebookinstance", "l1-timestream-database", "prompt"),
    *("query-results", "rejected-records", "scheduled-query", "serverless-warehouse", "tracker", "training-volume"),
}


def test_nothing_is_told_as_unread_whose_page_was_read(assembly: CloudAssembly) -> None:
    """What a page says needs nothing, or the same as the handlers, is known by that page."""
    told = {
        name: {stack.stack_name for stack in assembly.stacks if f"secure-kms-constructs:{name}" in said(stack)}
        for name in ("unreadNeeds", "handlersOnly")
    }
    assert told["unreadNeeds"] == set()
    assert told["handlersOnly"] <= BY_HANDLERS
    assert told["handlersOnly"]


def said(stack: Any) -> str:
    return " ".join(str(one.entry.data) for one in stack.messages)


def test_no_template_has_a_circle(deployments: dict[str, Deployment]) -> None:
    for deployment in deployments.values():
        resources = deployment.only.template["Resources"]
        names = {name: references(resource) & resources.keys() for name, resource in resources.items()}
        TopologicalSorter(names).prepare()


def references(value: Any) -> set[str]:
    """Return what a part of a template refers to, as CloudFormation orders resources."""
    if isinstance(value, list):
        return set().union(*map(references, value))
    if not isinstance(value, dict):
        return set()
    found = set(re.findall(r"\$\{(\w+)", json.dumps(value.get("Fn::Sub", ""))))
    found |= {str(value.get("Ref")), str(value.get("Fn::GetAtt", [""])[0])}
    after = value.get("DependsOn", [])
    return found.union(after if isinstance(after, list) else [after], *map(references, value.values()))


def test_a_machine_s_role_uses_nothing_of_another_machine(deployments: dict[str, Deployment], judge: Judge) -> None:
    deployment = deployments["two_machines"]
    for ask in ALL["two_machines"].asks:
        theirs = OTHER_MACHINE if ask.context == MACHINE else MACHINE
        assert judge.ask(question(deployment, ask)).allowed
        assert not judge.ask(question(deployment, replace(ask, context=theirs))).allowed


def test_who_starts_a_machine_cannot_read_its_executions(deployments: dict[str, Deployment], judge: Judge) -> None:
    deployment = deployments["machine_read"]
    for ask in ALL["machine_read"].asks:
        assert not judge.ask(question(deployment, replace(ask, who="Starter"))).allowed


# What AWS's pages print without a condition, so that nothing binds it; synth says so too.
EXPLAINED = {
    "KLP205": {
        *("balancer-logs", "bucket-server-logs", "by-l1-own-logs", "by-l1-server-logs", "filter-criteria"),
        *("machine-logged", "named-landing-zone", "named-logs-of-distribution", "runs-accelerator"),
    },
    "KLP504": {
        *("by-l1-configuration", "by-l1-pipe", "code-repository", "deployed-configuration", "hosted-configuration"),
        "connects-things",
        *("l1-cloudtrail-eventdatastore", "named-offline-features", "pipe", "pipe-logged", "rare-release"),
        "store-of-events",
    },
    # CDK allows the role that makes the cluster more than EKS asks, in a policy that the key policy cuts short.
    "KLP204": {"kubernetes-by-a-custom-resource"},
    "KLP501": {"kubernetes-by-a-custom-resource"},
    # CDK gives the roles of both replications one name, which no account has twice.
    "KLP513": {"replication"},
}


def test_no_rule_finds_fault_with_what_this_library_writes(assembly: CloudAssembly) -> None:
    report = check_assembly(assembly.directory)
    found = {(one.rule, one.stack, one.message) for one in report.at_least(Severity.WARNING)}
    found = {one for one in found if one[1] not in EXPLAINED.get(one[0], ())}
    assert not found, "\n".join(map(str, sorted(found)))
