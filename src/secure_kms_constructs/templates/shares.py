"""Several apps at a time: each gets of what is told of them what is about it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from .givens import Givens
from .reading import Names, close_names


@dataclass
class Shares:
    """What is told of several apps, and what of it none of those had that were asked so far.

    :param known: what is told.
    """

    known: Givens
    _seen: list[Names] = field(default_factory=list)

    def of(self, app: Names) -> Givens:
        """Return what is about one app."""
        self._seen.append(app)
        same = {name: arn for name, arn in self.known.same.items() if name in app.same}
        parameters: dict[str, dict[str, str]] = {}
        for stack, values in self.known.parameters.items():
            its = {name: value for name, value in values.items() if _has(app, stack, name)}
            parameters |= {stack: its} if its else {}
        return replace(self.known, same=same, parameters=parameters)

    def problems(self) -> list[str]:
        """Return what is told and is about none of the apps."""
        found = []
        every = sorted({name for app in self._seen for name in app.same})
        for name in self.known.same:
            if name not in every:
                close = ", ".join(close_names(name, every))
                found.append(f"--same must name keys, roles or users of the templates, got {name!r}; there are {close}")
        own = {f"{stack}/{one}" for app in self._seen for stack, names in app.parameters.items() for one in names}
        for stack, values in self.known.parameters.items():
            for name in values:
                if not any(_has(app, stack, name) for app in self._seen):
                    given = name if stack == "*" else f"{stack}/{name}"
                    close = ", ".join(close_names(given, own))
                    found.append(f"--parameter must be one of a stack, got {given!r}; there are {close}")
        return found


def _has(app: Names, stack: str, parameter: str) -> bool:
    stacks = app.parameters.values() if stack == "*" else [app.parameters.get(stack, frozenset())]
    return any(parameter in names for names in stacks)
