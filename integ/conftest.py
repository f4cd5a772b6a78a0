"""The modules here are also run as a script (`demo.py`), so they import each other without a package."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

import legacy
from deployment import bootstrap
from emulator import ABROAD, Emulator, running


@pytest.fixture(scope="session")
def emulator() -> Iterator[Emulator]:
    """One for all apps, bootstrapped in two regions; it ends with all its processes, whatever happens."""
    with running() as emulator:
        bootstrap(emulator, ABROAD)
        yield emulator


@pytest.fixture(scope="session")
def before(emulator: Emulator) -> legacy.Legacy:
    """What was there before CDK, for the apps that own none of it."""
    return legacy.create(emulator)
