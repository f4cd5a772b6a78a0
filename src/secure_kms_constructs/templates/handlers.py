"""The handlers that a resolver of CloudFormation's templates calls, put together."""

from __future__ import annotations

from . import conditions, parameters, physical, references
from .intrinsics import IN_STACKS
from .resolution import Handlers

HANDLERS = Handlers(
    functions=IN_STACKS,
    parameter=parameters.parameter,
    pseudo=parameters.pseudo,
    name_or_arn=physical.name_or_arn,
    attribute=physical.attribute,
    verdict=conditions.verdict,
    dynamic=references.dynamic,
)
