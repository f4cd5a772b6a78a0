"""The map of access that templates describe: who can use which key, through what, for what."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from operator import methodcaller
from os import PathLike
from typing import Any

from secure_kms_constructs.policies.requests import action_named
from secure_kms_constructs.templates import read_assembly, read_templates
from secure_kms_constructs.templates.garbage_collection import seldom_collecting
from secure_kms_constructs.templates.landscape import Key, Landscape, Note
from secure_kms_constructs.templates.reading import Parameters, Templates

from .answers import key_name, merged, rows_of, rows_when_asked
from .cases import by_stand_ins
from .diffs import Diff, differences
from .errors import AccessError
from .explanations import Explanation, answer
from .given import Vocabulary
from .landscape_access import LandscapeAccess
from .limits import limited
from .names import find
from .outsiders import of_any_account
from .parties import Party, with_named
from .rows import Row
from .template_conditions import alternatives
from .texts import ACTIONS, Line, Words, as_text, lines, words_of

# Leaves these lines out of what pytest shows of a question about what there is not.
__tracebackhide__ = methodcaller("errisinstance", AccessError)


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
        read = partial(read_assembly, directory, account=account, region=region, same=same, parameters=parameters)
        return cls(limited(lambda beside: read(beside=beside), scps, rcps))

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
        read = partial(read_templates, templates, account=account, region=region, same=same, parameters=parameters)
        return cls(limited(lambda beside: read(beside=beside), scps, rcps))

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
        """Decide whether a principal can do something with a key, with the reasons and where the templates say so.

        :param principal: the construct, its path or the unique end of that, an ARN, the name of a service, or the
            name of a principal in a row.
        :param action: a KMS action on a key, such as ``kms:Decrypt``.
        :param key: the construct, its path or the unique end of that, or the key's ARN.
        :param via: the service that asks for the principal, such as ``secretsmanager``. Where only ``context`` is
            given, the principal asks itself; with neither, whatever the request is like counts.
        :param context: condition keys of the request, by their IAM names or as rows print them. What is not given
            may be anything: it is allowed where one request like that is.
        :raises AccessError: when no key or principal is called so, or more than one, or no service or condition key.
        """
        who, name, action = self.find_principal(principal, key), self.find_key(key), action_named(action)
        answers, is_sure = [], True
        for access, one in self._places(name):
            given = self._vocabulary.given(via, context, one.arn.split(":")[3])
            # Who is not there in one place may be somebody else there.
            is_sure &= bool(access.called(who, one)) or not any(it.places for it in self.landscapes)
            when = alternatives([access.landscape.assumes], [it.assumes for it in self.landscapes])
            for party, rows in rows_when_asked(access, who, action, one, given):
                answers.append(answer(party, one, access, action, given or {}, rows, when, self.words))
        return Explanation(who, action, name, tuple(answers), is_sure)

    def when_can(
        self,
        principal: object,
        action: str,
        key: object,
        *,
        via: str | None = None,
        context: Mapping[str, Any] | None = None,
    ) -> tuple[Row, ...]:
        """Return the circumstances under which one principal can do something with a key, or might.

        A name that stands for several has the rows of each: that of a role those of the sessions that the key policy
        names, ``any principal of 111122223333`` those of all kinds of principals of the account whom no template makes.

        :param principal: the construct, its path or the unique end of that, an ARN, the name of a service, or the
            name of a principal in a row.
        :param action: a KMS action on a key, such as ``kms:Decrypt``.
        :param key: the construct, its path or the unique end of that, or the key's ARN.
        :param via: the service that asks for the principal, as in ``explain``.
        :param context: further condition keys of the request, as in ``explain``.
        :raises AccessError: when no key or principal is called so, or more than one, or no service or condition key.
        """
        who, name, action = self.find_principal(principal, key), self.find_key(key), action_named(action)
        answers = []
        for access, one in self._places(name):
            given = self._vocabulary.given(via, context, one.arn.split(":")[3])
            for _, rows in rows_when_asked(access, who, action, one, given):
                answers.append((rows, access.landscape))
        return tuple(merged(answers, self.landscapes, {who}))

    def what_can(self, principal: object, actions: Iterable[str] = ACTIONS) -> tuple[Row, ...]:
        """Return what a principal can do with which keys, or might, each with the circumstances.

        :param principal: the construct, its path or the unique end of that, an ARN, the name of a service, or the
            name of a principal in a row.
        :param actions: the KMS actions; by default all but those that only read a key's metadata.
        :raises AccessError: when no principal of any key is called so, or more than one.
        """
        who = self.find_principal(principal)
        named = [action_named(action) for action in actions]
        known = [key for key in self.keys if any(it.called(who, one) for it, one in self._places(key))]
        return tuple(row for key in known for action in named for row in self.when_can(who, action, key))

    def find_key(self, key: object) -> str:
        """Return what rows call a key.

        :param key: the construct, its path or the unique end of that, or the key's ARN.
        :raises AccessError: when no key is called so, or more than one.
        """
        every = [one for access in self._each for one in access.landscape.keys]
        return find(
            key, "key", {key_name(one): key_name(one) for one in every}, {one.arn: key_name(one) for one in every}
        )

    def related_to(self, key: object) -> tuple[str, ...]:
        """Return the other keys of the templates that have a key's material: its replicas, its primary and theirs.

        What one of them encrypts each of them decrypts, and each has a key policy of its own.

        https://docs.aws.amazon.com/kms/latest/developerguide/multi-region-keys-overview.html

        :param key: the construct, its path or the unique end of that, or the key's ARN.
        :raises AccessError: when no key is called so, or more than one.
        """
        name = self.find_key(key)
        mine = {_material(one) for _, one in self._places(name)}
        return tuple(
            sorted(
                {
                    key_name(one)
                    for access in self._each
                    for one in access.landscape.keys
                    if one.source and key_name(one) != name and _material(one) in mine
                }
            )
        )

    def find_principal(self, principal: object, key: object = None) -> str:
        """Return what rows about a key call a principal.

        :param principal: the construct, its path or the unique end of that, an ARN, the name of a service, or the
            name of a principal in a row.
        :param key: the construct, its path or the unique end of that, or the key's ARN; by default any key.
        :raises AccessError: when no principal is called so, or more than one.
        """
        keys = self.keys if key is None else (self.find_key(key),)
        every = [party for name in keys for access, one in self._places(name) for party in access.parties(one)]
        names = {name: name for one in keys for name in self._callable(one)}
        if isinstance(principal, str) and principal not in names and of_any_account(principal) in names:
            return principal
        by_arn: dict[str, set[str]] = {}
        for one in every:
            by_arn.setdefault("" if one.outsider else one.principal, set()).add(one.name)
        # Of two that have one ARN, whichever is there is meant.
        arns = {arn: next(iter(called)) if len(called) == 1 else arn for arn, called in by_arn.items() if arn}
        return find(principal, "principal", names, arns)

    def _callable(self, key: str) -> set[str]:
        """What principals beside a key may be called."""
        found: set[str] = set()
        for access, its_key in self._places(key):
            for party in access.parties(its_key):
                called = (party.name, *((party.general,) if party.general else ()), *party.stands_for)
                found.update(called)
                found.update(by_stand_ins(one, access.landscape.places) for one in called)
        return found

    def parties_called(self, name: str, key: object) -> tuple[Party, ...]:
        """Return the principals that a name means; where it is that of an identity, this alone.

        :param name: a name as ``find_principal`` returns one.
        :param key: the construct, its path or the unique end of that, or the key's ARN.
        """
        called = tuple(one for access, it in self._places(self.find_key(key)) for one in access.called(name, it))
        return tuple(one for one in called if one.name == name and not one.outsider) or called

    def root_of(self, key: object) -> str:
        """Return the ARN of the root user of a key's account.

        :param key: the construct, its path or the unique end of that, or the key's ARN.
        """
        _, partition, _, _, account, _ = self._places(self.find_key(key))[0][1].arn.split(":")
        return f"arn:{partition}:iam::{account}:root"

    def to_text(self, actions: Iterable[str] = ACTIONS, *, owners: bool = True) -> str:
        """Return the map as text: for each key a line for each principal and set of circumstances.

        A line that begins with a question mark is about somebody who might. It is sorted, and names constructs by
        their paths, so that a snapshot of it changes only where access does.

        :param actions: the KMS actions; by default all but those that only read a key's metadata.
        :param owners: False for one line that names the owners of each key, instead of one for each thing that they
            can do: the root user of its account, the role that deploys through services, and constructs that manage
            it and have no use of it. Whoever else can do something, or they something else, has lines as before.
        """
        return as_text(self.lines(actions), self.keys, self.notes, owners=owners)

    def lines(self, actions: Iterable[str] = ACTIONS) -> tuple[Line, ...]:
        """Return the map as lines, each with the rows of the actions that a principal can do alike.

        :param actions: the KMS actions; by default all but those that only read a key's metadata.
        """
        return lines(self.rows(actions), self.words)

    def __str__(self) -> str:
        return self.to_text()

    def __repr__(self) -> str:
        return f"<AccessMap of {', '.join(self.keys) or 'no key'}>"

    def diff(self, other: AccessMap, actions: Iterable[str] = ACTIONS) -> Diff:
        """Return what changed from this map to another: who gained or lost access, or has it wider or narrower.

        :param other: the map after the change. Keys and principals are the same where rows call them the same.
        :param actions: the KMS actions; by default all but those that only read a key's metadata.
        """
        actions, named = tuple(actions), self._only_named | other._only_named
        # Also where it is one and the same, but of another key.
        mine, theirs = (one._with(named) if named else one for one in (self, other))
        return Diff(tuple(differences(mine.rows(actions), theirs.rows(actions), self.words, other.words)))

    @property
    def _only_named(self) -> frozenset[str]:
        """The roles and users that no template makes, and that a key policy or a grant names."""
        parties = (party for access in self._each for key in access.landscape.keys for party in access.parties(key))
        return frozenset(one.principal for one in parties if one.is_only_named)

    def _with(self, named: Iterable[str]) -> AccessMap:
        """Return this map with others who are only named: before a policy named them they were some of any others."""
        return AccessMap(tuple(with_named(landscape, named) for landscape in self.landscapes))

    @cached_property
    def words(self) -> Words:
        """How values of the policies are shown."""
        return words_of(self.landscapes)

    @cached_property
    def _vocabulary(self) -> Vocabulary:
        return Vocabulary(self.landscapes, self.words)

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
        places = self._places(key)
        answers = ((self._listed(access, action, one), access.landscape) for access, one in places)
        return merged(answers, self.landscapes, self._named(places) if len(self.landscapes) > 1 else ())

    @staticmethod
    def _named(places: Iterable[tuple[LandscapeAccess, Key]]) -> set[str]:
        """What those are called of whom it is asked where nobody names the places of stacks."""
        first = [(access, one) for access, one in places if not access.landscape.places]
        parties = (party for access, one in first for party in access.parties(one) if not party.unless)
        return {name for party in parties for name in (party.name, party.general) if name}

    @staticmethod
    def _listed(access: LandscapeAccess, action: str, key: Key) -> Iterator[Row]:
        for party, name, found in access.found(action, key):
            yield from rows_of(access, party, name, action, key, found)


def _material(key: Key) -> tuple[str, str]:
    """Return what keys of one material have in common: their account and id."""
    _, _, _, _, account, resource = key.arn.split(":", 5)
    return account, resource
