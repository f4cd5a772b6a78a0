"""What the command line is given: cloud assemblies, templates, policies and accounts, told apart by their content."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from secure_kms_constructs.account import Snapshot
from secure_kms_constructs.account.documented import documented
from secure_kms_constructs.account.inputs import read_input
from secure_kms_constructs.checks import Finding, Report, Rule, check_assembly, check_landscapes, check_templates
from secure_kms_constructs.checks.acknowledgements import recorded, template_files
from secure_kms_constructs.checks.own_rules import UNREAD
from secure_kms_constructs.templates.givens import Givens
from secure_kms_constructs.templates.loading import Template, TemplateError, parse_template, read_object, read_text
from secure_kms_constructs.templates.reading import names_in_assembly, names_in_templates
from secure_kms_constructs.templates.shares import Shares

from .policy_files import as_template, is_resource_control_policy, names_its_key, statements_of

_SUFFIXES = (".json", ".yaml", ".yml", ".template")
_SKIPPED = ("node_modules", "__pycache__")
# What a file that may be of use has somewhere in it; anything else in a directory is not looked at.
_TELLTALE = re.compile(r"""AWS::|\bStatement\\?["']?\s*:""")
_ESCAPED = re.compile(r"\\(?:u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2}))")
_ROOT = re.compile(r"arn:[\w-]+:iam::(\d{12}):root")
_MANIFEST = "manifest.json"
_STAGES = 20


@dataclass
class Checked:
    """What came of some paths.

    :param files: the file of each stack, by its name, for reports that point into files.
    :param unread: what could not be used, with the reason.
    :param snapshots: the accounts among them.
    """

    report: Report = field(default_factory=lambda: Report(()))
    files: dict[str, Path] = field(default_factory=dict)
    unread: list[str] = field(default_factory=list)
    snapshots: list[Snapshot] = field(default_factory=list)

    def add(self, report: Report) -> None:
        """Add the report of some of the paths."""
        both = self.report
        self.report = Report((*both.findings, *report.findings), (*both.acknowledged, *report.acknowledged))

    def call_by_name(self, folder: str) -> None:
        """Call what is in a folder that nobody knows by its name; reports do not point into it."""
        if not folder:
            return

        def called(one: Finding) -> Finding:
            path, stack, message = (text.replace(folder, "") for text in (one.path, one.stack, one.message))
            return replace(one, path=path, stack=stack, message=message)

        acknowledged = tuple((called(one), word) for one, word in self.report.acknowledged)
        self.report = Report(tuple(map(called, self.report.findings)), acknowledged)
        self.files = {name: path for name, path in self.files.items() if not str(path).startswith(folder)}
        self.unread = [one.replace(folder, "") for one in self.unread]


def check_paths(
    paths: Iterable[Path],
    rules: Sequence[Rule],
    known: Givens,
    *,
    exceptions: Sequence[Path] = (),
) -> Checked:
    """Check files and directories. Templates that are no part of an assembly are read together.

    :param exceptions: where it is documented what accounts may have.
    """
    checked, templates, parts = Checked(), dict[Path, Template](), dict[Path, set[str]]()
    assemblies: list[Path] = []
    for path in dict.fromkeys(found for given in paths for found in _found(given, checked)):
        try:
            if path.is_dir():
                assemblies.append(path)
                continue
            if names := part_of_assembly(path):
                parts.setdefault(path.parent, set()).update(names)
                continue
            snapshot = read_input(path)
            if isinstance(snapshot, Snapshot):
                checked.snapshots.append(snapshot)
                accepted = documented(exceptions, snapshot)
                checked.add(check_landscapes(snapshot.landscapes, rules=rules, acknowledged=accepted))
                checked.files |= {account.account: path for account in snapshot.accounts}
                continue
            document = document_in(path)
            if document is None:
                checked.unread.append(
                    f"{path} is neither a template nor a policy: it has no Resources and no Statement"
                )
            elif "Statement" in document:
                checked.add(_policy(path, document, rules, known.account, known.region))
                checked.files[str(path)] = path
            else:
                templates[path] = document
        except (ValueError, OSError) as error:
            checked.unread.append(str(error))
    # What is told of one app is its own; several get each what is about them.
    shares = Shares(known) if len(assemblies) + len(parts) + bool(templates) > 1 else None
    apps: list[tuple[Path, set[str] | None]] = [*((one, None) for one in assemblies), *parts.items()]
    for directory, stacks in apps:
        try:
            told = shares.of(names_in_assembly(directory)) if shares else known
            whole = _assembly(directory, rules, told)
            checked.add(whole if stacks is None else _of_stacks(whole, stacks))
            checked.files |= _files(directory)
        except (ValueError, OSError) as error:
            checked.unread.append(str(error))
    if templates:
        try:
            _together(templates, checked, rules, known, shares)
        except ValueError as error:
            checked.unread.append(str(error))
    checked.unread += shares.problems() if shares else ()
    return checked


def _assembly(directory: Path, rules: Sequence[Rule], known: Givens) -> Report:
    return check_assembly(
        directory,
        rules=rules,
        account=known.account,
        region=known.region,
        same=known.same,
        parameters=known.parameters,
    )


def part_of_assembly(path: Path) -> set[str]:
    """Return what the stack of a template is called in the assembly that it belongs to; nothing where in none.

    What the other stacks say of its account, keys and roles belongs to it.
    """
    manifest = path.parent / _MANIFEST
    try:
        artifacts = read_object(manifest).get("artifacts") if manifest.is_file() else None
    except TemplateError:
        return set()
    for name, artifact in artifacts.items() if isinstance(artifacts, dict) else ():
        match artifact:
            case {"type": "aws:cloudformation:stack", "properties": {"templateFile": file, **more}} if (
                file == path.name
            ):
                return {name, str(more.get("stackName", name))}
    return set()


def _of_stacks(report: Report, names: Collection[str]) -> Report:
    """Return what of a report is about some stacks, those nested in them included, or about all of them."""

    def is_theirs(one: Finding) -> bool:
        return not one.stack or one.stack.split("/")[0] in names

    acknowledged = tuple(pair for pair in report.acknowledged if is_theirs(pair[0]))
    return Report(tuple(filter(is_theirs, report.findings)), acknowledged)


def _found(path: Path, checked: Checked) -> Iterator[Path]:
    """Return assemblies and files; in a directory only files that look like templates or policies."""
    if not path.exists():
        checked.unread.append(f"{path} does not exist")
    elif not path.is_dir() or (path / _MANIFEST).is_file():
        yield path
    else:
        below = list(_below(path))
        yield from below
        if not below:
            checked.unread.append(f"{path} holds no cloud assembly, no template and no policy")


def _below(top: Path) -> Iterator[Path]:
    """Return what may be of use below a directory; links come last, and nothing is there twice."""
    seen: set[Path] = set()
    links: list[Path] = []
    yield from _in(top, seen, links)
    for link in links:
        yield from _one(link, seen, links)


def _in(directory: Path, seen: set[Path], links: list[Path]) -> Iterator[Path]:
    seen.add(directory.resolve())
    for path in sorted(directory.iterdir()):
        if path.name in _SKIPPED or path.name.startswith("."):
            continue
        if path.is_symlink():
            links.append(path)
        else:
            yield from _one(path, seen, links)


def _one(path: Path, seen: set[Path], links: list[Path]) -> Iterator[Path]:
    if not path.exists() or path.resolve() in seen:
        return
    if path.is_dir():
        yield from [path] if (path / _MANIFEST).is_file() else _in(path, seen, links)
    elif path.suffix in _SUFFIXES and _looks_useful(path):
        yield path
    seen.add(path.resolve())


def _looks_useful(path: Path) -> bool:
    try:
        text = read_text(path)
    except TemplateError:
        # Too large or no text: checking it says so.
        return path.stat().st_size > 0 and path.suffix != ".json"
    return bool(_TELLTALE.search(text) or ("\\" in text and _TELLTALE.search(_ESCAPED.sub(_character, text))))


def _character(match: re.Match[str]) -> str:
    return chr(int(match[1] or match[2], 16))


def document_in(path: Path) -> Template | None:
    """Return the template or policy in a file; None for what is neither."""
    document = parse_template(read_text(path), str(path))
    if isinstance(document.get("Policy"), str):
        # As `aws kms get-key-policy` prints it.
        document = parse_template(str(document["Policy"]), f"the policy in {path}")
    match document:
        case {"PolicyVersion": {"Document": dict(inner)}} | {"PolicyDocument": dict(inner)}:
            # As `aws iam get-policy-version` and `aws iam get-role-policy` print it.
            document = inner
    return document if "Resources" in document or "Statement" in document else None


def _policy(path: Path, document: Template, rules: Sequence[Rule], account: str | None, region: str | None) -> Report:
    """Check a policy on its own, as that of a key or identity with which nothing else is wrong."""
    if is_resource_control_policy(document):
        # It is no key's, and by itself says nothing wrong about one.
        return Report(())
    of_key = any("Principal" in one or "NotPrincipal" in one for one in statements_of(document))
    properties = {"KeyPolicy": document, "EnableKeyRotation": True} if of_key else {"PolicyDocument": document}
    root = _ROOT.search(json.dumps(document))
    report = check_templates(
        {"policy": as_template("AWS::KMS::Key" if of_key else "AWS::IAM::ManagedPolicy", properties)},
        rules=rules,
        account=account or (root[1] if root else None),
        region=region,
    )
    # Where it goes is not the policy's to say; that it is no policy is.
    found = (one for one in report.findings if (one.rule != UNREAD or one.path) and not names_its_key(one))
    return Report(tuple(_of_file(one, str(path)) for one in found))


def _of_file(finding: Finding, file: str) -> Finding:
    where = finding.location.removeprefix("Properties.KeyPolicy").removeprefix("Properties.PolicyDocument")
    message = finding.message.replace("policy/Policy", file)
    return replace(finding, path=file, stack=file, logical_id="", location=where.lstrip("."), message=message)


def _together(
    templates: Mapping[Path, Template],
    checked: Checked,
    rules: Sequence[Rule],
    known: Givens,
    shares: Shares | None,
) -> None:
    nested = {inner for path, template in templates.items() for inner in _nested(path, template)}
    tops = [path for path in templates if path.resolve() not in nested]
    names = _names(tops)
    files = {name: path for path, name in names.items()}
    checked.files |= files
    if shares:
        known = shares.of(names_in_templates(files))
    checked.add(
        check_templates(
            files,
            rules=rules,
            account=known.account,
            region=known.region,
            same=known.same,
            parameters=known.parameters,
        )
    )


def _nested(path: Path, template: Template) -> Iterator[Path]:
    """Return the files of nested stacks, which are read with their parents."""
    resources = template.get("Resources")
    for resource in resources.values() if isinstance(resources, dict) else ():
        match resource:
            case {"Type": "AWS::CloudFormation::Stack", "Properties": {"TemplateURL": str(url)}} if "://" not in url:
                yield (path.parent / url).resolve()


def _names(paths: Sequence[Path]) -> dict[Path, str]:
    """Name stacks by their files, by as much of the path as tells them apart."""
    names: dict[Path, str] = {}
    for path in paths:
        name = path.name.split(".")[0] or path.name
        parents = [part for part in path.parent.parts if part not in ("/", "..", ".")]
        while name in names.values() and parents:
            name = f"{parents.pop()}.{name}"
        while name in names.values():
            name += "-"
        names[path] = name
    return names


def _files(assembly: Path) -> dict[str, Path]:
    """Return the template file of each stack of an assembly."""
    return template_files(recorded(assembly)) | dict(_stacks(assembly))


def _stacks(directory: Path, stages: int = _STAGES) -> Iterator[tuple[str, Path]]:
    artifacts = read_object(directory / _MANIFEST).get("artifacts")
    for name, artifact in artifacts.items() if isinstance(artifacts, dict) else ():
        match artifact:
            case {"type": "aws:cloudformation:stack", "properties": {"templateFile": str(file)}}:
                yield name, directory / file
            case {"type": "cdk:cloud-assembly", "properties": {"directoryName": str(below)}} if stages:
                yield from _stacks(directory / below, stages - 1)
