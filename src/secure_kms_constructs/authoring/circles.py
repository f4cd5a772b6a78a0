"""Keys that would wait for what waits for them: a literal in place of the reference where it says the same, or refused.

CDK synthesizes such a circle inside one template, and CloudFormation refuses it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from secure_kms_constructs.aws import arns, catalogue

from .apps import App, Looked, Place, reference, referred
from .instead import LIKE, as_json, values_of, with_texts
from .reading import bound, listed
from .statements import Statement

_CONTEXT = "kms:encryptioncontext:"
_WHO = "aws:principalarn"
_SOURCE = "aws:sourcearn"
_RANDOM, _WHOLE, _LONGEST, _LONGEST_STACK = 13, 24, 64, 128
LOG_GROUP = "AWS::Logs::LogGroup"
_HOLDERS = {"AWS::IAM::Role": ("role", "RoleName"), "AWS::IAM::User": ("user", "UserName")}


class Circles(NamedTuple):
    """What a key must not refer to.

    :param ways: by the path of a resource, the paths from it to the key that it waits for.
    :param waits: the same for what the key waits for beside what its policy names.
    """

    ways: Mapping[str, Sequence[str]] = {}
    waits: Mapping[str, Sequence[str]] = {}


class Opened(NamedTuple):
    """A key policy without circles.

    :param statements: as they were told, with texts in place of references.
    :param texts: the texts by the values they stand for, as JSON; ``{account}`` and the like are where the key is.
    :param problems: what no text can stand for.
    """

    statements: Sequence[Statement]
    texts: Mapping[str, str]
    problems: Sequence[str]


def names_a_source(statement: Statement) -> bool:
    """Tell whether a statement for a service names the source of its calls by a reference."""
    return any(where == _SOURCE and any(referred(value)) for where, value in values_of(statement))


def opened(app: App, place: Place, statements: Sequence[Statement], circles: Circles, stack: str) -> Opened:
    """Return the statements of a key policy without references to what waits for the key.

    A source of another stack counts as such: for its sake no stack has to wait for another.

    :param stack: path of the key's.
    """
    written, texts, problems = [], dict[str, str](), []
    for way in circles.waits.values():
        problems.append(
            f"the key waits for {_called(app, way[0])}, which waits for the key ({_shown(app, way)}): CloudFormation "
            "refuses the circle, so take the dependency away"
        )
    for number, statement in enumerate(statements):
        for where, value in values_of(statement):
            circular = [path for path in dict.fromkeys(referred(value)) if path in circles.ways]
            if not circular and not (where == _SOURCE and any(app.stack_of(path) != stack for path in referred(value))):
                continue
            text = _text(app, place, where, value, statement)
            if text is not None:
                texts[as_json(value)] = text
                continue
            name = statement.get("Sid") or number
            names = f"statement {name!r} names"
            problems += [
                refusal(app, names, circles.ways[path], is_principal=where == "principal") for path in circular
            ]
        written.append(with_texts(statement, texts))
    return Opened(written, texts, list(dict.fromkeys(problems)))


def refusal(app: App, names: str, way: Sequence[str], *, is_principal: bool = False) -> str:
    """Return why a key policy cannot refer to a resource, and what to do.

    :param is_principal: whether it is named as one, which has to exist before the key.
    """
    resource = app.resources.get(way[0])
    advice = "write its ARN out in the statement, with a literal name (stack.format_arn)"
    if resource is not None and resource.type in _HOLDERS:
        kind = _HOLDERS[resource.type][0]
        first = f"give the {kind} a literal {kind}_name"
        if is_principal:
            first = f"name it by a grant (key.grant_decrypt({kind})), which a {kind} made after the key can have"
        advice = f"{first}, or put what names the key into an iam.Policy of its own"
    return (
        f"{names} {_called(app, way[0])}, which waits for the key ({_shown(app, way)}): CloudFormation refuses the "
        f"circle, so {advice}"
    )


def without_policy(app: App, whose: str, way: Sequence[str], grant: str) -> str:
    """Return what a role needs that the key policy can name in a condition only, which is not enough by itself."""
    return (
        f"{whose}: {_called(app, way[0])} waits for the key ({_shown(app, way)}), so the key policy cannot refer to "
        f"it, and no policy of its own allows it: call {grant} for it"
    )


def literal_arn(app: App, place: Place, holder: Looked) -> str | None:
    """Return the ARN of a role or user whose name is literal, with ``{account}`` and the like for a key's place."""
    kind, named_by = _HOLDERS[holder.type]
    name, path, there = (
        holder.properties.get(named_by),
        holder.properties.get("Path", "/"),
        app.places.get(holder.stack),
    )
    if not isinstance(name, str) or not isinstance(path, str) or there is None:
        return None
    if there.account == place.account:
        return f"arn:{{partition}}:iam::{{account}}:{kind}{path}{name}"
    if arns.has_placeholder(there.account):
        return None
    return f"arn:{{partition}}:iam::{there.account}:{kind}{path}{name}"


def generated_arn(app: App, place: Place, holder: Looked) -> str | None:
    """Return the pattern of the ARN of a role or user whose name CloudFormation makes up; None where it is not told.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-name.html
    """
    kind, named_by = _HOLDERS[holder.type]
    path, there = holder.properties.get("Path", "/"), app.places.get(holder.stack)
    if named_by in holder.properties or not isinstance(path, str) or there is None or there.account != place.account:
        return None
    stack, name = there.stack_name, holder.logical_id
    # A longer one is cut, and no page says where; neither does one say that a long part of a short one is not.
    if not _is_told(stack) or _longest(f"{stack}-{name}-*") > _LONGEST:
        return None
    made = "".join(f"{part}-" if _longest(part) <= _WHOLE else f"{part[:_WHOLE]}*" for part in (stack, name))
    made = f"{made}*".replace("**", "*")
    return f"arn:{{partition}}:iam::{{account}}:{kind}{path}{made}"


def generated_name(app: App, resource: Looked) -> str | None:
    """Return the pattern of the name that CloudFormation makes up for a log group; None where it is not told.

    No stack's and logical id's are long enough for one to be cut.
    https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-name.html
    The name of a nested stack is made up in the same way.
    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-properties-stack.html
    """
    there = app.places.get(resource.stack)
    if resource.type != LOG_GROUP or there is None or not _is_told(there.stack_name):
        return None
    return f"{there.stack_name}-{resource.logical_id}-*"


def _is_told(stack_name: str) -> bool:
    """Tell whether the name of a stack is known, but for the random parts of a nested one's; those may be cut."""
    return bool(stack_name) and not arns.has_placeholder(stack_name) and _longest(stack_name) <= _LONGEST_STACK


def _longest(pattern: str) -> int:
    """Return how long a name with random parts may be."""
    return len(pattern.replace("*", "x" * _RANDOM))


def _text(app: App, place: Place, where: str, value: Any, statement: Statement) -> str | None:
    """Return the text that says what a value with references says; None where there is none."""
    text = _source_pattern(app, place, value) if where == _SOURCE else _written_out(app, place, where, value)
    if text is None:
        return None
    # Only what stands in a condition has a text.
    operators = [operator for operator, block in statement["Condition"].items() if _has(block, value)]
    wild = "*" in text
    principal = statement.get("Principal")
    is_service = isinstance(principal, dict) and set(principal) == {"Service"}
    # A service works for whom its source says; a role would get the use of all that the pattern takes in.
    tied = re.search(r":(\{account\}|\d{12}):", text) or "aws:sourceaccount" in bound(statement)
    if wild and not ((where == _WHO or (is_service and tied)) and all(one in LIKE for one in operators)):
        return None
    return text


def _source_pattern(app: App, place: Place, value: Any) -> str | None:
    """Return the ARNs that the source of a service's calls may have; each of its account where that is all we know."""
    found = reference(value)
    if found is None:
        return _written_out(app, place, _SOURCE, value)
    resource, there = app.resources.get(found[0]), app.places.get(app.stack_of(found[0]))
    if resource is not None and resource.type == "AWS::S3::Bucket":
        name = resource.properties.get("BucketName")
        return f"arn:{{partition}}:s3:::{name if isinstance(name, str) else '*'}"
    if there is None or arns.has_placeholder(there.account):
        return None
    return f"arn:*:*:*:{'{account}' if there.account == place.account else there.account}:*"


def _has(block: Mapping[str, Any], value: Any) -> bool:
    return any(value in listed(several) for several in block.values())


def _written_out(app: App, place: Place, where: str, value: Any) -> str | None:
    if isinstance(value, str):
        return value
    if isinstance(value, dict) and list(value) == ["Fn::Join"]:
        between, several = value["Fn::Join"]
        parts = [_written_out(app, place, where, one) for one in several] if isinstance(several, list) else [None]
        return str(between).join(map(str, parts)) if None not in parts else None
    if isinstance(value, dict) and list(value) == ["Fn::Sub"]:
        written = value["Fn::Sub"]
        return _substituted(app, place, where, *(written if isinstance(written, list) else (written, {})))
    return _of_reference(app, place, where, value)


def _substituted(app: App, place: Place, where: str, text: str, variables: Mapping[str, Any]) -> str | None:
    for name, value in variables.items():
        written = _written_out(app, place, where, value)
        if written is None:
            return None
        text = text.replace("${" + name + "}", written)
    for name, written in _PSEUDO.items():
        text = text.replace("${" + name + "}", written)
    return None if "${" in text else text


_PSEUDO = {"AWS::Partition": "{partition}", "AWS::Region": "{region}", "AWS::AccountId": "{account}"}


def _of_reference(app: App, place: Place, where: str, value: Any) -> str | None:
    if isinstance(value, dict) and set(value) == {"Ref"}:
        return _PSEUDO.get(str(value["Ref"]))
    found = reference(value)
    if found and where == _SOURCE:
        return "*"
    resource = app.resources.get(found[0]) if found else None
    if resource is None:
        return None
    if resource.type in _HOLDERS:
        if where != _WHO:
            # A principal has to exist before the key that names it.
            return None
        # Whoever is named so needs a policy of its own too, so a pattern of one name opens nothing else.
        return literal_arn(app, place, resource) or generated_arn(app, place, resource)
    if not where.startswith(_CONTEXT):
        return None
    pattern, named_by = catalogue.context_pattern(where.removeprefix(_CONTEXT), resource.type)
    name = resource.properties.get(named_by)
    made_up = None if named_by in resource.properties else generated_name(app, resource)
    return pattern.replace("{name}", name if isinstance(name, str) else made_up or "*") or None


def _called(app: App, path: str) -> str:
    resource = app.resources.get(path)
    # CDK makes the resource of a nested stack beside it.
    return re.sub(r"([^/]+)\.NestedStack/\1\.NestedStackResource$", r"\1", resource.called if resource else path)


def _shown(app: App, way: Sequence[str]) -> str:
    return " -> ".join(_called(app, path) for path in way)
