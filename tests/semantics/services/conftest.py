from __future__ import annotations

import pytest

from tests.semantics.deployed import Deployment
from tests.semantics.services.synthesized import synthesize


@pytest.fixture(scope="session")
def deployments() -> dict[str, Deployment]:
    """All constructions, synthesized once for all questions about them."""
    return synthesize()
