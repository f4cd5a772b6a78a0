"""What Node has told is kept, for each object and each question apart."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Callable
from typing import Any

import jsii
import pytest
from aws_cdk import Aws, CfnParameter, Fn, IStableStringProducer, Lazy, NestedStack, Stack, Token
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct

from secure_kms_constructs.cdk.asking import Called, asked_once, place_in, resolve_each, resolved_in, stack_of
from secure_kms_constructs.cdk.node import Questions
from tests.synth.templates import make_role


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


@jsii.implements(IStableStringProducer)
class Nothing:
    def produce(self) -> Any:
        return None


VALUES: dict[str, Callable[[Stack], Any]] = {
    "no token": lambda _: ["x", 1, 1.5, True, {"a": []}, {}, "\u00e9\ud83d\ude00", "${Name} $ {"],
    "a reference": lambda s: [make_role(s).role_arn, Aws.ACCOUNT_ID],
    "a reference in a text": lambda s: [f"x{make_role(s).role_arn}y${{z}}", {"a": [Aws.REGION * 2]}],
    "the same text twice": lambda s: [{"a": (arn := make_role(s).role_arn)}, [arn], f"{arn}{arn}"],
    "a list": lambda _: [Fn.split(",", Aws.REGION), {"a": Fn.split(",", Aws.REGION)}],
    "a number": lambda s: [{"a": CfnParameter(s, "Number", type="Number").value_as_number}],
    "the name of a property": lambda _: [{Token.as_string(Lazy.any(Named())): "x"}],
    "what is nothing": lambda _: [["a", Lazy.string(Nothing())], {"a": Lazy.string(Nothing()), "b": 1}],
    "an object of CDK": lambda s: [Fn.condition_if("C", make_role(s).role_arn, Aws.NO_VALUE), "x"],
}


@jsii.implements(IStableStringProducer)
class Named:
    def produce(self) -> Any:
        return "named"


@pytest.mark.parametrize("name", VALUES)
def test_values_are_resolved_as_cdk_does(stack: Stack, name: str) -> None:
    values = VALUES[name](stack)
    assert resolved_in(stack, values) == stack.resolve(values)


def test_each_value_is_resolved_in_its_stack(stack: Stack, other_stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Stack] = []
    resolve = Questions.resolve
    monkeypatch.setattr(Questions, "resolve", lambda of, values: asked.append(of) or resolve(of, values))  # type: ignore[func-returns-value]
    secret = secretsmanager.Secret(stack, "Secret")
    pairs = [(stack, secret.secret_arn), (other_stack, Aws.REGION), (stack, ["x"])]
    assert resolve_each(pairs) == [of.resolve(value) for of, value in pairs]
    assert asked == [stack, other_stack]


def test_messages_call_a_construct_by_its_path_and_a_text_by_itself(stack: Stack) -> None:
    key = kms.Key(stack, "Key")
    assert str(Called("key", key)) == "key Stack/Key"
    assert str(Called("secret", "app")) == "secret app"
    assert str(Called("the key of", Called("secret", "app"))) == "the key of secret app"
