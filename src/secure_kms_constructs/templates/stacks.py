"""Stacks: a template, the environment it goes to, and the stacks around it."""

from __future__ import annotations

import hashlib
import json
import re
import string
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import cached_property

from secure_kms_constructs.policies import Unknown

from .landscape import Source
from .loading import Template, TemplateError
from .macros import changing

# Stands for the account and region of every stack that does not say where it goes. Nobody has this account id, and
# the policies of such stacks are read together, as those of one account and region.
ANY_ACCOUNT, ANY_REGION = "000000000000", "unknown-region"

# https://docs.aws.amazon.com/sdkref/latest/guide/feature-region.html and the endpoints of botocore
_PARTITIONS = {
    "cn": ("aws-cn", "amazonaws.com.cn"),
    "us-gov": ("aws-us-gov", "amazonaws.com"),
    "us-iso": ("aws-iso", "c2s.ic.gov"),
    "us-isob": ("aws-iso-b", "sc2s.sgov.gov"),
    "eu-isoe": ("aws-iso-e", "cloud.adc-e.uk"),
    "us-isof": ("aws-iso-f", "csp.hci.ic.gov"),
    "eusc": ("aws-eusc", "amazonaws.eu"),
}
# What may be deployed already, and how its ARN says it.
_DEPLOYED = {"AWS::KMS::Key": "key", "AWS::IAM::Role": "role", "AWS::IAM::User": "user"}
_REGION = re.compile(r"(?P<prefix>cn|us-gov|us-isob?|us-isof|eu-isoe|eusc)-.*")


@dataclass(frozen=True)
class Environment:
    """Where a stack goes."""

    account: str = ANY_ACCOUNT
    region: str = ANY_REGION

    @property
    def partition(self) -> str:
        """The partition of the region; ``aws`` where that is not known."""
        return self._names[0]

    @property
    def url_suffix(self) -> str:
        """``AWS::URLSuffix`` there."""
        return self._names[1]

    @property
    def _names(self) -> tuple[str, str]:
        match = _REGION.fullmatch(self.region)
        return _PARTITIONS[match["prefix"]] if match else ("aws", "amazonaws.com")


@dataclass(eq=False)
class Stack:
    """One stack.

    :param name: tells it from all others that are read with it.
    :param stack_name: its physical name.
    :param parameters: values for its parameters, as given by whoever reads it.
    :param parent: the stack that a nested one belongs to, and its logical id there.
    :param paths: construct paths by logical id.
    :param is_named: whether it is told under which name it is deployed; that of a file does not tell.
    :param assumed_name: what is assumed for its name at the moment, where nobody tells it.
    """

    name: str
    stack_name: str
    template: Template
    environment: Environment
    parameters: Mapping[str, object] = field(default_factory=dict)
    parent: tuple[Stack, str] | None = None
    nested: dict[str, Stack] = field(default_factory=dict)
    paths: dict[str, str] = field(default_factory=dict)
    is_named: bool = True
    assumed_name: str | None = None

    @property
    def has_known_name(self) -> bool:
        """Whether ``AWS::StackName`` is known; of a nested stack, its beginning alone."""
        return self.is_named and self.parent is None

    @property
    def physical_name(self) -> str:
        """``AWS::StackName``, with a stand-in for what a deployment adds to the name of a nested stack."""
        if self.assumed_name is not None:
            return self.assumed_name
        if self.parent is None:
            return self.stack_name
        parent, logical_id = self.parent
        return f"{parent.physical_name}-{logical_id}-{self.scrambled('', string.ascii_uppercase, 12)}"

    @property
    def top(self) -> str:
        """The name of the stack that it is nested in, whether directly or not; its own where it is in none."""
        return self.name if self.parent is None else self.parent[0].top

    @cached_property
    def doubt(self) -> Unknown | None:
        """Why nothing that is read of it is for certain, since a macro may change all of it; None where it is."""
        macro = changing(self.template)
        if macro or self.parent is None:
            return Unknown(f"what {macro} changes in {self.name} is not read") if macro else None
        # Its parent says which template and which parameters it has.
        parent, logical_id = self.parent
        said = (*parent.resource(logical_id), *parent.properties(logical_id))
        macro = next((name for name in said if name.startswith("Fn::")), None)
        why = f"what {macro} changes in {parent.source(logical_id).path} is not read"
        return Unknown(why) if macro else parent.doubt

    def section(self, name: str) -> dict[str, object]:
        """Return a section of the template, empty where it has none that is an object."""
        return _object(self.template.get(name))

    @cached_property
    def text(self) -> str:
        """All of the template, as JSON: what is nowhere in it need not be looked for piece by piece."""
        return json.dumps(self.template, default=str)

    @cached_property
    def _resources(self) -> dict[str, object]:
        return self.section("Resources")

    def resource(self, logical_id: str) -> dict[str, object]:
        """Return what the template says of a resource, empty where it has none."""
        return _object(self._resources.get(logical_id))

    def properties(self, logical_id: str) -> dict[str, object]:
        """Return a resource's properties, intrinsic functions and all."""
        return _object(self.resource(logical_id).get("Properties"))

    def resources(self) -> Iterator[tuple[str, str, dict[str, object]]]:
        """Return logical id, type and the whole of each resource; what is none is left out."""
        for logical_id, resource in self._resources.items():
            kind = _object(resource).get("Type")
            if isinstance(kind, str):
                yield logical_id, kind, _object(resource)

    def source(self, logical_id: str) -> Source:
        """Return where a resource stands."""
        return Source(self.name, logical_id, self.paths.get(logical_id, f"{self.name}/{logical_id}"))

    def scrambled(self, logical_id: str, alphabet: str, length: int) -> str:
        """Return what stands for characters that a deployment chooses: always the same ones, of this resource only."""
        digest = hashlib.sha256(f"{self.name}\0{logical_id}".encode(errors="replace")).digest()
        number = int.from_bytes(digest, "big")
        made = []
        for _ in range(length):
            number, place = divmod(number, len(alphabet))
            made.append(alphabet[place])
        return "".join(made)


class Stacks:
    """Stacks that are read together.

    :param same: the ARNs of keys, roles and users that are deployed, by construct path or ``<stack>/<logical id>``.
    :param names: what is assumed of names that only a deployment tells, by stack and logical id.
    :ivar deployable: what ``same`` may name: stack, logical id and type.
    """

    def __init__(
        self,
        stacks: Iterable[Stack],
        same: Mapping[str, str] | None = None,
        names: Mapping[tuple[str, str], str] | None = None,
    ) -> None:
        self.all = tuple(stacks)
        self._here: dict[Environment, list[Stack]] = defaultdict(list)
        self._named: dict[str, list[Stack]] = defaultdict(list)
        _name_resources(self.all)
        for stack in self.all:
            self._here[stack.environment].append(stack)
            if stack.parent is None:
                self._named[stack.stack_name].append(stack)
        self.deployable = _deployable(self.all)
        self._told = {
            **_told(self.deployable, same or {}),
            **{place: _apart(one) for place, one in (names or {}).items()},
        }
        # Whether a parameter has allowed values, each of which may be a case.
        self.have_choices = any(
            "AllowedValues" in _object(declared)
            for stack in self.all
            for declared in stack.section("Parameters").values()
        )

    def told(self, stack: Stack, logical_id: str) -> Mapping[str, str]:
        """Return the id or name of what is deployed, if somebody told it."""
        return self._told.get((stack.name, logical_id), {})

    def of(self, environment: Environment) -> list[Stack]:
        """Return the stacks of one account and region, which see each other's exports and parameters."""
        return self._here.get(environment, [])

    def named(self, stack_name: str, environment: Environment) -> Stack | None:
        """Return the one stack of a physical name there; None where there is none, or more than one."""
        found = [stack for stack in self._named.get(stack_name, []) if stack.environment == environment]
        return found[0] if len(found) == 1 else None


def _apart(name: str) -> Mapping[str, str]:
    """Take a name apart that may say its path too."""
    path, slash, last = name.rpartition("/")
    return {"name": last, "path": f"/{path.strip('/')}/"} if slash else {"name": name}


def _deployable(stacks: Iterable[Stack]) -> dict[str, tuple[Stack, str, str]]:
    """Return the keys, roles and users of stacks, by construct path and by ``<stack>/<logical id>``."""
    return {
        name: (stack, logical_id, kind)
        for stack in stacks
        for logical_id, kind, _ in stack.resources()
        if kind in _DEPLOYED
        for name in (f"{stack.name}/{logical_id}", stack.source(logical_id).path)
    }


def _told(
    made: Mapping[str, tuple[Stack, str, str]], same: Mapping[str, str]
) -> dict[tuple[str, str], Mapping[str, str]]:
    """Return the ids and names of what is deployed, by stack and logical id."""
    told: dict[tuple[str, str], Mapping[str, str]] = {}
    for name, arn in same.items():
        if name not in made:
            close = get_close_matches(str(name), made, n=3, cutoff=0.4) or sorted(made)[:3]
            raise TemplateError(
                f"same must name keys, roles or users of the templates, got {name!r}; there are {', '.join(close)}"
            )
        stack, logical_id, kind = made[name]
        told[stack.name, logical_id] = _deployed(name, stack, logical_id, kind, str(arn))
    return told


def _deployed(name: str, stack: Stack, logical_id: str, kind: str, arn: str) -> Mapping[str, str]:
    place, noun = stack.environment, _DEPLOYED[kind]
    service = f"kms:{place.region}" if noun == "key" else "iam:"
    where = f"arn:{place.partition}:{service}:{place.account}:{noun}/"
    match = re.fullmatch(re.escape(where) + (r"()([\w-]+)" if noun == "key" else r"([!-~]*/)?([\w+=,.@-]+)"), arn)
    if not match:
        is_open = place.account == ANY_ACCOUNT or (place.region == ANY_REGION and noun == "key")
        hint = ": give the account and region of the stack too" if is_open else ""
        form = "<id>" if noun == "key" else "<name>"
        raise TemplateError(
            f"same must give the ARN of {name} as {where}{form}, where its stack goes, got {arn!r}{hint}"
        )
    if noun == "key":
        return {"key_id": match[2]}
    written = stack.properties(logical_id).get(f"{noun.title()}Name")
    if isinstance(written, str) and written != match[2]:
        raise TemplateError(f"same must give {name} the name that its template gives it, {written}, got {arn!r}")
    return {"name": match[2], "path": f"/{match[1] or ''}"}


def _name_resources(stacks: Iterable[Stack]) -> None:
    """Complete the construct paths of resources; one that is not of one resource alone is no name."""
    paths: dict[str, list[tuple[Stack, str]]] = defaultdict(list)
    for stack in stacks:
        for logical_id, _, resource in stack.resources():
            path = _object(resource.get("Metadata")).get("aws:cdk:path", stack.paths.get(logical_id))
            if isinstance(path, str):
                paths[path.removesuffix("/Resource")].append((stack, logical_id))
        stack.paths = {}
    for path, found in paths.items():
        if len(found) == 1:
            [(stack, logical_id)] = found
            stack.paths[logical_id] = path


def _object(value: object) -> dict[str, object]:
    return value if isinstance(value, dict) else {}
