"""Puts the archive of the Node part into the wheel, in place of its source; needs neither Node nor npm."""

from __future__ import annotations

import runpy
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

NODE = Path("src", "secure_kms_constructs", "cdk", "node")


class CustomBuildHook(BuildHookInterface[Any]):
    """Called by hatchling for each wheel, editable ones included."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002
        archive = runpy.run_path(str(Path(self.root, NODE, "archive.py")))["build"]()
        build_data["artifacts"].append(f"/{Path(archive).relative_to(self.root).as_posix()}")
