"""The rehearsal of a release: builds, checks what is built, and installs it on each Python that is there.

`make release-check` runs it; with `TAG=v1.2.3` version and changelog have to be those of the tag.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
from datetime import date
from pathlib import Path

ROOT = Path(__file__).parents[1]
PYTHONS = ("3.10", "3.11", "3.12", "3.13")
# Run outside of the repository, with what was installed and nothing else.
APP = """
import aws_cdk as cdk
from secure_kms_constructs import AccessMap, HardenedKey

app = cdk.App()
stack = cdk.Stack(app, "App", env=cdk.Environment(account="111122223333", region="eu-west-1"))
HardenedKey(stack, "Key")
assert "root user of 111122223333" in AccessMap.from_app(app).to_text(owners=False)
"""


def disagreements(version: str, changelog: str, tag: str) -> list[str]:
    """Return in what version, changelog and tag do not agree; the day counts only for a tag."""
    head = re.search(r"^## (\S+)(?: - (\S+))?$", changelog, re.MULTILINE)
    if head is None:
        return ["CHANGELOG.md has no heading such as ## 1.2.3 - 2027-01-31"]
    problems = []
    if head[1] != version:
        problems.append(f"CHANGELOG.md begins with {head[1]}, and the version is {version}")
    if tag and tag != f"v{version}":
        problems.append(f"the tag is {tag}, and the version is {version}")
    if tag and not _is_day(head[2] or ""):
        problems.append(f"CHANGELOG.md must say the day of {version}, got {head[2] or 'nothing'}")
    return problems


def _is_day(text: str) -> bool:
    try:
        return bool(date.fromisoformat(text))
    except ValueError:
        return False


def run(*command: str | Path, **more: str) -> None:
    """Run a command, and end with what it says where it fails."""
    clean = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(
        [str(one) for one in command], env={**clean, **more}, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise SystemExit(f"{' '.join(map(str, command))}\n{done.stdout}\n{done.stderr}")


def found(version: str) -> str | None:
    """Return a Python of a version; None where there is none, or only a shim for one that is not there."""
    python = shutil.which(f"python{version}")
    if python and subprocess.run([python, "-c", ""], capture_output=True, check=False).returncode == 0:
        return python
    return None


def try_on(python: str, wheel: Path) -> None:
    """Install the wheel on a Python, with what it declares, and use it."""
    with tempfile.TemporaryDirectory() as directory:
        home = Path(directory)
        run(python, "-m", "venv", home / "venv")
        binaries = home / "venv" / "bin"
        pip = (binaries / "python", "-m", "pip", "install", "--quiet", "--no-compile")
        # First what the command line needs alone: it must work without CDK.
        run(*pip, f"{wheel}[cli]")
        for arguments in (["--version"], ["rules"], ["check", "--help"], ["access", "--help"]):
            run(binaries / "secure-kms", *arguments)
        run(*pip, f"{wheel}[cdk,live]")
        (home / "app.py").write_text(APP)
        run(binaries / "python", "-I", home / "app.py")


def main() -> None:
    """Rehearse."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--twine", required=True, help="the Python that has twine")
    parser.add_argument("--tag", default="", help="the tag that is released")
    given = parser.parse_args()
    version = re.search(r'^version = "(.+)"$', (ROOT / "pyproject.toml").read_text(), re.MULTILINE)
    assert version
    if problems := disagreements(version[1], (ROOT / "CHANGELOG.md").read_text(), given.tag):
        raise SystemExit("\n".join(problems))
    print(f"version, changelog{' and tag' if given.tag else ''} agree: {version[1]}")
    dist = ROOT / "dist"
    shutil.rmtree(dist, ignore_errors=True)
    run(sys.executable, "-m", "build", "--no-isolation", "--outdir", dist, ROOT)
    archives = sorted(dist.iterdir())
    run(given.twine, "-m", "twine", "check", "--strict", *archives)
    print(f"built and checked: {', '.join(one.name for one in archives)}")
    [wheel] = dist.glob("*.whl")
    there = {one: found(one) for one in PYTHONS}
    for one, python in there.items():
        if python:
            try_on(python, wheel)
        print(f"Python {one}: {'installs and works' if python else 'is not here'}")
    if not any(there.values()):
        raise SystemExit(f"no Python of {', '.join(PYTHONS)} is here, so nothing was tried")


if __name__ == "__main__":
    main()
