"""What a synth has to say: checks at its end, findings for others, errors about unfinished lookups."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Mapping, Sequence

import jsii
from aws_cdk import Annotations, Stack, region_info
from aws_cdk import aws_kms as kms
from constructs import Construct, IConstruct, IValidation

from secure_kms_constructs.authoring.statements import Statement
from secure_kms_constructs.aws import arns
from secure_kms_constructs.aws.facts import LOOKUP_DUMMY_KEY_ID

from .asking import asked_once, node_of, region_of, stack_of
from .finished import look_anew
from .node import Questions
from .places import is_known


@jsii.implements(IValidation)
class _Validation:
    def __init__(self, stack: Stack, checks: list[Callable[[], list[str]]]) -> None:
        self._stack = stack
        self._checks = checks

    def validate(self) -> list[str]:
        look_anew(self._stack)
        return [message for check in self._checks for message in check()]


@asked_once
def _checks_of(stack: Stack) -> list[Callable[[], list[str]]]:
    # One validation a stack: each costs three calls into Node to make, and one back.
    checks: list[Callable[[], list[str]]] = []
    node_of(stack).add_validation(_Validation(stack, checks))
    return checks


def check_at_synth(stack: Stack, check: Callable[[], list[str]]) -> None:
    """Have CDK run a check of something in a stack at synth.

    :param check: returns one message for each problem, which says where it is.
    """
    _checks_of(stack).append(check)


def checked_key_arn(scope: Construct, key: kms.IKey, what: object) -> arns.Arn | None:
    """Check that a key has the full ARN of one key; return its parts, None where they are known only at deploy time.

    :raises ValueError: for an alias, a key id, a wildcard, another service's ARN, and the dummy of a lookup. While the
        CDK CLI runs the app the dummy is an error annotation instead: the CLI must get through the pass in which it
        learns what to look up, and deploys nothing that carries an error.
    """
    parsed = arns.key_arn(arns.as_text(stack_of(scope).resolve(key.key_arn)), what)
    if parsed and arns.is_lookup_dummy(parsed):
        report_lookup(scope, what)
    return parsed


def report_lookup(scope: Construct, what: object, failure: str | None = None) -> None:
    """Report a key that stands for an unfinished lookup.

    :param failure: what the lookup failed with, where it was made.
    :raises ValueError: unless the CDK CLI runs the app; there it is an error annotation.
    """
    message = (
        f"{what} is the dummy of a lookup, got key/{LOOKUP_DUMMY_KEY_ID.value}"
        f"{f' because {failure}' if failure else ''}: run `cdk synth` with credentials, so that cdk.context.json "
        "holds the real key"
    )
    if "CDK_CLI_VERSION" not in os.environ:
        raise ValueError(message)
    Annotations.of(scope).add_error(message)


def announce(scope: IConstruct, name: str, why: str, needed: Sequence[Statement], *, of: str) -> None:
    """Tell, as an informational finding, what somebody else has to write; ``secure-kms owners`` reads it.

    :param of: whose policy it is: an ARN, maybe with placeholders, or the path of a construct.
    """
    text = f"{why} {paste_ready(stack_of(scope), needed)}\nto the policy of {of}"
    Annotations.of(scope).add_info_v2(f"secure-kms-constructs:{name}", text)
    # The CDK CLI shows it. Where somebody runs the app itself and looks, nobody else does.
    if "CDK_CLI_VERSION" not in os.environ and sys.stderr.isatty():
        sys.stderr.write(f"[info at {scope.node.path}] {text}\n")


def named_key(key: kms.IKey, arn: str, scope: IConstruct | None = None) -> str:
    """Return how messages call a key: by its ARN, or by its path where the ARN is known only at deploy time."""
    text = arns.as_text(stack_of(scope or key).resolve(arn))
    return text if arns.only_pseudo_parameters(text) else str(key.node.path)


def warn(name: str, texts: Mapping[Construct, Sequence[str]]) -> None:
    """Warn of what a synth has found, once and with one call for all constructs."""
    notes = [
        (number, True, f"secure-kms-constructs:{name}", text)
        for number, (construct, several) in enumerate(texts.items())
        for text in several
        if text not in _said_of(construct)
    ]
    if notes:
        Questions.tell(list(texts), notes)
    for construct, several in texts.items():
        _said_of(construct).update(several)


@asked_once
def _said_of(_construct: Construct) -> set[str]:
    # An app may be synthesized more than once.
    return set()


def paste_ready(stack: Stack, needed: Sequence[Statement]) -> str:
    """Return statements as JSON, with every value that is known before the deployment filled in."""
    text = json.dumps(arns.plain(stack.resolve(list(needed))), indent=2)
    if is_known(region_of(stack)):
        partition = region_info.RegionInfo.get(region_of(stack)).partition
        text = text.replace("${AWS.Partition}", partition or "${AWS.Partition}")
    return text


def check_several(name: str, values: object, instead: str | None = None) -> None:
    """Check that a parameter is a list; a text would be taken letter by letter.

    :param instead: what to pass in place of a text in the list; None where texts are meant.
    """
    if isinstance(values, str) or not isinstance(values, Sequence):
        raise ValueError(f"{name} must be a list, got {_shown(values)}: put it in brackets")
    for one in values if instead is not None else ():
        check_no_text(name, one, instead or "")


def _shown(value: object) -> str:
    path = getattr(getattr(value, "node", None), "path", None)
    return f"the {type(value).__name__} {path}" if isinstance(path, str) else repr(value)


def check_no_text(name: str, value: object, instead: str) -> None:
    """Check that a construct is given, not its ARN or name."""
    if isinstance(value, str):
        raise ValueError(f"{name} takes constructs, got the text {value!r}: pass {instead}")


PRINCIPAL = "iam.Role.from_role_arn(...) with the ARN, or the role or user itself"
SECRET = "secretsmanager.Secret.from_secret_complete_arn(...) or from_secret_name_v2(...)"
KEY = "ResolvedKey.from_arn(...) with the full ARN, or ResolvedKey.from_alias(...)"
SERVICE = "a member of Service, such as Service.SECRETS_MANAGER"
