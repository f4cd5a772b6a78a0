"""CloudFormation's intrinsic functions on resolved arguments. What one of them cannot do is ``Unknown``.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference.html
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable

from secure_kms_constructs.policies import Unknown

from .texts import as_text, joined, unknown

PLACEHOLDER = re.compile(r"\$\{(!?)([^}]*)\}")
_PIECES = 10_000


def join(argument: object) -> object:
    """``Fn::Join``."""
    match argument:
        case [str(separator), list(parts)]:
            return joined(parts, separator)
        case [_, Unknown() as parts]:
            return parts
    return malformed("Fn::Join")


def split(argument: object) -> object:
    """``Fn::Split``."""
    match argument:
        case [str(separator), str(text)] if separator:
            pieces = text.split(separator)
            return list(pieces) if len(pieces) <= _PIECES else unknown(f"more than {_PIECES} pieces")
        case [_, Unknown() as text]:
            return unknown(f"a piece of {text.description}")
    return malformed("Fn::Split")


def select(argument: object) -> object:
    """``Fn::Select``."""
    match argument:
        case [index, list(values)]:
            text = as_text(index)
            if text is not None and re.fullmatch(r"\d{1,6}", text) and int(text) < len(values):
                return values[int(text)]
        case [_, Unknown() as values]:
            return values
    return malformed("Fn::Select")


def to_base64(argument: object) -> object:
    """``Fn::Base64``."""
    text = as_text(argument)
    if text is None:
        if isinstance(argument, Unknown):
            return unknown(f"the Base64 of {argument.description}")
        return malformed("Fn::Base64")
    return base64.b64encode(text.encode(errors="replace")).decode()


def malformed(function: str) -> Unknown:
    """Return what stands for a function whose arguments make no sense."""
    return Unknown(f"{function} with arguments that it cannot have")


# Those that need nothing but their argument, resolved.
PURE: dict[str, Callable[[object], object]] = {
    "Fn::Base64": to_base64,
    "Fn::Join": join,
    "Fn::Select": select,
    "Fn::Split": split,
}
