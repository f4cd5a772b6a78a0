"""Apps whose stacks, keys, secrets, roles and readers stand where a layout says, and what was granted in them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import Any

from aws_cdk import App, Environment, NestedStack, Stack, Token
from aws_cdk import aws_iam as iam
from aws_cdk import aws_secretsmanager as sm

from secure_kms_constructs import (
    HardenedKey,
    ScopedLogGroupManager,
    ScopedParameterReader,
    ScopedSecretReader,
    Service,
)

ACCOUNT, OTHER_ACCOUNT, REGION, OTHER_REGION = "111122223333", "444455556666", "eu-west-1", "us-east-1"
PLACES = {
    "here": Environment(account=ACCOUNT, region=REGION),
    "region": Environment(account=ACCOUNT, region=OTHER_REGION),
    "account": Environment(account=OTHER_ACCOUNT, region=REGION),
    "agnostic": None,
}


@dataclass(frozen=True)
class Layout:
    """Where everything is; numbers are positions in the lists before."""

    stacks: list[str]
    keys: list[tuple[int, bool]]
    secrets: list[tuple[int, bool, bool]]
    roles: list[tuple[int, bool]]
    readers: list[tuple[int, int, set[int]]]
    parameters: list[tuple[int, int, int]]
    log_groups: list[tuple[int, int, int]]


@dataclass(frozen=True)
class Use:
    """A role's use of a key through another service than Secrets Manager, by positions, and whether it was granted."""

    role: int
    key: int
    service: str
    context: dict[str, str]
    granted: bool


@dataclass
class RandomApp:
    """What a layout became; `granted` are pairs of positions of role and secret."""

    stacks: list[Stack]
    keys: list[HardenedKey]
    secrets: list[sm.Secret]
    roles: list[iam.Role]
    granted: set[tuple[int, int]] = field(default_factory=set)
    uses: list[Use] = field(default_factory=list)
    refusals: list[str] = field(default_factory=list)

    def makes(self, construct: Callable[..., Any], scope: Stack, id: str, **properties: Any) -> bool:
        """Whether a grant is made, or refused with the way out."""
        try:
            construct(scope, id, **properties)
        except ValueError as refused:
            assert ": " in str(refused), "an error without way out"  # noqa: PT017
            self.refusals.append(str(refused))
            return False
        return True


def build(app: App, layout: Layout) -> RandomApp:
    """Build what a layout says."""
    stacks: list[Stack] = []
    for number, place in enumerate(layout.stacks):
        nested = place == "nested"
        stacks.append(NestedStack(stacks[0], f"N{number}") if nested else Stack(app, f"S{number}", env=PLACES[place]))
    keys = [
        HardenedKey(stacks[where], f"Key{n}", delegate_via=[Service.SECRETS_MANAGER] if delegates else ())
        for n, (where, delegates) in enumerate(layout.keys)
    ]
    secrets: list[sm.Secret] = []
    leaves: dict[Stack, Stack] = {}
    for n, (key, literal, apart) in enumerate(layout.secrets):
        home = stacks[layout.keys[key][0]]
        if apart and not isinstance(home, NestedStack):
            if home not in leaves:
                leaves[home] = Stack(app, f"{home.node.id}Secrets", env=PLACES[layout.stacks[layout.keys[key][0]]])
            home = leaves[home]
        name = f"app/secret{n}" if literal else None
        secrets.append(sm.Secret(home, f"Secret{n}", encryption_key=keys[key], secret_name=name))
    roles = [
        iam.Role(
            stacks[where], f"Role{n}", assumed_by=iam.AccountRootPrincipal(), role_name=f"role{n}" if named else None
        )
        for n, (where, named) in enumerate(layout.roles)
    ]
    made = RandomApp(stacks, keys, secrets, roles)
    for n, (where, role, some) in enumerate(layout.readers):
        named = [secrets[one] for one in sorted(some)]
        if made.makes(ScopedSecretReader, stacks[where], f"Reader{n}", grantee=roles[role], secrets=named):
            made.granted |= {(role, one) for one in some}

    made.uses = _uses_by_name(layout, made)
    return made


def _uses_by_name(layout: Layout, made: RandomApp) -> list[Use]:
    """Build the readers of parameters and the managers of log groups, and tell who then uses which key for what."""
    uses, stacks, keys, roles = [], made.stacks, made.keys, made.roles
    for n, (where, role, key) in enumerate(layout.parameters):
        named = {"grantee": roles[role], "parameters": [f"/app/p{n}"], "key": keys[key]}
        granted = made.makes(ScopedParameterReader, stacks[where], f"Parameters{n}", **named)
        context = {"PARAMETER_ARN": arn_in(stacks[where], "ssm", f"parameter/app/p{n}")}
        uses.append(Use(role, key, "ssm", context, granted))
    for n, (where, role, key) in enumerate(layout.log_groups):
        named = {"grantee": roles[role], "key": keys[key], "log_group_prefix": f"/app/l{n}/"}
        granted = made.makes(ScopedLogGroupManager, stacks[where], f"Logs{n}", **named)
        context = {"aws:logs:arn": arn_in(stacks[where], "logs", f"log-group:/app/l{n}/group")}
        uses.append(Use(role, key, "logs", context, granted))
    return uses


def arn_in(stack: Stack, service: str, resource: str) -> str:
    account, region = (
        known if not Token.is_unresolved(known) else default
        for known, default in ((stack.account, ACCOUNT), (stack.region, REGION))
    )
    return f"arn:aws:{service}:{region}:{account}:{resource}"


def layout_of(seed: int) -> Layout:
    """Return a layout that is the same for a seed wherever and whenever it is drawn."""
    random = Random(seed)

    def some(least: int, most: int, draw: Callable[[], Any]) -> list[Any]:
        return [draw() for _ in range(random.randint(least, most))]

    def position(of: list[Any]) -> int:
        return random.randrange(len(of))

    def flag() -> bool:
        return random.random() < 0.5

    places = ["here", "here", random.choice(["here", "nested", *PLACES])]
    keys = some(1, 3, lambda: (position(places), flag()))
    secrets = some(1, 4, lambda: (position(keys), flag(), flag()))
    roles = some(1, 3, lambda: (position(places), flag()))
    readers = some(1, 4, lambda: (position(places), position(roles), set(some(1, 4, lambda: position(secrets)))))

    def by_name() -> list[tuple[int, int, int]]:
        return some(0, 2, lambda: (position(places), position(roles), position(keys)))

    return Layout(places, keys, secrets, roles, readers, by_name(), by_name())
