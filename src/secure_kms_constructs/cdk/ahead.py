"""What a grant is about to ask about its resources, asked in one call for all of them and for those beside them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, cast

from aws_cdk import Resource

from .asking import answers_about, arn_of, key_of, name_given, name_of, principal_of, references_in, stack_of
from .node import Questions

# What was told of a resource beside those that were asked about, by jsii's name of it, until somebody asks.
_told: dict[str, dict[Any, Any]] = {}


def ask_ahead(resources: Sequence[Any]) -> None:
    """Ask in one call what a grant asks about each of several resources of this app, and about those beside them."""
    new = []
    for one in resources:
        if not isinstance(one, Resource) or ask_ahead in (answers := answers_about(one)):
            continue
        known = _told.pop(cast(Any, one).__jsii_ref__.ref, None)
        answers[ask_ahead] = True
        if known is None:
            new.append(one)
        else:
            answers.update(known)
    if not new:
        return
    try:
        described = Questions.describe(list(dict.fromkeys(new)))
    except RuntimeError:
        return  # Whoever asks for the part that cannot be told gets to know why.
    constructs, behind = json.loads(described["told"])
    asked = iter(dict.fromkeys(new))
    for row in constructs:
        one, found = next(asked, None), _answers_in(row, described)
        if one is not None:
            answers_about(one).update(found)
        elif row[0] is not None:
            _told[row[0]] = found
    for principal, row in zip(described["principals"], behind, strict=True):
        if row is not None:
            answers_about(principal).update({**_answers_in(row, described), ask_ahead: True})


def _answers_in(row: Sequence[Any], described: Mapping[str, Any]) -> dict[Any, Any]:
    """Return what Node has told of one resource, by the questions that it answers."""
    _, stack, arn, is_reference, physical, key, given, principal = row
    stack = described["stacks"][stack]
    found = {
        stack_of: stack,
        name_of: physical,
        key_of: described["keys"][key] if key >= 0 else None,
        name_given: given,
    }
    if arn is not None:
        found[arn_of] = arn
    if is_reference:
        references_in(stack).add(arn)
    if principal >= 0:
        found[principal_of] = described["principals"][principal]
    return found
