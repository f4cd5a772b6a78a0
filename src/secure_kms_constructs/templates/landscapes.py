"""What stacks describe, once for each place and each outcome of conditions that they leave open."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace

from secure_kms_constructs.policies import Policy, Unknown, parse_identity_policy
from secure_kms_constructs.policies.documents import doubted

from . import made_names, stack_names
from .condition_outcomes import open_conditions, open_parameters, worlds
from .documents import Documents
from .gaps import Gap, gaps, unplaced
from .handlers import HANDLERS
from .identities import identities_of
from .keys import keys_of
from .landscape import Landscape, Note
from .made_names import OpenNames
from .organization import organization_of
from .places import ANOTHER, assumed, is_open, names_place, places, put
from .resolution import Resolver
from .resources import Described, described
from .stacks import ANY_ACCOUNT, ANY_REGION, Environment, Stack, Stacks
from .unread import Unread


def landscapes_of(
    stacks: list[Stack], same: Mapping[str, str] | None, beside: Collection[Policy] = ()
) -> tuple[Landscape, ...]:
    """Read stacks, those that do not say where they go once for each place that policies name.

    :param beside: policies that no template has, and that may name places and principals too.
    """
    documents = Documents()
    notes = tuple(unplaced(stacks))
    first = _in_place(stacks, same, documents, notes, {}, {}, beside)
    if not is_open(stacks):
        return first
    found = places(first, stacks, beside)
    if found is None:
        return tuple(map(_undecided, first))
    given = {id(stack): stack.environment for stack in stacks}
    every = (Environment(), *found)
    landscapes = [replace(one, assumes={**one.assumes, **assumed(Environment(), every)}) for one in first]
    for place in found:
        put(stacks, place)
        names = {place.account: ANY_ACCOUNT, place.region: ANY_REGION}
        names = {name: stand_in for name, stand_in in names.items() if name != stand_in}
        landscapes += _in_place(stacks, same, documents, notes, assumed(place, every), names, beside)
        for stack in stacks:
            stack.environment = given[id(stack)]
    return tuple(landscapes)


def _undecided(landscape: Landscape) -> Landscape:
    """Return a landscape of stacks that may go to more places than can be tried."""
    why = Unknown("to which of the many accounts and regions that policies name the stacks go")
    keys = tuple(
        replace(one, policy=doubted(one.policy, why)) if names_place(one.policy) else one for one in landscape.keys
    )
    more = doubted(parse_identity_policy({"Statement": []}, name="policies, by place"), why)
    identities = tuple(
        replace(one, policies=(*one.policies, more)) if any(map(names_place, one.policies)) else one
        for one in landscape.identities
    )
    note = Note(None, f"{why.description} is not known: what depends on it is unknown")
    return replace(landscape, keys=keys, identities=identities, notes=(*landscape.notes, note))


def _in_place(
    stacks: list[Stack],
    same: Mapping[str, str] | None,
    documents: Documents,
    notes: Iterable[Note],
    place: Mapping[str, str],
    names: Mapping[str, str],
    beside: Collection[Policy],
) -> tuple[Landscape, ...]:
    """Read stacks where they go, once for each literal name that may be that of something which they make."""

    def fresh(case: Mapping[tuple[str, str], str]) -> Resolver:
        return Resolver(Stacks(stacks, same, case), HANDLERS)

    base = fresh({})
    first = _with_names(base, documents, notes, place, names)
    marked = stack_names.named_after(stacks, lambda: fresh({}))
    open_names = OpenNames(base, first, marked, beside)
    cases, too_many = open_names.cases()
    if too_many:
        return tuple(_doubted(one, too_many) for one in first)
    if not cases:
        return first
    every = sorted({it for case in cases for it in case})

    def told(case: Mapping[tuple[str, str], str]) -> dict[str, str]:
        return {f"{made_names.OF}{open_names.shown(it)}": case.get(it, ANOTHER) for it in every}

    landscapes = [replace(one, assumes={**one.assumes, **told({})}) for one in first]
    for case in cases:
        with stack_names.assumed(stacks, case):
            resolver = fresh({it: name for it, name in case.items() if it[1]})
            here = open_names.by_stand_ins(resolver, case)
            landscapes += _with_names(resolver, documents, notes, {**place, **told(case)}, {**names, **here})
    return tuple(landscapes)


def _doubted(landscape: Landscape, texts: Collection[str]) -> Landscape:
    """Return a landscape of which too many names may be those of what the templates make."""
    why = Unknown("which of the many names that policies say are those of what the templates make")
    keys = tuple(
        replace(one, policy=doubted(one.policy, why)) if made_names.says(one.policy, texts) else one
        for one in landscape.keys
    )
    more = doubted(parse_identity_policy({"Statement": []}, name="policies, by name"), why)
    identities = tuple(replace(one, policies=(*one.policies, more)) for one in landscape.identities)
    note = Note(None, f"{why.description} is not known: what depends on it is unknown")
    return replace(landscape, keys=keys, identities=identities, notes=(*landscape.notes, note))


def _with_names(
    base: Resolver,
    documents: Documents,
    notes: Iterable[Note],
    place: Mapping[str, str],
    names: Mapping[str, str],
) -> tuple[Landscape, ...]:
    """Read stacks where they go, once for each way in which their conditions may turn out."""
    found_gaps = tuple(gaps(base.stacks))
    base.notes |= dict.fromkeys((*notes, *(gap.note for gap in found_gaps)))
    noted = dict(base.notes)
    # Once with both branches of whatever is open, to see what is, and for all that does not depend on it.
    found = list(described(base))
    deciding = {one for it in found for one in it.deciding}
    stacks_by_name = {one.name: one for one in base.stacks.all}
    decided, left_out = worlds(base, open_conditions(base), open_parameters(base, deciding))
    for stack, name in left_out:
        what = "condition" if name in stacks_by_name[stack].section("Conditions") else "parameter"
        too_many = Note(None, f"{what} {name} of {stack} is one of too many to try: what it decides is unknown")
        base.notes[too_many] = noted[too_many] = None
    if not any(one.outcomes or one.chosen for one in decided):
        return (replace(_landscape(base, found, documents, found_gaps), assumes=dict(place), places=names),)
    landscapes = []
    for one in decided:
        resolver = Resolver(base.stacks, HANDLERS, one, base)
        resolver.notes |= noted
        told: dict[tuple[str, str], bool | str] = {**one.outcomes, **one.chosen}
        outcomes = {f"{stack}/{name}": value for (stack, name), value in told.items()}
        whole = _landscape(resolver, list(described(resolver)), documents, found_gaps)
        landscapes.append(replace(whole, assumes={**outcomes, **place}, places=names))
    return tuple(landscapes)


def _landscape(
    resolver: Resolver, found: list[Described], documents: Documents, found_gaps: Iterable[Gap]
) -> Landscape:
    unread = Unread(resolver, found_gaps)
    keys = keys_of(found, documents)
    identities = identities_of(found, keys, documents, unread, resolver.stacks.told)
    organization = organization_of(found, documents)
    notes = (*resolver.notes, *documents.notes)
    return Landscape(
        keys,
        identities,
        tuple(one.resource for one in found),
        notes,
        sources=dict(documents.sources),
        organization=organization,
    )
