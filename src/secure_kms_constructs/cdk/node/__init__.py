"""The part of the library that runs inside Node: one call where CDK's own questions would take many."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Any, NamedTuple

import jsii
from aws_cdk import Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from constructs import Construct

_NAME = "secure-kms-node"


@lru_cache(maxsize=1)
def load() -> None:
    """Load the archive into Node, made first where this is a source checkout."""
    if Path(__file__).with_name("archive.py").exists():
        from . import archive

        archive.build()
    [archive_file] = [one.name for one in files(f"{__name__}._jsii").iterdir() if one.name.startswith(f"{_NAME}@")]
    version = archive_file.removeprefix(f"{_NAME}@").removesuffix(".jsii.tgz")
    jsii.JSIIAssembly.load(_NAME, version, __name__, archive_file)


class Finished(NamedTuple):
    """A key policy as it is deployed.

    :param policy: with the overrides of its L1.
    :param before: without them; None where there are none.
    """

    policy: Any
    before: Any = None


class Questions(metaclass=jsii.JSIIMeta, jsii_type=f"{_NAME}.Questions"):
    """What is asked once for many."""

    @classmethod
    def describe(cls, constructs: Sequence[Any]) -> Any:
        """Return stacks, keys and principals, and as JSON what each resource is, and each principal.

        The given resources come first, then those beside them.
        """
        load()
        return jsii.sinvoke(cls, "describe", [list(constructs)])

    @classmethod
    def names(cls, constructs: Sequence[Any]) -> list[Any]:
        """Return name and path of each role, user or other thing as templates would have them now."""
        load()
        found: list[Any] = json.loads(jsii.sinvoke(cls, "names", [list(constructs)]))
        return found

    @classmethod
    def held(cls, stack: Stack, principals: Sequence[Any]) -> list[dict[str, Any]]:
        """Return what each principal of a stack holds beside our policies."""
        load()
        found: list[dict[str, Any]] = json.loads(jsii.sinvoke(cls, "held", [stack, list(principals)]))
        return found

    @classmethod
    def beside(
        cls, scope: Any, principals: Sequence[Any], texts: Sequence[str], about: str
    ) -> tuple[list[list[tuple[str, Any]]], list[str]]:
        """Return what policies of others, by their paths, say of each principal, and some texts in the same words.

        :param about: a regular expression of actions.
        """
        load()
        found = json.loads(jsii.sinvoke(cls, "beside", [scope, list(principals), list(texts), about]))
        return found["of"], found["texts"]

    @classmethod
    def key_policies(cls, stack: Stack, keys: Sequence[Any]) -> list[Finished]:
        """Return the resolved policies that keys of a stack have now; one object for all that share it."""
        load()
        found = json.loads(jsii.sinvoke(cls, "keyPolicies", [stack, list(keys)]))
        policies = [Finished(found["documents"][number]) for number in found["of"]]
        for place, document in found["overridden"]:
            policies[place] = Finished(document, policies[place].policy)
        return policies

    @classmethod
    def resolve(cls, stack: Stack, values: Sequence[Any]) -> list[Any]:
        """Return values as they will stand in the templates of a stack.

        :raises TypeError: for what is no JSON, such as an object of CDK.
        """
        load()
        found: list[Any] = json.loads(jsii.sinvoke(cls, "resolve", [stack, json.dumps(list(values))]))
        return found

    @classmethod
    def look(cls, keys: Sequence[Any], leading: Sequence[str], imported: Sequence[Any] = ()) -> dict[str, Any]:
        """Return what in the stage of some keys has to do with them, and what their policies say.

        :param leading: types whose resources may need the key of another resource.
        :param imported: keys that the app does not make.
        """
        load()
        types = " ".join(leading)
        found: dict[str, Any] = json.loads(jsii.sinvoke(cls, "look", [list(keys), types, list(imported)]))
        return found

    @classmethod
    def imported_keys(cls, one: Any) -> dict[str, tuple[kms.IKey, str]]:
        """Return the keys that the app does not make, in the stage of a construct, each with its ARN, by path."""
        load()
        found: list[Any] = jsii.sinvoke(cls, "importedKeys", [one])
        return {key.node.path: (key, arn) for key, arn in zip(found[::2], found[1::2], strict=True)}

    @classmethod
    def execution_role(cls, stack: Stack) -> str | None:
        """Return the ARN of the role that the synthesizer of a stack deploys with; None where it has none."""
        load()
        found: str | None = jsii.sinvoke(cls, "executionRole", [stack])
        return found

    @classmethod
    def with_paths(cls, key: Any, values: Sequence[Any]) -> list[Any]:
        """Return values of a key's policy with the paths of the resources that they refer to."""
        load()
        found: list[Any] = json.loads(jsii.sinvoke(cls, "withPaths", [key, list(values)]))
        return found

    @classmethod
    def adopt(cls, key: Any, policies: KeyPolicies, told: Sequence[Any], settings: dict[str, Any]) -> None:
        """Have a key of the L2 show a policy of ours.

        :param told: the document that it starts with.
        :param settings: what else its L1 gets.
        """
        load()
        jsii.sinvoke(cls, "adopt", [key, policies, json.dumps(list(told)), json.dumps(settings)])

    @classmethod
    def release(cls, key: Any) -> None:
        """Leave a key that was adopted as it was."""
        load()
        jsii.sinvoke(cls, "release", [key])

    @classmethod
    def tell(cls, constructs: Sequence[Any], notes: Sequence[tuple[int, bool, str, str]]) -> None:
        """Add annotations: the number of a construct, whether it is a warning, id and text."""
        load()
        jsii.sinvoke(cls, "tell", [list(constructs), json.dumps(list(notes))])


class Place(NamedTuple):
    """Where a construct will stand, whose ``__init__`` has not run: it is made in one call with its policies."""

    scope: Construct
    id: str


class Scoped(metaclass=jsii.JSIIMeta, jsii_type=f"{_NAME}.Scoped"):
    """A construct with policies for a role or user."""

    @staticmethod
    def create(
        construct: Construct,
        scope: Construct,
        id: str,
        *,
        kind: str,
        principal: Any,
        documents: Sequence[Any],
        managed: bool,
    ) -> None:
        """Make a construct whose ``__init__`` has not run, and its policies: one inline, or several managed ones.

        :param kind: ``roles`` or ``users``.
        """
        load()
        jsii.create(Scoped, construct, [scope, id, kind, principal, json.dumps(documents), managed])


class KeyPolicies(metaclass=jsii.JSIIMeta, jsii_type=f"{_NAME}.KeyPolicies"):
    """The key policies of a stack, as Node was told them last.

    :param source: tells what has changed since it told last.
    :param looker: looks at what uses the keys, once Aspects have run.
    """

    def __init__(self, source: Any, looker: Any) -> None:
        load()
        jsii.create(KeyPolicies, self, [source, looker])

    def changed(self) -> None:
        """Say that what was told is no longer so."""
        jsii.invoke(self, "changed", [])


class KeyBase(kms.Key, metaclass=jsii.JSIIMeta, jsii_type=f"{_NAME}.KeyBase"):
    """A key whose usual questions are answered in Node, once ``ask_grant`` and ``ask_grant_encrypt_decrypt`` have.

    :param props: the L2's, named as in JavaScript; days for durations, names for members of enums.
    :param told: the document that it starts with.
    """

    def __init__(
        self, scope: Construct, id: str, *, props: dict[str, Any], policies: KeyPolicies, told: Sequence[Any]
    ) -> None:
        given = {name: value for name, value in props.items() if value is not None}
        jsii.create(KeyBase, self, [scope, id, json.dumps(given), policies, json.dumps(told)])

    @jsii.member(jsii_name="askGrant")
    def ask_grant(self, grantee: iam.IGrantable, *actions: str) -> iam.Grant:
        """Grant as the L2 does."""
        granted: iam.Grant = jsii.invoke(self, "askGrant", [grantee, *actions])
        return granted

    @jsii.member(jsii_name="askGrantEncryptDecrypt")
    def ask_grant_encrypt_decrypt(self, grantee: iam.IGrantable) -> iam.Grant:
        """Grant as the L2 does."""
        granted: iam.Grant = jsii.invoke(self, "askGrantEncryptDecrypt", [grantee])
        return granted

    @jsii.member(jsii_name="grant")
    def grant(self, grantee: iam.IGrantable, *actions: str) -> iam.Grant:
        """Let a principal call KMS with this key directly."""
        return self.ask_grant(grantee, *actions)

    @jsii.member(jsii_name="grantEncryptDecrypt")
    def grant_encrypt_decrypt(self, grantee: iam.IGrantable) -> iam.Grant:
        """Let a principal encrypt, decrypt and re-encrypt."""
        return self.ask_grant_encrypt_decrypt(grantee)
