"""Values in templates, and what they are."""

from __future__ import annotations

from typing import Any, NamedTuple

ACCOUNT, REGION = "111122223333", "eu-west-1"
ROLE = f"arn:aws:iam::{ACCOUNT}:role"
# What each case is written into.
TEMPLATE: dict[str, Any] = {
    "Parameters": {
        "Name": {"Type": "String"},
        "Stage": {"Type": "String", "Default": "dev"},
        "List": {"Type": "CommaDelimitedList", "Default": "a, b,c"},
        "Numbers": {"Type": "List<Number>", "Default": "1,2"},
        "Default": {"Type": "String", "Default": "dev"},
        "Given": {"Type": "String", "Default": "default"},
        "FromSsm": {"Type": "AWS::SSM::Parameter::Value<String>", "Default": "/made/here"},
        "FromElsewhere": {"Type": "AWS::SSM::Parameter::Value<String>", "Default": "/made/elsewhere"},
    },
    "Mappings": {"Map": {REGION: {"name": "first", "list": ["x", "y"]}}},
    "Conditions": {
        "Always": {"Fn::Equals": ["a", "a"]},
        "Never": {"Fn::Not": [{"Condition": "Always"}]},
        "Here": {"Fn::Equals": [{"Ref": "AWS::Region"}, REGION]},
    },
    "Resources": {
        "Role": {"Type": "AWS::IAM::Role", "Properties": {"RoleName": "app"}},
        "Deep": {"Type": "AWS::IAM::Role", "Properties": {"RoleName": "app", "Path": "/team/"}},
        "Absent": {"Type": "AWS::IAM::Role", "Condition": "Never"},
        "Loop": {"Type": "AWS::IAM::Role", "Properties": {"RoleName": {"Ref": "Loop"}}},
        "Secret": {"Type": "AWS::SecretsManager::Secret", "Properties": {"Name": "db"}},
        "Attachment": {
            "Type": "AWS::SecretsManager::SecretTargetAttachment",
            "Properties": {"SecretId": {"Ref": "Secret"}},
        },
        "Parameter": {"Type": "AWS::SSM::Parameter", "Properties": {"Name": "/made/here", "Value": "found"}},
        "Stranger": {"Type": "AWS::Some::Thing"},
        "Group": {"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": "/app/log"}},
        "Queue": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "jobs"}},
    },
    "Outputs": {
        "Out": {"Value": "exported", "Export": {"Name": {"Fn::Sub": "${AWS::StackName}:Out"}}},
        "Hidden": {"Value": "hidden", "Condition": "Never", "Export": {"Name": "hidden"}},
    },
}


class Case(NamedTuple):
    name: str
    value: Any
    expected: Any


class Open(NamedTuple):
    """A value that nobody can tell, and why."""

    why: str


CASES = [
    Case("Ref of a parameter with a default", {"Ref": "Default"}, Open("parameter Default of App")),
    Case("Ref of one that is given", {"Ref": "Stage"}, "dev"),
    Case("Ref of a parameter without one", {"Ref": "Name"}, Open("parameter Name of App")),
    Case("Ref of a parameter that is given", {"Ref": "Given"}, "given"),
    Case("Ref of a list parameter", {"Ref": "List"}, ["a", "b", "c"]),
    Case("Ref of a list of numbers", {"Ref": "Numbers"}, ["1", "2"]),
    Case("Ref of an SSM parameter that a template makes", {"Ref": "FromSsm"}, "found"),
    Case("Ref of one that no template makes", {"Ref": "FromElsewhere"}, Open("SSM parameter /made/elsewhere")),
    Case("Ref of the account", {"Ref": "AWS::AccountId"}, ACCOUNT),
    Case("Ref of the region", {"Ref": "AWS::Region"}, REGION),
    Case("Ref of the partition", {"Ref": "AWS::Partition"}, "aws"),
    Case("Ref of the URL suffix", {"Ref": "AWS::URLSuffix"}, "amazonaws.com"),
    Case("Ref of the stack name", {"Ref": "AWS::StackName"}, "App"),
    Case("Ref of the notification topics", {"Ref": "AWS::NotificationARNs"}, Open("AWS::NotificationARNs of App")),
    Case("Ref of a role", {"Ref": "Role"}, "app"),
    Case("Ref of a resource that does not exist", {"Ref": "Absent"}, Open("its condition is false")),
    Case("Ref of nothing", {"Ref": "Nothing"}, Open("Nothing, which App does not have")),
    Case("Ref of a type that is not known", {"Ref": "Stranger"}, Open("Ref of App/Stranger, AWS::Some::Thing")),
    Case("Ref of what is no text", {"Ref": ["Role"]}, Open("Ref with arguments that it cannot have")),
    Case("Ref of a queue", {"Ref": "Queue"}, f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/jobs"),
    Case("Ref of a parameter resource", {"Ref": "Parameter"}, "/made/here"),
    Case("GetAtt of an ARN", {"Fn::GetAtt": ["Role", "Arn"]}, f"{ROLE}/app"),
    Case("GetAtt as one text", {"Fn::GetAtt": "Role.Arn"}, f"{ROLE}/app"),
    Case("GetAtt of a role with a path", {"Fn::GetAtt": ["Deep", "Arn"]}, f"{ROLE}/team/app"),
    Case(
        "GetAtt of a log group",
        {"Fn::GetAtt": ["Group", "Arn"]},
        f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:/app/log:*",
    ),
    Case("GetAtt of an attribute that is not known", {"Fn::GetAtt": ["Role", "Mood"]}, Open("Mood of App/Role")),
    Case("GetAtt of a type that is not known", {"Fn::GetAtt": ["Stranger", "Arn"]}, Open("Arn of App/Stranger")),
    Case("GetAtt without an attribute", {"Fn::GetAtt": "Role"}, Open("Fn::GetAtt with arguments")),
    Case("GetAtt of a value of SSM", {"Fn::GetAtt": ["Parameter", "Value"]}, "found"),
    Case("Join", {"Fn::Join": ["-", ["a", {"Ref": "Stage"}, 1, True]]}, "a-dev-1-true"),
    Case("Join of a list parameter", {"Fn::Join": ["+", {"Ref": "List"}]}, "a+b+c"),
    Case("Join without the values that are none", {"Fn::Join": [",", ["a", {"Ref": "AWS::NoValue"}]]}, "a"),
    Case(
        "Join with an unknown part", {"Fn::Join": ["", ["arn:", {"Ref": "Name"}]]}, Open("arn:<parameter Name of App>")
    ),
    Case("Join of no list", {"Fn::Join": ["", "a"]}, Open("Fn::Join with arguments")),
    Case("Join of an object", {"Fn::Join": ["", [{"a": "b"}]]}, Open("<not text>")),
    Case("Sub", {"Fn::Sub": "${Stage}/${Role.Arn}/${AWS::Region}"}, f"dev/{ROLE}/app/{REGION}"),
    Case("Sub with values of its own", {"Fn::Sub": ["${Stage}-${X}", {"X": {"Ref": "Role"}}]}, "dev-app"),
    Case("Sub whose own values come first", {"Fn::Sub": ["${Stage}", {"Stage": "mine"}]}, "mine"),
    Case("Sub of a policy variable", {"Fn::Sub": "${!aws:username}-${Stage}"}, "${aws:username}-dev"),
    Case("Sub of nothing", {"Fn::Sub": "plain $ {Stage} text"}, "plain $ {Stage} text"),
    Case("Sub with an unknown part", {"Fn::Sub": "x-${Name}-${Stage}"}, Open("x-<parameter Name of App>-dev")),
    Case("Sub of a list", {"Fn::Sub": ["a", "b"]}, Open("Fn::Sub with arguments")),
    Case("Select", {"Fn::Select": [1, ["a", "b"]]}, "b"),
    Case("Select with an index as text", {"Fn::Select": ["2", {"Ref": "List"}]}, "c"),
    Case("Select past the end", {"Fn::Select": [2, ["a", "b"]]}, Open("Fn::Select with arguments")),
    Case("Select before the start", {"Fn::Select": [-1, ["a", "b"]]}, Open("Fn::Select with arguments")),
    Case("Select of an unknown list", {"Fn::Select": [0, {"Fn::GetAZs": ""}]}, Open("what Fn::GetAZs returns")),
    Case("Select of the known one of two", {"Fn::Select": [0, ["a", {"Ref": "Name"}]]}, "a"),
    Case("Split", {"Fn::Split": ["|", "a|b||c"]}, ["a", "b", "", "c"]),
    Case("Split of an ARN", {"Fn::Select": [5, {"Fn::Split": [":", {"Fn::GetAtt": ["Role", "Arn"]}]}]}, "role/app"),
    Case("Split of an unknown text", {"Fn::Split": ["|", {"Ref": "Name"}]}, Open("a piece of parameter Name of App")),
    Case("Split at nothing", {"Fn::Split": ["", "ab"]}, Open("Fn::Split with arguments")),
    Case("FindInMap", {"Fn::FindInMap": ["Map", {"Ref": "AWS::Region"}, "name"]}, "first"),
    Case("FindInMap of a list", {"Fn::FindInMap": ["Map", REGION, "list"]}, ["x", "y"]),
    Case(
        "FindInMap of a name that is not there",
        {"Fn::FindInMap": ["Map", "us-east-1", "name"]},
        Open("Map.us-east-1.name"),
    ),
    Case("FindInMap with a default", {"Fn::FindInMap": ["Map", "x", "name", {"DefaultValue": "d"}]}, "d"),
    Case(
        "FindInMap by an unknown name",
        {"Fn::FindInMap": ["Map", {"Ref": "Name"}, "name"]},
        Open("parameter Name of App"),
    ),
    Case("FindInMap of a list of names", {"Fn::FindInMap": ["Map"]}, Open("Fn::FindInMap with arguments")),
    Case("If that holds", {"Fn::If": ["Always", "yes", "no"]}, "yes"),
    Case("If that does not", {"Fn::If": ["Never", "yes", "no"]}, "no"),
    Case("If by the environment", {"Fn::If": ["Here", "yes", "no"]}, "yes"),
    Case("If of two values", {"Fn::If": ["Always", "yes"]}, Open("Fn::If with arguments")),
    Case("ImportValue", {"Fn::ImportValue": "App:Out"}, "exported"),
    Case("ImportValue of an output that does not exist", {"Fn::ImportValue": "hidden"}, Open("the export hidden")),
    Case("ImportValue of another assembly", {"Fn::ImportValue": "Other:Out"}, Open("the export Other:Out, of another")),
    Case("ImportValue of an unknown name", {"Fn::ImportValue": {"Ref": "Name"}}, Open("an import of parameter Name")),
    Case("GetStackOutput", {"Fn::GetStackOutput": {"StackName": "App", "OutputName": "Out"}}, "exported"),
    Case(
        "GetStackOutput of another region",
        {"Fn::GetStackOutput": {"StackName": "App", "OutputName": "Out", "Region": "us-east-1"}},
        Open("output Out of App"),
    ),
    Case(
        "GetStackOutput by a role of the account",
        {"Fn::GetStackOutput": {"StackName": "App", "OutputName": "Out", "RoleArn": f"{ROLE}/x"}},
        "exported",
    ),
    Case(
        "GetStackOutput by a role of another",
        {
            "Fn::GetStackOutput": {
                "StackName": "App",
                "OutputName": "Out",
                "RoleArn": "arn:aws:iam::444455556666:role/x",
            }
        },
        Open("output Out of App"),
    ),
    Case(
        "GetStackOutput that is not there",
        {"Fn::GetStackOutput": {"StackName": "App", "OutputName": "No"}},
        Open("output No, which App does not have"),
    ),
    Case("Base64", {"Fn::Base64": "a"}, "YQ=="),
    Case("Base64 of what is not known", {"Fn::Base64": {"Ref": "Name"}}, Open("parameter Name of App")),
    Case("Cidr", {"Fn::Cidr": ["10.0.0.0/16", 2, 8]}, Open("what Fn::Cidr returns")),
    Case("Length", {"Fn::Length": [1]}, Open("what Fn::Length returns")),
    Case("ToJsonString", {"Fn::ToJsonString": {"a": 1}}, Open("what Fn::ToJsonString returns")),
    Case("Transform", {"Fn::Transform": {"Name": "M"}}, Open("what Fn::Transform returns")),
    Case("Transform among others", {"a": 1, "Fn::Transform": {"Name": "M"}}, Open("what Fn::Transform makes")),
    Case("a loop", {"Fn::ForEach::X": ["Y", ["a"], {"${Y}": 1}]}, Open("what Fn::ForEach::X returns")),
    Case("a dynamic reference that a template makes", "a-{{resolve:ssm:/made/here}}-b", "a-found-b"),
    Case("one to a version of it", "{{resolve:ssm:/made/here:1}}", Open("{{resolve:ssm:/made/here:1}}")),
    Case("one to a secret", "x{{resolve:secretsmanager:db}}", Open("x<{{resolve:secretsmanager:db}}>")),
    Case("one that a function makes", {"Fn::Sub": "{{resolve:ssm:/${Stage}}}"}, Open("SSM parameter /dev")),
    Case("one that has no end", "{{resolve:ssm:/made/here", "{{resolve:ssm:/made/here"),
    Case("a name that refers to itself", {"Fn::GetAtt": ["Loop", "RoleId"]}, "AROA"),
    Case("an object", {"a": [{"Ref": "Stage"}, 1], "b": {"Ref": "AWS::NoValue"}}, {"a": ["dev", 1]}),
    Case("an object whose name looks like a function", {"Ref": "Stage", "b": 1}, {"Ref": "Stage", "b": 1}),
]
