"""Whether the CDK that is installed is one that the constructs work with. The rest of the package needs none."""

from __future__ import annotations

import re
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec

# What the extra `cdk` installs: the module, and the first version that will do. 2.262 of aws-cdk-lib is the first with
# lazy imports and validation at synth; the other two are its own bounds.
CDK = {"aws-cdk-lib": ("aws_cdk", 2, 262), "constructs": ("constructs", 10, 5), "jsii": ("jsii", 1, 138)}
_INSTALL = "pip install 'secure-kms-constructs[cdk]'"


def need_cdk(name: str) -> None:
    """Make sure that there is a CDK for a construct.

    :param name: of the construct.
    :raises ImportError: where CDK is missing, too old, or of another major version.
    """
    for package, (module, major, minor) in CDK.items():
        wanted = f"{name} needs {package} {major}.{minor} or later, below {major + 1}"
        if find_spec(module) is None:
            raise ImportError(f"{wanted}, and there is none: {_INSTALL}", name=module)
        found = _version_of(package)
        parts = tuple(map(int, re.findall(r"\d+", found)[:2]))
        if parts and not (major, minor) <= parts < (major + 1,):
            raise ImportError(f"{wanted}, got {found}: {_INSTALL}", name=module)


def _version_of(package: str) -> str:
    """Return the version of a package; nothing where it is bundled without its metadata."""
    try:
        return version(package)
    except PackageNotFoundError:
        return ""
