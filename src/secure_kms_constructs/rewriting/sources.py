"""What a Python source says of constructs: what a name was made of, and what is said once alone."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

import libcst as cst
from libcst.helpers import get_full_name_for_node
from libcst.metadata import (
    Assignment,
    MetadataWrapper,
    ParentNodeProvider,
    PositionProvider,
    QualifiedName,
    QualifiedNameProvider,
    QualifiedNameSource,
    Scope,
    ScopeProvider,
)

_LOOPS = (cst.For, cst.While, cst.GeneratorExp, cst.ListComp, cst.SetComp, cst.DictComp, cst.Lambda)


class Source:
    """A source that was parsed, with the questions that are asked before it is rewritten.

    :ivar module: its tree.
    :ivar texts: the texts that it holds as they stand.
    :raises ValueError: if it is no Python.
    """

    def __init__(self, text: bytes) -> None:
        try:
            wrapper = MetadataWrapper(cst.parse_module(text))
        except cst.ParserSyntaxError as error:
            raise ValueError(f"line {error.raw_line} is no Python: {error.message}") from None
        except (UnicodeDecodeError, LookupError, SyntaxError) as error:
            raise ValueError(f"this is no text in the encoding that it names: {error}") from None
        self.module = wrapper.module
        self._names = wrapper.resolve(QualifiedNameProvider)
        self._parents = wrapper.resolve(ParentNodeProvider)
        self._positions = wrapper.resolve(PositionProvider)
        self._scopes = wrapper.resolve(ScopeProvider)
        self._members: dict[tuple[cst.CSTNode | None, str], list[cst.BaseExpression | None]] = defaultdict(list)
        self.texts: set[str] = set()
        for node in _nodes(self.module):
            if isinstance(node, cst.SimpleString) and isinstance(value := node.evaluated_value, str):
                self.texts.add(value)
            for target, made in _assigned(node):
                if isinstance(target, cst.Attribute):
                    name = get_full_name_for_node(target) or ""
                    self._members[self._around(target, cst.ClassDef), name].append(made)

    def calls(self) -> Iterator[cst.Call]:
        """Yield every call."""
        yield from (node for node in _nodes(self.module) if isinstance(node, cst.Call))

    def line(self, node: cst.CSTNode) -> int:
        """Return the line on which a node begins, from 1."""
        return self._positions[node].start.line

    def line_of(self, call: cst.Call) -> cst.SimpleStatementLine | None:
        """Return the line that is a call and nothing else."""
        expression = self.parent(call)
        line = self.parent(expression) if isinstance(expression, cst.Expr) else None
        return line if isinstance(line, cst.SimpleStatementLine) and len(line.body) == 1 else None

    def parent(self, node: cst.CSTNode) -> cst.CSTNode | None:
        """Return what holds a node."""
        return self._parents.get(node)

    def imported(self, node: cst.CSTNode) -> str | None:
        """Return what an expression names of a module that is imported, such as ``aws_cdk.aws_kms.Key``."""
        found = self._names.get(node, set())
        names: set[QualifiedName] = set(found() if callable(found) else found or ())
        if len(names) != 1 or (only := names.pop()).source is not QualifiedNameSource.IMPORT:
            return None
        return only.name

    def is_call_of(self, node: cst.CSTNode, name: str) -> bool:
        """Tell whether a node is a call of what is imported under a name."""
        return isinstance(node, cst.Call) and self.imported(node.func) == name

    def repeats(self, node: cst.CSTNode) -> bool:
        """Tell whether a node can run more than once while its function runs once."""
        return isinstance(self._around(node, cst.FunctionDef, *_LOOPS), _LOOPS)

    def scope(self, node: cst.CSTNode) -> Scope | None:
        """Return the function that a node is of, or the module."""
        return self._scopes.get(node)

    def binds(self, name: str) -> bool:
        """Tell whether the source gives a name of this library to something of its own."""
        return any(
            not found.name.startswith("secure_kms_constructs.")
            for scope in set(self._scopes.values())
            if scope is not None
            for assignment in scope.assignments[name]
            for found in assignment.get_qualified_names_for(name)
        )

    def bound_once(self, name: cst.Name) -> bool:
        """Tell whether a name has one value alone wherever it is seen."""
        scope = self.scope(name)
        return scope is not None and len(set(scope[name.value])) == 1

    def made_once(self, node: cst.BaseExpression) -> cst.BaseExpression | None:
        """Return what a name was made of if it gets one value alone: a name of the same function, or of ``self``."""
        if isinstance(node, cst.Name):
            scope = self.scope(node)
            found = set(scope[node.value]) if scope is not None else set()
            only = found.pop() if len(found) == 1 else None
            if not isinstance(only, Assignment) or only.scope is not scope:
                return None
            held = self._around(only.node, cst.Assign, cst.AnnAssign)
            return next((made for target, made in _assigned(held) if target is only.node), None)
        name = get_full_name_for_node(node) or ""
        if not isinstance(node, cst.Attribute) or not name.startswith("self.") or name.count(".") != 1:
            return None
        made = self._members[self._around(node, cst.ClassDef), name]
        return made[0] if len(made) == 1 else None

    def declared(self, node: cst.BaseExpression) -> str | None:
        """Return what a parameter is said to be, as the name of something imported."""
        scope = self.scope(node)
        found = set(scope[node.value]) if isinstance(node, cst.Name) and scope is not None else set()
        only = found.pop() if len(found) == 1 else None
        parameter = only.node if isinstance(only, Assignment) else None
        annotation = parameter.annotation if isinstance(parameter, cst.Param) else None
        return self.imported(annotation.annotation) if annotation is not None else None

    def uses_of(self, name: cst.Name) -> list[cst.CSTNode]:
        """Return each place that reads a name, in every function that sees it."""
        scope = self.scope(name)
        assignments = scope[name.value] if scope is not None else ()
        return [access.node for assignment in assignments for access in assignment.references]

    def _around(self, node: cst.CSTNode | None, *kinds: type[cst.CSTNode]) -> cst.CSTNode | None:
        while node is not None and (node := self._parents.get(node)) is not None:
            if isinstance(node, kinds):
                return node
        return None

    def method_of(self, node: cst.CSTNode) -> cst.FunctionDef | None:
        """Return the function around a node."""
        found = self._around(node, cst.FunctionDef)
        return found if isinstance(found, cst.FunctionDef) else None


def is_first_of_method(source: Source, node: cst.CSTNode, name: str) -> bool:
    """Tell whether a name is the first parameter of the method around a node, as ``self`` is."""
    method = source.method_of(node)
    first = [*method.params.posonly_params, *method.params.params][:1] if method is not None else []
    return name == "self" and [one.name.value for one in first] == [name]


def argument(call: cst.Call, name: str) -> cst.BaseExpression | None:
    """Return the value of a keyword argument."""
    return next((arg.value for arg in call.args if word(arg) == name), None)


def word(arg: cst.Arg) -> str:
    """Return the keyword of an argument, empty where it has none."""
    return arg.keyword.value if arg.keyword is not None else ""


def words(call: cst.Call) -> list[str]:
    """Return the keyword of each argument of a call."""
    return [word(arg) for arg in call.args]


def keywords(call: cst.Call) -> list[str] | None:
    """Return the keywords of a construct after scope and id, or nothing where it is not written so."""
    first, rest = call.args[:2], call.args[2:]
    if len(first) < 2 or any(arg.keyword is not None or arg.star for arg in first):
        return None
    return None if any(arg.keyword is None for arg in rest) else [word(arg) for arg in rest]


def literals(node: cst.BaseExpression | None) -> list[str] | None:
    """Return the texts of a list that holds texts as they stand and nothing else."""
    if not isinstance(node, cst.List):
        return None
    values = [one.value.evaluated_value if isinstance(one.value, cst.SimpleString) else None for one in node.elements]
    texts = [value for value in values if isinstance(value, str)]
    return texts if len(texts) == len(values) else None


def _assigned(node: cst.CSTNode | None) -> Iterator[tuple[cst.CSTNode, cst.BaseExpression | None]]:
    if isinstance(node, cst.Assign):
        # Of `a, b = ...` nothing is told.
        yield from ((one.target, node.value) for one in node.targets)
    elif isinstance(node, cst.AnnAssign):
        yield node.target, node.value
    elif isinstance(node, cst.AugAssign | cst.For | cst.CompFor | cst.Del | cst.NamedExpr):
        yield node.target, None
    elif isinstance(node, cst.AsName):
        yield node.name, None


def _nodes(node: cst.CSTNode) -> Iterator[cst.CSTNode]:
    yield node
    for child in node.children:
        yield from _nodes(child)
