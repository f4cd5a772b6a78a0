"""What random templates have beside the usual: each feature is something that a map once got wrong.

What no template says is no feature: which files of a directory are looked at, and what commands do with what they find.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.semantics.template_builder import (
    EVERYTHING,
    KEY_ID,
    KEYS,
    OTHER_ID,
    OURS,
    OWN,
    REGION,
    SECRET,
    THEIRS,
    USES,
    RandomTemplate,
    Someone,
    key_arn,
)
from tests.semantics.worlds import ABSENT, Open, as_written, here

Json = dict[str, Any]

_VIA = ("secretsmanager", "ssm")


def more_properties(made: RandomTemplate) -> Json:
    return {"Tags": [{"Key": "team", "Value": "red"}]} if made.chance(4) else {}


def delegate(made: RandomTemplate) -> None:
    """What nearly every key policy has, and some variants."""
    kind = made.pick.choice(["root", "root", "root", "literal", "narrow", "none"])
    account = made.arguments.get("account", OURS)
    if kind == "root":
        made.say("Allow", {"AWS": made.own("root")})
    elif kind == "literal":
        made.say(
            "Allow", {"AWS": made.pick.choice([account, f"arn:aws:iam::{account}:root", f"arn:aws:iam::{THEIRS}:root"])}
        )
    elif kind == "narrow":
        made.say("Allow", {"AWS": made.own("root")}, _condition(made), made.pick.choice(["kms:*", USES]))
    else:
        made.say("Allow", {"AWS": made.own("root")}, action=["kms:Put*", "kms:Describe*"])


def _resource(made: RandomTemplate) -> Any:
    key = Open({"Fn::GetAtt": ["Key", "Arn"]}, lambda world: key_arn(world))
    return made.pick.choice([key, key, "*", here(f"{KEYS}*"), f"arn:aws:kms:*:{OURS}:key/*", "arn:aws:kms:*:*:key/*"])


def reads(made: RandomTemplate, **more: Any) -> Json:
    kind = made.pick.choice(["decrypt", "decrypt", "all", "nothing"])
    if kind == "nothing":
        return {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}
    said = {"Effect": "Allow", "Action": "kms:*" if kind == "all" else USES, "Resource": _resource(made)} | more
    condition = _condition(made) if made.chance(3) else None
    return {"Version": "2012-10-17", "Statement": [said | ({"Condition": condition} if condition else {})]}


def _condition(made: RandomTemplate) -> Json:
    """A condition, with a request that meets it and one that does not."""
    via = made.pick.choice(_VIA)
    service = here(f"{via}.${{AWS::Region}}.amazonaws.com")
    kind = made.pick.choice(["via", "via like", "secret", "tag", "caller"])
    if kind in ("via", "via like", "secret"):
        made.context.append({"kms:ViaService": service, "kms:EncryptionContext:SecretARN": SECRET})
        made.context.append({"kms:ViaService": service})
    if kind == "via":
        return {"StringEquals": {"kms:ViaService": service}}
    if kind == "via like":
        return {"StringLike": {"kms:ViaService": f"{via}.*.amazonaws.com"}}
    if kind == "secret":
        return {
            "StringEquals": {"kms:ViaService": service, "kms:EncryptionContext:SecretARN": SECRET},
        }
    if kind == "tag":
        made.context.append({"aws:PrincipalTag/team": "red"})
        return {"StringEquals": {"aws:PrincipalTag/team": "red"}}
    account = made.pick.choice([Open({"Ref": "AWS::AccountId"}, lambda world: world["account"]), OURS, THEIRS])
    return {"StringEquals": {"kms:CallerAccount": account}}


_NAMES = (
    *("role/team/*", "role/aws-reserved/sso.amazonaws.com/*", "user/ops/*", "role/*/*", "role/app*", "role/*"),
    *("user/*", "*", "role/team-*", "role/*r*"),
)


def _patterns(made: RandomTemplate) -> None:
    names = made.pick.sample(_NAMES, made.pick.choice([1, 1, 2]))
    account = made.pick.choice(["${AWS::AccountId}", "*", THEIRS, OURS])
    like: Any = [here(f"arn:aws:iam::{account}:{one}") for one in names]
    everyone = made.pick.choice(["*", {"AWS": "*"}, {"AWS": made.own("root")}])
    if made.chance(2):
        made.say("Allow", everyone, {made.pick.choice(["ArnLike", "StringLike"]): {"aws:PrincipalArn": like}})
    else:
        made.say("Allow", {"AWS": "*"})
        made.say("Deny", everyone, {made.pick.choice(["ArnNotLike", "StringNotLike"]): {"aws:PrincipalArn": like}})


def _odd_alphabet(made: RandomTemplate) -> None:
    odd = made.pick.choice(
        [["xzqjkvwyXZQJKVWY*"], ["quick*", "jovial*", "wizard*", "xray*", "yak*", "zoo*", "vex*", "kiwi*"]]
    )
    names = [here(f"{OWN}role/{one}") for one in odd]
    made.say("Deny", {"AWS": "*"}, {made.pick.choice(["ArnLike", "StringLike"]): {"aws:PrincipalArn": names}})


def _types(made: RandomTemplate) -> None:
    condition = made.pick.choice(
        [
            {
                "StringEquals": {
                    "aws:PrincipalType": made.pick.choice(["AssumedRole", "User", "FederatedUser", "Account"])
                }
            },
            {
                "ArnNotLike": {
                    "aws:PrincipalArn": ["arn:aws:iam::*:role/*", "arn:aws:iam::*:user/*", "arn:aws:iam::*:root"]
                }
            },
            {"StringLike": {"aws:PrincipalArn": "arn:aws:sts::*"}},
            {"Null": {"aws:username": "true"}},
            {"Null": {"aws:username": "false"}},
        ]
    )
    made.say("Allow", {"AWS": made.pick.choice(["*", made.own("root")])}, condition, USES)


def _sessions(made: RandomTemplate) -> None:
    role = made.people[0]
    session = here(f"arn:aws:sts::${{AWS::AccountId}}:assumed-role/{role.named}/nightly")
    federated = here("arn:aws:sts::${AWS::AccountId}:federated-user/bob")
    made.say("Allow", {"AWS": made.pick.choice([session, session, federated])}, action=USES)
    made.people.append(Someone(session, role.policies, role.boundary, made=role.made, named=role.named))
    made.people.append(Someone(federated))


def _like_deployers(made: RandomTemplate) -> None:
    name = "cdk-x-cfn-exec-role-999999999999-y"
    if made.chance(2):
        made.role("Deployer", name, EVERYTHING)
    else:
        account = made.arguments.get("account", "000000000000")
        path = {"Metadata": {"aws:cdk:path": f"root user of {account}"}}
        made.role("Deployer", "innocent", EVERYTHING, **path)


def _services(made: RandomTemplate) -> None:
    logs = here("logs.${AWS::Region}.amazonaws.com")
    kind = made.pick.choice(["named", "like", "any"])
    if kind == "named":
        made.say("Allow", {"Service": made.pick.choice([logs, "cloudtrail.amazonaws.com"])}, action=USES)
    elif kind == "like":
        pattern = made.pick.choice(["*.amazonaws.com", "s3.*", "cloud*.amazonaws.com", "logs.*.amazonaws.com"])
        made.say("Allow", "*", {"StringLike": {"aws:PrincipalServiceName": pattern}}, USES)
    else:
        made.say("Allow", "*", {"Bool": {"aws:PrincipalIsAWSService": "true"}}, USES)
    made.people += [Someone(logs), Someone("cloudtrail.amazonaws.com"), Someone("s3.amazonaws.com")]


def _foreign(made: RandomTemplate) -> None:
    principal = made.pick.choice([f"arn:aws:iam::{THEIRS}:root", f"arn:aws:iam::{THEIRS}:role/reader", THEIRS])
    made.say("Allow", {"AWS": principal}, _condition(made) if made.chance(3) else None, USES)


def _literal_keys(made: RandomTemplate) -> None:
    """The ARN of a key that may be that of the app, whose id only the deployment tells."""
    made.choices["id"] = [KEY_ID, OTHER_ID]
    account = made.arguments.get("account", OURS)
    arn = f"arn:aws:kms:{REGION}:{account}:key/{made.pick.choice([KEY_ID, KEY_ID, '1234*', '*-*-*-*-1234567890ab'])}"
    said = {"Effect": "Allow", "Action": USES, "Resource": arn}
    if made.chance(2):
        made.role("Literal", "literal", {"Version": "2012-10-17", "Statement": [said]})
    else:
        spared = [{"Effect": "Allow", "Action": "kms:*", "Resource": "*"}, said | {"Effect": "Deny"}]
        made.role("Literal", "literal", {"Version": "2012-10-17", "Statement": spared})


def _two_of_one_name(made: RandomTemplate) -> None:
    """The same role name in two stacks, which then go to two accounts; one of them is bounded."""
    if "account" in made.arguments:
        return
    nothing = {"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "kms:*", "Resource": "*"}]}
    made.role("Twin", "twin", EVERYTHING)
    properties = {
        "RoleName": "twin",
        "AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": []},
        "Policies": [{"PolicyName": "no", "PolicyDocument": nothing}],
    }
    made.other_resources["Twin"] = {"Type": "AWS::IAM::Role", "Properties": properties}
    if made.chance(2):
        made.resources["No"] = {
            "Type": "AWS::IAM::Policy",
            "Properties": {"PolicyName": "no", "PolicyDocument": nothing, "Roles": ["elsewhere"]},
        }


def _parameter(made: RandomTemplate, name: str, default: Any, others: list[Any]) -> Open:
    """A parameter with a default; somebody gives it, or it has a list of values, or it may be anything."""
    kind = made.pick.choice(["given", "listed", "listed", "open", "no default"])
    values = [default, *others]
    declared: Json = {"Type": "String"} | ({} if kind == "no default" else {"Default": default})
    if kind == "given":
        given = made.pick.choice(values)
        made.arguments = made.arguments | {"parameters": {"One": {name: given}}}
        values = [given]
    elif kind == "listed":
        declared["AllowedValues"] = values
    made.parameters[name] = declared
    return made.open(name, {"Ref": name}, *values)


def _parameters(made: RandomTemplate) -> None:
    kind = made.pick.choice(["effect", "principal", "resource", "managed", "boundary"])
    everything = {"Effect": "Allow", "Action": "kms:*", "Resource": "*"}
    if kind == "effect":
        made.say(_parameter(made, "Effect", "Deny", ["Allow"]), {"AWS": made.own("root")}, action=USES)
    elif kind == "principal":
        ours, theirs = f"arn:aws:iam::{OURS}:role/reader", f"arn:aws:iam::{THEIRS}:root"
        made.say("Allow", {"AWS": _parameter(made, "Who", ours, [theirs])}, action=USES)
    elif kind == "resource":
        named = _parameter(made, "Which", "arn:aws:s3:::bucket/*", ["*"])
        made.role(
            "Parametric", "parametric", {"Version": "2012-10-17", "Statement": [everything | {"Resource": named}]}
        )
    elif kind == "managed":
        chosen = _parameter(
            made, "Managed", "arn:aws:iam::aws:policy/AWSDenyAll", ["arn:aws:iam::aws:policy/AdministratorAccess"]
        )
        made.role("Attached", "attached", properties={"ManagedPolicyArns": [chosen]}, extra=[_managed(chosen)])
    else:
        chosen = _parameter(
            made, "Boundary", "arn:aws:iam::aws:policy/AWSDenyAll", ["arn:aws:iam::aws:policy/AdministratorAccess"]
        )
        made.role("Bounded", "bounded", EVERYTHING, properties={"PermissionsBoundary": chosen})
        old = made.people.pop()
        made.people.append(Someone(old.arn, old.policies, _managed(chosen), made=old.made, named=old.named))


def _managed(arn: Any) -> Any:
    """The text of a policy of AWS."""
    everything = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    text = {
        "arn:aws:iam::aws:policy/AdministratorAccess": [everything],
        "arn:aws:iam::aws:policy/AWSDenyAll": [everything | {"Effect": "Deny"}],
        "arn:aws:iam::aws:policy/PowerUserAccess": [
            {"Effect": "Allow", "NotAction": ["iam:*", "organizations:*", "account:*"], "Resource": "*"}
        ],
    }
    if isinstance(arn, Open):
        return Open(None, lambda world: {"Version": "2012-10-17", "Statement": text[arn.told(world)]})
    return {"Version": "2012-10-17", "Statement": text[arn]}


def _conditions(made: RandomTemplate) -> None:
    """A condition of the template decides a statement or a policy."""
    stage = made.pick.choice(["left", "right"])
    made.parameters["Stage"] = {"Type": "String", "Default": "dev", "AllowedValues": ["dev", "prod"]}
    reference: list[Any] = [{"Ref": "Stage"}, "prod"]
    made.conditions["IsProd"] = {"Fn::Equals": reference if stage == "left" else reference[::-1]}
    made.choices["Stage"] = [0, 1]
    denial = {
        "Effect": made.pick.choice(["Deny", "Allow"]),
        "Principal": {"AWS": made.own("root")},
        "Action": "kms:*",
        "Resource": "*",
    }
    chosen = {"Fn::If": ["IsProd", as_written(denial), {"Ref": "AWS::NoValue"}]}
    made.statements.append(Open(chosen, lambda world: denial if world["Stage"] else ABSENT))


def _transforms(made: RandomTemplate) -> None:
    """Something is included from elsewhere: nothing, or what allows all, or what denies all."""
    include = {"Name": "AWS::Include", "Parameters": {"Location": "s3://bucket/more.yaml"}}
    kind = made.pick.choice(["role", "key", "resource", "macro"])
    if kind in ("key", "macro"):
        made.statements.append(made.open("included", ABSENT, ABSENT, *(_about_all(one) for one in ("Allow", "Deny"))))
        if kind == "key":
            made.key = {"Fn::Transform": include}
        else:
            made.transforms.append("SomeMacro")
        return
    denial = {"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "kms:*", "Resource": "*"}]}
    more = made.open("included", None, {"Version": "2012-10-17", "Statement": []}, EVERYTHING, denial)
    if kind == "role":
        made.role("Included", "included", extra=[more], properties={"Fn::Transform": include})
    else:
        made.role("Included", "included", extra=[more], **{"Fn::Transform": include})


def _about_all(effect: str) -> Json:
    return {"Effect": effect, "Principal": "*", "Action": "kms:*", "Resource": "*"}


def _incomplete(made: RandomTemplate) -> None:
    named = made.pick.choice(["arn:aws:kms", f"arn:aws:kms:{REGION}", f"arn:aws:kms:{REGION}:{OURS}", "arn:aws:s3"])
    element = made.pick.choice(["Resource", "Resource", "NotResource"])
    said = [{"Effect": "Allow", "Action": USES, element: named}]
    if made.chance(2):
        said = [
            {"Effect": "Allow", "Action": "kms:*", "Resource": "*"},
            {"Effect": "Deny", "Action": USES, element: named},
        ]
    made.role("Short", "short", {"Version": "2012-10-17", "Statement": said})


def _broken(made: RandomTemplate) -> None:
    """A statement that AWS refuses, and that somebody will mend or leave out."""
    theirs = {"AWS": f"arn:aws:iam::{THEIRS}:root"}
    said = {"Effect": "Allow", "Principal": theirs, "Action": USES, "Resource": "*"}
    written = made.pick.choice(
        [said | {"Condition": {"StringEqual": {"kms:CallerAccount": THEIRS}}}, said | {"Action": "kms=Decrypt"}]
    )
    made.statements.append(made.open("mended", written, ABSENT, said))
    made.say("Allow", "*", action=["kms:Encrypt", "kms:Decrypt"]) if made.chance(2) else None


def _made_by_others(made: RandomTemplate) -> None:
    kind = made.pick.choice(["function", "machine", "permission set", "managed", "power"])
    if kind in ("managed", "power"):
        arn = f"arn:aws:iam::aws:policy/{'AdministratorAccess' if kind == 'managed' else 'PowerUserAccess'}"
        made.role("Managed", "admin", extra=[_managed(arn)], properties={"ManagedPolicyArns": [arn]})
        return
    if kind == "permission set":
        properties = {"Name": "Readers", "InstanceArn": "arn:aws:sso:::instance/ssoins-1", "InlinePolicy": EVERYTHING}
        made.resources["Set"] = {"Type": "AWS::SSO::PermissionSet", "Properties": properties}
        name = "role/aws-reserved/sso.amazonaws.com/AWSReservedSSO_Readers_0123456789abcdef"
        made.people.append(Someone(here(OWN + name), (EVERYTHING,), made=("One", "Set")))
        return
    made.transforms.append("AWS::Serverless-2016-10-31")
    type_, handler = ("Function", {"Handler": "a.b", "Runtime": "python3.12", "InlineCode": "x"}), {"Definition": {}}
    properties = {"Policies": [EVERYTHING]} | (type_[1] if kind == "function" else handler)
    made.resources["Sam"] = {
        "Type": f"AWS::Serverless::{'Function' if kind == 'function' else 'StateMachine'}",
        "Properties": properties,
    }
    made.people.append(Someone(here(f"{OWN}role/One-SamRole-ABCDEFGHIJKL"), (EVERYTHING,), made=("One", "Sam")))


def _merges(made: RandomTemplate) -> None:
    made.merges = True


def _small(made: RandomTemplate) -> None:
    """Conditions that few policies have, some of which no page settles."""
    condition = made.pick.choice(
        [
            {"NumericGreaterThan": {"aws:PrincipalAccount": "222233334444"}},
            {"NumericLessThan": {"aws:PrincipalAccount": "500000000000"}},
            {"Bool": {"aws:ViaAWSService": "true"}, "Null": {"kms:ViaService": "true"}},
            {"ArnNotLike": {"aws:PrincipalArn": "arn:aws:iam"}},
            {"DateGreaterThan": {"aws:CurrentTime": "2026-01-01T00:00:00"}},
            {"ForAllValues:Null": {"aws:PrincipalTag/team": "true"}},
            {"StringLike": {"aws:PrincipalAccount": "4444*"}},
        ]
    )
    kind = made.pick.choice(["condition", "condition", "case", "not principal", "retire"])
    made.context += [{"aws:ViaAWSService": "true"}, {"aws:CurrentTime": "2026-06-01T12:00:00Z"}]
    if kind == "condition":
        made.say("Allow", {"AWS": "*"}, condition, USES)
    elif kind == "case":
        name = str(made.people[0].named)
        made.say("Allow", {"AWS": made.own(f"role/{name.upper()}")}, action=USES)
    elif kind == "not principal":
        made.say("Allow", {"AWS": "*"}, action=USES)
        made.statements.append(
            {"Effect": "Deny", "NotPrincipal": {"AWS": [made.own("root")]}, "Action": "kms:*", "Resource": "*"}
        )
    else:
        pair = {"StringEquals": {"kms:EncryptionContext:SecretARN": "x"}}
        made.context.append({"kms:EncryptionContext:SecretARN": "x"})
        made.statements.clear()
        made.say("Allow", {"AWS": "*"}, pair, ["kms:RetireGrant", "kms:CreateGrant"])


def _stack_names(made: RandomTemplate) -> None:
    """A role that is named after its stack, whose name a file does not tell."""
    made.choices["stack"] = ["One", "prod"]
    named = Open({"Fn::Sub": "${AWS::StackName}-app"}, lambda world: f"{world['stack']}-app")
    own = Open({"Fn::Sub": f"{OWN}role/${{AWS::StackName}}-app"}, lambda world: here(f"{OWN}role/{world['stack']}-app"))
    literal = here(f"{OWN}role/prod-app")
    kind = made.pick.choice(["named", "denied", "pattern", "both"])
    if kind == "pattern":
        made.say("Allow", "*", {"ArnLike": {"aws:PrincipalArn": here(f"{OWN}role/prod-*")}}, USES)
    else:
        made.say("Allow", {"AWS": own if kind == "denied" else literal}, action=USES)
    if kind in ("denied", "both"):
        spared = literal if kind == "denied" else own
        made.say("Deny", "*", {"ArnNotEquals": {"aws:PrincipalArn": [spared, made.own("root")]}}, USES)
    properties = {"RoleName": named, "AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": []}}
    made.resources["Named"] = {"Type": "AWS::IAM::Role", "Properties": properties}
    made.people.append(Someone(own, made=("One", "Named")))


def _nested_condition(made: RandomTemplate) -> None:
    """What denies stands under a condition of the stack that it is nested in."""
    made.parameters["Guard"] = {"Type": "String"}
    made.conditions["IsGuarded"] = {"Fn::Equals": [{"Ref": "Guard"}, "yes"]}
    made.choices["Guard"] = [0, 1]
    nothing = {"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "kms:*", "Resource": "*"}]}
    made.resources["Nested"] = {"Type": "AWS::CloudFormation::Stack", "Condition": "IsGuarded"}
    policy = {"PolicyName": "no", "PolicyDocument": nothing, "Roles": ["guarded"]}
    made.nested["Nested"] = {"Resources": {"No": {"Type": "AWS::IAM::Policy", "Properties": policy}}}
    told = Open(None, lambda world: nothing if world["Guard"] else {"Version": "2012-10-17", "Statement": []})
    made.role("Guarded", "guarded", EVERYTHING, extra=[told])


def _unique_ids(made: RandomTemplate) -> None:
    """The id of a role, which KMS may take for the role or refuse."""
    role = made.people[0]
    id = made.pick.choice([{"Fn::GetAtt": ["App", "RoleId"]}, "AROAEXAMPLEEXAMPLE123"])
    principal = made.open("taken", id, role.arn, here(f"{OWN}role/nobody-else"))
    made.say(made.pick.choice(["Allow", "Deny"]), {"AWS": principal}, action=USES)


def _logs(made: RandomTemplate) -> None:
    """A log group under the key, which admits the logs of one region, or of its own."""
    region = made.pick.choice([REGION, "${AWS::Region}"])
    made.say(
        "Allow", {"Service": here(f"logs.{region}.amazonaws.com")}, action=[*USES, "kms:Encrypt", "kms:ReEncrypt*"]
    )
    properties = {"KmsKeyId": {"Fn::GetAtt": ["Key", "Arn"]}, "LogGroupName": "app"}
    made.resources["Logs"] = {"Type": "AWS::Logs::LogGroup", "Properties": properties}


FEATURES: dict[str, Callable[[RandomTemplate], None]] = {
    "patterns": _patterns,
    "odd alphabet": _odd_alphabet,
    "types": _types,
    "sessions": _sessions,
    "like deployers": _like_deployers,
    "services": _services,
    "foreign": _foreign,
    "literal keys": _literal_keys,
    "two of one name": _two_of_one_name,
    "parameters": _parameters,
    "conditions": _conditions,
    "transforms": _transforms,
    "incomplete": _incomplete,
    "broken": _broken,
    "made by others": _made_by_others,
    "merges": _merges,
    "small": _small,
    "stack names": _stack_names,
    "nested condition": _nested_condition,
    "unique ids": _unique_ids,
    "logs": _logs,
}
