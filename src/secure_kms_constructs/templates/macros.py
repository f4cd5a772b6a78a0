"""Macros that work on a whole template: what they may change is not for certain."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

# Macros of AWS whose work is read as far as it matters here, or noted where it is met.
_READ = ("AWS::CodeDeployBlueGreen", "AWS::LanguageExtensions", "AWS::Serverless-2016-10-31")
# It makes a rotation function with a role of its own, and leaves the rest as it is.
# https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/transform-aws-secretsmanager.html
_ROTATION = "AWS::SecretsManager-"


def macros_of(template: Mapping[str, object]) -> Iterator[tuple[str, bool]]:
    """Return what calls each macro that is not read, and whether it may change all of the template."""
    transform = template.get("Transform")
    for macro in transform if isinstance(transform, list) else [transform]:
        name = macro.get("Name") if isinstance(macro, Mapping) else macro
        if isinstance(name, str) and name not in _READ:
            yield f"the macro {name}", not name.startswith(_ROTATION)
        elif not isinstance(name, str) and macro is not None:
            yield "a macro whose name cannot be told", True
    yield from ((name, True) for name in template if name.startswith("Fn::"))


def changing(template: Mapping[str, object]) -> str | None:
    """Return what may change all of a template, so that nothing that is read of it is for certain."""
    resources = template.get("Resources")
    made = resources if isinstance(resources, Mapping) else {}
    # A loop only adds, what a macro stands beside it may change.
    beside = (name for name in made if name.startswith("Fn::") and not name.startswith("Fn::ForEach"))
    return next((name for name, changes in macros_of(template) if changes), next(beside, None))
