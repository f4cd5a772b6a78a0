"""The constructions as if deployed, and the questions about them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from aws_cdk import App, Environment, Stack
from aws_cdk import aws_kms as kms
from aws_cdk.cx_api import CloudAssembly

from secure_kms_constructs import HardenedKey
from tests.semantics.deployed import Deployment
from tests.semantics.judge import Question
from tests.semantics.services.asks import ACCOUNT, DEPLOYER, EVERYTHING, REGION, STRANGER, Ask
from tests.semantics.services.backups import BACKUPS, OF_BACKUPS
from tests.semantics.services.connector_constructions import CONNECTORS
from tests.semantics.services.constructions import ASYMMETRIC, CONSTRUCTIONS
from tests.semantics.services.l1_constructions import BY_L1
from tests.semantics.services.launched import LAUNCHED
from tests.semantics.services.more_constructions import MORE
from tests.semantics.services.named_constructions import NAMED
from tests.semantics.services.public_apps import PUBLIC
from tests.semantics.services.rare_constructions import RARE
from tests.semantics.services.raw_constructions import RAW
from tests.semantics.services.runtime_constructions import RUNTIME

#: Every grant allows something: most of them what a service does with what it keeps.
OF_GRANTS = {"kms:GrantOperations": ["CreateGrant", "Decrypt", "Encrypt", "GenerateDataKeyWithoutPlaintext"]}
#: Those with requests of their own.
_SEVERAL = (
    *(*CONSTRUCTIONS, *RAW, *ASYMMETRIC, *PUBLIC, *RARE, *NAMED, *BACKUPS, *LAUNCHED, *BY_L1, *RUNTIME),
    *CONNECTORS,
)
WITH_ASKS = {one.name: one for one in _SEVERAL}
#: And those of which only a page of AWS asks.
ALL = WITH_ASKS | {one.name: one for one in MORE}


def stack_of(name: str) -> str:
    """Return what the stack of a construction is called."""
    return name.replace("_", "-")


def synthesize() -> CloudAssembly:
    """Synthesize all in one app, each in a stack of its own."""
    app = App()
    for one in ALL.values():
        stack = Stack(app, stack_of(one.name), env=Environment(account=ACCOUNT, region=REGION))
        signing = {"key_spec": kms.KeySpec.ECC_NIST_P256, "key_usage": kms.KeyUsage.SIGN_VERIFY}
        one.build(stack, HardenedKey(stack, "Key", **(signing if one.signs else {})))
    return app.synth()


def deployed(assembly: CloudAssembly) -> dict[str, Deployment]:
    """Return what each would be once it is deployed."""
    names = {name: stack_of(name) for name in ALL}
    templates = {
        name: json.loads(Path(assembly.get_stack_by_name(stack).template_full_path).read_text())
        for name, stack in names.items()
    }
    return {
        name: Deployment(
            {names[name]: template},
            account=ACCOUNT,
            region=REGION,
            aws_managed=OF_BACKUPS,
            known={names[name]: made(template)},
        )
        for name, template in templates.items()
    }


def made_arn(logical_id: str) -> str:
    """Return the ARN that stands for a resource whose real one does not matter."""
    return f"arn:aws:any:{REGION}:{ACCOUNT}:{logical_id}"


def made(template: dict[str, Any]) -> dict[str, str]:
    """Return names and ARNs of resources that the deployment makes up, where no policy question hangs on them."""
    told = ("AWS::IAM::", "AWS::KMS::", "AWS::SecretsManager::", "AWS::Logs::", "AWS::SSM::")
    found = {}
    for name, resource in template["Resources"].items():
        bucket = resource.get("Properties", {}).get("BucketName")
        if bucket:
            found |= {name: bucket, f"{name}.Arn": f"arn:aws:s3:::{bucket}"}
        elif resource["Type"] == "AWS::StepFunctions::StateMachine":
            found |= {name: f"arn:aws:states:{REGION}:{ACCOUNT}:stateMachine:{name}"}
        elif not resource["Type"].startswith(told):
            found |= {name: name, f"{name}.Arn": made_arn(name)}
    return found


def question(deployment: Deployment, ask: Ask, **around: Any) -> Question:
    """Return what the judge is asked; `around` are policies above the account."""
    who = ask.who
    identity = None
    if who == "deployer":
        who, identity = DEPLOYER, [EVERYTHING]
    elif who.startswith("arn:"):
        # A role linked to a service, whose own policy says nothing of keys, and a stranger, who holds all.
        # Where it comes through a service, its own policy says so too.
        identity = [EVERYTHING] if who == STRANGER or (ask.via and "/aws-service-role/" in who) else []
    elif not ask.is_service:
        who = deployment.role(who)
    return deployment.question(
        who,
        ask.action,
        deployment.key("Key"),
        via=ask.via,
        encryption_context={name: named(deployment, value) for name, value in ask.context.items()},
        context={**OF_GRANTS, **ask.sent} if ask.action == "kms:CreateGrant" else ask.sent,
        identity=identity,
        **around,
    )


def named(deployment: Deployment, value: str) -> str:
    """Return a value of an encryption context; ``@Bucket/x`` is a resource's ARN and what follows."""
    if not value.startswith("@"):
        return value
    name, slash, rest = value[1:].partition("/")
    if name == "Secret":
        return deployment.secret(name) + slash + rest
    kinds = {"Bucket": "AWS::S3::Bucket", "Stream": "AWS::Kinesis::Stream"}
    (logical_id,) = (it for it, _ in deployment.only.resources(kinds[name]) if it.startswith(name))
    return made_arn(logical_id) + slash + rest
