"""A thousand roles and fifty keys are read before anybody notices, and ten times as many in ten times that."""

from __future__ import annotations

import gc
import json
import time
import tracemalloc
from pathlib import Path
from typing import Any

from secure_kms_constructs.templates import read_assembly

Text = dict[str, Any]


def joined(*parts: Any) -> Text:
    return {"Fn::Join": ["", list(parts)]}


def template(roles: int, keys: int) -> Text:
    """Roles that each read a secret under one of the keys, as CDK writes them."""
    root = joined("arn:", {"Ref": "AWS::Partition"}, ":iam::", {"Ref": "AWS::AccountId"}, ":root")
    resources: Text = {}
    for key in range(keys):
        arns = [{"Fn::GetAtt": [f"Role{role}", "Arn"]} for role in range(key, roles, keys)]
        admits = {"Action": "kms:Decrypt", "Condition": {"ArnEquals": {"aws:PrincipalArn": arns}}}
        statements = [{"Effect": "Allow", "Principal": {"AWS": root}, "Resource": "*", **it} for it in (admits,)]
        resources[f"Key{key}"] = {"Type": "AWS::KMS::Key", "Properties": {"KeyPolicy": {"Statement": statements}}}
    for role in range(roles):
        path = f"App/Role{role}/Resource"
        resources[f"Role{role}"] = {"Type": "AWS::IAM::Role", "Metadata": {"aws:cdk:path": path}}
        secret = joined(
            "arn:", {"Ref": "AWS::Partition"}, f":secretsmanager:eu-west-1:111122223333:secret:{role}-??????"
        )
        statements = [
            {"Effect": "Allow", "Action": "secretsmanager:GetSecretValue", "Resource": secret},
            {"Effect": "Allow", "Action": "kms:Decrypt", "Resource": {"Fn::GetAtt": [f"Key{role % keys}", "Arn"]}},
        ]
        properties = {"PolicyDocument": {"Statement": statements}, "Roles": [{"Ref": f"Role{role}"}]}
        resources[f"Policy{role}"] = {"Type": "AWS::IAM::Policy", "Properties": properties}
    return {"Resources": resources}


def assembly(directory: Path, roles: int) -> Path:
    properties = {"templateFile": "app.json"}
    app = {"type": "aws:cloudformation:stack", "environment": "aws://111122223333/eu-west-1", "properties": properties}
    directory.mkdir()
    (directory / "manifest.json").write_text(json.dumps({"artifacts": {"App": app}}))
    (directory / "app.json").write_text(json.dumps(template(roles, 50), indent=1))
    return directory


def seconds(directory: Path, roles: int) -> float:
    started = time.process_time()
    [landscape] = read_assembly(directory)
    took = time.process_time() - started
    assert len(landscape.identities) == roles
    assert len(landscape.keys) == 50
    assert all(len(one.policies) == 1 for one in landscape.identities)
    return took


def test_time_and_memory_grow_with_the_roles_and_no_faster(tmp_path: Path) -> None:
    few, many = assembly(tmp_path / "few", 200), assembly(tmp_path / "many", 2_000)
    # The better of two, because others use the machine as well.
    small, large = min(seconds(few, 200), seconds(few, 200)), min(seconds(many, 2_000), seconds(many, 2_000))
    assert small < 1
    assert large < 20 * small


def test_five_hundred_roles_take_little_memory(tmp_path: Path) -> None:
    directory = assembly(tmp_path / "app", 500)
    tracemalloc.start()
    read_assembly(directory)
    assert tracemalloc.get_traced_memory()[1] < 30_000_000
    tracemalloc.stop()


def test_the_garbage_collector_is_left_as_it_was(tmp_path: Path) -> None:
    directory = assembly(tmp_path / "app", 1)
    read_assembly(directory)
    assert gc.isenabled()
    gc.disable()
    try:
        read_assembly(directory)
        assert not gc.isenabled()
    finally:
        gc.enable()
