"""Runs rules on landscapes, and turns what they find into findings."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from secure_kms_constructs.access.cases import by_stand_ins, held, is_of_place
from secure_kms_constructs.access.template_conditions import alternatives
from secure_kms_constructs.templates.documents import Documents
from secure_kms_constructs.templates.garbage_collection import without_collecting
from secure_kms_constructs.templates.keys import KEY_TYPES
from secure_kms_constructs.templates.landscape import Landscape, Note, Resource, Source
from secure_kms_constructs.templates.stacks import ANY_ACCOUNT

from .context import Context
from .findings import Finding, Found, Severity
from .own_rules import FAILED, UNREAD
from .rule import Rule
from .rules import RULES
from .subjects import with_subject


@without_collecting()
def find(landscapes: Sequence[Landscape], rules: Iterable[Rule] = RULES) -> tuple[Finding, ...]:
    """Return what rules find.

    :param landscapes: what templates describe, once for each way in which their conditions may turn out.
    :param rules: by default all of them.
    """
    parsed, chosen = Documents(), tuple(rules)
    found = []
    for landscape in landscapes:
        context = Context(landscape, parsed)
        resources = {one.source: one for one in landscape.resources}
        found.append((landscape, list(_findings(context, chosen, resources))))
    every = [landscape.assumes for landscape in landscapes]
    holds = held(found, _by_stand_ins).items()
    told = (_told(one, alternatives([it.assumes for it in where], every), where) for one, where in holds)
    return tuple(sorted(told, key=lambda one: (one.path, one.rule, one.location, one.message)))


def _told(finding: Finding, when: tuple[str, ...], where: Sequence[Landscape]) -> Finding:
    if not is_of_place(when):
        return replace(finding, when=when)
    # Whoever writes AWS::AccountId and an account beside it means two, most likely.
    resources = (one for landscape in where if not landscape.places for one in landscape.resources)
    likely = any(
        one.type in KEY_TYPES and one.source.path == finding.path and ANY_ACCOUNT in repr(one.properties)
        for one in resources
    )
    severity = min(finding.severity, Severity.WARNING if likely else Severity.INFO, key=lambda one: one.rank)
    return replace(finding, when=when, undecided=True, severity=severity)


def _by_stand_ins(finding: Finding, names: Mapping[str, str]) -> Finding:
    message, evidence = (by_stand_ins(text, names) for text in (finding.message, finding.evidence))
    return replace(finding, message=message, evidence=evidence)


def _findings(context: Context, rules: Iterable[Rule], resources: Mapping[Source, Resource]) -> Iterator[Finding]:
    for rule in rules:
        try:
            found = list(rule.check(context))
        except Exception as error:  # noqa: BLE001 - whatever is wrong with one rule, the others are heard
            message = f"rule {rule.id} ({rule.name}) failed, so it says nothing: {type(error).__name__}: {error}"
            yield Finding(FAILED, Severity.ERROR, "", "", "", "", message)
            continue
        for one in dict.fromkeys(found):
            yield _finding(rule.id, _severity(rule, one), one, resources)
    yield from (_unread(note) for note in context.landscape.notes if not note.mistake)


def _severity(rule: Rule, found: Found) -> Severity:
    if not found.undecided:
        return Severity.INFO if found.harmless else rule.severity
    return Severity.WARNING if found.likely and rule.severity is Severity.ERROR else Severity.INFO


def _finding(rule: str, severity: Severity, found: Found, resources: Mapping[Source, Resource]) -> Finding:
    source = found.source
    path, stack, logical_id = (source.path, source.stack, source.logical_id) if source else ("", "", "")
    resource = resources.get(source) if source else None
    return Finding(
        rule,
        severity,
        path,
        stack,
        logical_id,
        found.location,
        with_subject(found.message, found.location, resource.type if resource else ""),
        found.evidence,
        undecided=found.undecided,
        metadata=resource.metadata if resource else {},
    )


def _unread(note: Note) -> Finding:
    severity = Severity.WARNING if note.unread else Severity.INFO
    return _finding(UNREAD, severity, Found(note.source, "", note.text, undecided=True), {})
