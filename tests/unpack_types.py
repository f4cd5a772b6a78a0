"""Unpacks the type declarations of aws-cdk-lib and constructs from what jsii loads: ``unpack_types.py DIRECTORY``."""

from __future__ import annotations

import shutil
import sys
import tarfile
from importlib.resources import files
from pathlib import Path


def unpack(module: str, directory: Path) -> None:
    [archive] = [one for one in files(f"{module}._jsii").iterdir() if one.name.endswith(".tgz")]
    with archive.open("rb") as file, tarfile.open(fileobj=file, mode="r:gz") as tar:
        for entry in tar:
            inside = entry.name.removeprefix("package/")
            if inside.endswith(".d.ts") or inside == "package.json":
                path = directory / archive.name.split("@")[0] / inside
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(tar.extractfile(entry).read())  # type: ignore[union-attr]


if __name__ == "__main__":
    target = Path(sys.argv[1])
    shutil.rmtree(target, ignore_errors=True)
    for name in ("aws_cdk", "constructs"):
        unpack(name, target)
