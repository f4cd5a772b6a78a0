"""The reference, written from the docstrings and signatures of public names."""

from __future__ import annotations

import ast
import dataclasses
import enum
import importlib
import inspect
import re
import textwrap
from collections.abc import Iterator
from typing import Any

import secure_kms_constructs
from secure_kms_constructs.checks import RULES

PACKAGE = "secure_kms_constructs"
FIELD = re.compile(r"^:(param \w+|raises \w+|return):", re.MULTILINE)
# Public in the sense of Python, called by other parts of the library.
INTERNAL = {"ask_grant", "ask_grant_encrypt_decrypt", "admit", "delegates_via", "words", "lines", "parties_called"}

PAGES: dict[str, tuple[str, list[tuple[str, list[str]]]]] = {
    "constructs.md": (
        "Constructs",
        [
            ("Keys", ["HardenedKey", "HardenKeys", "ResolvedKey", "AWS_MANAGED", "Service", "Use"]),
            ("Secrets and parameters", ["ScopedSecretReader", "ScopedSecretRotator", "ScopedParameterReader"]),
            ("Log groups", ["LogGroupWithCmk", "ScopedLogGroupManager"]),
            ("Checks at synth", ["KmsLeastPrivilegeChecks", "documented_exception", "DocumentedSuppressions"]),
            (
                "Organizations and alarms",
                ["KmsGuardrails", "Guardrail", "guardrail_policies", "KmsDriftAlarms", "KmsConfigRule"],
            ),
        ],
    ),
    "access.md": (
        "Access and checks",
        [
            ("Who can use which key", ["AccessMap", "assert_can", "assert_cannot", "assert_only"]),
            (
                "Beside it, in `secure_kms_constructs.access`",
                [
                    f"access.{name}"
                    for name in (
                        *("ANYBODY_ELSE", "DEPLOYER", "ROOT", "imported", "Row", "StatementReference", "Explanation"),
                        *("Diff", "Difference", "Change", "Line", "AccessError"),
                    )
                ],
            ),
            ("Checks", ["assert_no_findings"]),
            (
                "Beside them, in `secure_kms_constructs.checks`",
                [
                    f"checks.{name}"
                    for name in (
                        *("find", "check_assembly", "check_templates", "check_landscapes", "Report", "Finding"),
                        *("Severity", "Rule", "RULES", "rule_named", "Acknowledgement"),
                    )
                ],
            ),
        ],
    ),
}


def found(name: str) -> Any:
    module, _, last = name.rpartition(".")
    return getattr(importlib.import_module(f"{PACKAGE}.{module}") if module else secure_kms_constructs, last)


def page(file: str) -> str:
    title, groups = PAGES[file]
    write = "Written by `pytest tests/docs/test_reference.py --write-docs` from the docstrings."
    parts = [f"# {title}\n", f"{write}\n"]
    for group, names in groups:
        parts.append(f"## {group}\n")
        for name in names:
            parts += entry(name, found(name))
    return "\n".join(parts)


def entry(name: str, value: Any) -> Iterator[str]:
    short = name.rpartition(".")[2]
    yield f"### {short}\n"
    if inspect.isclass(value):
        yield from class_of(short, value)
    elif callable(value):
        yield from function_of(short, value)
    else:
        yield f"{constant(name, value)}\n"


def constant(name: str, value: Any) -> str:
    """Return the text below a constant, or what is written above it."""
    module, _, last = name.rpartition(".")
    home = importlib.import_module(f"{PACKAGE}.{module}") if module else importlib.import_module(home_of(last))
    lines = inspect.getsource(home).splitlines()
    source = "\n".join(lines)
    imported = re.search(rf"^from (\.\w+) import .*\b{last}\b", source, re.MULTILINE)
    if imported:
        source = inspect.getsource(importlib.import_module(imported[1], home.__name__))
    assigned = re.search(rf'^{last}\b[^\n]*=.*?^"""(.+?)"""', source, re.MULTILINE | re.DOTALL)
    return cleaned(assigned[1]) if assigned else cleaned(inspect.getdoc(type(value)) or "")


def home_of(name: str) -> str:
    return f"{PACKAGE}.{secure_kms_constructs._HOMES[name]}"


def class_of(name: str, cls: Any) -> Iterator[str]:
    text, fields = divided(inspect.getdoc(cls) or "")
    if issubclass(cls, enum.Enum):
        yield f"{text}\n"
        yield from (f"- `{name}.{one.name}`" for one in cls)
        yield ""
    elif dataclasses.is_dataclass(cls):
        yield f"{text}\n"
        yield from parameters(fields, {one.name: (str(one.type), "") for one in dataclasses.fields(cls)})
    elif cls.__init__ is object.__init__ or issubclass(cls, Exception):
        yield f"{text}\n"
    else:
        yield from function_of(name, cls.__init__, inspect.getdoc(cls) or "")
    yield from attributes_of(cls)
    for method, value in methods_of(cls):
        yield f"#### {name}.{method}\n"
        yield from function_of(f"{name}.{method}", value)


def methods_of(cls: Any) -> Iterator[tuple[str, Any]]:
    seen = set[str]()
    for base in cls.__mro__:
        if not base.__module__.startswith(PACKAGE):
            continue
        for name, value in vars(base).items():
            function = getattr(value, "__func__", value)
            hidden = name.startswith("_") or name in seen or name in INTERNAL
            if not hidden and inspect.isfunction(function) and function.__doc__:
                yield name, function
            seen.add(name)


def attributes_of(cls: Any) -> Iterator[str]:
    """The attributes that say below them what they are, and properties."""
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(cls)))
    except OSError:
        return
    told = []
    for function in ast.walk(tree):
        if not isinstance(function, ast.FunctionDef):
            continue
        for one, below in zip(function.body, function.body[1:], strict=False):
            is_text = isinstance(below, ast.Expr) and isinstance(below.value, ast.Constant)
            if isinstance(one, ast.AnnAssign) and isinstance(one.target, ast.Attribute) and is_text:
                told.append(f"| `{one.target.attr}` | `{ast.unparse(one.annotation)}` | {cleaned(below.value.value)} |")
    for name, value in vars(cls).items():
        if isinstance(value, property) and not name.startswith("_") and value.__doc__:
            kind = inspect.signature(value.fget).return_annotation
            told.append(f"| `{name}` | {code(kind)} | {cell(divided(inspect.getdoc(value) or '')[0])} |")
    if told:
        yield from ("| attribute | type | |", "|--|--|--|", *told, "")


def function_of(name: str, function: Any, doc: str | None = None) -> Iterator[str]:
    text, fields = divided(inspect.getdoc(function) or "" if doc is None else doc)
    signature = inspect.signature(function)
    given = {one.name: one for one in signature.parameters.values() if one.name not in ("self", "cls")}
    yield from ("```text", written(name, list(given.values()), signature.return_annotation), "```\n")
    yield f"{text}\n"
    yield from parameters(fields, {one.name: (one.annotation, default(one)) for one in given.values()})
    for kind, said in fields.items():
        if kind.startswith("raises "):
            yield f"**Raises** `{kind.removeprefix('raises ')}` {cleaned(said)}\n"
        elif kind == "return":
            yield f"**Returns** {cleaned(said)}\n"


def written(name: str, given: list[inspect.Parameter], returned: Any) -> str:
    """Return a signature, on several lines where it is long."""
    arrow = "" if returned in (inspect.Signature.empty, None, "None") or "." not in name else f" -> {returned}"
    parts: list[str] = []
    for one in given:
        if one.kind is one.KEYWORD_ONLY and "*" not in parts and not any(part.startswith("*") for part in parts):
            parts.append("*")
        parts.append(f"{one.name}={default(one)}" if one.default is not one.empty else one.name)
    line = f"{name}({', '.join(parts)}){arrow}"
    if len(line) <= 100:
        return line
    return textwrap.fill(line, 100, subsequent_indent="    ", break_on_hyphens=False, break_long_words=False)


def default(one: inspect.Parameter) -> str:
    if one.default is one.empty:
        return ""
    value = one.default
    if value is RULES:
        return "RULES"
    if isinstance(value, enum.Enum):
        return f"{type(value).__name__}.{value.name}"
    return repr(value)


def parameters(fields: dict[str, str], known: dict[str, tuple[Any, str]]) -> Iterator[str]:
    told = {kind.removeprefix("param "): text for kind, text in fields.items() if kind.startswith("param ")}
    rows = []
    for name, text in told.items():
        kind, value = known.get(name, ("", ""))
        rows.append(f"| `{name}` | {code(kind)} | {f'`{value}`' if value else ''} | {cell(text)} |")
    if rows:
        yield from ("| parameter | type | default | |", "|--|--|--|--|", *rows, "")


def code(kind: Any) -> str:
    text = kind if isinstance(kind, str) else getattr(kind, "__name__", str(kind))
    return f"`{text}`".replace("|", "\\|") if text and text != "_empty" else ""


def cell(text: str) -> str:
    return cleaned(text).replace("|", "\\|")


def divided(doc: str) -> tuple[str, dict[str, str]]:
    """Return the text of a docstring, and its fields; what follows a blank line after them is text again."""
    fields: dict[str, str] = {}
    paragraphs: list[str] = []
    for paragraph in doc.split("\n\n"):
        if not FIELD.match(paragraph):
            paragraphs.append(cleaned(paragraph))
            continue
        starts = [*FIELD.finditer(paragraph)]
        for one, following in zip(starts, [*starts[1:], None], strict=True):
            end = following.start() if following else len(paragraph)
            fields[one[1]] = paragraph[one.end() : end].strip()
    return "\n\n".join(paragraphs), fields


def cleaned(text: str) -> str:
    """Return a text of a docstring as Markdown, in one line."""
    line = re.sub(r"\s+", " ", text.strip()).replace("``", "`")
    return re.sub(r"(?<![(<])(https://[^\s)]+[^\s).,])", r"<\1>", line)
