"""What of a CDK source this library's constructs surely replace, and why the rest is left."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import libcst as cst
from libcst.helpers import get_full_name_for_node

from .hardened import hardened, why_not
from .sources import Source, argument, is_first_of_method, keywords, literals, word, words

_KEY = "aws_cdk.aws_kms.Key"
_SECRETS = "aws_cdk.aws_secretsmanager."
_ADDERS = ("add_to_policy", "add_to_principal_policy", "add_to_role_policy")
_READS = {"kms:decrypt", "kms:describekey"}
# By these a construct runs as a role, which by itself gives the role nothing that needs a key.
_RUNS = {"role", "task_role", "execution_role"}
# Where a role has policies of before, or is another's.
_GIVEN = {"managed_policies", "inline_policies", "initial_policy", "role"}
_EQUAL = cst.AssignEqual(cst.SimpleWhitespace(""), cst.SimpleWhitespace(""))

Change = Callable[[cst.Call], cst.Call]


@dataclass(frozen=True)
class Remark:
    """What is said of a line of a file.

    :ivar line: the line, from 1, of the file as it was.
    :ivar text: what was done, or what somebody must decide.
    """

    line: int
    text: str


class Decisions:
    """What becomes of each call and line of a source.

    :ivar calls: calls that change, each with how.
    :ivar lines: lines that go.
    :ivar imports: names of this library that the source needs.
    :ivar changed: what was decided.
    :ivar left: what was not.
    """

    def __init__(self, source: Source) -> None:
        self._source = source
        self.calls: dict[cst.CSTNode, Change] = {}
        self.lines: set[cst.CSTNode] = set()
        self.imports: set[str] = set()
        self.changed: list[Remark] = []
        self.left: list[Remark] = []
        self._ids = set(source.texts)
        # Whom readers are written for, by the block of lines that they stand in.
        self._readers: set[tuple[cst.CSTNode | None, str]] = set()
        calls = list(source.calls())
        # A statement goes only where a reader has come, so readers are decided before.
        for decide in (self._key, self._reader, self._statement, self._log_group):
            for call in calls:
                decide(call)

    def _change(self, call: cst.Call, name: str, change: Change, said: str) -> bool:
        if self._source.binds(name):
            self._leave(call, f"{name} is a name of this file's own: rename it, and the library's can stand here")
            return False
        self.calls[call] = change
        self.imports.add(name)
        self.changed.append(Remark(self._source.line(call), said))
        return True

    def _leave(self, node: cst.CSTNode, text: str) -> None:
        self.left.append(Remark(self._source.line(node), text))

    # kms.Key

    def _key(self, call: cst.Call) -> None:
        if not self._source.is_call_of(call, _KEY):
            return
        if reason := why_not(call):
            self._leave(call, f"this kms.Key is left: {reason}")
            return
        self._change(
            call,
            "HardenedKey",
            hardened,
            "kms.Key is a HardenedKey of the same id, which keeps the key and its data. Whoever uses it by an IAM "
            "policy from outside this app loses it: compare with `secure-kms diff` before you deploy",
        )

    # secret.grant_read

    def _reader(self, call: cst.Call) -> None:
        func = call.func
        if not isinstance(func, cst.Attribute) or func.attr.value != "grant_read":
            return
        name = get_full_name_for_node(func.value) or "it"
        made = self._source.made_once(func.value)
        if not isinstance(made, cst.Call) or not (self._source.imported(made.func) or "").startswith(_SECRETS):
            if (self._source.declared(func.value) or "").startswith(_SECRETS):
                self._leave(call, f"{name}.grant_read is left: {name} is made elsewhere, with a key that is told there")
        elif reason := self._no_reader(call, made):
            self._leave(call, f"{name}.grant_read is left: {reason}")
        else:
            self._write_reader(call, made)

    def _no_reader(self, call: cst.Call, made: cst.Call) -> str | None:
        """Return why a reader would not surely do what ``grant_read`` does."""
        if not self._source.is_call_of(made, f"{_SECRETS}Secret"):
            return "the secret is imported; write ScopedSecretReader(..., key=ResolvedKey.from_arn(...)) with its key"
        key = argument(made, "encryption_key")
        if key is not None and not self._source.is_call_of(self._source.made_once(key) or key, _KEY):
            return "its key is not made here; write ScopedSecretReader(..., key=...) if it is imported"
        if self._source.line_of(call) is None:
            return "what it returns is used"
        if self._source.repeats(call) or self._source.repeats(made):
            return "it is in a loop, where each ScopedSecretReader needs an id of its own"
        if _grantee(call) is None:
            return "its arguments are not written out"
        if keywords(made) is None or not isinstance(made.args[1].value, cst.SimpleString):
            return "the id of the secret is not written out"
        if not self._shares_scope(call, made):
            return "the scope of the secret is not known here"
        return None

    def _shares_scope(self, call: cst.Call, made: cst.Call) -> bool:
        scope = made.args[0].value
        if not isinstance(scope, cst.Name):
            return False
        if self._source.scope(call) is self._source.scope(made):
            return self._source.bound_once(scope)
        # Another method knows the scope of what `self` holds where it is `self` too.
        return is_first_of_method(self._source, call, scope.value)

    def _write_reader(self, call: cst.Call, made: cst.Call) -> None:
        scope, words_of_id = made.args[0].value, made.args[1].value
        told = words_of_id.evaluated_value if isinstance(words_of_id, cst.SimpleString) else ""
        name = self._id(f"{told if isinstance(told, str) else ''}Reader")

        def change(now: cst.Call) -> cst.Call:
            secret = now.func.value if isinstance(now.func, cst.Attribute) else now.func
            given = {"grantee": _grantee(now), "secrets": cst.List([cst.Element(secret)])}
            given["version_stages"] = argument(now, "version_stages")
            named = [
                cst.Arg(value, keyword=cst.Name(name_of), equal=_EQUAL)
                for name_of, value in given.items()
                if value is not None
            ]
            ids = [cst.Arg(scope), cst.Arg(cst.SimpleString(f'"{name}"'))]
            return cst.Call(cst.Name("ScopedSecretReader"), [*ids, *named])

        said = "grant_read is a ScopedSecretReader: this secret alone, by its exact key, through Secrets Manager"
        if self._change(call, "ScopedSecretReader", change, said):
            line, grantee = self._source.line_of(call), _grantee(call)
            if line is not None and grantee is not None:
                self._readers.add((self._source.parent(line), get_full_name_for_node(grantee) or ""))

    def _id(self, wanted: str) -> str:
        name, number = wanted, 1
        while name in self._ids:
            number += 1
            name = f"{wanted}{number}"
        self._ids.add(name)
        return name

    # kms:Decrypt on *

    def _statement(self, call: cst.Call) -> None:
        if not self._source.is_call_of(call, "aws_cdk.aws_iam.PolicyStatement"):
            return
        actions, resources = literals(argument(call, "actions")), literals(argument(call, "resources"))
        if "*" not in (resources or ()) or not any(_is_kms(one) for one in actions or ()):
            return
        held = self._source.parent(call)
        added = self._source.parent(held) if isinstance(held, cst.Arg) else None
        if reason := self._no_removal(call, added, actions or [], resources or []):
            wide = ", ".join(actions or [])
            self._leave(call, f"{wide} on * is left: {reason}; `secure-kms observe` and `plan` tell what it is for")
        elif isinstance(added, cst.Call) and (line := self._source.line_of(added)) is not None:
            self.lines.add(line)
            self.changed.append(
                Remark(
                    self._source.line(call),
                    "kms:Decrypt on * is gone, since readers give the role what it reads. What its code decrypts by "
                    "itself is refused then: `secure-kms observe` tells whether it does",
                )
            )

    def _no_removal(
        self, call: cst.Call, added: cst.CSTNode | None, actions: Sequence[str], resources: Sequence[str]
    ) -> str | None:
        """Return why it is not sure that readers have taken the place of a statement."""
        if not {one.lower() for one in actions} <= _READS or list(resources) != ["*"]:
            return "it gives more than reading"
        if set(words(call)) - {"actions", "effect", "resources", "sid"} or not _allows(argument(call, "effect")):
            return "it says more than what is allowed on what"
        if not isinstance(added, cst.Call) or not _is_adder(added) or not isinstance(added.func, cst.Attribute):
            return "it is not added where it is written"
        line, role = self._source.line_of(added), added.func.value
        if line is None or not isinstance(role, cst.Name):
            return "it is not a line of its own for a role with a name"
        if (self._source.parent(line), role.value) not in self._readers:
            return "no reader beside it says what for"
        made = self._source.made_once(role)
        told = words(made) if isinstance(made, cst.Call) else None
        if told is None or _GIVEN & set(told):
            return "the role has policies beside it that may need it"
        if any(self._may_give(use, added) for use in self._source.uses_of(role)):
            return "the role is given more beside it that may need it"
        return None

    def _may_give(self, use: cst.CSTNode, removed: cst.Call) -> bool:
        """Tell whether a place that names a role may give it something that needs a key."""
        held: cst.CSTNode | None = use
        while held is not None and not isinstance(held, cst.BaseStatement | cst.BaseSmallStatement):
            if held in self.calls or held is removed:
                return False
            if isinstance(held, cst.Arg) and word(held) in _RUNS:
                return False
            if isinstance(held, cst.Call) and (self._source.imported(held.func) or "").startswith("secure_kms_"):
                return False
            held = self._source.parent(held)
        return True

    # logs.LogGroup

    def _log_group(self, call: cst.Call) -> None:
        if self._source.is_call_of(call, "aws_cdk.aws_logs.LogGroup"):
            named = "log_group_name" in words(call)
            how = "keep its log_group_name" if named else "write generated_name=True for one that was deployed without"
            self._leave(
                call,
                "this log group is left: CloudFormation replaces a group whose name changes, and a LogGroupWithCmk "
                f"must know the name; {how}",
            )


def _grantee(call: cst.Call) -> cst.BaseExpression | None:
    """Return whom ``grant_read`` is for, if nothing else is given but stages."""
    if any(arg.star for arg in call.args) or set(words(call)) - {"", "grantee", "version_stages"}:
        return None
    alone = [arg.value for arg in call.args if word(arg) in ("", "grantee")]
    return alone[0] if len(alone) == 1 else None


def _is_adder(call: cst.Call) -> bool:
    return isinstance(call.func, cst.Attribute) and call.func.attr.value in _ADDERS and len(call.args) == 1


def _allows(effect: cst.BaseExpression | None) -> bool:
    return effect is None or (get_full_name_for_node(effect) or "").endswith("Effect.ALLOW")


def _is_kms(action: str) -> bool:
    return action == "*" or action.lower().startswith("kms:")
