"""Admits roles and users that use a key themselves: each as its place lets the key policy name it."""

from __future__ import annotations

import re
from typing import Any

from secure_kms_constructs.aws import arns
from secure_kms_constructs.aws.catalogue import Need
from secure_kms_constructs.aws.facts import METADATA_ACTIONS

from . import circles
from . import serving_words as words
from .apps import ROLE, Looked, as_text, beside, value_at
from .identity_sides import allowed, allowed_on, spellings
from .served_keys import Serving
from .served_statements import is_granted
from .usages import Usage

# The constructs of these grant on the key what they grant on the resource.
_GRANTED = {
    *("AWS::DynamoDB::GlobalTable", "AWS::DynamoDB::Table", "AWS::Kinesis::Stream", "AWS::S3::Bucket"),
    *("AWS::SNS::Topic", "AWS::SQS::Queue", "AWS::SecretsManager::Secret"),
}


class Roles:
    """Who uses one key in person.

    :ivar callers: who works with what, where no resource names them, by what the finding says of it.
    """

    def __init__(self, serving: Serving) -> None:
        self._serving = serving
        self._app = serving.app
        self._key = serving.key
        self._place = serving.key.place
        self.callers: dict[str, Usage] = {}
        # What is needed for roles of other stacks with generated names, by what to do.
        self._far: dict[str, list[str]] = {}

    def refusals(self) -> list[str]:
        """Return what is refused for roles of other stacks, those that one line serves together."""
        return [f"{'; '.join(dict.fromkeys(several))}{text}" for text, several in self._far.items()]

    def caller(self, use: Usage) -> None:
        """Admit who may do with the resource what needs the key; grants of some constructs do it themselves."""
        need = use.need
        for holder in allowed_on(self._app, use.resource.path, need.asked_by):
            self._holder(use, holder, f"{use} needs {words.actions(need)} for {holder.called}")
        if not need.asked_by and (not need.via or need.type not in _GRANTED):
            self.callers[words.callers(use)] = use

    def role(self, use: Usage) -> None:
        """Admit the role that a resource names, or that another template makes for it."""
        need = use.need
        if need.delegated:
            if not any(service.prefix in need.via for service in self._key.delegates):
                self._serving.refuse(words.made_elsewhere(use))
            return
        named_in = beside(use.need.principal, use.found.steps)
        value = value_at(use.resource.properties, named_in)
        if value is None:
            self.callers[words.callers(use)] = use
            return
        role = self._app.at(value)
        whose = f"{use} needs {words.actions(use.need)} for the role in {named_in}"
        names = spellings(self._app, role) if role is not None and role.type == ROLE else {as_text(value)}
        # What names the very secret is narrower than what can be said of it here.
        if need.is_edge and need.context and is_granted(need, self._key.statements, self._place.deployer, names):
            return
        if role is not None and role.type == ROLE:
            self._holder(use, role, whose)
            return
        who = as_text(value)
        if arns.principal_arn(who) is None or not arns.only_pseudo_parameters(who):
            self._serving.refuse(f"{whose}, and which role that is cannot be told: call key.grant(role, ...) for it")
            return
        self._serving.write(use, {"AWS": who}, "AllowRoles")

    def _holder(self, use: Usage, holder: Looked, whose: str) -> None:
        """Admit a role or user of the app."""
        literal = circles.literal_arn(self._app, self._place, holder)
        who: Any = {"Resource": holder.path, "Attribute": "Arn"}
        if holder.path in self._key.ways:
            if literal is None:
                self._by_pattern(use, holder, whose)
            else:
                self._by_name(use, holder, literal, whose)
            return
        if holder.stack != self._key.stack:
            if literal is None:
                delegable = self._is_delegable(use.need, holder)
                if delegable and any(service.prefix in use.need.via for service in self._key.delegates):
                    return
                later = use.resource.stack == holder.stack and not self._has_policy(use.need, holder)
                self._far.setdefault(words.far(use.need, is_delegable=delegable, is_later=later), []).append(whose)
                return
            if use.resource.stack == holder.stack:
                # Its stack refers to the key, so it comes after it.
                self._by_name(use, holder, literal, whose)
                return
            who = literal
        self._serving.write(use, {"AWS": who}, "AllowRoles")

    def _is_delegable(self, need: Need, role: Looked) -> bool:
        """Tell whether the IAM policies of a role are enough where the key leaves it to those of its account."""
        place = self._app.places.get(role.stack)
        near = place is not None and place.account == self._place.account
        return near and self._has_policy(need, role)

    def _has_policy(self, need: Need, role: Looked) -> bool:
        return set(need.actions) - set(METADATA_ACTIONS.value) <= allowed(self._app, self._key.path, role)

    def _by_pattern(self, use: Usage, role: Looked, whose: str) -> None:
        """Admit a role whose name is made up, without a reference to it."""
        way, pattern = self._key.ways[role.path], circles.generated_arn(self._app, self._place, role)
        if pattern is None:
            self._serving.refuse(circles.refusal(self._app, f"{whose}:", way))
        elif not self._has_policy(use.need, role):
            self._serving.refuse(circles.without_policy(self._app, whose, way, words.grant_line(use.need)))
        else:
            root = {"AWS": "arn:{partition}:iam::{account}:root"}
            self._serving.write(use, root, "AllowRolesByName", {"ArnLike": {"aws:PrincipalArn": pattern}})

    def _by_name(self, use: Usage, role: Looked, literal: str, whose: str) -> None:
        """Admit a role that is made after the key: a principal has to exist, and what a condition names has not."""
        if not self._has_policy(use.need, role):
            way = self._key.ways.get(role.path, (role.path, use.resource.path, self._key.path))
            self._serving.refuse(circles.without_policy(self._app, whose, way, words.grant_line(use.need)))
            return
        root = {"AWS": re.sub(":(role|user)/.*", ":root", literal)}
        self._serving.write(use, root, "AllowRolesByName", {"ArnEquals": {"aws:PrincipalArn": literal}})
