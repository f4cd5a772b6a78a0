"""Counting: the same whoever reads which event in which order, and bounded by what is different."""

from __future__ import annotations

import random
from itertools import permutations

import pytest

from secure_kms_constructs.evidence import tallies
from secure_kms_constructs.evidence.contexts import Context
from secure_kms_constructs.evidence.tallies import RESOURCES, SHAPES, VALUES, Head, Tallies

HEAD = Head("used", "principal", "arn:aws:iam::111122223333:role/R", "111122223333", "kms:Decrypt", "key", None, None)
Row = tuple[Head, Context, str, str, bool]


def with_value(number: int, name: str = "id", **more: str) -> Row:
    context = tuple(sorted({name: f"value{number}", **more}.items()))
    return (HEAD, context, f"2026-05-20T00:{number % 60:02d}:00Z", f"event{number}", True)


def rows(made: Tallies) -> dict[object, tuple[str, str, int]]:
    return {(head, context): (tally.first, tally.last, tally.count) for head, context, tally in made}


def counted(*events: Row) -> Tallies:
    made = Tallies()
    for one in events:
        made.add(*one)
    return made


def contexts(made: Tallies) -> list[object]:
    return [context for _, context, _ in made]


def test_first_and_last_do_not_depend_on_the_order() -> None:
    events = [(HEAD, (), f"2026-05-20T0{hour}:00:00Z", f"e{hour}", True) for hour in range(4)]
    for order in permutations(events):
        assert rows(counted(*order)) == {(HEAD, ()): ("2026-05-20T00:00:00Z", "2026-05-20T03:00:00Z", 4)}


def test_an_event_that_is_read_twice_counts_once() -> None:
    event = (HEAD, (), "2026-05-20T00:00:00Z", "e", True)
    assert [tally.count for _, _, tally in counted(event, event)] == [1]
    one, other = counted(event), counted(event)
    one.merge(other)
    assert [tally.count for _, _, tally in one] == [1]
    # The neighbour is another event.
    one.merge(counted((HEAD, (), "2026-05-20T00:00:00Z", "f", True)))
    assert [tally.count for _, _, tally in one] == [2]


def test_three_events_are_kept() -> None:
    made = counted(*((HEAD, (), "2026-05-20T00:00:00Z", f"e{number}", True) for number in range(9)))
    assert [(tally.events, tally.count) for _, _, tally in made] == [(["e0", "e1", "e2"], 9)]
    made.merge(counted((HEAD, (), "2026-05-20T00:00:00Z", "f", True)))
    assert [(tally.events, tally.count) for _, _, tally in made] == [(["e0", "e1", "e2"], 10)]


def test_an_event_that_is_kept_counts_once_however_late() -> None:
    events = [(HEAD, (), "2026-05-20T00:00:00Z", f"e{number}", True) for number in range(5)]
    assert [tally.count for _, _, tally in counted(*events, events[0], events[2])] == [5]


TOO_MUCH: dict[str, tuple[list[Row], list[Row]]] = {
    "values": ([with_value(number) for number in range(VALUES + 1)], [with_value(99)]),
    "resources": (
        [with_value(number, "SecretARN") for number in range(RESOURCES + 1)],
        [with_value(9999, "SecretARN")],
    ),
    "names": ([with_value(number, f"name{number}") for number in range(SHAPES + 1)], [with_value(1, "other")]),
}


@pytest.mark.parametrize("name", TOO_MUCH)
@pytest.mark.parametrize("first", [True, False])
def test_what_is_too_much_for_one_reader_is_too_much_for_all(name: str, first: bool) -> None:
    many, few = TOO_MUCH[name]
    expected = rows(counted(*many, *few))
    whole = Tallies()
    for events in (many, few) if first else (few, many):
        whole.merge(counted(*events))
    assert rows(whole) == expected
    assert len(expected) == 1
    whole.add(*few[0][:3], "later", True)
    assert len(rows(whole)) == 1


def test_a_call_across_accounts_that_both_recorded_counts_once() -> None:
    caller = (HEAD, (), "2026-05-20T00:00:00Z", "e", True)
    owner = (HEAD, (), "2026-05-20T00:00:00Z", "f", False)
    assert [tally.count for _, _, tally in counted(caller, owner)] == [1]
    assert [tally.count for _, _, tally in counted(owner)] == [1]


def test_as_many_values_as_are_kept_are_kept() -> None:
    made = counted(*(with_value(number) for number in range(VALUES)))
    assert len(contexts(made)) == VALUES
    made.add(*with_value(VALUES))
    assert contexts(made) == [(("id", None),)]
    assert [tally.count for _, _, tally in made] == [VALUES + 1]


def test_a_resource_beside_many_values_is_kept() -> None:
    events = [with_value(number, SecretARN=f"secret{number % 2}") for number in range(VALUES + 5)]
    made = counted(*events)
    assert set(contexts(made)) == {
        (("SecretARN", "secret0"), ("id", None)),
        (("SecretARN", "secret1"), ("id", None)),
    }


def test_a_name_with_one_value_is_kept_beside_many_resources() -> None:
    buckets = [("aws:s3:arn", f"arn:aws:s3:::b{number}/*") for number in range(VALUES + 5)]
    made = counted(*((HEAD, (one, ("tenant", "acme")), "2026-05-20T00:00:00Z", "e", True) for one in buckets))
    assert set(contexts(made)) == {(one, ("tenant", "acme")) for one in buckets}
    for number in range(VALUES):
        made.add(HEAD, (buckets[0], ("tenant", f"t{number}")), "2026-05-20T00:00:00Z", "e", True)
    assert set(contexts(made)) == {(one, ("tenant", None)) for one in buckets}


def test_many_resources_are_kept_and_made_up_ones_are_not() -> None:
    made = counted(*(with_value(number, "SecretARN") for number in range(RESOURCES)))
    assert len(contexts(made)) == RESOURCES
    made.add(*with_value(RESOURCES, "SecretARN"))
    assert contexts(made) == [(("SecretARN", None),)]
    assert [tally.count for _, _, tally in made] == [RESOURCES + 1]


def test_names_that_are_made_up_become_one() -> None:
    made = counted(*(with_value(number, f"name{number}") for number in range(SHAPES)))
    assert len(contexts(made)) == SHAPES
    made.add(*with_value(SHAPES, "another"))
    assert contexts(made) == [None]
    assert [tally.count for _, _, tally in made] == [SHAPES + 1]
    made.add(*with_value(1, "name1"))
    assert contexts(made) == [None]


def test_other_uses_are_not_folded_with_it() -> None:
    other = HEAD._replace(key="other")
    made = counted((other, (("id", "mine"),), "2026-05-20T00:00:00Z", "e", True), *map(with_value, range(VALUES + 1)))
    assert rows(made).keys() == {(other, (("id", "mine"),)), (HEAD, (("id", None),))}


@pytest.mark.parametrize("seed", range(8))
def test_it_does_not_matter_who_reads_what(seed: int) -> None:
    draw = random.Random(seed)
    events = []
    for number in range(400):
        names = draw.sample(["SecretARN", "aws:s3:arn", "id", "x"], draw.randrange(3))
        context = tuple(sorted((name, f"v{draw.randrange(draw.choice((3, 30)))}") for name in names))
        head = HEAD._replace(key=draw.choice(("a", "b")), outcome=draw.choice(("used", "denied")))
        events.append((head, context, f"2026-05-20T00:{draw.randrange(60):02d}:00Z", f"e{number}", True))
    expected = rows(counted(*events))
    draw.shuffle(events)
    readers = [Tallies() for _ in range(3)]
    for one in events:
        draw.choice(readers).add(*one)
    whole = Tallies()
    for reader in readers:
        whole.merge(reader)
    assert rows(whole) == expected


def test_more_than_an_account_can_have_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tallies, "ROWS", 3)
    made = counted(*((HEAD._replace(key=str(number)), (), "t", "e", True) for number in range(3)))
    with pytest.raises(ValueError, match="more than 3 different uses were found: read a shorter period"):
        made.add(HEAD._replace(key="4"), (), "t", "e", True)
