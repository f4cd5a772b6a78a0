"""What stands beside a secret under a key, deployed to the enforcing emulator: it works, and nobody else uses the key.

Not here, because the emulator has nothing that calls KMS for them: file systems, databases and domains, load balancers,
mail, trails. What KMS is asked for those is judged in tests/semantics/services.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from deployment import Deployment
from emulator import Emulator
from tries import ALLOWED, REFUSED, create_role, outcome

APP = Path(__file__).parent / "apps" / "served.py"
INNOCENT = "served-innocent"
SECONDS = 5


@pytest.fixture(scope="module")
def deployment(emulator: Emulator) -> Deployment:
    app = Deployment(emulator, APP)
    app.synth()
    app.cdk("deploy", "Served", "--require-approval=never", f"--app={app.assembly}")
    create_role(emulator, INNOCENT, "kms:*", "s3:*", "sqs:*", "sns:*", "kinesis:*", "states:*")
    return app


@pytest.fixture(scope="module")
def names(deployment: Deployment) -> dict[str, str]:
    """What each resource of the app is called, by the construct's id."""
    ids = deployment.physical_ids("Served")
    resources = deployment.template("Served")["Resources"]
    found = {}
    for logical_id, resource in resources.items():
        path = resource.get("Metadata", {}).get("aws:cdk:path", "").split("/")
        if path[2:] == ["Resource"]:
            found[path[1]] = ids[logical_id]
    return found


Client = Callable[[str], Any]


def put_object(client: Client, names: dict[str, str], kind: str = "") -> object:
    return client("s3").put_object(Bucket=names[f"{kind}Bucket"], Key="report.csv", Body=b"x")


def get_object(client: Client, names: dict[str, str], kind: str = "") -> object:
    return client("s3").get_object(Bucket=names[f"{kind}Bucket"], Key="report.csv")


def send(client: Client, names: dict[str, str], kind: str = "") -> object:
    return client("sqs").send_message(QueueUrl=names[f"{kind}Queue"], MessageBody="x")


def receive(client: Client, names: dict[str, str], kind: str = "") -> object:
    return client("sqs").receive_message(QueueUrl=names[f"{kind}Queue"])


def publish(client: Client, names: dict[str, str], kind: str = "") -> object:
    return client("sns").publish(TopicArn=names[f"{kind}Topic"], Message="x")


def put_record(client: Client, names: dict[str, str], kind: str = "") -> object:
    return client("kinesis").put_record(StreamName=names[f"{kind}Stream"], Data=b"x", PartitionKey="x")


def use_directly(client: Client, names: dict[str, str]) -> object:
    return client("kms").generate_data_key(KeyId=names["Key"], KeySpec="AES_256")


@pytest.mark.parametrize("act", [put_object, get_object, send, receive, publish, put_record])
def test_whom_an_l2_grants_works_and_a_role_with_everything_in_iam_does_not(
    act: Callable[..., object], deployment: Deployment, names: dict[str, str]
) -> None:
    def of(role: str, kind: str = "") -> str:
        return outcome(act, partial(deployment.emulator.client, role=role), names, kind)

    assert of(names["Worker"]) == ALLOWED
    # The key is what refuses it: where there is none it works.
    assert (of(INNOCENT), of(INNOCENT, "Plain")) == (REFUSED, ALLOWED)


def test_nobody_uses_the_key_directly(deployment: Deployment, names: dict[str, str]) -> None:
    for role in (names["Worker"], INNOCENT):
        assert (
            outcome(use_directly, lambda service, who=role: deployment.emulator.client(service, who), names) == REFUSED
        )


def received(deployment: Deployment, queue: str, *, within: float = SECONDS) -> list[str]:
    """Return what arrives in a queue, read by the account root."""
    sqs, late, found = deployment.emulator.client("sqs"), time.monotonic() + within, []
    while not found and time.monotonic() < late:
        found = [one["Body"] for one in sqs.receive_message(QueueUrl=queue).get("Messages", ())]
        time.sleep(0.1)
    sqs.purge_queue(QueueUrl=queue)
    return found


@contextmanager
def without_services(deployment: Deployment, key: str) -> Iterator[None]:
    """Take the statements of service principals out of a key policy."""
    kms = deployment.emulator.client("kms")
    before = kms.get_key_policy(KeyId=key)["Policy"]
    document = json.loads(before)
    document["Statement"] = [one for one in document["Statement"] if "Service" not in str(one["Principal"])]
    kms.put_key_policy(KeyId=key, PolicyName="default", Policy=json.dumps(document))
    try:
        yield
    finally:
        kms.put_key_policy(KeyId=key, PolicyName="default", Policy=before)


def ring(deployment: Deployment) -> None:
    cloudwatch = deployment.emulator.client("cloudwatch")
    for state in ("OK", "ALARM"):
        cloudwatch.set_alarm_state(AlarmName="served-errors", StateValue=state, StateReason="a test")


def emit(deployment: Deployment, source: str) -> None:
    entry = {"Source": source, "DetailType": "x", "Detail": "{}"}
    deployment.emulator.client("events").put_events(Entries=[entry])


def test_an_alarm_reaches_the_queue_behind_its_topic(deployment: Deployment, names: dict[str, str]) -> None:
    deployment.emulator.client("sqs").purge_queue(QueueUrl=names["Inbox"])
    ring(deployment)
    [told] = received(deployment, names["Inbox"])
    assert "served-errors" in told
    with without_services(deployment, names["Key"]):
        ring(deployment)
        assert received(deployment, names["Inbox"], within=0.5) == []


def test_an_event_reaches_its_queue(deployment: Deployment, names: dict[str, str]) -> None:
    deployment.emulator.client("sqs").purge_queue(QueueUrl=names["Queue"])
    emit(deployment, "orders")
    assert len(received(deployment, names["Queue"])) == 1
    with without_services(deployment, names["Key"]):
        emit(deployment, "orders")
        assert received(deployment, names["Queue"], within=0.5) == []


def test_what_cannot_be_delivered_is_kept_with_the_dead_letters(deployment: Deployment, names: dict[str, str]) -> None:
    emit(deployment, "lost")
    assert len(received(deployment, names["DeadLetters"])) == 1
    assert received(deployment, names["Closed"], within=0.2) == []


def test_a_function_has_its_encrypted_environment(deployment: Deployment, names: dict[str, str]) -> None:
    answer = deployment.emulator.client("lambda").invoke(FunctionName=names["Function"])
    assert json.loads(answer["Payload"].read()) == "sealed"


def test_a_workflow_runs_by_its_own_role(deployment: Deployment, names: dict[str, str]) -> None:
    states = deployment.emulator.client("stepfunctions", names["Worker"])
    assert states.start_execution(stateMachineArn=names["Machine"], input="{}")["executionArn"]
    kms = deployment.emulator.client("kms")
    before = kms.get_key_policy(KeyId=names["Key"])["Policy"]
    document = json.loads(before)
    document["Statement"] = [one for one in document["Statement"] if "stateMachineArn" not in json.dumps(one)]
    kms.put_key_policy(KeyId=names["Key"], PolicyName="default", Policy=json.dumps(document))
    try:
        with pytest.raises(ClientError, match="KmsAccessDenied"):
            states.start_execution(stateMachineArn=names["Machine"], input="{}")
    finally:
        kms.put_key_policy(KeyId=names["Key"], PolicyName="default", Policy=before)


def test_a_table_is_not_made_under_a_key_that_does_not_admit_its_deployer(deployment: Deployment) -> None:
    with pytest.raises(RuntimeError, match="not authorized to perform: kms:CreateGrant"):
        deployment.cdk("deploy", "Refused", "--require-approval=never", f"--app={deployment.assembly}")
    assert "Refused" not in deployment.deployed_stacks() or "Table" not in str(deployment.physical_ids("Refused"))


# Last in this file, because nothing is left after it.
def test_destroy_keeps_the_key(deployment: Deployment, names: dict[str, str]) -> None:
    s3 = deployment.emulator.client("s3")
    s3.delete_object(Bucket=names["Bucket"], Key="report.csv")
    deployment.destroy()
    kms = deployment.emulator.client("kms")
    assert kms.describe_key(KeyId=names["Key"])["KeyMetadata"]["KeyState"] == "Enabled"
