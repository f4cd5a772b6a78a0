"""What plans of AWS Backup select by tag or by pattern: served where the template tells it, else told as a finding."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from secure_kms_constructs.aws import arns, catalogue
from secure_kms_constructs.aws.catalogue import Basis, Need

from .apps import App, Found, Looked, as_text, plain, referred
from .reading import listed
from .usages import Usage

_BY_NAME = "BackupSelection/Resources/*"
_BY_TAG = ("BackupSelection", "ListOfTags")


class Candidate(NamedTuple):
    """Something under a key that a selection may select, without naming it.

    :param need: what the role of the selection needs for it.
    :param is_sure: whether a tag that the template gives it selects it.
    :param by_tag: whether only tags may select it, which may come from elsewhere.
    """

    selection: Looked
    target: Looked
    need: Need
    is_sure: bool
    by_tag: bool

    @property
    def use(self) -> Usage:
        """The use of the key that follows, where it is selected."""
        return Usage(self.selection, Found(_BY_TAG, None), self.need, self.target)


def candidates(app: App, uses: Sequence[Usage]) -> list[Candidate]:
    """Return what selections may select of that which uses a key.

    :param uses: of the key, by name.
    """
    under = {
        use.resource.path: use.resource for use in uses if use.target is None or _is_through(use.resource, use.target)
    }
    return [
        one
        for selection in app.resources.values()
        if selection.type == catalogue.SELECTION
        for target in under.values()
        if app.are_near(selection, target)
        for one in _candidate(selection, target)
    ]


def _is_through(resource: Looked, target: Looked) -> bool:
    """Tell whether a resource is under the key of another one, as an instance is under that of its launch template."""
    return (catalogue.leads_through(resource.type) or ((), ""))[1] == target.type


def _candidate(selection: Looked, target: Looked) -> Iterator[Candidate]:
    content = selection.properties.get("BackupSelection")
    content = content if isinstance(content, dict) else {}
    if target.path in referred(listed(content.get("NotResources"))):
        return
    tags, conditions = listed(content.get("ListOfTags")), content.get("Conditions")
    resources = [as_text(one) for one in listed(content.get("Resources"))]
    patterns = [one for one in resources if "*" in one]
    for need in catalogue.edges_from(selection.type):
        # What only belief asks for is no reason to warn.
        if _BY_NAME not in need.paths or target.type not in need.leads_to or need.basis is Basis.BELIEF:
            continue
        if tags and not conditions and not resources:
            yield Candidate(selection, target, need, _is_tagged(target, tags), by_tag=True)
        elif tags or not resources or any(_may_mean(one, need) for one in patterns):
            yield Candidate(selection, target, need, is_sure=False, by_tag=False)


def _may_mean(pattern: str, need: Need) -> bool:
    """Tell whether a pattern of ARNs may mean something of the service of a need."""
    service = f"{pattern}:::".split(":")[2]
    return "*" in service or not service or arns.has_placeholder(service) or service in need.via


def _is_tagged(target: Looked, conditions: Sequence[Any]) -> bool:
    """Tell whether a resource has one of some tags."""
    wanted = [
        (one.get("ConditionKey"), one.get("ConditionValue")) for one in map(plain, conditions) if isinstance(one, dict)
    ]
    return any(pair in wanted for pair in _tags(target.properties.get("Tags")))


def _tags(tags: Any) -> Iterator[tuple[Any, Any]]:
    """Yield the tags of a resource: a list of pairs, or a map."""
    if isinstance(tags, dict):
        yield from tags.items()
    for one in tags if isinstance(tags, list) else ():
        if isinstance(one, dict):
            yield one.get("Key"), one.get("Value")
