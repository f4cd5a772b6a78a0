"""The public side of the evaluator."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings

from secure_kms_constructs import policies
from secure_kms_constructs.policies import Request, evaluate, parse_identity_policy, parse_key_policy
from tests.semantics.strategies import cases
from tests.unit.cases.case import DELEGATES, KEY, USES_KEY

ROLE = "arn:aws:iam::111122223333:role/app"


def test_exported_names_are_sorted_and_exist() -> None:
    assert policies.__all__ == sorted(policies.__all__, key=lambda name: (name.islower(), name))
    assert all(hasattr(policies, name) for name in policies.__all__)


def test_a_decision_has_no_truth_value_because_unknown_is_neither() -> None:
    decision = evaluate(Request(ROLE, "kms:Decrypt", KEY), key_policy=DELEGATES)
    with pytest.raises(TypeError, match=r"compare its \.allowed with True, False or None"):
        bool(decision)


@settings(max_examples=50, deadline=None)
@given(cases())
def test_a_parsed_policy_answers_as_its_document(drawn: list[dict[str, Any]]) -> None:
    one = drawn[0]
    key_policy = parse_key_policy(one["key_policy"])
    identity = [parse_identity_policy(document) for document in one["identity_policies"]]
    boundary = None if one["boundary"] is None else parse_identity_policy(one["boundary"])
    for case in drawn:
        request = Request(case["principal"], case["action"], case["key"], case["context"])
        parsed = evaluate(request, key_policy=key_policy, identity_policies=identity, boundary=boundary)
        documents = evaluate(
            request,
            key_policy=case["key_policy"],
            identity_policies=case["identity_policies"],
            boundary=case["boundary"],
        )
        assert parsed.allowed is documents.allowed


def test_no_pattern_takes_long() -> None:
    """Patterns whose wildcards a regular expression would try in every combination."""
    many = "*a?" * 40
    condition = {
        "StringLike": {"kms:ViaService": f"{many}b"},
        "StringNotLike": {"kms:ViaService": f"{many}c"},
    }
    statement = {"Effect": "Allow", "Action": f"kms:{many}", "Resource": f"arn:aws:kms:*:*:key/{many}"}
    request = Request(
        ROLE,
        "kms:Decrypt",
        f"arn:aws:kms:us-east-1:111122223333:key/{'a' * 500}",
        {"kms:ViaService": "a" * 500},
    )
    conditioned = {"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": condition}
    for one in (statement, conditioned, statement | {"Action": "*"}):
        evaluate(request, key_policy=DELEGATES, identity_policies=[{"Version": "2012-10-17", "Statement": one}])


def test_needs_only_the_standard_library() -> None:
    script = (
        "import sys; before = set(sys.modules); import secure_kms_constructs.policies; "
        "print(*{name.split('.')[0] for name in set(sys.modules) - before} - set(sys.stdlib_module_names))"
    )
    source = str(Path(policies.__file__).parents[2])
    run = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, env={"PYTHONPATH": source}
    )
    assert run.stdout.split() == ["secure_kms_constructs"]


def test_the_account_of_the_key_may_be_given() -> None:
    request = Request(ROLE, "kms:Decrypt", KEY, resource_account="444455556666")
    assert evaluate(request, key_policy=DELEGATES, identity_policies=[USES_KEY]).allowed is True
    administer = Request(ROLE, "kms:PutKeyPolicy", KEY, resource_account="444455556666")
    assert evaluate(administer, key_policy=DELEGATES, identity_policies=[USES_KEY]).allowed is False
