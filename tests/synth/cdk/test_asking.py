"""What Node has told is kept, for each object and each question apart."""

from __future__ import annotations

import gc
import weakref

import pytest
from aws_cdk import NestedStack, Stack
from aws_cdk import aws_iam as iam
from constructs import Construct

from secure_kms_constructs.cdk.asking import asked_once, place_in, stack_of


def test_a_question_is_asked_once_of_each_object(stack: Stack) -> None:
    asked = []

    @asked_once
    def path(construct: Construct) -> str:
        asked.append(construct)
        return str(construct.node.path)

    one, other = Construct(stack, "One"), Construct(stack, "Other")
    assert [path(one), path(other), path(one), path(other)] == ["Stack/One", "Stack/Other"] * 2
    assert asked == [one, other]


def test_two_questions_of_one_name_are_two(stack: Stack) -> None:
    assert [asked_once(lambda _: 1)(stack), asked_once(lambda _: 2)(stack)] == [1, 2]


def test_a_question_that_fails_is_asked_again(stack: Stack) -> None:
    answers = iter([0, 1])
    ask = asked_once(lambda _: 1 // next(answers))
    with pytest.raises(ZeroDivisionError):
        ask(stack)
    assert ask(stack) == 1


def test_an_answer_that_refers_to_its_object_keeps_it_no_longer_alive() -> None:
    class Thing:
        pass

    thing = Thing()
    asked_once(lambda it: [it])(thing)
    gone = weakref.ref(thing)
    del thing
    gc.collect()
    assert gone() is None


def test_the_stack_of_a_stack_is_itself_and_that_of_a_construct_the_nearest(stack: Stack) -> None:
    nested = NestedStack(stack, "Nested")
    role = iam.Role(nested, "Role", assumed_by=iam.AccountRootPrincipal())
    assert [stack_of(it) for it in (stack, nested, role, Construct(nested, "Child"))] == [stack, nested, nested, nested]


def test_a_placed_construct_is_in_the_stack_of_its_scope(stack: Stack) -> None:
    child = Construct(stack, "Child")
    place_in(child, stack)
    assert stack_of(child) is stack
