"""Says which function tells what each reference and intrinsic function of a template means."""

from __future__ import annotations

from . import conditions, parameters, physical_names, references
from .intrinsics import IN_STACKS
from .resolution import Handlers

HANDLERS = Handlers(
    functions=IN_STACKS,
    parameter=parameters.parameter,
    pseudo=parameters.pseudo,
    name_or_arn=physical_names.name_or_arn,
    attribute=physical_names.attribute,
    verdict=conditions.verdict,
    dynamic=references.dynamic,
)
