"""What is checked, and how bad what is: by what is asked for, and for the rest by the settings of the project."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from secure_kms_constructs.settings import Settings

from .findings import Severity
from .rule import Rule
from .rules import chosen, rule_named


def settled(
    settings: Settings, rules: Iterable[str] | None, severities: Mapping[str, Severity | str]
) -> tuple[Rule, ...]:
    """Return the rules to run; rules that are asked for take the place of those of the settings.

    :param rules: ids or names; those of the settings where None.
    :param severities: by id or name, before those of the settings.
    :raises ValueError: for a rule or severity that there is not.
    """
    try:
        chosen(settings.rules, settings.severities)
    except ValueError as error:
        raise ValueError(f"[tool.secure-kms] of {settings.path}: {error}") from None
    told = {rule_named(name).id: level for name, level in severities.items()}
    both = {rule_named(name).id: level for name, level in settings.severities.items()} | told
    return chosen(settings.rules if rules is None else rules, both)
