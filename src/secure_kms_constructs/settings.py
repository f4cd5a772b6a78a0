"""The table ``[tool.secure-kms]`` of a project, which the command line and the assertions of tests read."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from .templates.loading import read_text
from .templates.toml import parse_toml

# The one value for it in the code; pyproject.toml has it too.
REPOSITORY = "https://github.com/secure-kms-constructs/secure-kms-constructs"

# A file that only requires this package is not read as one with settings.
_TELLTALE = re.compile(r"secure-kms(?!-constructs)")
_LEVELS = ("error", "warning", "info")
# What a setting must be, as errors say it.
_KINDS = {
    "rules": 'a list of ids or names of rules, such as ["rotation-off"]',
    "severities": 'a table of severities by rule, such as {rotation-off = "error"}',
    "fail-on": f"one of {', '.join(_LEVELS)}",
    "baseline": 'the path of a file, such as "kms-baseline.json"',
    "account": 'the 12 digits of an account in quotes, such as "111122223333"',
    "region": 'a region, such as "eu-west-1"',
}


@dataclass(frozen=True)
class Settings:
    """What a project says; what it does not say is None or empty.

    :param path: the file that says it; None where there is none.
    :param rules: ids or names of rules, instead of all.
    :param severities: other severities by id or name of a rule.
    :param fail_on: the severity from which findings count.
    :param baseline: the file of findings known from before.
    :param account: where stacks go that do not say it.
    :param region: the same for the region.
    """

    path: Path | None = None
    rules: tuple[str, ...] | None = None
    severities: Mapping[str, str] = field(default_factory=dict)
    fail_on: str | None = None
    baseline: Path | None = None
    account: str | None = None
    region: str | None = None


def find_settings() -> Settings:
    """Return the settings of the nearest ``pyproject.toml`` that has some, from the working directory upwards.

    :raises ValueError: for a setting that there is not, or one of another kind.
    """
    start = Path.cwd()
    for directory in (start, *start.parents):
        file = directory / "pyproject.toml"
        if file.is_file() and _TELLTALE.search(text := read_text(file)):
            match parse_toml(text, str(file)):
                case {"tool": {"secure-kms": table}}:
                    return _settings(table, file)
    return Settings()


def _settings(table: Any, file: Path) -> Settings:
    where = f"[tool.secure-kms] of {file}"
    if not isinstance(table, dict):
        raise ValueError(f"{where} must be a table, got {table!r}")
    for name, value in table.items():
        if name not in _KINDS:
            close = get_close_matches(name, _KINDS, n=1)
            hint = f"did you mean {close[0]}?" if close else f"there are {', '.join(_KINDS)}"
            raise ValueError(f"{where} has no setting {name!r}; {hint}")
        if not _is_right(name, value):
            raise ValueError(f"{where}: {name} must be {_KINDS[name]}, got {value!r}")
    return Settings(
        path=file,
        rules=tuple(table["rules"]) if "rules" in table else None,
        severities=table.get("severities", {}),
        fail_on=table.get("fail-on"),
        baseline=file.parent / table["baseline"] if "baseline" in table else None,
        account=table.get("account"),
        region=table.get("region"),
    )


def _is_right(name: str, value: Any) -> bool:
    if name == "rules":
        return isinstance(value, list) and bool(value) and all(isinstance(one, str) for one in value)
    if name == "severities":
        return isinstance(value, dict) and all(isinstance(one, str) for one in value.values())
    if not isinstance(value, str) or not value:
        return False
    if name == "account":
        return bool(re.fullmatch(r"\d{12}", value, re.ASCII))
    return value in _LEVELS if name == "fail-on" else True
