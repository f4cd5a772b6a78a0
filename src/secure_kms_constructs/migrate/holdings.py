"""Who holds which policies, and whose use of keys can be taken out of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

from secure_kms_constructs.account.records import Account, Identity
from secure_kms_constructs.authoring.packing import size
from secure_kms_constructs.aws.cloudtrail import SERVICE_LINKED_PATH
from secure_kms_constructs.aws.facts import INLINE_POLICY_CHARACTERS, MANAGED_POLICY_CHARACTERS
from secure_kms_constructs.aws.managed_policies import aws_managed

from .deployers import bootstrap_kind
from .plans import Held, Json, Replaced
from .stripping import EverythingError, allows_use, stripped

# IAM refuses to change them: https://repost.aws/knowledge-center/identity-center-aws-reserved-sso
_RESERVED = "/aws-reserved/"
NOT_ASKED = "it was not asked for"


@dataclass(frozen=True)
class Holdings:
    """The policies of an account.

    :param only: the roles and users to make plans for; by default all.
    :param apart: for whom there is no plan, each with why.
    """

    account: Account
    only: frozenset[str] = frozenset()
    apart: Mapping[str, str] = field(default_factory=dict)

    def of(self, identity: Identity) -> Iterator[Held]:
        """Return every policy that somebody holds; a document is None where it is not known."""
        for name, document in identity.inline.items():
            yield Held("inline", identity.arn, name, document)
        groups = [one for one in self.account.groups if one.name in identity.groups]
        for group in groups:
            for name, document in group.inline.items():
                yield Held("group", group.arn, name, document)
        attached = [(arn, "") for arn in identity.attached]
        attached += [(arn, one.name) for one in groups for arn in one.attached]
        for arn, name in attached:
            version = self.account.versions.get(arn, "")
            yield Held("managed", arn, arn.rpartition("/")[2], self._text(arn), name, version)

    def _text(self, arn: str) -> object:
        if arn in self.account.policies:
            return self.account.policies[arn]
        known = aws_managed(arn)
        return known.document if known else None

    @cached_property
    def holders(self) -> dict[tuple[str, str, str], set[str]]:
        """The roles and users that hold each policy."""
        found: dict[tuple[str, str, str], set[str]] = defaultdict(set)
        for identity in self.account.identities:
            for held in self.of(identity):
                found[held.where].add(identity.arn)
        return found

    @cached_property
    def users(self) -> dict[str, list[Held]]:
        """The roles and users whose policies allow the use of keys, with these policies."""
        found = {}
        for identity in self.account.identities:
            allowing = [one for one in self.of(identity) if one.document is None or allows_use(one.document)]
            if allowing:
                found[identity.arn] = allowing
        return found

    @cached_property
    def left(self) -> dict[str, str]:
        """Those for whom there is no plan, each with why."""
        found = {arn: why for arn, held in self.users.items() if (why := self._refused(arn, held)) is not None}
        while True:
            # What somebody shares with one who is left keeps its permission.
            more = {
                arn: why
                for arn, held in self.users.items()
                if arn not in found and (why := self._shared_with_left(held, found)) is not None
            }
            if not more:
                return found
            found |= more

    @cached_property
    def replaced(self) -> dict[str, list[Replaced]]:
        """What becomes of the policies of those who have a plan."""
        return {
            arn: [self._replaced(arn, one) for one in held] for arn, held in self.users.items() if arn not in self.left
        }

    def _replaced(self, arn: str, held: Held) -> Replaced:
        after = stripped(held.document)
        others = self.holders[held.where] - {arn}
        if held.kind == "group" or held.group:
            name = held.group or held.owner.rpartition("/")[2]
            members = {one.arn for one in self.account.identities if name in one.groups} - {arn}
            # A managed policy that stays is changed for all who hold it, also without the group.
            changed = members if held.kind == "group" or after is None else others
        else:
            changed = set() if after is None else others
        return Replaced(held, after, tuple(sorted(others)), bool(changed))

    def _refused(self, arn: str, held: list[Held]) -> str | None:
        name = arn.rpartition("/")[2]
        if self.only and arn not in self.only:
            return NOT_ASKED
        if arn in self.apart:
            return self.apart[arn]
        if SERVICE_LINKED_PATH.value in arn:
            return "it is linked to a service, which alone changes it"
        if _RESERVED in arn:
            return "it is of Identity Center, which alone changes it: narrow the permission set"
        if bootstrap_kind(name):
            return "it is of the CDK bootstrap: give it a documented_exception with a reason and a date"
        for one in held:
            if one.document is None:
                return f"the text of policy {one.name} is not known"
            if one.kind == "managed" and ":iam::aws:" in one.owner:
                return f"policy {one.name} is AWS's own: attach another in its place"
            if any(identity.boundary == one.owner for identity in self.account.identities):
                return f"policy {one.name} is somebody's permissions boundary too"
            try:
                left = stripped(one.document)
            except EverythingError as error:
                return f"policy {one.name} {error}: write what it needs of other services first"
            if left is not None and size(left) > (room := self._room(one)):
                return (
                    f"policy {one.name} without the use of keys would have {size(left):,} characters, and IAM takes "
                    f"{room:,}: divide it first"
                )
        return None

    def _room(self, held: Held) -> int:
        """Return how many characters a policy may have beside others of its holder."""
        if held.kind == "managed":
            return MANAGED_POLICY_CHARACTERS.value
        kinds = {one.arn: ("group", one.inline) for one in self.account.groups}
        kinds |= {one.arn: (one.kind, one.inline) for one in self.account.identities}
        kind, inline = kinds[held.owner]
        beside = sum(size(self._after(one)) for name, one in inline.items() if name != held.name)
        return INLINE_POLICY_CHARACTERS.value[kind] - beside

    def _after(self, document: object) -> object:
        try:
            return stripped(document) if allows_use(document) else document
        except EverythingError:
            return document

    def _shared_with_left(self, held: list[Held], left: dict[str, str]) -> str | None:
        for one in held:
            others = sorted(self.holders[one.where] & left.keys())
            if others:
                return f"policy {one.name} is also held by {others[0]}, which has no plan"
        return None


def with_plans(account: Account, replaced: dict[str, list[Replaced]], added: dict[str, dict[str, Json]]) -> Account:
    """Return an account in which plans have been carried out.

    :param added: new policies, by role or user and name. Whether they are managed makes no difference to requests.
    """
    after = {one.held.where: one.after for several in replaced.values() for one in several}
    gone = {owner for (kind, owner, _), left in after.items() if kind == "managed" and left is None}

    def inline(kind: str, owner: str, documents: dict[str, object]) -> dict[str, object]:
        kept = {name: after.get((kind, owner, name), document) for name, document in documents.items()}
        return {name: document for name, document in kept.items() if document is not None}

    identities = [
        replace(
            one,
            inline={**inline("inline", one.arn, one.inline), **added.get(one.arn, {})},
            attached=[arn for arn in one.attached if arn not in gone],
        )
        for one in account.identities
    ]
    groups = [
        replace(
            one,
            inline=inline("group", one.arn, one.inline),
            attached=[arn for arn in one.attached if arn not in gone],
        )
        for one in account.groups
    ]
    policies = {
        arn: after.get(("managed", arn, arn.rpartition("/")[2]), document) for arn, document in account.policies.items()
    }
    kept = {arn: document for arn, document in policies.items() if document is not None}
    return replace(account, identities=identities, groups=groups, policies=kept)
