"""What the owners of keys that an app does not make must add to their policies, for what in the app uses them."""

from __future__ import annotations

from collections.abc import Sequence

from aws_cdk import Stack
from aws_cdk import aws_kms as kms
from constructs import IConstruct

from secure_kms_constructs.authoring.statements import Statement
from secure_kms_constructs.aws import arns

from .asking import asked_once, root_of, stack_of, stage_of
from .findings import announce, check_at_synth, named_key
from .looking import looked_at, looker_of, with_tokens
from .node import Questions

WHY = (
    "resources of this app use a key that it does not make: where the key leaves nothing to the IAM policies of this "
    "account, its owner has to add"
)


class ImportedKeys:
    """The imported keys of a stage; what uses them is told once the app is complete."""

    def __init__(self) -> None:
        self._stack: Stack | None = None
        self._told: set[str] = set()

    def follow(self, stack: Stack) -> None:
        """Follow the keys of the stage of a stack."""
        if self._stack is None:
            self._stack = stack
            check_at_synth(stack, self._tell)

    def _tell(self) -> list[str]:
        assert self._stack is not None
        if not looker_of(self._stack).may_see_imports:
            return []
        # An app may be synthesized more than once, and two constructs may stand for one key.
        imported = Questions.imported_keys(self._stack)
        keys = [one for path, one in imported.items() if path not in self._told]
        self._told.update(imported)
        for (key, arn), (needed, others) in zip(keys, needed_of(keys) if keys else (), strict=True):
            if needed:
                announce(key, "requiredKeyPolicy", " ".join([*others, WHY]), needed, of=named_key(key, arn))
        return []


def needed_of(keys: Sequence[tuple[kms.IKey, str]]) -> list[tuple[list[Statement], list[str]]]:
    """Return for each key, given with its ARN, what its policy must say, and what cannot be written."""
    # Loaded once there is something to look at.
    from secure_kms_constructs.authoring.apps import in_template_form
    from secure_kms_constructs.authoring.key_requirements import Kind
    from secure_kms_constructs.authoring.owner_statements import provisions
    from secure_kms_constructs.authoring.served_keys import KeyFacts
    from secure_kms_constructs.authoring.served_statements import filled
    from secure_kms_constructs.authoring.serving import decide, leading_types

    seen = Questions.look([], leading_types(), [key for key, _ in keys])
    app, places = looked_at(seen)
    ids = {one.path: one.logical_id for one in app.resources.values()}
    found = []
    for key, arn in keys:
        stack = stack_of(key)
        place = places[stack.node.path]
        several = "key/mrk-" in arns.as_text(stack.resolve(arn))
        kind = Kind("SYMMETRIC", "SYMMETRIC_DEFAULT", several, place.region)
        decision = decide(app, KeyFacts(key.node.path, stack.node.path, place, kind, is_ours=False))
        through = {
            action: [f"{prefix}.{place.region}.amazonaws.com" for prefix in via]
            for action, via in sorted(decision.provisions.items())
        }
        several_statements = [*provisions(place.deployer, through), *decision.statements]
        written = [with_tokens(in_template_form(filled(one, place), ids)) for one in several_statements]
        found.append((written, decision.refusals))
    return found


def follow_imported_keys(stack: Stack) -> None:
    """Have it told at synth what the owners of imported keys must add for what uses them, in the stage of a stack."""
    _imported_below(stage_of(stack) or root_of(stack)).follow(stack)


@asked_once
def _imported_below(_root: IConstruct) -> ImportedKeys:
    return ImportedKeys()
