"""Which policies and boundaries the templates give to which role, user or group."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from tests.semantics.judge import Policy
from tests.semantics.resolve import UnresolvableError, resolve
from tests.semantics.stack import Stack

Holder = tuple[str, str, str]  # account, "role" | "user" | "group", name

_KINDS = {"AWS::IAM::Role": "role", "AWS::IAM::User": "user", "AWS::IAM::Group": "group"}
_TARGETS = {"Roles": "role", "Users": "user", "Groups": "group"}
_SINGLE = {"AWS::IAM::RolePolicy": "role", "AWS::IAM::UserPolicy": "user", "AWS::IAM::GroupPolicy": "group"}

AWS_MANAGED: dict[str, Policy] = {
    name: {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": actions, "Resource": "*"}]}
    for name, actions in {
        "AdministratorAccess": ["*"],
        "service-role/AWSLambdaBasicExecutionRole": [
            "logs:CreateLogGroup",
            "logs:CreateLogStream",
            "logs:PutLogEvents",
        ],
        "service-role/AmazonECSTaskExecutionRolePolicy": [
            "ecr:GetAuthorizationToken",
            "ecr:BatchCheckLayerAvailability",
            "ecr:GetDownloadUrlForLayer",
            "ecr:BatchGetImage",
            "logs:CreateLogStream",
            "logs:PutLogEvents",
        ],
    }.items()
}


class AttachedPolicies:
    """The policies of every holder in some stacks; `aws_managed` adds AWS-managed ones by the end of their ARN."""

    def __init__(self, stacks: Iterable[Stack], aws_managed: Mapping[str, Policy]) -> None:
        self._aws_managed = {**AWS_MANAGED, **aws_managed}
        self._inline: dict[Holder, dict[str, Policy]] = defaultdict(dict)
        self._managed: dict[str, Policy] = {}
        self._managed_of: dict[Holder, list[str]] = defaultdict(list)
        self._boundary_of: dict[Holder, str] = {}
        self._groups_of: dict[Holder, list[Holder]] = defaultdict(list)
        for stack in stacks:
            self._read(stack)

    def known(self, holder: Holder) -> bool:
        """Whether a template makes this holder or attaches something to it."""
        return holder in self._inline or holder in self._managed_of

    def of(self, holder: Holder) -> list[Policy]:
        """Every policy of a holder, those of its groups included."""
        own = [
            *self._inline.get(holder, {}).values(),
            *(self._document(arn) for arn in self._managed_of.get(holder, [])),
        ]
        return own + [policy for group in self._groups_of.get(holder, []) for policy in self.of(group)]

    def boundaries_of(self, holder: Holder) -> list[Policy]:
        """The permissions boundary, as a list of none or one."""
        return [self._document(self._boundary_of[holder])] if holder in self._boundary_of else []

    def _read(self, stack: Stack) -> None:
        for kind, noun in _KINDS.items():
            for logical_id, properties in stack.resources(kind):
                self._read_holder((stack.account, noun, stack.resource(logical_id).name), properties, stack)
        for _, properties in stack.resources("AWS::IAM::Policy"):
            document = resolve(properties["PolicyDocument"], stack)
            for holder in _targets(properties, stack):
                self._put(holder, resolve(properties["PolicyName"], stack), document)
        for kind, noun in _SINGLE.items():
            for _, properties in stack.resources(kind):
                holder = (stack.account, noun, resolve(properties[f"{noun.title()}Name"], stack))
                document = resolve(properties["PolicyDocument"], stack)
                self._put(holder, resolve(properties["PolicyName"], stack), document)
        for logical_id, properties in stack.resources("AWS::IAM::ManagedPolicy"):
            arn = stack.resource(logical_id).arn
            self._managed[arn] = resolve(properties["PolicyDocument"], stack)
            for holder in _targets(properties, stack):
                self._managed_of[holder].append(arn)
        for _, properties in stack.resources("AWS::IAM::UserToGroupAddition"):
            group = (stack.account, "group", resolve(properties["GroupName"], stack))
            for user in resolve(properties["Users"], stack):
                self._groups_of[(stack.account, "user", user)].append(group)

    def _read_holder(self, holder: Holder, properties: Mapping[str, Any], stack: Stack) -> None:
        self._managed_of[holder] += resolve(properties.get("ManagedPolicyArns", []), stack)
        for group in resolve(properties.get("Groups", []), stack):
            self._groups_of[holder].append((stack.account, "group", group))
        if "PermissionsBoundary" in properties:
            self._boundary_of[holder] = resolve(properties["PermissionsBoundary"], stack)
        for policy in resolve(properties.get("Policies", []), stack):
            self._put(holder, policy["PolicyName"], policy["PolicyDocument"])

    def _put(self, holder: Holder, name: str, document: Policy) -> None:
        # On AWS the second inline policy of a name replaces the first, and nobody is told.
        if name in self._inline[holder]:
            raise ValueError(f"two inline policies named {name} on {holder[1]} {holder[2]}")
        self._inline[holder][name] = document

    def _document(self, arn: str) -> Policy:
        if arn in self._managed:
            return self._managed[arn]
        name = arn.partition(":iam::aws:policy/")[2]
        if name not in self._aws_managed:
            raise UnresolvableError(f"the text of {arn} is not known: give it in aws_managed=")
        return self._aws_managed[name]


def _targets(properties: Mapping[str, Any], stack: Stack) -> Iterator[Holder]:
    for key, noun in _TARGETS.items():
        for name in resolve(properties.get(key, []), stack):
            yield stack.account, noun, name
