"""Builds templates of a key and those who may use it, and the worlds that the templates leave open."""

from __future__ import annotations

import json
import random
from dataclasses import dataclass, field
from typing import Any

from tests.semantics.worlds import Open, World, as_written, every_world, here

Json = dict[str, Any]

OURS, THEIRS, NOBODYS = "111122223333", "444455556666", "777788889999"
REGION, OTHER_REGION = "us-east-1", "eu-west-1"
KEY_ID, OTHER_ID = "1234abcd-12ab-34cd-56ef-1234567890ab", "0987dcba-09fe-87dc-65ba-ab0987654321"
OWN = "arn:aws:iam::${AWS::AccountId}:"
KEYS = "arn:aws:kms:${AWS::Region}:${AWS::AccountId}:key/"
USES = ["kms:Decrypt", "kms:GenerateDataKey"]
EVERYTHING = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "kms:*", "Resource": "*"}]}
SECRET = here("arn:aws:secretsmanager:${AWS::Region}:${AWS::AccountId}:secret:app/db-AbCdEf")


@dataclass(frozen=True, eq=False)
class Someone:
    """A principal that may ask.

    :param made: the stack and logical id of what makes it; None where no template does.
    """

    arn: Any
    policies: tuple[Any, ...] = ()
    boundary: Any = None
    made: tuple[str, str] | None = None
    named: str | None = None


@dataclass(eq=False)
class RandomTemplate:
    """A template or two, and what somebody who deploys them would get."""

    seed: str
    pick: random.Random
    features: list[str] = field(default_factory=list)
    choices: dict[str, list[Any]] = field(default_factory=dict)
    statements: list[Any] = field(default_factory=list)
    resources: Json = field(default_factory=dict)
    other_resources: Json = field(default_factory=dict)
    parameters: Json = field(default_factory=dict)
    conditions: Json = field(default_factory=dict)
    people: list[Someone] = field(default_factory=list)
    key: Json = field(default_factory=dict)
    context: list[Json] = field(default_factory=lambda: [{}])
    arguments: Json = field(default_factory=dict)
    transforms: list[str] = field(default_factory=list)
    nested: Json = field(default_factory=dict)
    merges: bool = False

    @property
    def templates(self) -> Json:
        """What the map is made of."""
        made: Json = {"Resources": {"Key": self._key_resource(), **self.resources}}
        for section, content in (("Parameters", self.parameters), ("Conditions", self.conditions)):
            made |= {section: content} if content else {}
        made |= {"Transform": self.transforms} if self.transforms else {}
        one = as_written(made)
        templates = {"One": with_merge_keys(one) if self.merges else one}
        templates |= {f"One/{name}": as_written(nested) for name, nested in self.nested.items()}
        return templates | ({"Two": as_written({"Resources": self.other_resources})} if self.other_resources else {})

    @property
    def worlds(self) -> list[World]:
        """Every way in which what it leaves open may turn out."""
        return every_world(self.choices)

    @property
    def key_policy(self) -> Json:
        return {"Version": "2012-10-17", "Statement": self.statements}

    def _key_resource(self) -> Json:
        return {"Type": "AWS::KMS::Key", "Properties": {"KeyPolicy": self.key_policy}} | self.key

    def chance(self, one_in: int) -> bool:
        return self.pick.randrange(one_in) == 0

    def open(self, name: str, written: Any, *told: Any) -> Open:
        """Leave something open: one of some values."""
        self.choices[name] = list(range(len(told)))
        return Open(written, lambda world: told[world[name]])

    def own(self, rest: str) -> Any:
        """An ARN of IAM in the account of the stack, written with references or not."""
        account = self.arguments.get("account")
        if account and self.chance(3):
            return f"arn:aws:iam::{account}:{rest}"
        return here(OWN + rest, joined=self.chance(3))

    def say(self, effect: Any, principal: Any, condition: Any = None, action: Any = "kms:*", **more: Any) -> Json:
        said = {"Effect": effect, "Principal": principal, "Action": action, "Resource": "*"} | more
        self.statements.append(said | ({"Condition": condition} if condition else {}))
        return self.statements[-1]

    def role(
        self, logical_id: str, name: str, *policies: Any, path: str = "/", stack: str = "One", **more: Any
    ) -> None:
        """Make a role, with inline policies."""
        properties = {
            "RoleName": name,
            "AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": []},
            "Policies": [{"PolicyName": f"p{place}", "PolicyDocument": one} for place, one in enumerate(policies)],
        }
        properties |= {"Path": path} if path != "/" else {}
        boundary = more.pop("boundary", None)
        if boundary is not None:
            self.resources[f"{logical_id}Boundary"] = {
                "Type": "AWS::IAM::ManagedPolicy",
                "Properties": {"PolicyDocument": boundary},
            }
            properties["PermissionsBoundary"] = {"Ref": f"{logical_id}Boundary"}
        extra = tuple(more.pop("extra", ()))
        resources = self.resources if stack == "One" else self.other_resources
        resources[logical_id] = {"Type": "AWS::IAM::Role", "Properties": properties | more.pop("properties", {})} | more
        arn = here(f"{OWN}role{path}{name}")
        self.people.append(Someone(arn, (*policies, *extra), boundary, made=(stack, logical_id), named=name))


def key_arn(world: World) -> str:
    """Return the ARN of the key in a world."""
    return f"arn:aws:kms:{world['region']}:{world['account']}:key/{world['id']}"


def with_merge_keys(template: Json) -> str:
    """YAML in which a role has its properties by a merge key."""
    changed = json.loads(json.dumps(template))
    role = changed["Resources"]["App"]
    changed = {"Metadata": {"Shared": role["Properties"]}, **changed}
    role["Properties"] = {"<<": "@"}
    text = json.dumps(changed).replace('"Shared": {', '"Shared": &shared {', 1).replace('"<<": "@"', "<<: *shared", 1)
    return f"# one\n{text}"
