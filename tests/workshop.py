"""A copy of the project in which something is changed and tests run, bounded in time and memory."""

from __future__ import annotations

import os
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from functools import partial
from pathlib import Path
from types import TracebackType

from tests.mutants import Mutant

# A change may let a loop never end, or fill a list without end.
_CPU_SECONDS, _GRACE, _SECONDS = 300, 5, 1200
_BYTES = 6_000_000_000
# Environments and archives, which tests read only.
_SHARED = (".venv", ".venv-checkov", ".venv-lowest", ".corpus", ".types", "node_modules")
_USAGE, _NO_TESTS = 4, 5


class Workshop:
    """A copy of a project, for as long as the context lasts.

    :param root: the project, under git.
    :param seconds: of the processor, that a run of tests may take.
    """

    def __init__(self, root: Path, *, seconds: int = _CPU_SECONDS) -> None:
        self._project, self._seconds = root, seconds

    def __enter__(self) -> Workshop:
        self._directory = tempfile.TemporaryDirectory()
        self.root = Path(self._directory.name)
        listing = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
        names = subprocess.run(listing, cwd=self._project, capture_output=True, check=True, text=True).stdout
        for name in filter(None, names.split("\0")):
            if (self._project / name).is_file():
                (self.root / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(self._project / name, self.root / name)
        for name in _SHARED:
            if (self._project / name).exists() and not (self.root / name).exists():
                (self.root / name).symlink_to((self._project / name).resolve())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._directory.cleanup()

    def first_to_notice(self, mutant: Mutant, stages: Iterable[list[str]]) -> str:
        """Return the first of some tests that fails with a change, empty where none does."""
        file = self.root / mutant.file
        source = file.read_text()
        try:
            file.write_text(mutant.applied(source))
            return next((notices for tests in stages if (notices := self._fails(tests))), "")
        finally:
            file.write_text(source)

    def passes(self, tests: list[str]) -> bool:
        """Tell whether tests pass."""
        return not self._fails(tests)

    def _fails(self, tests: list[str]) -> str:
        listed = self.root / "tests-to-run.txt"
        listed.write_text("\n".join(tests))
        code, output = self.run(["-x", "--tb=no", f"@{listed}"])
        failed = next((line.split(" - ")[0].partition(" ")[2] for line in output.splitlines() if _tells(line)), "")
        if code == _USAGE and "not found: " in output:
            raise RuntimeError(f"pytest does not find some of {len(tests)} tests:\n{output[-2000:]}")
        return "" if code in (0, _NO_TESTS) else failed or f"pytest ends with {code}"

    def run(self, arguments: list[str], **environment: str) -> tuple[int, str]:
        """Run pytest; return its exit code, that of a signal where it never ends, and what it says."""
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:randomly", *arguments]
        path = os.pathsep.join([str(self.root / "src"), str(self.root)])
        running = subprocess.Popen(
            command,
            cwd=self.root,
            env={**os.environ, "PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "1", **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
            preexec_fn=None if environment else partial(_bound, self._seconds),
        )
        try:
            output, _ = running.communicate(timeout=None if environment else _SECONDS)
        except subprocess.TimeoutExpired:
            output = ""
        finally:
            # With what it started, such as Node.
            _kill(running.pid)
        return running.wait(), output


def _tells(line: str) -> bool:
    return line.startswith(("FAILED ", "ERROR "))


def _bound(seconds: int) -> None:
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + _GRACE))
    resource.setrlimit(resource.RLIMIT_AS, (_BYTES, _BYTES))


def _kill(group: int) -> None:
    try:
        os.killpg(group, signal.SIGKILL)
    except ProcessLookupError:
        return
