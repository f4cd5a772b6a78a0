"""Questions in a form that iam-simulate answers as documented; ``differences.py`` says why."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from typing import Any

from tests.unit.cases.case import allow, deny, policy, without

Json = dict[str, Any]

_WORK_ACROSS_ACCOUNTS = ("Decrypt", "Encrypt", "GenerateDataKey", "CreateGrant", "DescribeKey")


def each_policy(change: Callable[[Json], Json], case: Json) -> Json:
    return case | {
        "key_policy": change(case["key_policy"]),
        "identity_policies": [change(document) for document in case["identity_policies"]],
        "boundary": case["boundary"] and change(case["boundary"]),
        "endpoint_policy": case.get("endpoint_policy") and change(case["endpoint_policy"]),
        **{
            name: [change(document) for document in case.get(name, ())] for name in ("session_policies", "scps", "rcps")
        },
    }


def each_statement(change: Callable[[Json], Json], case: Json) -> Json:
    return each_policy(partial(statements, change), case)


def each_condition(change: Callable[[str, Json], Json], case: Json) -> Json:
    return each_policy(partial(conditions, change), case)


def statements(change: Callable[[Json], Json], document: Json) -> Json:
    listed = document["Statement"]
    return document | {"Statement": [change(one) for one in (listed if isinstance(listed, list) else [listed])]}


def conditions(change: Callable[[str, Json], Json], document: Json) -> Json:
    def changed(statement: Json) -> Json:
        block = statement.get("Condition", {})
        return statement | {"Condition": {operator: change(operator, keys) for operator, keys in block.items()}}

    return statements(changed, document)


def each_value(change: Callable[[str], list[str]], keys: Json) -> Json:
    def listed(values: Any) -> list[str]:
        return values if isinstance(values, list) else [values]

    return {key: [new for one in listed(values) for new in change(one)] for key, values in keys.items()}


def null_variables(case: Json) -> Json:
    """Values with a variable that has none, as a value that equals nothing."""
    present = {key.lower() for key in case["context"]}
    present |= {"aws:principalaccount"} if case["principal"].startswith("arn:") else set()
    present |= {"aws:username"} if ":user/" in case["principal"] else set()

    def filled(value: str) -> list[str]:
        keys = re.findall(r"\$\{([^},]{2,})}", value)
        return [value if all(key.lower() in present for key in keys) else "arn:equal:to:nothing:at:all"]

    return each_condition(lambda operator, keys: each_value(filled, keys) if "Not" in operator else keys, case)


def no_sets_of_null(operator: str, keys: Json) -> Json:
    """Leave out what is always true."""
    return {} if operator.lower() == "forallvalues:null" else keys


def plain_escapes(document: Json) -> Json:
    """Escaped characters as themselves, where they are no wildcards."""
    if document.get("Version") != "2012-10-17":
        return document

    def plain(value: str) -> list[str]:
        return [re.sub(r"\$\{([*?$])}", r"\1", value)]

    return conditions(lambda operator, keys: each_value(plain, keys) if "Equals" in operator else keys, document)


def literal_variables(document: Json) -> Json:
    """The texts of an old policy with their dollar signs escaped, because it has no variables."""
    if document.get("Version") == "2012-10-17":
        return document

    def escaped(value: Any) -> Any:
        if isinstance(value, dict):
            return {name: escaped(one) for name, one in value.items()}
        if isinstance(value, list):
            return [escaped(one) for one in value]
        return value.replace("${", "${$}{") if isinstance(value, str) else value

    return {name: escaped(one) for name, one in document.items()}


def without_empty_values(case: Json) -> Json:
    """ForAllValues without the keys whose value is empty, because it matches these."""
    empty = {key.lower() for key, value in case["context"].items() if value == ""}

    def change(operator: str, keys: Json) -> Json:
        if not operator.startswith("ForAllValues:"):
            return keys
        return {key: values for key, values in keys.items() if key.lower() not in empty}

    return each_condition(change, case)


def plain_ranges(operator: str, keys: Json) -> Json:
    def ranges(value: str) -> list[str]:
        if value == "0.0.0.0/0":
            return ["0.0.0.0/1", "128.0.0.0/1"]
        return [value if "/" in value else f"{value}/{128 if ':' in value else 32}"]

    return each_value(ranges, keys) if "IpAddress" in operator else keys


def epochs_as_dates(operator: str, keys: Json) -> Json:
    def date(value: str) -> list[str]:
        return ["2026-01-01T00:00:00Z" if value == "1767225600" else value]

    return each_value(date, keys) if "Date" in operator else keys


def only_what_works_across_accounts(case: Json) -> Json:
    principal = case["principal"].split(":", 5)
    works = case["action"].removeprefix("kms:") in _WORK_ACROSS_ACCOUNTS
    if len(principal) == 1 or principal[4] == case["key"].split(":")[4] or works:
        return case
    return case | {"key_policy": policy(deny(case["action"], "*"))}


def powerful_root(case: Json) -> Json:
    root = case["principal"].endswith(":root")
    return case | {"identity_policies": [policy(allow("*"))]} if root else case


def whole_arns(case: Json) -> Json:
    """The incomplete ARNs of identity policies, boundary and session policies with what AWS fills them with."""

    def whole(value: Any) -> Any:
        if isinstance(value, list):
            return [whole(one) for one in value]
        return value if value == "*" else value + ":*" * (5 - value.count(":"))

    def change(statement: Json) -> Json:
        return {name: whole(value) if name.endswith("Resource") else value for name, value in statement.items()}

    return case | {
        "identity_policies": [statements(change, one) for one in case["identity_policies"]],
        "boundary": case["boundary"] and statements(change, case["boundary"]),
        "session_policies": [statements(change, one) for one in case.get("session_policies", ())],
    }


def unlimited_sessions(case: Json) -> Json:
    """Session policies that also allow everything, where the key policy names the session or everybody."""

    def is_direct(statement: Json) -> bool:
        principal = statement.get("Principal")
        named = principal if principal == "*" else principal["AWS"] if principal and "AWS" in principal else ()
        return statement["Effect"] == "Allow" and ("*" in named or case["principal"] in named)

    sessions = case.get("session_policies", [])
    listed = case["key_policy"]["Statement"]
    direct = any(map(is_direct, listed if isinstance(listed, list) else [listed]))
    return case | {"session_policies": [*sessions, policy(allow("*"))] if sessions and direct else sessions}


def spelled_out(case: Json) -> Json:
    """NotPrincipal as everyone, for a caller whom it does not list itself."""
    caller = case["principal"]
    names = {caller}
    if ":assumed-role/" in caller:
        names.add(f"arn:aws:iam::{caller.split(':')[4]}:role/{caller.split('/')[1]}")

    def change(statement: Json) -> Json:
        if "NotPrincipal" not in statement:
            return statement
        listed = {*statement["NotPrincipal"].get("AWS", ()), statement["NotPrincipal"].get("Service")}
        if all(one and one.endswith((":root", ".amazonaws.com")) for one in listed):
            # Whether an account alone stands for its principals, no page says.
            return statement
        return statement if names & listed else without(statement, "NotPrincipal") | {"Principal": "*"}

    return each_statement(change, case)
