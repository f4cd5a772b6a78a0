"""Which resources of an app refer to keys, or to anything else, as their templates will say."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from constructs import IConstruct

from .node import Questions


class UseOfKey(NamedTuple):
    """A resource that refers to a key.

    :param logical_id: its name in the template of its stack.
    :param path: the path of its construct.
    :param type: its CloudFormation type.
    :param stack: the path of its stack, which may be a nested one or another than the key's.
    :param properties: the paths of the properties that refer to it, as CloudFormation names them. Positions in lists
        are numbers; arguments of intrinsic functions are no part of a path.
    """

    logical_id: str
    path: str
    type: str
    stack: str
    properties: tuple[tuple[str | int, ...], ...]


def uses(scope: IConstruct, keys: Sequence[Any]) -> list[list[UseOfKey]]:
    """Return for each key the resources below a scope that refer to it; one question for all.

    References through tokens are found in every stack; those that somebody wrote by hand (``Fn.get_att`` of a logical
    id, an override) in the stack of the key. Not found are exports imported by name, ARNs written out, and what goes
    through a parameter of a nested stack; there the ``AWS::CloudFormation::Stack`` stands for it, unless CDK itself
    passes the reference, for then the resource inside is told.

    :param scope: a stack, with its nested stacks, or an app.
    :param keys: keys of this app, or any constructs with an L1: aliases, and what is encrypted with a key.
    """
    return [
        [
            UseOfKey(one["logicalId"], one["path"], one["type"], one["stack"], tuple(map(tuple, one["properties"])))
            for one in several
        ]
        for several in Questions.uses(scope, keys)
    ]
