"""CDK sources with the constructs of this library in place of the L2's, where that is sure; the rest is told.

Needs the extra ``rewrite``. Nothing is run: what one file does not tell by itself is left as it is.
"""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass

import libcst as cst
from libcst.codemod import CodemodContext
from libcst.codemod.visitors import AddImportsVisitor, RemoveImportsVisitor
from libcst.helpers import get_full_name_for_node

from .decisions import Decisions, Remark
from .sources import Source

_PACKAGE = "secure_kms_constructs"


@dataclass(frozen=True)
class Rewritten:
    """A source before and after, what was changed and what was left, each with its line before.

    :ivar before: the source.
    :ivar after: the source with what is sure; the same where nothing is.
    :ivar changed: what was changed.
    :ivar left: what somebody must decide, and why.
    """

    before: bytes
    after: bytes
    changed: tuple[Remark, ...] = ()
    left: tuple[Remark, ...] = ()

    def diff(self, name: str) -> str:
        """Return what changes as a unified diff under a name, empty where nothing does."""
        before, after = (
            text.decode("utf-8", "replace").splitlines(keepends=True) for text in (self.before, self.after)
        )
        return "".join(difflib.unified_diff(before, after, name, name))


def rewrite(text: bytes) -> Rewritten:
    """Put this library's constructs into a CDK source where it is sure what they replace.

    ``kms.Key`` becomes a ``HardenedKey`` of the same id, ``secret.grant_read(...)`` a ``ScopedSecretReader``, and a
    statement with ``kms:Decrypt`` on ``*`` goes where readers have taken its place. Comments and format stay.

    :param text: a Python source, in its own encoding.
    :raises ValueError: if it is no Python.
    """
    if b"aws_cdk" not in text:
        return Rewritten(text, text)
    source = Source(text)
    decided = Decisions(source)
    after = _carried_out(source, decided).bytes if decided.calls or decided.lines else text
    return Rewritten(text, after, _in_order(decided.changed), _in_order(decided.left))


def _in_order(remarks: Sequence[Remark]) -> tuple[Remark, ...]:
    return tuple(sorted(remarks, key=lambda remark: remark.line))


def _carried_out(source: Source, decided: Decisions) -> cst.Module:
    changed = source.module.visit(_Changes(decided))
    context = CodemodContext()
    for name in sorted(decided.imports):
        AddImportsVisitor.add_needed_import(context, _PACKAGE, name)
    module = AddImportsVisitor(context).transform_module(changed)
    # Only what nothing uses any more goes, and only if the change may be why.
    for call in decided.calls:
        if isinstance(call, cst.Call) and isinstance(call.func, cst.Attribute):
            _drop_unused(context, call.func.value, source)
    return RemoveImportsVisitor(context).transform_module(module)


def _drop_unused(context: CodemodContext, module: cst.BaseExpression, source: Source) -> None:
    full, name = source.imported(module), get_full_name_for_node(module)
    if full is not None and name is not None and "." not in name:
        parent, _, last = full.rpartition(".")
        RemoveImportsVisitor.remove_unused_import(context, parent, last, name if name != last else None)


class _Changes(cst.CSTTransformer):
    """Carries out what was decided; comments of lines that go stay."""

    def __init__(self, decided: Decisions) -> None:
        super().__init__()
        self._decided = decided

    def leave_Call(self, original_node: cst.Call, updated_node: cst.Call) -> cst.Call:  # noqa: N802
        change = self._decided.calls.get(original_node)
        return change(updated_node) if change is not None else updated_node

    def leave_IndentedBlock(  # noqa: N802
        self, original_node: cst.IndentedBlock, updated_node: cst.IndentedBlock
    ) -> cst.IndentedBlock:
        body, over = self._kept(original_node.body, updated_node.body)
        return updated_node.with_changes(body=body, footer=[*over, *updated_node.footer])

    def leave_Module(self, original_node: cst.Module, updated_node: cst.Module) -> cst.Module:  # noqa: N802
        body, over = self._kept(original_node.body, updated_node.body)
        return updated_node.with_changes(body=body, footer=[*over, *updated_node.footer])

    def _kept(
        self, before: Sequence[cst.CSTNode], after: Sequence[cst.CSTNode]
    ) -> tuple[list[cst.CSTNode], list[cst.EmptyLine]]:
        """Return the lines that stay, and the comments that no line is left for."""
        kept: list[cst.CSTNode] = []
        over: list[cst.EmptyLine] = []
        for was, now in zip(before, after, strict=True):
            if was in self._decided.lines and isinstance(now, cst.SimpleStatementLine):
                over += [line for line in now.leading_lines if line.comment is not None]
                if (beside := now.trailing_whitespace.comment) is not None:
                    over.append(cst.EmptyLine(comment=beside))
            elif over and isinstance(now, cst.BaseCompoundStatement | cst.SimpleStatementLine):
                kept.append(now.with_changes(leading_lines=[*over, *now.leading_lines]))
                over = []
            else:
                kept.append(now)
        return kept, over
