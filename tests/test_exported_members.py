"""The public names are a sorted list, and each loads on first use."""

from __future__ import annotations

import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

import secure_kms_constructs


def test_the_public_names_are_sorted_and_each_once() -> None:
    assert secure_kms_constructs.__all__ == sorted(set(secure_kms_constructs.__all__))


@pytest.mark.parametrize("name", secure_kms_constructs.__all__)
def test_a_public_name_can_be_imported(name: str) -> None:
    assert getattr(secure_kms_constructs, name) is not None


@pytest.mark.parametrize("name", secure_kms_constructs.__all__)
def test_a_public_class_says_its_name(name: str) -> None:
    value = getattr(secure_kms_constructs, name)
    assert getattr(value, "__name__", name) == name


def test_the_version_is_that_of_the_installed_package() -> None:
    assert secure_kms_constructs.__version__ == version("secure-kms-constructs")


def test_dir_shows_the_public_names_and_no_other() -> None:
    assert dir(secure_kms_constructs) == secure_kms_constructs.__all__


def test_every_public_name_has_a_home() -> None:
    assert sorted(secure_kms_constructs._HOMES) == secure_kms_constructs.__all__


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="module 'secure_kms_constructs' has no attribute 'HardendKey'"):
        secure_kms_constructs.HardendKey  # noqa: B018


@pytest.mark.parametrize(
    "name, loaded",
    [("Service", "aws.services"), ("Use", "aws.services"), ("HardenedKey", "keys"), ("LogGroupWithCmk", "logs")],
)
def test_a_name_loads_its_module_on_first_use(name: str, loaded: str) -> None:
    source = Path(secure_kms_constructs.__file__).parent.parent
    code = (
        f"import sys; sys.path.insert(0, {str(source)!r})\n"
        "import secure_kms_constructs as package\n"
        f"home = 'secure_kms_constructs.{loaded}'\n"
        "assert home not in sys.modules\n"
        f"package.{name}\n"
        "assert home in sys.modules\n"
        f"assert ('aws_cdk' in sys.modules) is {loaded != 'aws.services'}\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
