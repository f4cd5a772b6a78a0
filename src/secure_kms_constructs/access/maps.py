"""The map of access that templates describe: who can use which key, through what, for what."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from os import PathLike
from typing import Any

from secure_kms_constructs.policies import Request
from secure_kms_constructs.policies.requests import action_named
from secure_kms_constructs.templates import read_assembly, read_templates
from secure_kms_constructs.templates.garbage_collection import seldom_collecting
from secure_kms_constructs.templates.landscape import Key, Landscape, Note
from secure_kms_constructs.templates.reading import Parameters, Templates

from .diffs import Diff, differences
from .errors import AccessError
from .explanations import Explanation
from .landscape_access import LandscapeAccess
from .limits import limited
from .names import find
from .parties import Party
from .rows import Row, decide, split
from .template_conditions import alternatives
from .texts import ACTIONS, Line, Words, as_text, lines, words_of


@dataclass(frozen=True, eq=False)
class AccessMap:
    """Who can use which KMS key, told from templates alone: key policies and identity policies, read together.

    Make it with one of the ``from_`` factories. What the templates do not tell is unknown, never denied.
    Session policies and what is not in the templates are not part of it, policies of the organization where they are
    given or attached to an account by its id; grants are where the map is of an account.

    https://docs.aws.amazon.com/kms/latest/developerguide/policy-evaluation.html

    :param landscapes: what the templates describe, once for each way in which their conditions may turn out.
    """

    landscapes: tuple[Landscape, ...]

    def __post_init__(self) -> None:
        """Refuse a map of nothing, which would say that nobody can do anything."""
        if not self.landscapes:
            raise AccessError("landscapes must be one at least, as read_templates returns them, got none")

    @classmethod
    def from_assembly(
        cls,
        directory: str | PathLike[str],
        *,
        account: str | None = None,
        region: str | None = None,
        same: Mapping[str, str] | None = None,
        parameters: Parameters | None = None,
        scps: Sequence[object] = (),
        rcps: Sequence[object] = (),
    ) -> AccessMap:
        """Read all templates of a synthesized app.

        :param directory: the cloud assembly, such as ``cdk.out``.
        :param account: where stacks go that do not say it; by default all to one account that nobody has.
        :param region: the same for the region.
        :param same: the ARNs of keys that are deployed, by construct path. A literal ARN that is not among them may be
            that of any key of the templates in its account and region.
        :param parameters: values for the parameters of stacks, by the stack's name.
        :param scps: service control policies that bind all accounts of the stacks, as ``evaluate`` takes them:
            documents, or ``AWS::Organizations::Policy`` of the templates, by construct or path. By default only those
            of the templates count that name an account, and those only take away what they deny.
        :param rcps: resource control policies that bind all accounts of the stacks, in the same form.
        :raises TemplateError: when it is no cloud assembly, or one of its templates is none.
        """
        return cls(
            limited(
                read_assembly(directory, account=account, region=region, same=same, parameters=parameters), scps, rcps
            )
        )

    @classmethod
    def from_app(
        cls,
        app: Any,
        *,
        account: str | None = None,
        region: str | None = None,
        same: Mapping[str, str] | None = None,
        parameters: Parameters | None = None,
        scps: Sequence[object] = (),
        rcps: Sequence[object] = (),
    ) -> AccessMap:
        """Synthesize an app and read its templates.

        :param app: the ``aws_cdk.App``.
        :param account: where stacks go that do not say it; by default all to one account that nobody has.
        :param region: the same for the region.
        :param same: the ARNs of keys that are deployed, by construct path. A literal ARN that is not among them may be
            that of any key of the templates in its account and region.
        :param parameters: values for the parameters of stacks, by the stack's name.
        :param scps: service control policies that bind all accounts of the stacks, as for ``from_assembly``.
        :param rcps: resource control policies, in the same form.
        """
        directory = app.synth().directory
        return cls.from_assembly(
            directory, account=account, region=region, same=same, parameters=parameters, scps=scps, rcps=rcps
        )

    @classmethod
    def from_templates(
        cls,
        templates: Templates,
        *,
        account: str | None = None,
        region: str | None = None,
        same: Mapping[str, str] | None = None,
        parameters: Parameters | None = None,
        scps: Sequence[object] = (),
        rcps: Sequence[object] = (),
    ) -> AccessMap:
        """Read templates that belong together, whoever made them.

        :param templates: each template by the name of its stack: as an object, the path of its file, or its text.
        :param account: where the stacks go; by default all to one account that nobody has.
        :param region: the same for the region.
        :param same: the ARNs of keys that are deployed, by construct path. A literal ARN that is not among them may be
            that of any key of the templates in its account and region.
        :param parameters: values for the parameters of stacks, by the stack's name.
        :param scps: service control policies that bind all accounts of the stacks, as for ``from_assembly``.
        :param rcps: resource control policies, in the same form.
        :raises TemplateError: when one is no template.
        """
        return cls(
            limited(
                read_templates(templates, account=account, region=region, same=same, parameters=parameters), scps, rcps
            )
        )

    @classmethod
    def from_account(cls, account: Any) -> AccessMap:
        """Return the map of an account as it was when it was read, grants included.

        :param account: what ``secure_kms_constructs.account.read_snapshot`` or ``take_snapshot`` returns.
        :raises ValueError: when it is no snapshot.
        """
        if not isinstance(getattr(account, "landscapes", None), tuple):
            raise ValueError(f"account must be a snapshot, such as of read_snapshot('account.json'), got {account!r}")
        return cls(account.landscapes)

    @property
    def keys(self) -> tuple[str, ...]:
        """The keys by construct path, or by ARN where they are only mentioned."""
        return tuple(sorted({key_name(key) for access in self._each for key in access.landscape.keys}))

    @property
    def principals(self) -> tuple[str, ...]:
        """The roles and users by construct path, or by ARN where they are only mentioned."""
        return tuple(sorted({party.name for access in self._each for party in access.identities.parties}))

    @property
    def notes(self) -> tuple[Note, ...]:
        """What could not be read, and what follows from it."""
        return tuple(dict.fromkeys(note for access in self._each for note in access.landscape.notes))

    def who_can(self, action: str, key: object) -> tuple[Row, ...]:
        """Return who can do something with a key, or might, each with the circumstances.

        It asks of every role and user of the templates, of everyone whom the key policy mentions, and of one of
        each kind of all others, such as any principal of the account with ``kms:*`` on ``*``.

        :param action: a KMS action on a key, such as ``kms:Decrypt``.
        :param key: the construct, its path or the unique end of that, or the key's ARN.
        :raises AccessError: when no key is called so, or more than one.
        """
        return self._rows(action_named(action), self.find_key(key))

    def rows(self, actions: Iterable[str]) -> Iterator[Row]:
        """Return the rows of all keys, key by key.

        :param actions: the KMS actions.
        """
        named = [action_named(action) for action in actions]
        for key in self.keys:
            for action in named:
                yield from self._rows(action, key)

    def explain(
        self,
        principal: object,
        action: str,
        key: object,
        *,
        via: str | None = None,
        context: Mapping[str, Any] | None = None,
    ) -> Explanation:
        """Decide one request, with the reasons and where the templates say so.

        :param principal: the construct, its path or the unique end of that, an ARN, the name of a service, or the
            name of a principal in a row.
        :param action: a KMS action on a key, such as ``kms:Decrypt``.
        :param key: the construct, its path or the unique end of that, or the key's ARN.
        :param via: the service that asks for the principal, such as ``secretsmanager``; by default it asks itself.
        :param context: further condition keys of the request, by their IAM names.
        :raises AccessError: when no key or principal is called so, or more than one.
        """
        name, who = self.find_key(key), self.find_principal(principal, key)
        asked = [(access, one, self._party(access, one, who)) for access, one in self._places(name)]
        action = action_named(action)
        every = [landscape.assumes for landscape in self.landscapes]
        decisions, sources = [], []
        for access, one, party in asked:
            if party is not None:
                request = Request(party.principal, action, one.arn, _context(one.arn, via, context or {}))
                when = " or ".join(alternatives([access.landscape.assumes], every))
                decisions.append((when, decide(request, access.side(party, one))))
                sources.append(access.landscape.sources)
        return Explanation(who, action, name, tuple(decisions), tuple(sources))

    def find_key(self, key: object) -> str:
        """Return what rows call a key.

        :param key: the construct, its path or the unique end of that, or the key's ARN.
        :raises AccessError: when no key is called so, or more than one.
        """
        every = [one for access in self._each for one in access.landscape.keys]
        return find(
            key, "key", {key_name(one): key_name(one) for one in every}, {one.arn: key_name(one) for one in every}
        )

    def find_principal(self, principal: object, key: object) -> str:
        """Return what rows about a key call a principal.

        :param principal: the construct, its path or the unique end of that, an ARN, the name of a service, or the
            name of a principal in a row.
        :param key: the construct, its path or the unique end of that, or the key's ARN.
        :raises AccessError: when no principal is called so, or more than one.
        """
        every = [party for access, one in self._places(self.find_key(key)) for party in access.parties(one)]
        names = {name: name for party in every for name in (party.name, party.general) if name}
        return find(principal, "principal", names, {one.principal: one.name for one in every if not one.outsider})

    def root_of(self, key: object) -> str:
        """Return the ARN of the root user of a key's account.

        :param key: the construct, its path or the unique end of that, or the key's ARN.
        """
        _, partition, _, _, account, _ = self._places(self.find_key(key))[0][1].arn.split(":")
        return f"arn:{partition}:iam::{account}:root"

    def to_text(self, actions: Iterable[str] = ACTIONS) -> str:
        """Return the map as text: for each key a line for each principal and set of circumstances.

        A line that begins with a question mark is about somebody who might. It is sorted, and names constructs by
        their paths, so that a snapshot of it changes only where access does.

        :param actions: the KMS actions; by default all but those that only read a key's metadata.
        """
        return as_text(self.lines(actions), self.keys, self.notes)

    def lines(self, actions: Iterable[str] = ACTIONS) -> tuple[Line, ...]:
        """Return the map as lines, each with the rows of the actions that a principal can do alike.

        :param actions: the KMS actions; by default all but those that only read a key's metadata.
        """
        return lines(self.rows(actions), self.words)

    def __str__(self) -> str:
        return self.to_text()

    def diff(self, other: AccessMap, actions: Iterable[str] = ACTIONS) -> Diff:
        """Return what changed from this map to another: who gained or lost access, or has it wider or narrower.

        :param other: the map after the change. Keys and principals are the same where rows call them the same.
        :param actions: the KMS actions; by default all but those that only read a key's metadata.
        """
        actions = tuple(actions)
        return Diff(tuple(differences(self.rows(actions), other.rows(actions), self.words, other.words)))

    @cached_property
    def words(self) -> Words:
        """How values of the policies are shown."""
        return words_of(self.landscapes)

    def _party(self, access: LandscapeAccess, key: Key, name: str) -> Party | None:
        return next((one for one in access.parties(key) if name in (one.name, one.general)), None)

    @cached_property
    def _each(self) -> tuple[LandscapeAccess, ...]:
        return tuple(LandscapeAccess(landscape) for landscape in self.landscapes)

    @cached_property
    def _found(self) -> dict[tuple[str, str], tuple[Row, ...]]:
        return {}

    def _places(self, key: str) -> list[tuple[LandscapeAccess, Key]]:
        return [(access, one) for access in self._each for one in access.landscape.keys if key_name(one) == key]

    @seldom_collecting()
    def _rows(self, action: str, key: str) -> tuple[Row, ...]:
        if (action, key) not in self._found:
            self._found[action, key] = tuple(self._merged(action, key))
        return self._found[action, key]

    def _merged(self, action: str, key: str) -> Iterator[Row]:
        """The rows of each landscape, each row once, with the conditions under which it is so."""
        places = self._places(key)
        if len(self.landscapes) == 1:
            yield from sorted((row for access, one in places for row in _rows(access, action, one)), key=_order)
            return
        assumed: dict[Row, list[Mapping[str, bool]]] = {}
        for access, one in places:
            for row in _rows(access, action, one):
                assumed.setdefault(row, []).append(access.landscape.assumes)
        every = [landscape.assumes for landscape in self.landscapes]
        for row in sorted(assumed, key=_order):
            yield replace(row, when=alternatives(assumed[row], every))


def key_name(key: Key) -> str:
    """Return what rows call a key."""
    return key.source.path if key.source else key.arn


def _rows(access: LandscapeAccess, action: str, key: Key) -> Iterator[Row]:
    for party, name, found in access.found(action, key):
        for allowed, region in found.regions:
            via, encryption_context, conditions = split(region.constraints)
            yield Row(
                name,
                action,
                key_name(key),
                allowed,
                via,
                encryption_context,
                conditions,
                party=party,
                side=access.side(party, key),
                region=region,
                sources=access.landscape.sources,
            )


def _order(row: Row) -> tuple[bool, str, bool, tuple[str, ...]]:
    return row.party.outsider, row.principal, row.allowed is None, row.region.said


def _context(key: str, via: str | None, context: Mapping[str, Any]) -> dict[str, Any]:
    prefix = "kms:encryptioncontext:"
    if names := [one[len(prefix) :] for one in context if one.lower().startswith(prefix)]:
        # A grant may want an encryption context as a whole, and all of it is given.
        context = {"kms:EncryptionContextKeys": names, **context}
    if via is None:
        return dict(context)
    region = key.split(":")[3]
    return {**context, "kms:ViaService": via if "." in via else f"{via}.{region}.amazonaws.com"}
