"""Template text to plain values. Whatever a stranger's file holds, it ends in plain values or in ``TemplateError``."""

from __future__ import annotations

import json
from collections.abc import Mapping
from os import PathLike
from pathlib import Path
from typing import Any

from .short_forms import parse_yaml

# CloudFormation takes 1 MB: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html
# These only keep memory and time bounded; nobody's template comes near.
_BYTES = 32 * 1024 * 1024
_VALUES = 4_000_000
LEVELS = 100

Template = dict[str, object]


class TemplateError(ValueError):
    """A template or cloud assembly that cannot be read. The message says what, what was given, and what to do."""


def load_template(given: Mapping[str, object] | PathLike[str] | str, name: str) -> Template:
    """Return a template as plain values.

    :param given: the template as an object, the path of its file, or its text in JSON or YAML.
    :param name: what errors call it.
    :raises TemplateError: when it is no template, or too large or too deep to be one.
    """
    if isinstance(given, PathLike):
        return parse_template(read_text(Path(given)), str(given))
    if isinstance(given, str):
        # Text of one line is more likely a path than a template.
        hint = "" if "\n" in given.strip() else "; a path needs pathlib"
        return parse_template(given, name, hint)
    if not isinstance(given, Mapping):
        raise TemplateError(f"{name} must be an object, a pathlib.Path or text, got {type(given).__name__}")
    return _checked(dict(given), name)


def read_text(path: Path) -> str:
    """Return the text of a file; TemplateError for one that cannot be read or is no text."""
    try:
        size = path.stat().st_size
        if size <= _BYTES:
            return path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise TemplateError(f"{path} cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise TemplateError(f"{str(path)!r} must be text in UTF-8, got other bytes") from error
    raise TemplateError(f"{path} must not be larger than {_BYTES} bytes, got {size}")


def parse_template(text: str, name: str, hint: str = "") -> Template:
    """Return the template that a text holds, JSON if it starts like it, else YAML; TemplateError for no template."""
    if not text.strip():
        raise TemplateError(f"{name} must be a template, an object, got nothing{hint}")
    if text.lstrip().startswith("{"):
        return _shallow(parse_json(text, name), name)
    if len(text) > _BYTES:
        raise TemplateError(f"{name} must not be longer than {_BYTES} characters, got {len(text)}")
    try:
        template = parse_yaml(text, LEVELS)
    except ImportError:
        raise TemplateError(
            f"{name} is YAML, which needs PyYAML: install secure-kms-constructs[cli], or give the template as JSON"
        ) from None
    except ValueError as error:
        raise TemplateError(f"{name} must be YAML: {' '.join(str(error).split())}") from None
    return _checked(template, name, hint)


def parse_json(text: str, name: str) -> object:
    """Return what a JSON text holds; TemplateError for one that CloudFormation would not take."""
    if len(text) > _BYTES:
        raise TemplateError(f"{name} must not be longer than {_BYTES} characters, got {len(text)}")
    try:
        return json.loads(text, object_pairs_hook=_without_duplicates, parse_constant=_refuse_constant)
    except RecursionError:
        raise TemplateError(f"{name} must not be nested deeper than {LEVELS} levels") from None
    except ValueError as error:
        raise TemplateError(f"{name} must be JSON: {error}") from None


def read_object(path: Path) -> dict[str, object]:
    """Return the object that a JSON file holds; TemplateError for one that holds none."""
    value = parse_json(read_text(path), str(path))
    if not isinstance(value, dict):
        raise TemplateError(f"{path} must hold an object, got {type(value).__name__}")
    return value


def _without_duplicates(pairs: list[tuple[str, object]]) -> dict[str, object]:
    made = dict(pairs)
    if len(made) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"each name must be there once in an object, got {twice!r} twice")
    return made


def _refuse_constant(name: str) -> object:
    raise ValueError(f"numbers must be finite, got {name}")


def _shallow(template: object, name: str) -> Template:
    """Return what JSON holds, if it is a template and not too deep; its size is bounded by that of its text."""
    level: list[Any] = [template]
    for _ in range(LEVELS):
        inner = (value.values() if type(value) is dict else value for value in level)
        level = [value for values in inner for value in values if type(value) is dict or type(value) is list]
        if not level:
            assert isinstance(template, dict)
            return template
    raise TemplateError(f"{name} must not be nested deeper than {LEVELS} levels")


def _checked(template: object, name: str, hint: str = "") -> Template:
    """Count what the template holds as often as it is met, so that YAML aliases cannot multiply in secret."""
    if not isinstance(template, dict):
        raise TemplateError(f"{name} must be a template, an object, got {_shortened(template)}{hint}")
    level: list[object] = [template]
    met = 0
    for _ in range(LEVELS):
        below: list[object] = []
        for value in level:
            if type(value) is dict:
                if not all(type(key) is str for key in value):
                    raise TemplateError(f"{name}: names of objects must be text, got {_shortened(list(value))}")
                below.extend(value.values())
            elif type(value) is list:
                below.extend(value)
            elif type(value) not in (str, int, float, bool, type(None)):
                raise TemplateError(f"{name} must hold JSON values, got {_shortened(value)}")
            if met + len(below) > _VALUES:
                raise TemplateError(f"{name} must not hold more than {_VALUES} values")
        met += len(below)
        if not below:
            return template
        level = below
    raise TemplateError(f"{name} must not be nested deeper than {LEVELS} levels")


def _shortened(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
