"""Keys in company: what is built works, nobody else gets in, and everything can be deployed and changed again.

200 companies in each run; `pytest tests/semantics/test_companies.py --companies 5000` for more.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.semantics.assembly import deploy_app
from tests.semantics.companies import ACCOUNT, LINKED, OTHER_ACCOUNT, REGION, SSO, STRANGE, Company, company
from tests.semantics.deployed import Deployment
from tests.semantics.judge import Judge, Question
from tests.synth.templates import cycle, listed

PROTECTED = [SSO.rpartition("/")[2], LINKED.rpartition("/")[2]]
DEPLOYER = f"arn:aws:iam::{ACCOUNT}:role/cdk-hnb659fds-cfn-exec-role-{ACCOUNT}-{REGION}"
ANYTHING = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
ADMINISTRATORS = [f"arn:aws:iam::{account}:role/Administrator" for account in (ACCOUNT, OTHER_ACCOUNT)]
# That a bucket of another account needs a name is CDK's to say, and it does. Policies can be full.
# A Deny, boundary or new name that breaks what was granted, and a statement that the key policy does not admit.
TAKEN = re.compile("take out the grant|was renamed after a grant|so it does nothing|would be denied")
FULL = re.compile("physical name must be explicit set|and IAM takes [0-9]+|and KMS takes [0-9]+")
VIAS = (None, "secretsmanager", "s3", "sqs", "sns", "dynamodb", "ssm", "logs", "ec2")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "seeds" in metafunc.fixturenames:
        count = metafunc.config.getoption("--companies")
        metafunc.parametrize("seeds", [range(start, min(start + 20, count)) for start in range(0, count, 20)])


def test_every_company_keeps_the_promises(judge: Judge, seeds: range) -> None:
    broken = {seed: problems for seed in seeds if (problems := list(broken_promises(judge, seed)))}
    assert not broken, json.dumps(broken, indent=1)


def broken_promises(judge: Judge, seed: int) -> Iterator[str]:
    """Return what is wrong with a company; nothing where synth refuses it in our words for a good reason."""
    try:
        made = company(seed)
    except AssertionError as error:
        yield str(error)
        return
    try:
        deployment = deploy_app(made.app, account=ACCOUNT, region=REGION)
    except RuntimeError as error:
        if STRANGE.search(str(error)):
            yield f"synth fails in words that are not ours: {error}\n{made}"
        elif made.denied_by_statement or FULL.search(str(error)):
            return
        elif not TAKEN.search(str(error)) or not _would_fail(made, judge):
            yield f"synth fails: {error}\n{made}"
        return
    found = [*undeployable(made, deployment), *misjudged(made, deployment, judge)]
    if found:
        yield from found
        yield str(made)


def _would_fail(made: Company, judge: Judge) -> bool:
    """Tell whether something that was granted would not work, were it deployed all the same."""
    made.app.synth(skip_validation=True, force=True)
    deployment = deploy_app(made.app, account=ACCOUNT, region=REGION)
    found = [*misjudged(made, deployment, judge)]
    return any(one.startswith(("denied: ", "nothing: ")) for one in found)


def undeployable(made: Company, deployment: Deployment) -> Iterator[str]:
    """Return what CloudFormation, IAM or KMS would refuse."""
    manifest = json.loads(Path(made.app.synth().directory, "manifest.json").read_text())["artifacts"]
    called = {stack.artifact_id: stack.stack_name for stack in made.stacks}
    waits: dict[str, set[str]] = {}
    for stack in made.stacks:
        template = deployment.stack(stack.stack_name).template
        if around := cycle(dict(template)):
            yield f"a circle in {stack.node.id}: {around}"
        for name in PROTECTED:
            for one in template.get("Resources", {}).values():
                if name in map(str, listed(one.get("Properties", {}).get("Roles", []))):
                    yield f"a policy for {name}, which takes none"
        before = manifest[stack.artifact_id].get("dependencies", [])
        waits[stack.stack_name] = {called[one] for one in before if one in called}
        needed = set(_outputs(template))
        if missing := needed - waits[stack.stack_name]:
            yield f"{stack.node.id} reads outputs of {missing} and does not wait for them"
        waits[stack.stack_name] |= needed
    names = {stack.stack_name for stack in made.stacks}
    open_ = {name: needs & names for name, needs in waits.items()}
    while free := [name for name, needs in open_.items() if not needs]:
        for name in free:
            del open_[name]
        for needs in open_.values():
            needs.difference_update(free)
    if open_:
        yield f"stacks wait for each other: {sorted(open_)}"


def _outputs(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if "Fn::GetStackOutput" in value:
            yield value["Fn::GetStackOutput"]["StackName"]
        for one in value.values():
            yield from _outputs(one)
    elif isinstance(value, list):
        for one in value:
            yield from _outputs(one)


def misjudged(made: Company, deployment: Deployment, judge: Judge) -> Iterator[str]:
    """Return what the judge sees otherwise than it was granted."""
    questions: list[tuple[str, bool, Question]] = []
    keys = [deployment.key(f"Key{n}", stack=key.stack.stack_name) for n, key in enumerate(made.keys)]
    arns = [person.arn(deployment) for person in made.people]
    granted = {(arns[who], number, action) for who, number, action in made.granted}
    direct = {(who, made.things[n].key) for who, n, _ in granted if made.things[n].service is None}
    restricted = {arns[who] for who in made.restricted}
    through = {(arns[who], n) for who, n in made.through}
    through |= {(who, n) for who in restricted for n, thing in enumerate(made.things) if thing.service is None}
    foreign = {
        who for who, person in zip(arns, made.people, strict=True) if person.kind.startswith(("foreign", "wild"))
    }
    for number, thing in enumerate(made.things):
        # Of a service without context, a grant on one resource is one on all under the key.
        alike = [
            n
            for n, other in enumerate(made.things)
            if other.key == thing.key and (n == number or not other.contexts[0](deployment))
        ]
        for who in dict.fromkeys([*arns, *ADMINISTRATORS]):
            # What the owner of a foreign role allows it is the owner's; here it is all.
            identity = [ANYTHING] if who in ADMINISTRATORS or who in foreign else []
            same = {(who, n) for n in alike if made.things[n].service == thing.service}
            for context in thing.contexts:
                sent = context(deployment)
                for via in VIAS:
                    if who in restricted and (via != thing.service or not same & through):
                        # What was granted directly is asked directly.
                        continue
                    expected = (who, thing.key) in direct or any(
                        made.things[n].service == via and (who, n, "kms:Decrypt") in granted for n in alike
                    )
                    if who in foreign and via is not None and not expected:
                        # Which resource of a service it reads is for its owner's policy and the resource's own.
                        services = {made.things[n].service for it, n, _ in granted if it == who}
                        if via in services:
                            continue
                    if who == ADMINISTRATORS[0]:
                        service = {"secretsmanager": "SecretsManager", "sqs": "SQS", "ssm": "ParameterStore"}
                        names = [one.name for one in made.keys[thing.key]._delegates]
                        expected |= service.get(via or "") in names
                    asked = deployment.question(
                        who, "kms:Decrypt", keys[thing.key], via=via, encryption_context=sent, identity=identity
                    )
                    questions.append((f"{who} decrypts {thing.name} {sent} via {via}", expected, asked))
                if any(
                    made.things[n].service == thing.service and (who, n, "kms:GenerateDataKey") in granted
                    for n in alike
                ):
                    asked = deployment.question(
                        who,
                        "kms:GenerateDataKey",
                        keys[thing.key],
                        via=thing.service,
                        encryption_context=sent,
                        identity=identity,
                    )
                    questions.append((f"{who} writes {thing.name} {sent}", True, asked))
    if made.allowed_itself is not None:
        who, number = made.allowed_itself
        ways = {n for it, n, action in granted if it == arns[who] and action == "kms:GenerateDataKey"}
        ways = {n for n in ways if made.things[n].key == number}
        asked = [deployment.question(arns[who], "kms:GenerateDataKey", keys[number], via=via) for via in VIAS]
        answers = [judge.ask(one).allowed for one in asked]
        if not any(answers) and not ways:
            yield f"nothing: comes of what {arns[who]} allows itself"
    for key in keys:
        for how, policy in (("", deployment.key_policy(key)), ("recreated ", _without(deployment.key_policy(key)))):
            for action in ("kms:PutKeyPolicy", "kms:EnableKeyRotation", "kms:DescribeKey"):
                asked = deployment.question(DEPLOYER, action, key, identity=[ANYTHING], resource_policy=policy)
                questions.append((f"the {how}deployer may {action} on {key}", True, asked))
    texts = [question.as_json() for _, _, question in questions]
    replies = [reply for start in range(0, len(texts), 20) for reply in judge.exchange(texts[start : start + 20])]
    for (what, expected, _), reply in zip(questions, replies, strict=True):
        if "error" in reply:
            yield f"cannot be judged: {what}: {reply['error']}"
        elif (reply["result"] == "Allowed") is not expected:
            yield f"{'denied' if expected else 'allowed'}: {what}"


def _without(policy: Any) -> Any:
    """Return a key policy in which the deployer's role was deleted: its ARN has become a unique id."""
    statements = []
    for one in policy["Statement"]:
        named = one["Principal"].get("AWS") if isinstance(one["Principal"], dict) else None
        if DEPLOYER in listed(named):
            one = {**one, "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:role/AROAEXAMPLEID"}}
        statements.append(one)
    return {**policy, "Statement": statements}
