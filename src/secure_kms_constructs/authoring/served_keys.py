"""What is told of one key, and what follows from its uses: statements, refusals and findings."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from secure_kms_constructs.aws import arns
from secure_kms_constructs.aws.catalogue import Grants, Need
from secure_kms_constructs.aws.services import Service, Use

from . import circles
from . import serving_words as words
from .apps import App, Place, as_text, plain, reference
from .key_requirements import Kind
from .reading import bound
from .served_statements import filled, for_source, is_said, statements_for
from .statements import Statement
from .usages import Usage

# A service works for this, and not for the resource that leads to what is under the key.
_SOURCE_BY = {"AWS::SNS::Subscription": "TopicArn"}


class KeyFacts(NamedTuple):
    """What is told of one HardenedKey.

    :param path: path of its resource.
    :param stack: path of its stack.
    :param place: where it is, and who deploys it, as text.
    :param kind: what sort of key it is.
    :param extra: services that ``provision_via`` adds.
    :param delegates: services that ``delegate_via`` leaves to IAM policies.
    :param statements: what its policy says already, as text.
    :param ways: what waits for it, and how; see ``Circles``.
    :param is_ours: whether the app makes it; of another one neither the kind nor the policy is known.
    """

    path: str
    stack: str
    place: Place
    kind: Kind
    extra: Sequence[Service] = ()
    delegates: Sequence[Service] = ()
    statements: Sequence[Statement] = ()
    ways: Mapping[str, Sequence[str]] = {}
    is_ours: bool = True

    def adds(self, need: Need) -> bool:
        """Tell whether ``provision_via`` adds what a need asks of the deployer."""
        namespace = need.type.split("::")[1].lower()
        return any(
            service.name.lower() == namespace and set(need.actions) <= set(service.actions.get(Use.PROVISION, ()))
            for service in self.extra
        )


@dataclass
class Decision:
    """What follows from the uses of one key.

    :param provisions: for each action of the deployer, the ``kms:ViaService`` prefixes that it comes through.
    :param statements: statements with ``{region}`` and the like in place of where the key is; a principal that is a
        resource of the app is its reference.
    :param exempt: whom the Deny of foreign grants must not bind, in the form of the statements.
    :param refusals: what fails the synth.
    :param findings: what it says, as pairs of an id and a text.
    :param uses: all uses that were found, served or not.
    """

    provisions: dict[str, dict[str, None]] = field(default_factory=dict)
    statements: list[Statement] = field(default_factory=list)
    exempt: list[Any] = field(default_factory=list)
    refusals: list[str] = field(default_factory=list)
    findings: list[tuple[str, str]] = field(default_factory=list)
    uses: list[Usage] = field(default_factory=list)


@dataclass
class Serving:
    """One key of an app while it is decided what its policy has to say."""

    app: App
    key: KeyFacts
    decision: Decision

    def refuse(self, message: str) -> None:
        """Fail the synth."""
        self.decision.refusals.append(message)

    def say(self, name: str, text: str) -> None:
        """Have the synth say something."""
        self.decision.findings.append((name, text))

    def write(self, use: Usage, principal: Mapping[str, Any], sid: str, tie: Mapping[str, Any] | None = None) -> None:
        """Write the statements that a use needs for a principal, unless the policy says them.

        :param tie: a condition beside those of the need.
        """
        if use.need.grants is Grants.ANY:
            who = bound({"Condition": tie}).get("aws:principalarn", principal["AWS"])
            self.decision.exempt += [who] if who not in self.decision.exempt else []
        account, region = self._source_of(use)
        for asked in statements_for(use.need, self._name(use), dict(principal), sid, dict(tie or {})):
            statement = for_source(asked, account, region)
            if not is_said(plain(filled(statement, self.key.place)), self.key.statements):
                self.decision.statements.append(statement)

    def _source_of(self, use: Usage) -> tuple[str, str]:
        """Return account and region of what a service works for, where they are others than the key's."""
        named = use.resource.properties.get(_SOURCE_BY.get(use.resource.type, ""))
        owner = reference(named)
        arn = None if named is None or owner else arns.parse(as_text(named))
        place = self.app.places.get(self.app.stack_of(owner[0]) if owner else use.resource.stack)
        there, here = arn or place or self.key.place, self.key.place
        return (
            there.account if arns.contradict(there.account, here.account) else "{account}",
            there.region if arns.contradict(there.region, here.region) else "{region}",
        )

    def _name(self, use: Usage) -> str:
        """Return the name of a resource, or of the one whose ARN tells whose it is: literal, or a pattern of it."""
        named_by = use.need.named_by
        if not named_by:
            return "*"
        named = use.resource.properties.get(named_by)
        made_up = circles.generated_name(self.app, use.resource) if named is None else None
        if made_up:
            return made_up
        owner = self.app.resources.get((reference(named) or ("", ""))[0])
        if owner is not None and named_by.endswith("Arn"):
            named = owner.properties.get("Name")
        name = "*" if named is None else re.sub("arn:.*[:/]", "", self._pattern(use, as_text(named))) or "*"
        if "*" in name and use.resource.type == circles.LOG_GROUP:
            self.say("openLogGroup", words.open_log_group(use, name))
        return name

    def _pattern(self, use: Usage, text: str) -> str:
        """Return a name with what is known of it, ``*`` for the rest."""
        there = self.app.places.get(use.resource.stack)
        known = {"Region": "{region}", "AccountId": "{account}", "StackName": there.stack_name if there else ""}
        for parameter, value in known.items():
            text = text.replace(f"${{AWS.{parameter}}}", value or "*")
        return arns.as_pattern(text)
