from __future__ import annotations

import pytest
from aws_cdk.cx_api import CloudAssembly

from tests.semantics.deployed import Deployment
from tests.semantics.services.synthesized import deployed, synthesize


@pytest.fixture(scope="session")
def assembly() -> CloudAssembly:
    """All constructions, synthesized once for all questions about them."""
    return synthesize()


@pytest.fixture(scope="session")
def deployments(assembly: CloudAssembly) -> dict[str, Deployment]:
    """What each would be once it is deployed."""
    return deployed(assembly)
