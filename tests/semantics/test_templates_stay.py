"""No template changes unseen: each is compared with a digest that was written before.

Where a change is meant, look at it first and then write the digests anew:

    python -m tests.semantics.test_templates_stay diff REVISION   # shows each file that differs from a revision's
    python -m tests.semantics.test_templates_stay write
"""

from __future__ import annotations

import difflib
import json
import os
import pickle
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.semantics.templates_of import RANDOM_APPS, Files, all_files, digests

ROOT = Path(__file__).parents[2]
DIGESTS = Path(__file__).with_name("templates.json")
HOW = f"`python -m {__spec__.name if __spec__ else __name__} diff REVISION` shows how, `... write` accepts it"


def test_every_template_is_as_it_was() -> None:
    expected = json.loads(DIGESTS.read_text())
    found = digests(all_files())
    changed = sorted(name for name in expected.keys() | found.keys() if expected.get(name) != found.get(name))
    assert not changed, f"{len(changed)} files differ, and {HOW}: {changed[:20]}"


def test_the_digests_cover_what_matters() -> None:
    names = list(json.loads(DIGESTS.read_text()))
    assert len({name.split(" ")[1] for name in names if name.startswith("random ")}) == RANDOM_APPS
    # Refusals and findings are among what is compared.
    assert sum(name.endswith(" refused") for name in names) > RANDOM_APPS // 4
    assert sum(name.endswith(" told") for name in names) >= 3


def files_of(revision: str) -> dict[str, Files]:
    """Synthesize the same apps with the source of another revision."""
    with TemporaryDirectory() as directory:
        archive = subprocess.run(["git", "archive", revision, "src"], cwd=ROOT, stdout=subprocess.PIPE, check=True)
        subprocess.run(["tar", "x", "-C", directory], input=archive.stdout, check=True)
        code = "import pickle, sys; from tests.semantics.templates_of import all_files; "
        code += "pickle.dump(dict(all_files()), sys.stdout.buffer)"
        environment = {**os.environ, "PYTHONPATH": str(Path(directory, "src"))}
        command = [sys.executable, "-c", code]
        done = subprocess.run(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, check=True)
    found: dict[str, Files] = pickle.loads(done.stdout)
    return found


def differences(before: dict[str, Files], after: dict[str, Files]) -> Iterator[str]:
    """Yield the lines by which files differ."""
    for app in sorted(before.keys() | after.keys()):
        one, other = before.get(app, {}), after.get(app, {})
        for file in sorted(one.keys() | other.keys()):
            texts = one.get(file, "").splitlines(), other.get(file, "").splitlines()
            yield from difflib.unified_diff(*texts, f"before/{app}/{file}", f"after/{app}/{file}", lineterm="", n=6)


def test_a_difference_is_readable() -> None:
    before, after = {"app": {"S": "{\n  a\n}", "gone": "x"}}, {"app": {"S": "{\n  b\n}"}}
    lines = list(differences(before, after))
    assert lines[:2] == ["--- before/app/S", "+++ after/app/S"]
    assert {"-  a", "+  b", "--- before/app/gone", "-x"} <= set(lines)


if __name__ == "__main__":
    os.environ.setdefault("CDK_VALIDATION", "false")
    match sys.argv[1:]:
        case ["write"]:
            DIGESTS.write_text(json.dumps(digests(all_files()), indent=0, sort_keys=True) + "\n")
        case ["diff", revision]:
            print(*differences(files_of(revision), dict(all_files())), sep="\n")  # noqa: T201
        case _:
            raise SystemExit(__doc__)
