"""What is generated is what the script makes, and the script reads the registry as it should."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from types import ModuleType

import pytest

from secure_kms_constructs.aws import catalogue

ROOT = Path(__file__).parents[4]


@pytest.fixture(scope="module")
def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("catalogue_script", ROOT / "tools" / "catalogue.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_committed_file_is_what_the_script_makes(script: ModuleType) -> None:
    committed = json.loads(script.WRITTEN.read_text())
    assert script.changes(committed, script.entries()) == [], "run python tools/catalogue.py and review the difference"
    assert script.WRITTEN.read_text() == script.rendered(committed)


def test_a_change_of_the_registry_is_a_line(script: ModuleType) -> None:
    old = {"A": {"keys": ["K"], "create": "Decrypt"}, "B": {"keys": []}}
    new = {"A": {"keys": ["K"], "create": "Decrypt Encrypt"}, "C": {"keys": []}}
    assert script.changes(old, new) == ["~ A create: Decrypt -> Decrypt Encrypt", "- B", "+ C"]


SCHEMA = {
    "properties": {
        "KmsKeyId": {"type": "string"},
        "KmsKeyEnabled": {"type": "boolean"},
        "Made": {"$ref": "#/definitions/Encryption"},
        "Each": {"type": "array", "items": {"$ref": "#/definitions/Encryption"}},
        "RoleKmsArn": {"type": "string"},
        "KmsRoleArn": {"type": "string"},
        "Id": {"type": "string"},
    },
    "definitions": {"Encryption": {"properties": {"EncryptionConfig": {"properties": {"KeyArn": {"type": "string"}}}}}},
    "readOnlyProperties": ["/properties/Made"],
    "handlers": {
        "create": {"permissions": ["kms:ReEncrypt*", "kms:PutKeyPolicy", "s3:*", "kms:*"]},
        "list": {"permissions": ["kms:Decrypt"]},
    },
}


def test_a_schema_is_read(script: ModuleType) -> None:
    assert script._entry("AWS::X::Y", SCHEMA) == {
        "keys": ["Each/*/EncryptionConfig/KeyArn", "KmsKeyId", "RoleKmsArn"],
        "create": "ReEncryptFrom ReEncryptTo",
        "owner": "PutKeyPolicy",
    }


def test_a_schema_without_keys_and_kms_has_no_entry(script: ModuleType) -> None:
    assert script._entry("AWS::X::Y", {"properties": {"Name": {"type": "string"}}, "handlers": {}}) == {}


def test_no_handler_gives_the_deployer_what_belongs_to_owners() -> None:
    owners = {"kms:PutKeyPolicy", "kms:ScheduleKeyDeletion", "kms:DisableKey", "kms:ReplicateKey", "kms:TagResource"}
    found = [catalogue.handlers_of(name) for name in catalogue.resource_types()]
    assert not any(one.actions & owners for one in found if one)
    assert any(one.owner for one in found if one)


def test_the_registry_is_not_read_when_the_package_is_imported() -> None:
    import subprocess
    import sys

    code = (
        "import sys; from secure_kms_constructs.aws import services; "
        "assert not [name for name in sys.modules if 'catalogue' in name]"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
