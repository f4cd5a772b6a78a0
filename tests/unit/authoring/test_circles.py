"""What stands for a reference that would close a circle, decided without Node."""

from __future__ import annotations

from typing import Any

import pytest

from secure_kms_constructs.authoring.apps import App, Looked, Place
from secure_kms_constructs.authoring.circles import (
    Circles,
    generated_arn,
    generated_name,
    literal_arn,
    names_a_source,
    opened,
)
from secure_kms_constructs.authoring.served_statements import filled

ACCOUNT = "111122223333"
HERE = Place("aws", "us-east-1", ACCOUNT, "amazonaws.com", "", "App")
ABROAD = Place("aws", "us-east-1", "999999999999", "amazonaws.com", "", "App")
CONTEXT = "kms:EncryptionContext:aws:events:event-bus:arn"
BUS = f"arn:aws:events:us-east-1:{ACCOUNT}:event-bus/"


def ref(name: str, attribute: str = "Arn") -> dict[str, str]:
    return {"Resource": f"App/{name}", "Attribute": attribute}


def app(place: Place = HERE, **resources: tuple[str, dict[str, Any]]) -> App:
    found = {f"App/{name}": Looked(f"App/{name}", name, *one[:1], "App", one[1]) for name, one in resources.items()}
    return App(found, {"App": place})


def ways(*names: str) -> Circles:
    return Circles({f"App/{name}": [f"App/{name}", "App/Key"] for name in names})


def use(principal: Any, condition: Any = None) -> dict[str, Any]:
    one = {"Sid": "Theirs", "Effect": "Allow", "Principal": principal, "Action": "kms:Decrypt", "Resource": "*"}
    return one | ({"Condition": condition} if condition else {})


EVENTS = {"Service": "events.amazonaws.com"}
ROLE: tuple[str, dict[str, Any]] = ("AWS::IAM::Role", {})
NAMED: tuple[str, dict[str, Any]] = ("AWS::IAM::Role", {"RoleName": "reader", "Path": "/team/"})


def conditions(the_app: App, statement: Any, circles: Circles) -> Any:
    found = opened(the_app, HERE, [statement], circles, "App")
    assert found.problems == []
    return filled(found.statements[0], HERE)["Condition"]


def problems(the_app: App, statement: Any, circles: Circles) -> list[str]:
    return list(opened(the_app, HERE, [statement], circles, "App").problems)


def test_what_is_in_no_circle_stays_a_reference() -> None:
    the_app = app(Bus=("AWS::Events::EventBus", {"Name": "b"}), Role=ROLE)
    statement = use(EVENTS, {"StringEquals": {CONTEXT: ref("Bus")}})
    found = opened(the_app, HERE, [statement], ways("Role"), "App")
    assert (found.statements, found.texts, found.problems) == ([statement], {}, [])


@pytest.mark.parametrize(
    "value",
    [
        ref("Bus"),
        {"Fn::Join": ["", [ref("Bus")]]},
        {"Fn::Join": ["", [{"Fn::Join": ["", [ref("Bus"), ""]]}, ""]]},
        {"Fn::Join": ["orders", [{"Fn::Join": ["", [ref("Bus")]]}]]},
        {"Fn::Sub": ["${It}", {"It": ref("Bus")}]},
    ],
)
def test_a_name_stands_for_a_reference_however_it_is_written(value: Any) -> None:
    named = app(Bus=("AWS::Events::EventBus", {"Name": "orders"}))
    assert conditions(named, use(EVENTS, {"StringEquals": {CONTEXT: value}}), ways("Bus")) == {
        "StringEquals": {CONTEXT: f"{BUS}orders"}
    }


@pytest.mark.parametrize(
    "value",
    [
        *({"Ref": "Parameter"}, {"Fn::Sub": ["${It}-${Parameter}", {"It": ref("Bus")}]}, 5, None, ["x"]),
        {"Fn::Sub": ["${It}-${A}", {"It": ref("Bus"), "A": {"Ref": "Parameter"}}]},
        {"Fn::Join": ["", {"Fn::Split": [":", ref("Bus")]}]},
        ref("Unknown"),
    ],
)
def test_what_cannot_be_written_out_is_a_problem(value: Any) -> None:
    named = app(Bus=("AWS::Events::EventBus", {"Name": "orders"}))
    joined = {"Fn::Join": ["", [ref("Bus"), value]]}
    assert problems(named, use(EVENTS, {"StringEquals": {CONTEXT: joined}}), ways("Bus"))


def test_pseudo_parameters_beside_a_reference_are_those_of_the_key() -> None:
    named = app(Bus=("AWS::Events::EventBus", {"Name": "orders"}))
    value = {"Fn::Join": ["", [ref("Bus"), "/", {"Ref": "AWS::AccountId"}, {"Fn::Sub": "${AWS::Region}"}]]}
    made = conditions(named, use(EVENTS, {"StringLike": {CONTEXT: [value, "x"]}}), ways("Bus"))
    assert made == {"StringLike": {CONTEXT: [f"{BUS}orders/{ACCOUNT}us-east-1", "x"]}}


@pytest.mark.parametrize("operator, like", [("StringEquals", "StringLike"), ("ArnEquals", "ArnLike")])
def test_a_made_up_name_is_a_pattern_for_a_service(operator: str, like: str) -> None:
    made = conditions(
        app(Bus=("AWS::Events::EventBus", {})), use(EVENTS, {operator: {CONTEXT: ref("Bus")}}), ways("Bus")
    )
    assert made == {like: {CONTEXT: f"{BUS}*"}}


@pytest.mark.parametrize(
    "principal, condition",
    [
        ({"AWS": f"arn:aws:iam::{ACCOUNT}:role/app"}, {"StringEquals": {CONTEXT: ref("Bus")}}),
        (EVENTS, {"StringNotEquals": {CONTEXT: ref("Bus")}}),
        (EVENTS, {"StringEquals": {"kms:EncryptionContext:other": ref("Bus")}}),
        (EVENTS, {"StringEquals": {"aws:SourceVpc": ref("Bus")}}),
        (EVENTS, {"StringEquals": {CONTEXT.removeprefix("kms:EncryptionContext:"): ref("Bus")}}),
        ("*", {"StringEquals": {CONTEXT: ref("Bus")}}),
        (None, {"StringEquals": {CONTEXT: ref("Bus")}}),
    ],
    ids=[
        *(
            "a role",
            "what must not be",
            "a context of no page",
            "another condition key",
            "a context without its prefix",
        ),
        *("everybody", "nobody"),
    ],
)
def test_a_pattern_is_written_for_services_alone_and_where_a_page_says_it(principal: Any, condition: Any) -> None:
    [text] = problems(app(Bus=("AWS::Events::EventBus", {})), use(principal, condition), ways("Bus"))
    assert text == (
        "statement 'Theirs' names App/Bus, which waits for the key (App/Bus -> App/Key): CloudFormation refuses the "
        "circle, so write its ARN out in the statement, with a literal name (stack.format_arn)"
    )


def test_another_condition_of_the_statement_does_not_hinder_a_pattern() -> None:
    beside = {"Bool": {"aws:SecureTransport": "true"}, "StringNotEquals": {"aws:SourceVpc": "vpc-1"}}
    statement = use(EVENTS, {"StringEquals": {CONTEXT: ref("Bus")}, **beside})
    made = conditions(app(Bus=("AWS::Events::EventBus", {})), statement, ways("Bus"))
    assert made == {"StringLike": {CONTEXT: f"{BUS}*"}, **beside}


def test_a_join_by_something_stands_with_it_between() -> None:
    named = app(Bus=("AWS::Events::EventBus", {"Name": "orders"}))
    value = {"Fn::Join": ["/", [ref("Bus"), "x", "y"]]}
    assert conditions(named, use(EVENTS, {"StringEquals": {CONTEXT: value}}), ways("Bus")) == {
        "StringEquals": {CONTEXT: f"{BUS}orders/x/y"}
    }


def test_a_statement_without_a_name_is_told_by_its_number_and_a_resource_by_its_construct() -> None:
    bus = Looked("App/Bus/Resource", "Bus", "AWS::Events::EventBus", "App", {})
    value = {"Resource": "App/Bus/Resource", "Attribute": "Arn"}
    statement = {**use(EVENTS, {"StringEquals": {"aws:SourceVpc": value}}), "Sid": ""}
    way = Circles({"App/Bus/Resource": ["App/Bus/Resource", "App/Key"]})
    [text] = opened(App({"App/Bus/Resource": bus}, {"App": HERE}), HERE, [use(EVENTS), statement], way, "App").problems
    assert text.startswith("statement 1 names App/Bus, which waits for the key (App/Bus -> App/Key)")


def test_what_the_app_does_not_tell_is_named_by_its_path() -> None:
    statement = use(EVENTS, {"StringEquals": {CONTEXT: ref("Unknown")}})
    [text] = problems(app(), statement, ways("Unknown"))
    assert "names App/Unknown, which waits for the key" in text
    assert "write its ARN out in the statement" in text


def test_a_pattern_without_an_account_needs_the_account_of_the_source() -> None:
    buckets = app(Bucket=("AWS::S3::Bucket", {}))
    context = {"kms:EncryptionContext:aws:s3:arn": ref("Bucket")}
    source = {"StringEquals": {**context, "aws:SourceAccount": ACCOUNT}}
    named = app(Bucket=("AWS::S3::Bucket", {"BucketName": "data"}))
    assert problems(buckets, use(EVENTS, {"StringEquals": context}), ways("Bucket"))
    assert not problems(named, use(EVENTS, {"StringEquals": context}), ways("Bucket"))
    assert not problems(buckets, use(EVENTS, source), ways("Bucket"))


def test_a_literal_name_stands_for_a_role_in_a_condition() -> None:
    by_name = use({"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, {"ArnEquals": {"aws:PrincipalArn": ref("Role")}})
    assert conditions(app(Role=NAMED), by_name, ways("Role")) == {
        "ArnEquals": {"aws:PrincipalArn": f"arn:aws:iam::{ACCOUNT}:role/team/reader"}
    }


@pytest.mark.parametrize("role", [NAMED, ROLE])
def test_a_principal_has_to_exist_before_the_key(role: tuple[str, dict[str, Any]]) -> None:
    """https://docs.aws.amazon.com/kms/latest/APIReference/API_CreateKey.html#KMS-CreateKey-request-Policy"""
    [text] = problems(app(Role=role), use({"AWS": ref("Role")}), ways("Role"))
    assert "name it by a grant (key.grant_decrypt(role)), which a role made after the key can have, or put what" in text


def test_the_form_of_a_name_stands_for_a_role_in_a_condition_alone() -> None:
    by_name = use({"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, {"ArnEquals": {"aws:PrincipalArn": ref("Role")}})
    assert conditions(app(Role=ROLE), by_name, ways("Role")) == {
        "ArnLike": {"aws:PrincipalArn": f"arn:aws:iam::{ACCOUNT}:role/App-Role-*"}
    }
    long = Looked("App/Role", "R" * 64, "AWS::IAM::Role", "App", {})
    [text] = problems(App({"App/Role": long}, {"App": HERE}), by_name, ways("Role"))
    assert "give the role a literal role_name, or put what names the key into an iam.Policy of its own" in text


@pytest.mark.parametrize(
    "stack, logical_id, form",
    [
        ("App", "Role", "App-Role-*"),
        ("S" * 24, "R" * 24, f"{'S' * 24}-{'R' * 24}-*"),
        ("S" * 25, "R" * 24, f"{'S' * 24}*{'R' * 24}-*"),
        ("S" * 24, "R" * 25, f"{'S' * 24}-{'R' * 24}*"),
        ("S" * 25, "R" * 25, None),
        ("${AWS.StackName}", "Role", None),
        ("", "Role", None),
        # What CloudFormation adds to the name of a nested stack counts too.
        ("App-Nest-*", "Role", "App-Nest-*-Role-*"),
        ("SSSSS-Nest-*", "R", "SSSSS-Nest-*-R-*"),
        ("SSSSSS-Nest-*", "R", "SSSSSS-Nest-*R-*"),
        ("S" * 31 + "-*", "RRRR", f"{'S' * 24}*RRRR-*"),
        ("S" * 31 + "-*", "RRRRR", None),
    ],
)
def test_the_form_of_a_name_is_what_is_known_of_it(stack: str, logical_id: str, form: str | None) -> None:
    place = HERE._replace(stack_name=stack)
    holder = Looked("App/Role", logical_id, "AWS::IAM::Role", "App", {})
    found = generated_arn(App({"App/Role": holder}, {"App": place}), HERE, holder)
    assert found == (f"arn:{{partition}}:iam::{{account}}:role/{form}" if form else None)


@pytest.mark.parametrize(
    "kind, stack, form",
    [
        ("AWS::Logs::LogGroup", "App", "App-Log-*"),
        ("AWS::Logs::LogGroup", "App-Nest-*", "App-Nest-*-Log-*"),
        ("AWS::Logs::LogGroup", "S" * 114 + "-*", f"{'S' * 114}-*-Log-*"),
        # The name of a stack has 128 characters at most, so this one is cut.
        ("AWS::Logs::LogGroup", "S" * 115 + "-*", None),
        ("AWS::Logs::LogGroup", "${AWS.StackName}", None),
        ("AWS::CloudTrail::Trail", "App", None),
    ],
)
def test_the_name_that_is_made_up_for_a_log_group_is_known_and_no_other(kind: str, stack: str, form: str) -> None:
    the_app = app(HERE._replace(stack_name=stack), Log=(kind, {}))
    assert generated_name(the_app, the_app.resources["App/Log"]) == form
    assert generated_name(App({}, {}), the_app.resources["App/Log"]) is None


@pytest.mark.parametrize(
    "the_app",
    [
        app(Role=("AWS::IAM::Role", {"RoleName": {"Ref": "Name"}})),
        app(Role=("AWS::IAM::Role", {"Path": {"Ref": "Path"}})),
        *(app(ABROAD, Role=ROLE), App({}, {})),
    ],
)
def test_a_name_that_is_given_or_of_another_account_has_no_form(the_app: App) -> None:
    holder = the_app.resources.get("App/Role") or Looked("App/Role", "Role", "AWS::IAM::Role", "App", {})
    assert generated_arn(the_app, HERE, holder) is None
    assert literal_arn(the_app, HERE, holder) is None


def test_a_literal_name_of_another_account_is_named_with_it() -> None:
    the_app = app(ABROAD, Role=NAMED, User=("AWS::IAM::User", {"UserName": "me"}))
    assert literal_arn(the_app, HERE, the_app.resources["App/Role"]) == (
        "arn:{partition}:iam::999999999999:role/team/reader"
    )
    assert literal_arn(the_app, HERE, the_app.resources["App/User"]) == "arn:{partition}:iam::999999999999:user/me"
    unknown = app(ABROAD._replace(account="${AWS.AccountId}"), Role=NAMED)
    assert literal_arn(unknown, HERE, unknown.resources["App/Role"]) is None


def test_an_account_that_only_the_deployment_tells_is_the_key_s_own_where_both_are() -> None:
    nowhere = HERE._replace(account="${AWS.AccountId}")
    the_app = app(nowhere, Role=NAMED)
    found = literal_arn(the_app, nowhere, the_app.resources["App/Role"])
    assert found == "arn:{partition}:iam::{account}:role/team/reader"


def test_what_the_key_waits_for_itself_is_a_problem() -> None:
    waits = Circles({}, {"App/Secret": ["App/Secret", "App/Key"]})
    [text] = opened(app(Secret=("AWS::SecretsManager::Secret", {})), HERE, [], waits, "App").problems
    assert "the key waits for App/Secret, which waits for the key (App/Secret -> App/Key)" in text
    assert "take the dependency away" in text


LOG = ("AWS::Logs::LogGroup", {})


@pytest.mark.parametrize(
    "log, name",
    [(LOG, "App-Log-*"), ((LOG[0], {"LogGroupName": "/x"}), "/x"), ((LOG[0], {"LogGroupName": ref("P")}), "*")],
)
def test_a_log_group_in_a_circle_is_named_as_closely_as_can_be(log: Any, name: str) -> None:
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "logs.us-east-1.amazonaws.com"},
        "Action": "kms:Decrypt",
        "Condition": {"ArnLike": {"kms:EncryptionContext:aws:logs:arn": ref("Log")}},
    }
    the_app = app(HERE._replace(stack_name="App"), Log=log)
    texts = opened(the_app, HERE, [statement], Circles({"App/Log": ["App/Log", "App/Key"]}), "App").texts
    assert [text.rpartition("log-group:")[2] for text in texts.values()] == [name]


def test_a_nested_stack_is_called_as_its_user_does() -> None:
    path = "App/Nested.NestedStack/Nested.NestedStackResource"
    nested = Looked(path, "Nested", "AWS::CloudFormation::Stack", "App", {})
    way = Circles({path: [path, "App/Key"]})
    value = {"Resource": path, "Attribute": "Outputs.Role"}
    [text] = opened(App({path: nested}, {"App": HERE}), HERE, [use({"AWS": value})], way, "App").problems
    assert "names App/Nested, which waits for the key (App/Nested -> App/Key)" in text


SOURCE = "aws:SourceArn"
OURS = f"arn:*:*:*:{ACCOUNT}:*"


@pytest.mark.parametrize("operator, like", [("StringEquals", "StringLike"), ("ArnEquals", "ArnLike")])
def test_the_source_of_a_service_that_waits_for_the_key_is_one_of_its_account(operator: str, like: str) -> None:
    statement = use(EVENTS, {operator: {SOURCE: ref("Rule")}})
    assert conditions(app(Rule=("AWS::Events::Rule", {})), statement, ways("Rule")) == {like: {SOURCE: OURS}}


def test_a_source_that_waits_for_nothing_stays_a_reference() -> None:
    statement = use(EVENTS, {"ArnLike": {SOURCE: ref("Rule")}})
    assert conditions(app(Rule=("AWS::Events::Rule", {})), statement, ways("Other")) == {
        "ArnLike": {SOURCE: ref("Rule")}
    }


def test_what_stands_around_the_reference_to_a_source_stays() -> None:
    value = {"Fn::Join": ["", [f"arn:aws:events:us-east-1:{ACCOUNT}:rule/", ref("Rule", "")]]}
    statement = use(EVENTS, {"ArnLike": {SOURCE: value}})
    made = conditions(app(Rule=("AWS::Events::Rule", {})), statement, ways("Rule"))
    assert made == {"ArnLike": {SOURCE: f"arn:aws:events:us-east-1:{ACCOUNT}:rule/*"}}


def test_a_bucket_is_a_source_of_whatever_account_so_that_has_to_be_told() -> None:
    buckets, named = app(Bucket=("AWS::S3::Bucket", {})), app(Bucket=("AWS::S3::Bucket", {"BucketName": "data"}))
    alone, tied = {"ArnLike": {SOURCE: ref("Bucket")}}, {"StringEquals": {"aws:SourceAccount": ACCOUNT}}
    assert problems(buckets, use(EVENTS, alone), ways("Bucket"))
    assert conditions(named, use(EVENTS, alone), ways("Bucket")) == {"ArnLike": {SOURCE: "arn:aws:s3:::data"}}
    assert conditions(buckets, use(EVENTS, alone | tied), ways("Bucket")) == tied | {
        "ArnLike": {SOURCE: "arn:aws:s3:::*"}
    }


def test_a_role_is_told_nothing_of_sources() -> None:
    who = {"AWS": f"arn:aws:iam::{ACCOUNT}:role/app"}
    statement = use(who, {"ArnLike": {SOURCE: ref("Rule")}})
    assert problems(app(Rule=("AWS::Events::Rule", {})), statement, ways("Rule"))


@pytest.mark.parametrize("other, account", [(HERE, ACCOUNT), (ABROAD, ABROAD.account)])
@pytest.mark.parametrize("is_told", [True, False])
def test_a_source_of_another_stack_is_one_of_the_account_there(other: Place, account: str, *, is_told: bool) -> None:
    topic = Looked("App/Other/Topic", "Topic", "AWS::SNS::Topic", "App/Other", {})
    the_app = App({topic.path: topic} if is_told else {}, {"App": HERE, "App/Other": other})
    statement = use(EVENTS, {"ArnLike": {SOURCE: {"Resource": topic.path, "Attribute": "TopicArn"}}})
    assert names_a_source(statement)
    assert conditions(the_app, statement, Circles()) == {"ArnLike": {SOURCE: f"arn:*:*:*:{account}:*"}}


def test_a_source_of_another_stack_whose_account_is_not_told_stays_and_orders_the_stacks() -> None:
    there = HERE._replace(account="${AWS.AccountId}")
    statement = use(EVENTS, {"ArnLike": {SOURCE: {"Resource": "App/Other/Topic", "Attribute": "TopicArn"}}})
    the_app = App({}, {"App": HERE, "App/Other": there})
    assert conditions(the_app, statement, Circles()) == statement["Condition"]


@pytest.mark.parametrize("condition", [{"ArnLike": {SOURCE: OURS}}, {"ArnLike": {"aws:SourceVpc": ref("Bus")}}, {}])
def test_a_literal_source_is_no_reference(condition: Any) -> None:
    assert not names_a_source(use(EVENTS, condition))
