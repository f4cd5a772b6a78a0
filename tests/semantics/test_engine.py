"""What the comparison fills into a request, where names look like something else."""

from __future__ import annotations

import pytest

from tests.semantics.engine import ask
from tests.semantics.judge import Judge
from tests.unit.cases.case import ACCOUNT, KEY, allow, policy


@pytest.mark.parametrize("path", ["", "team/", "a:b/", ":root/", "user:root/"])
@pytest.mark.parametrize("name, can", [("bob", True), ("ann", False)])
def test_a_user_is_called_by_its_name_whatever_the_path(judge: Judge, path: str, name: str, can: bool) -> None:
    condition = {"StringEquals": {"aws:username": name}}
    case = {
        "principal": f"arn:aws:iam::{ACCOUNT}:user/{path}bob",
        "action": "kms:Decrypt",
        "key": KEY,
        "context": {},
        "key_policy": policy(allow("kms:Decrypt", "*", condition)),
        "identity_policies": [],
        "boundary": None,
    }
    assert ask(judge, [case]) == [can]
