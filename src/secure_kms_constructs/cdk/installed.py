"""Whether the CDK that is installed is one that the constructs work with. The rest of the package needs none."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path

# What the extra `cdk` installs: the module, and the first version that will do. 2.262 of aws-cdk-lib is the first with
# lazy imports and validation at synth; the other two are its own bounds.
CDK = {"aws-cdk-lib": ("aws_cdk", 2, 262), "constructs": ("constructs", 10, 5), "jsii": ("jsii", 1, 138)}
_INSTALL = "pip install 'secure-kms-constructs[cdk]'"


def need_cdk(name: str) -> None:
    """Make sure that there is a CDK for a construct.

    :param name: of the construct.
    :raises ImportError: where CDK is missing, too old, or of another major version.
    """
    if fault := _fault():
        module, text = fault
        raise ImportError(f"{name} needs {text}: {_INSTALL}", name=module)


@lru_cache(maxsize=1)
def _fault() -> tuple[str, str] | None:
    """Return the first module that will not do, and why."""
    for package, (module, major, minor) in CDK.items():
        wanted = f"{package} {major}.{minor} or later, below {major + 1}"
        spec = find_spec(module)
        if spec is None:
            return module, f"{wanted}, and there is none"
        found = _version_beside(spec.submodule_search_locations or (), package)
        parts = tuple(map(int, re.findall(r"\d+", found)[:2]))
        if parts and not (major, minor) <= parts < (major + 1,):
            return module, f"{wanted}, got {found}"
    return None


def _version_beside(homes: Iterable[str], package: str) -> str:
    """Return the version of the package that is installed as these folders; nothing where it has no metadata."""
    # By the folder's name, in which pip writes it: to load importlib.metadata takes a quarter of our whole import.
    wanted = f"{package.replace('-', '_')}-*.dist-info"
    found = (one.name for home in homes for one in Path(home).parent.glob(wanted))
    return next(found, "-").removesuffix(".dist-info").split("-")[1]
