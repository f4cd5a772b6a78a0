"""Synthesized templates as if deployed: the concrete policies that the judge is asked about."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any

from tests.semantics.attached import AttachedPolicies, Holder
from tests.semantics.judge import Answer, Judge, Policy, Question
from tests.semantics.physical import Resource
from tests.semantics.request_context import account_of, is_service
from tests.semantics.resolve import UnresolvableError, resolve
from tests.semantics.stack import Stack


class Deployment:
    """Some stacks after their deployment.

    `environments` gives stacks another account and region than the rest. `known` gives, by stack, what only a
    deployment can tell, under the name that the template uses (`{"App": {"Lookup.KeyArn": "arn:..."}}`); `ssm` the
    values of SSM parameters that no template makes; `aws_managed` the text of AWS-managed policies by the end of
    their ARN; `nested` the parent of a nested stack and its logical id there. Whatever cannot be resolved raises
    `UnresolvableError`.
    """

    def __init__(
        self,
        templates: Mapping[str, Mapping[str, Any]],
        *,
        account: str,
        region: str,
        partition: str = "aws",
        environments: Mapping[str, tuple[str, str]] | None = None,
        known: Mapping[str, Mapping[str, str]] | None = None,
        ssm: Mapping[str, str] | None = None,
        aws_managed: Mapping[str, Policy] | None = None,
        nested: Mapping[str, tuple[str, str]] | None = None,
    ) -> None:
        self._ssm = dict(ssm or {})
        self._aws_managed = aws_managed or {}
        self._stacks: dict[str, Stack] = {}
        for name, template in templates.items():
            its_account, its_region = (environments or {}).get(name, (account, region))
            self._stacks[name] = Stack(
                name=name,
                template=template,
                account=its_account,
                region=its_region,
                partition=partition,
                exported=self._exported,
                ssm=self._ssm_parameter,
                known=(known or {}).get(name, {}),
                output_of=self._output,
                written_across=self._written_across,
            )
        for name, (parent, logical_id) in (nested or {}).items():
            self._stacks[parent].nested[logical_id] = self._stacks[name]
            self._stacks[name].parent.append((self._stacks[parent], logical_id))

    def role(self, logical_id: str, *, stack: str | None = None) -> str:
        """The ARN of a role, by its logical id or the start of it."""
        return self._find(logical_id, stack, "AWS::IAM::Role").arn

    def user(self, logical_id: str, *, stack: str | None = None) -> str:
        """The ARN of a user."""
        return self._find(logical_id, stack, "AWS::IAM::User").arn

    def key(self, logical_id: str, *, stack: str | None = None) -> str:
        """The ARN of a key or a replica key."""
        return self._find(logical_id, stack, "AWS::KMS::Key", "AWS::KMS::ReplicaKey").arn

    def secret(self, logical_id: str, *, stack: str | None = None) -> str:
        """The complete ARN of a secret, its six random characters included."""
        return self._find(logical_id, stack, "AWS::SecretsManager::Secret").arn

    def bucket(self, logical_id: str, *, stack: str | None = None) -> str:
        """The ARN of a bucket."""
        return self._find(logical_id, stack, "AWS::S3::Bucket").arn

    def stack(self, name: str) -> Stack:
        """A stack by its name."""
        return self._stacks[name]

    @property
    def only(self) -> Stack:
        """The stack, where there is one."""
        (stack,) = self._stacks.values()
        return stack

    def parameter(self, logical_id: str, *, stack: str | None = None) -> str:
        """The ARN of an SSM parameter."""
        return self._find(logical_id, stack, "AWS::SSM::Parameter").arn

    def log_group(self, logical_id: str, *, stack: str | None = None) -> str:
        """The ARN of a log group as an encryption context holds it: without `:*`."""
        return self._find(logical_id, stack, "AWS::Logs::LogGroup").arn

    def identity_policies(self, principal: str) -> list[Policy]:
        """Every policy that the templates attach to a role or user."""
        return self._attached.of(_holder(principal))

    def key_policy(self, key_arn: str) -> Policy:
        """The key policy of a key that a template makes."""
        if key_arn not in self._key_policies:
            raise UnresolvableError(f"no template makes {key_arn}: give its policy in resource_policy=")
        return self._key_policies[key_arn]

    def question(
        self,
        principal: str,
        action: str,
        resource: str,
        *,
        via: str | None = None,
        encryption_context: Mapping[str, str] | None = None,
        context: Mapping[str, str | list[str]] | None = None,
        identity: Sequence[Policy] | None = None,
        resource_policy: Policy | None = None,
        scps: Sequence[Policy] = (),
        rcps: Sequence[Policy] = (),
    ) -> Question:
        """The question with the policies that apply to it.

        `identity` comes on top of what the templates attach; a principal that they do not mention needs it, be it
        empty, so that a mistyped ARN is no denial. `resource_policy` is for a key of which no template tells.
        Another principal needs a new question: `replace` would keep the policies of the first.
        """
        holder = None if is_service(principal) or principal.endswith(":root") else _holder(principal)
        if holder and identity is None and not self._attached.known(holder):
            raise ValueError(f"no template knows {principal}: give its policies in identity=")
        return Question(
            principal=principal,
            action=action,
            resource=resource,
            via=via,
            encryption_context=encryption_context or {},
            context=context or {},
            identity_policies=[*(self._attached.of(holder) if holder else []), *(identity or [])],
            resource_policy=resource_policy or self._resource_policy(resource),
            boundaries=self._attached.boundaries_of(holder) if holder else [],
            scps=scps,
            rcps=rcps,
        )

    def ask(self, judge: Judge, principal: str, action: str, resource: str, **details: Any) -> Answer:
        """The judge's answer to `question(...)`."""
        return judge.ask(self.question(principal, action, resource, **details))

    @cached_property
    def _attached(self) -> AttachedPolicies:
        return AttachedPolicies(self._stacks.values(), self._aws_managed)

    @cached_property
    def _key_policies(self) -> dict[str, Policy]:
        return {
            stack.resource(logical_id).arn: resolve(properties["KeyPolicy"], stack)
            if "KeyPolicy" in properties
            else _default_key_policy(stack)
            for kind in ("AWS::KMS::Key", "AWS::KMS::ReplicaKey")
            for stack, logical_id, properties in self._resources(kind)
        }

    @cached_property
    def _secret_policies(self) -> dict[str, Policy]:
        return {
            resolve(properties["SecretId"], stack): resolve(properties["ResourcePolicy"], stack)
            for stack, _, properties in self._resources("AWS::SecretsManager::ResourcePolicy")
        }

    def _resource_policy(self, resource: str) -> Policy | None:
        if ":kms:" in resource and ":key/" in resource:
            return self.key_policy(resource)
        return self._secret_policies.get(resource)

    def _resources(self, kind: str) -> Iterator[tuple[Stack, str, Mapping[str, Any]]]:
        for stack in self._stacks.values():
            for logical_id, properties in stack.resources(kind):
                yield stack, logical_id, properties

    def _find(self, logical_id: str, stack_name: str | None, *kinds: str) -> Resource:
        found = [
            (stack, it) for kind in kinds for stack, it, _ in self._resources(kind) if stack_name in {None, stack.name}
        ]
        matches: list[tuple[Stack, str]] = []
        # "Reader" is rather the construct Reader, whose logical id adds 8 hex digits, than ReaderOfAll.
        for pattern in (logical_id, f"{logical_id}[0-9A-F]{{8}}", f"{logical_id}.*"):
            matches = [(stack, it) for stack, it in found if re.fullmatch(pattern, it)]
            if len(matches) == 1:
                stack, it = matches[0]
                return stack.resource(it)
            if matches:
                break
        names = ", ".join(f"{stack.name}.{it}" for stack, it in matches or found)
        raise ValueError(f"{'several' if matches else 'no'} {kinds[0]} {logical_id} among {names or 'none'}")

    def _exported(self, export: str, importer: Stack) -> Any:
        for stack in self._neighbours(importer):
            for name, value in stack.exports():
                if name == export:
                    return resolve(value, stack)
        raise UnresolvableError(f"{importer.name} imports {export}, which no stack of its environment exports")

    def _output(self, reference: Mapping[str, str]) -> Any:
        for stack in self._stacks.values():
            if (stack.name, stack.region) == (reference["StackName"], reference["Region"]):
                return resolve(stack.template["Outputs"][reference["OutputName"]]["Value"], stack)
        raise UnresolvableError(f"no stack has the output {reference}")

    def _written_across(self, export: str) -> Any:
        """What CDK's custom resource carries from one region to another."""
        for stack, _, properties in self._resources("Custom::CrossRegionExportWriter"):
            if export in properties["WriterProps"]["exports"]:
                return resolve(properties["WriterProps"]["exports"][export], stack)
        raise UnresolvableError(f"no stack writes {export} for other regions")

    def _ssm_parameter(self, name: str, reader: Stack) -> str:
        for stack in self._neighbours(reader):
            for logical_id, properties in stack.resources("AWS::SSM::Parameter"):
                if stack.resource(logical_id).name == name:
                    return str(resolve(properties["Value"], stack))
        if name not in self._ssm:
            raise UnresolvableError(f"{reader.name} reads the SSM parameter {name}: give its value in ssm=")
        return self._ssm[name]

    def _neighbours(self, stack: Stack) -> Iterator[Stack]:
        # Exports and parameters are seen from the same account and region only.
        for other in self._stacks.values():
            if (other.account, other.region) == (stack.account, stack.region):
                yield other


def _holder(principal: str) -> Holder:
    kind, _, name = principal.split(":", 5)[5].partition("/")
    return account_of(principal), kind, name.rpartition("/")[2]


def _default_key_policy(stack: Stack) -> Policy:
    # What KMS writes when a template leaves the policy out.
    root = f"arn:{stack.partition}:iam::{stack.account}:root"
    statement = {"Effect": "Allow", "Principal": {"AWS": root}, "Action": "kms:*", "Resource": "*"}
    return {"Version": "2012-10-17", "Statement": [statement]}
