"""One snapshot for the tests that only look at it."""

from __future__ import annotations

from typing import Any

import pytest

from secure_kms_constructs.account import Options, Snapshot, take_snapshot
from tests.unit.account.accounts import fake_account
from tests.unit.account.fake_aws import FakeAws


@pytest.fixture
def aws() -> tuple[FakeAws, Any]:
    """An account and a session to it."""
    made = fake_account()
    return made, made.session()


@pytest.fixture(scope="session")
def whole() -> tuple[Snapshot, FakeAws]:
    """All of the account, with what was called for it."""
    made = fake_account()
    return take_snapshot(
        Options(parts=("stacks", "organization", "security-hub", "trails")), session=made.session()
    ), made


@pytest.fixture(scope="session")
def snapshot(whole: tuple[Snapshot, FakeAws]) -> Snapshot:
    return whole[0]
