"""Docstrings of public names say what every parameter is."""

from __future__ import annotations

import dataclasses
import inspect
import re
from typing import Any

import pytest

import secure_kms_constructs

CLASSES = {
    name: value
    for name in secure_kms_constructs.__all__
    if inspect.isclass(value := getattr(secure_kms_constructs, name))
}
PLUGINS = (secure_kms_constructs.KmsLeastPrivilegeChecks, secure_kms_constructs.HardenKeys)
METHODS = {
    f"{name}.{method}": getattr(value, "__func__", value)
    for name, cls in CLASSES.items()
    for method, value in vars(cls).items()
    if inspect.isfunction(getattr(value, "__func__", value)) and not method.startswith("_")
}


def documented(value: Any) -> set[str]:
    text = inspect.getdoc(value) or ""
    return set(re.findall(r":param (\w+):", text)) | set(re.findall(r"``(\w+)``", text))


def parameters(function: Any) -> set[str]:
    return set(inspect.signature(function).parameters) - {"self", "cls", "scope", "id"}


@pytest.mark.parametrize("name", [n for n, cls in CLASSES.items() if not issubclass(cls, str)])
def test_a_class_documents_the_parameters_it_is_made_with_and_no_other(name: str) -> None:
    text = inspect.getdoc(CLASSES[name]) or ""
    said = re.findall(r":param (\w+):", text)
    cls = CLASSES[name]
    if cls.__init__ is object.__init__:  # made of factories, which are methods
        assert said == []
        return
    taken = (
        {field.name for field in dataclasses.fields(cls)} if dataclasses.is_dataclass(cls) else parameters(cls.__init__)
    )
    assert set(said) == taken
    assert len(said) == len(set(said))


@pytest.mark.parametrize("name", [n for n, cls in CLASSES.items() if not issubclass(cls, str)])
def test_every_parameter_of_a_construct_after_its_id_is_keyword_only(name: str) -> None:
    if dataclasses.is_dataclass(CLASSES[name]) or CLASSES[name].__init__ is object.__init__:
        return
    given = inspect.signature(CLASSES[name].__init__).parameters
    # A plugin or an Aspect is no construct, and has nothing before its options.
    before = ["self"] if issubclass(CLASSES[name], PLUGINS) else ["self", "scope", "id"]
    assert list(given)[: len(before)] == before
    assert {parameter.kind for parameter in list(given.values())[len(before) :]} == {inspect.Parameter.KEYWORD_ONLY}


@pytest.mark.parametrize("name", [n for n, cls in CLASSES.items() if not issubclass(cls, str)])
def test_a_class_names_the_page_of_aws_it_follows(name: str) -> None:
    text = inspect.getdoc(CLASSES[name]) or ""
    assert "https://docs.aws.amazon.com/" in text or ":param source:" in text


@pytest.mark.parametrize("name", METHODS)
def test_a_method_documents_its_parameters(name: str) -> None:
    method = METHODS[name]
    assert inspect.getdoc(method)
    # What the L2 documents already need not be said again: an override of ours has its name and its parameters.
    cls = CLASSES[name.split(".")[0]]
    inherited = [getattr(base, method.__name__, None) for base in cls.__mro__[1:]]
    if any(inherited):
        return
    assert parameters(method) <= documented(method)
