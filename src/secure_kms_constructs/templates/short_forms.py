"""Templates in YAML, with the short forms of intrinsic functions. Needs PyYAML, of the extra ``cli``.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-formats.html
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

_WORDS: dict[str, object] = dict.fromkeys(("", "~", "null", "Null", "NULL"))
for _word, _truth in {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}.items():
    _WORDS |= {_word: _truth, _word.title(): _truth, _word.upper(): _truth}
# A number whose text would change on the way, such as 012 or 1.10, stays text.
_INTEGER = re.compile(r"0|-?[1-9][0-9]{0,17}")
# Stands for the name of a merge, which no text can be: https://yaml.org/type/merge.html
_MERGE = "\0<<"


@dataclass
class _Open:
    """An object or list whose end has not come yet; ``name`` waits for its value."""

    made: dict[str, object] | list[object]
    tag: str | None
    anchor: str | None
    name: str | None = None


def parse_yaml(text: str, levels: int) -> object:
    """Return what a YAML text holds, short forms written out.

    :param levels: how deep objects and lists may be in each other.
    :raises ImportError: without PyYAML.
    :raises ValueError: for anything that is no template in YAML.
    """
    import yaml

    try:
        # Only PyYAML's parser, because its constructors recurse as deep as the text does, some in C.
        return _value(yaml.parse(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)), levels)
    except yaml.YAMLError as error:
        raise ValueError(str(error)) from None


def _value(events: Iterable[Any], levels: int) -> object:
    document: list[object] = []
    opened = [_Open(document, None, None)]
    anchors: dict[str, object] = {}
    for event in events:
        match type(event).__name__:
            case "MappingStartEvent" | "SequenceStartEvent":
                if len(opened) > levels:
                    raise ValueError(f"nested deeper than {levels} levels")
                made: dict[str, object] | list[object] = {} if "Mapping" in type(event).__name__ else []
                opened.append(_Open(made, event.tag, event.anchor))
                continue
            case "MappingEndEvent" | "SequenceEndEvent":
                ended = opened.pop()
                tag, anchor = ended.tag, ended.anchor
                value: object = _merged(ended.made, event)
            case "ScalarEvent":
                tag, anchor, value = event.tag, event.anchor, _scalar(event)
            case "AliasEvent":
                if event.anchor not in anchors:
                    raise ValueError(f"no value is named *{event.anchor} before it is used")
                tag, anchor, value = None, None, anchors[event.anchor]
            case _:
                continue
        value = _short_form(tag, value)
        if anchor:
            anchors[anchor] = value
        _put(opened[-1], value, event)
    if len(document) != 1:
        raise ValueError(f"one document is needed, got {len(document)}")
    return document[0]


def _put(into: _Open, value: object, event: Any) -> None:
    if isinstance(into.made, list):
        into.made.append(value)
    elif into.name is not None:
        into.made[into.name] = value
        into.name = None
    else:
        # The name of an object is its text, whatever type that looks like.
        name = getattr(event, "value", value)
        if name == "<<" and not event.style and not event.tag:
            name = _MERGE
        if not isinstance(name, str):
            raise ValueError(f"names of objects must be text, got {type(value).__name__}{event.start_mark}")
        if name in into.made:
            raise ValueError(f"each name must be there once in an object, got {name!r} twice{event.start_mark}")
        into.name = name


def _merged(made: dict[str, object] | list[object], event: Any) -> dict[str, object] | list[object]:
    """Return an object with what it merges: its own names win, then those of what is merged first."""
    if not isinstance(made, dict) or _MERGE not in made:
        return made
    merged = made.pop(_MERGE)
    for one in merged if isinstance(merged, list) else [merged]:
        if not isinstance(one, dict):
            raise ValueError(f"<< must merge objects, got {type(one).__name__}{event.start_mark}")
        made |= {name: value for name, value in one.items() if name not in made}
    return made


def _scalar(event: Any) -> object:
    text: str = event.value
    if event.style or event.tag:
        return text
    if text in _WORDS:
        return _WORDS[text]
    return int(text) if _INTEGER.fullmatch(text) else text


def _short_form(tag: str | None, value: object) -> object:
    if tag is None or not tag.startswith("!") or tag == "!":
        return value
    function = tag[1:]
    if function in ("Ref", "Condition"):
        return {function: value}
    if function == "GetAtt" and isinstance(value, str):
        return {"Fn::GetAtt": value.split(".", 1)}
    return {f"Fn::{function}": value}
