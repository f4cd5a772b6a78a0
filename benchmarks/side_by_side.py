"""Who finds what: ``CHECKOV=... python benchmarks/side_by_side.py`` writes docs/side-by-side.md.

Each defect is a template that has it and one that has not. A scanner finds it where it says something about the first
that it does not say about the second. All run over the same files; cdk-nag, which looks at constructs, over the same
templates included into an app.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path
from typing import Any

from defects import DEFECTS, MORE, OF_RULES

PAGE = Path(__file__).parents[1] / "docs" / "side-by-side.md"
# What a scanner says of each file, as ids of its checks with the places.
Said = dict[str, Counter[str]]
_PLACE = re.compile(r"@.*")


def ours(directory: Path) -> Said:
    from secure_kms_constructs.checks import check_templates
    from secure_kms_constructs.checks.examples import ACCOUNT, REGION

    said: Said = {}
    for path in sorted(directory.glob("*.json")):
        report = check_templates({"Stack": path}, account=ACCOUNT, region=REGION)
        marks = (f"{one.rule}{'?' if one.undecided else ''}@{one.path}" for one in report.findings)
        said[path.stem] = Counter(marks)
    return said


def checkov(directory: Path) -> Said:
    command = [os.environ["CHECKOV"], "--directory", str(directory), "--framework", "cloudformation"]
    command += ["--output", "json", "--compact", "--quiet"]
    environment = {**os.environ, "BC_SKIP_MAPPING": "TRUE"}
    run = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    failed = json.loads(run.stdout)["results"]["failed_checks"]
    said: Said = {}
    for check in failed:
        mark = f"{check['check_id']}@{check['resource']}"
        said.setdefault(Path(check["file_path"]).stem, Counter())[mark] += 1
    return said


def cfn_lint(directory: Path) -> Said:
    files = sorted(map(str, directory.glob("*.json")))
    command = [str(Path(sys.executable).with_name("cfn-lint")), "--format", "json", *files]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    said: Said = {}
    for finding in json.loads(run.stdout):
        place = "/".join(map(str, (finding["Location"]["Path"] or [])[:2]))
        said.setdefault(Path(finding["Filename"]).stem, Counter())[f"{finding['Rule']['Id']}@{place}"] += 1
    return said


def nag(directory: Path, pack: str) -> Said:
    import aws_cdk as cdk
    import cdk_nag
    from aws_cdk import cloudformation_include

    with tempfile.TemporaryDirectory() as out:
        app = cdk.App(outdir=out)
        for path in sorted(directory.glob("*.json")):
            stack = cdk.Stack(app, path.stem)
            # What CDK cannot include has nothing to say about either.
            try:
                cloudformation_include.CfnInclude(stack, "Template", template_file=str(path))
            except RuntimeError:
                stack.node.try_remove_child("Template")
        cdk.Validations.of(app).add_plugins(getattr(cdk_nag, pack)())
        with suppress(RuntimeError):
            app.synth()
        reports = json.loads(Path(out, "validation-report.json").read_text())["pluginReports"]
    said: Said = {}
    for report in reports:
        for violation in report["violations"]:
            # "AwsSolutions-IAM5[Resource::*]" and "NIST.800.53.R5-IAMNoInlinePolicy"
            rule = violation["ruleName"].partition("-")[2]
            for place in violation["violatingConstructs"]:
                stack, _, inside = place["constructPath"].partition("/")
                said.setdefault(stack, Counter())[f"{rule}@{inside}"] += 1
    return said


SCANNERS: dict[str, Callable[[Path], Said]] = {
    "this library": ours,
    "cdk-nag AwsSolutions": lambda directory: nag(directory, "AwsSolutionsChecks"),
    "cdk-nag NIST 800-53 R5": lambda directory: nag(directory, "NIST80053R5Checks"),
    "checkov": checkov,
    "cfn-lint": cfn_lint,
}


def found(said: Said, number: int) -> list[str]:
    """What a scanner says of a defect's template, and not of the one without it."""
    left = said.get(f"d{number:02}-broken", Counter()) - said.get(f"d{number:02}-clean", Counter())
    return sorted({re.sub(r"\[.*", "", _PLACE.sub("", mark)) for mark in left})


def table(said: dict[str, Said], start: int, defects: list[Any]) -> list[str]:
    lines = [f"| Defect | {' | '.join(said)} |", "|--" * (len(said) + 1) + "|"]
    for number, defect in enumerate(defects, start):
        cells = [", ".join(found(one, number)) or "-" for one in said.values()]
        lines.append(f"| {defect.name} | {' | '.join(cells)} |".replace("*", "\\*"))
    return lines


def page(said: dict[str, Said], versions: dict[str, str]) -> str:
    counts = [f"{name} {sum(bool(found(one, number)) for number in range(len(DEFECTS)))}" for name, one in said.items()]
    return "\n".join(
        [
            "# Side by side",
            "",
            "Made by `python benchmarks/side_by_side.py`. Each defect is a template that has it and one that has not;",
            "a scanner finds it where it says something about the first that it does not say about the second.",
            "A question mark: it says that it cannot tell. The defects are chosen by us, and scanners have other aims;",
            "what they find and we do not is the end of the second table. One that says the same of both is not",
            "counted: checkov flags every statement for everybody, whatever its conditions.",
            "",
            f"Of {len(DEFECTS)} defects: {', '.join(counts)}.",
            "",
            f"Versions: {', '.join(f'{name} {number}' for name, number in versions.items())}.",
            "",
            "## One for each rule",
            "",
            *table(said, 0, OF_RULES),
            "",
            "## More",
            "",
            *table(said, len(OF_RULES), MORE),
            "",
        ]
    )


def main() -> None:
    with tempfile.TemporaryDirectory() as made:
        directory = Path(made)
        for number, defect in enumerate(DEFECTS):
            for kind in ("broken", "clean"):
                text = json.dumps({"AWSTemplateFormatVersion": "2010-09-09", **getattr(defect, kind)}, indent=1)
                (directory / f"d{number:02}-{kind}.json").write_text(text)
        said = {}
        for name, scan in SCANNERS.items():
            print(f"running {name}", flush=True)
            said[name] = scan(directory)
    checkov_version = subprocess.run([os.environ["CHECKOV"], "--version"], capture_output=True, text=True, check=True)
    versions = {name: version(name) for name in ("secure-kms-constructs", "aws-cdk-lib", "cdk-nag", "cfn-lint")}
    PAGE.write_text(page(said, versions | {"checkov": checkov_version.stdout.strip()}))
    print(f"wrote {PAGE}")


if __name__ == "__main__":
    main()
