"""What is to be said of an account beside who can use which key: each remark with whom or what it is about."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from secure_kms_constructs.access.landscape_access import LandscapeAccess
from secure_kms_constructs.checks.rules import rule_named
from secure_kms_constructs.checks.running import find
from secure_kms_constructs.policies.documents import Effect
from secure_kms_constructs.policies.patterns import Text
from secure_kms_constructs.templates.landscape import Landscape

from .grant_reviews import reviews
from .key_names import is_alias
from .needs import Needs
from .records import Account
from .snapshots import Snapshot

# States in which a key is used, or is about to be; and what stands for one that was not read.
# https://docs.aws.amazon.com/kms/latest/developerguide/key-state.html
_ON = ("Enabled", "Creating", "Updating", "unknown")
# https://docs.aws.amazon.com/securityhub/latest/userguide/kms-controls.html
_OF_MANAGED = {"Security Hub KMS.1", "Prowler iam_policy_no_full_access_to_kms"}
_OF_INLINE = {"Security Hub KMS.2", "Prowler iam_inline_policy_no_full_access_to_kms"}
# The rules behind Security Hub KMS.1 and KMS.2, and behind Prowler's check.
WIDE = ("decrypt-on-all-keys", "every-action")


@dataclass(frozen=True)
class Remark:
    """Something to know about an account.

    :param kind: what it is, such as ``dead-reader``.
    :param about: the ARN of whom or what it is about.
    """

    kind: str
    about: str
    text: str

    def __str__(self) -> str:
        return f"{self.kind}: {self.about} {self.text}"


def remarks_of(snapshot: Snapshot, needs: Needs | None = None) -> tuple[Remark, ...]:
    """Return what is to be said of the accounts of a snapshot, sorted."""
    needs = needs or Needs(snapshot)
    [landscape] = snapshot.landscapes
    found = [
        *_wide(landscape, needs),
        *_dead_readers(needs),
        *_inert(snapshot, landscape),
        *(one for account in snapshot.accounts for one in _of_account(account)),
        *_grants(snapshot),
        *_lone_administrators(snapshot, landscape),
    ]
    return tuple(sorted(dict.fromkeys(found), key=lambda one: (one.kind, one.about, one.text)))


def _wide(landscape: Landscape, needs: Needs) -> Iterator[Remark]:
    """For every role that KMS.1, KMS.2 or Prowler flags: the keys that its ``*`` really stands for."""
    rules = [rule_named(name) for name in WIDE]
    flagged: dict[str, set[str]] = {}
    holders: dict[str, list[str]] = {}
    for one in landscape.identities:
        for policy in one.policies:
            holders.setdefault(policy.name, []).append(one.arn)
    identities = {one.arn for one in landscape.identities}
    for finding in find((landscape,), rules):
        if finding.rule not in {rule.id for rule in rules}:
            continue
        is_inline = finding.path in identities
        arns = [finding.path] if is_inline else holders.get(f"policy {finding.path}", [])
        for arn in arns:
            named = set(rule_named(finding.rule).controls) - (_OF_MANAGED if is_inline else _OF_INLINE)
            flagged.setdefault(arn, set()).update(one for one in named if not one.startswith("ours"))
    for arn, controls in flagged.items():
        by_key: dict[str, list[str]] = {}
        for need in needs.of(arn):
            by_key.setdefault(need.key, []).append(f"{need.because}{'' if need.may else ' (perhaps)'}")
        listed = "; ".join(f"{key} because of {', '.join(dict.fromkeys(why))}" for key, why in sorted(by_key.items()))
        really = f"needs {listed}" if listed else "needs none that was read"
        yield Remark("all-keys", arn, f"may use all keys ({', '.join(sorted(controls))}) and {really}")


def _dead_readers(needs: Needs) -> Iterator[Remark]:
    for need in needs.all:
        if not need.is_dead or need.action != "kms:Decrypt":
            continue
        if need.principal.startswith("arn:"):
            text = f"may read {need.because} and cannot decrypt it with {need.key}"
            yield Remark("dead-reader", need.principal, text)
        else:
            yield Remark("dead-service", need.thing, f"is under {need.key}, which {need.principal} cannot use")


def _inert(snapshot: Snapshot, landscape: Landscape) -> Iterator[Remark]:
    """Permissions on AWS-managed keys, whose own policies admit everybody of the account through their service."""
    of_aws = {key.arn: key for _, key in snapshot.keys if key.manager == "AWS"}
    for one in landscape.identities:
        for policy in one.policies:
            for statement in policy.statements:
                if statement.effect is not Effect.ALLOW or statement.resources.negated:
                    continue
                named = [value.written for value in statement.resources.values if isinstance(value, Text)]
                for arn in sorted(of_aws.keys() & set(named)):
                    if statement.actions.matches_action("kms:decrypt") is True:
                        name = of_aws[arn].called
                        text = f"has {policy.name} for {name}, which does nothing: its key policy admits the account"
                        yield Remark("inert-permission", one.arn, text)


def _grants(snapshot: Snapshot) -> Iterator[Remark]:
    for one in reviews(snapshot):
        for rule in one.found:
            yield Remark(rule.name, one.grant.key.arn, f"{one.grant}, {rule.title}")


def _of_account(account: Account) -> Iterator[Remark]:
    for thing in account.resources:
        if thing.kind == "secret" and is_alias(thing.key):
            text = f"names its key by the alias {thing.key}: whoever moves the alias chooses the key"
            yield Remark("alias-as-key", thing.arn, text)
        if thing.older:
            text = f"has older versions under {', '.join(thing.older)}: that key must not be deleted"
            yield Remark("older-key", thing.arn, text)
    for key in account.keys:
        usage = key.last_usage
        if usage and usage.since and usage.operation is None and key.state == "Enabled":
            yield Remark("unused-key", key.arn, f"({key.called}) was not used since {usage.since[:10]}")
        if key.state not in _ON:
            when = f", gone on {key.deletion[:10]}" if key.deletion else ""
            yield Remark("key-off", key.arn, f"({key.called}) is {key.state}{when}")


def _lone_administrators(snapshot: Snapshot, landscape: Landscape) -> Iterator[Remark]:
    """Keys whose policy only one role can change: without that role, nobody can."""
    if any(one.action == "iam:GetAccountAuthorizationDetails" for one in snapshot.unread):
        return
    access = LandscapeAccess(landscape)
    for key in landscape.keys:
        able = [
            (party, found.regions)
            for party, _, found in access.found("kms:PutKeyPolicy", key)
            if found.regions and not party.outsider
        ]
        certain = [party for party, regions in able if any(allowed for allowed, _ in regions)]
        if len(certain) == 1 and len(able) == 1 and not certain[0].is_root:
            yield Remark("one-administrator", key.arn, f"would be locked without {certain[0].principal}")
