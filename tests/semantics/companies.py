"""Random companies: apps in which buckets, queues, secrets, readers and statements of others share a few keys."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from aws_cdk import App, Environment, PhysicalName, Stack
from aws_cdk import aws_codebuild as codebuild
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_lambda_event_sources as sources
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_s3_notifications as notifications
from aws_cdk import aws_secretsmanager as sm
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions
from aws_cdk import aws_sqs as sqs
from aws_cdk import aws_ssm as ssm

from secure_kms_constructs import (
    HardenedKey,
    LogGroupWithCmk,
    ScopedLogGroupManager,
    ScopedParameterReader,
    ScopedSecretReader,
    ScopedSecretRotator,
    Service,
)
from secure_kms_constructs import (
    Use as KeyUse,
)
from tests.semantics.assembly import logical_id, name_of
from tests.semantics.deployed import Deployment

ACCOUNT, OTHER_ACCOUNT, REGION, OTHER_REGION = "111122223333", "444455556666", "eu-west-1", "us-east-1"
SSO = f"arn:aws:iam::{ACCOUNT}:role/aws-reserved/sso.amazonaws.com/AWSReservedSSO_Support_0123456789abcdef"
LINKED = f"arn:aws:iam::{ACCOUNT}:role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling"
# Words of CDK and jsii: whoever meets one of these was not told what to do.
STRANGE = re.compile(
    r"[Cc]yclic|DependencyCycle|UnresolvedReference|CrossStack|Cannot reference|Cannot use resource '\w+/Who|"
    r"AttributeError|"
    r"TypeError|KeyError|must be an ARN|Invalid ARN|takes exactly|is not assignable|undefined"
)

Find = Callable[[Deployment], str]
Context = Callable[[Deployment], Mapping[str, str]]


@dataclass(frozen=True)
class Somebody:
    """A grantee, and its ARN after the deployment."""

    kind: str
    grantee: Any
    arn: Find


@dataclass(frozen=True)
class Thing:
    """What a key encrypts: the service that calls KMS for its users, and the encryption contexts it sends."""

    name: str
    key: int
    service: str | None
    contexts: tuple[Context, ...]
    place: int


@dataclass
class Company:
    """An app, who is in it, and who was granted what."""

    app: App
    stacks: list[Stack]
    keys: list[HardenedKey] = field(default_factory=list)
    people: list[Somebody] = field(default_factory=list)
    things: list[Thing] = field(default_factory=list)
    granted: set[tuple[int, int, str]] = field(default_factory=set)
    denied_by_statement: set[int] = field(default_factory=set)
    restricted: set[int] = field(default_factory=set)
    renamed: bool = False
    through: set[tuple[int, int]] = field(default_factory=set)
    allowed_itself: tuple[int, int] | None = None
    story: list[str] = field(default_factory=list)
    refused: set[int] = field(default_factory=set)
    left_out: frozenset[int] = frozenset()
    attempts: int = 0

    def attempt(self, what: str, build: Callable[[], Any]) -> bool:
        """Try to build something; whether it was built, or refused in our words."""
        self.attempts += 1
        if self.attempts in self.left_out:
            self.story.append(f"{what}: left out, because it is refused")
            return False
        try:
            build()
        except (ValueError, RuntimeError) as error:
            text = str(error)
            self.story.append(f"{what}: refused: {text[:300]}")
            if STRANGE.search(text) or ": " not in text:
                raise AssertionError(f"refused in words that are not ours: {text}\n{self}") from error
            self.refused.add(self.attempts)
            return False
        self.story.append(what)
        return True

    def __str__(self) -> str:
        return "\n".join(self.story)


def physical(construct: Any, find: str) -> Find:
    # Names are asked before synth, after which CDK answers no more.
    name, stack = logical_id(construct), name_of(Stack.of(construct))
    return lambda deployment: str(getattr(deployment, find)(name, stack=stack))


def plain(**context: str) -> Context:
    return lambda _: {name.replace("__", ":"): value for name, value in context.items()}


def company(seed: int) -> Company:
    """Return the company of a seed, the same each time, without what is refused: an L2 may have written half of it."""
    left_out: frozenset[int] = frozenset()
    while (made := _company(seed, left_out)).refused:
        left_out |= made.refused
    return made


def _company(seed: int, left_out: frozenset[int]) -> Company:
    draw = random.Random(seed)
    flags = {"@aws-cdk/aws-sns-subscriptions:restrictSqsDescryption": True} if draw.random() < 0.5 else {}
    app = App(context=flags)
    places = [(ACCOUNT, REGION), (ACCOUNT, REGION), draw.choice([(OTHER_ACCOUNT, REGION), (ACCOUNT, REGION)])]
    stacks = [
        Stack(app, f"S{n}", env=Environment(account=account, region=region))
        for n, (account, region) in enumerate(places)
    ]
    made = Company(app, stacks, left_out=left_out)
    for n in range(draw.randint(1, 2)):
        where = draw.choice([0, 0, 1])
        via = draw.sample([Service.SECRETS_MANAGER, Service.SQS, Service.PARAMETER_STORE], draw.choice([0, 0, 1]))
        made.keys.append(HardenedKey(stacks[where], f"Key{n}", delegate_via=via))
        made.story.append(f"Key{n} in S{where} delegates via {[one.name for one in via]}")
    for n in range(draw.randint(2, 4)):
        somebody(made, draw, n)
    # Two secrets under the first key in any case, so that there is always a neighbour.
    for n in range(2):
        add_secret(made, draw, 0, f"First{n}")
    makers = [add_secret, add_bucket, add_queue, add_topic, add_table, add_log_group, add_parameter, add_path]
    for n in range(draw.randint(1, 5)):
        draw.choice(makers)(made, draw, draw.randrange(len(made.keys)), f"Thing{n}")
    for n in range(draw.randint(2, 6)):
        grant(made, draw, n)
    for n in range(draw.randint(0, 2)):
        draw.choice([connect, connect, statement, direct])(made, draw, n)
    # Drawn apart, so that the companies before stay what they were.
    later = random.Random(seed + 1_000_000)
    if later.random() < 0.4:
        later.choice([restrict, restrict, rename, own_statement])(made, later)
    return made


def somebody(made: Company, draw: random.Random, n: int) -> None:
    kind = draw.choice(
        [
            *("generated", "generated", "literal", "physical", "user", "imported", "immutable", "arn"),
            *("foreign", "foreign arn", "sso", "linked", "wild"),
        ]
    )
    where = draw.randrange(3)
    stack, account = made.stacks[where], ACCOUNT
    if kind in ("generated", "literal", "physical"):
        name = {"literal": f"role{n}", "physical": PhysicalName.GENERATE_IF_NEEDED}.get(kind)
        role = iam.Role(stack, f"Who{n}", role_name=name, assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"))
        made.people.append(Somebody(f"{kind} role in S{where}", role, physical(role, "role")))
    elif kind == "user":
        user = iam.User(stack, f"Who{n}", user_name=draw.choice([None, f"user{n}"]))
        made.people.append(Somebody(f"user in S{where}", user, physical(user, "user")))
    else:
        account = OTHER_ACCOUNT if "foreign" in kind or kind == "wild" else ACCOUNT
        arn = {"sso": SSO, "linked": LINKED, "wild": f"arn:aws:iam::{account}:role/????????"}.get(
            kind, f"arn:aws:iam::{account}:role/imported{n}"
        )
        if kind.endswith("arn"):
            grantee: Any = iam.ArnPrincipal(arn)
        else:
            grantee = iam.Role.from_role_arn(stack, f"Who{n}", arn, mutable=kind != "immutable")
        who = arn.replace("????????", "attacker")
        made.people.append(Somebody(f"{kind} imported in S{where}", grantee, lambda _: who))
    made.story.append(f"Who{n} is {made.people[-1].kind}")


# -- what is under a key --


def add_secret(made: Company, draw: random.Random, key: int, id: str) -> None:
    home = made.keys[key].stack
    secret = sm.Secret(home, id, encryption_key=made.keys[key], secret_name=draw.choice([None, f"app/{id}"]))
    arn = physical(secret, "secret")
    _note(made, Thing(id, key, "secretsmanager", (lambda d: {"SecretARN": arn(d)},), made.stacks.index(home)), secret)


def add_bucket(made: Company, draw: random.Random, key: int, id: str) -> None:
    home = made.keys[key].stack
    bucket = s3.Bucket(
        home,
        id,
        encryption_key=made.keys[key],
        bucket_name=draw.choice([None, f"company-{id.lower()}"]),
        bucket_key_enabled=draw.choice([None, True]),
    )
    arn = physical(bucket, "bucket")
    contexts = (lambda d: {"aws:s3:arn": arn(d)}, lambda d: {"aws:s3:arn": f"{arn(d)}/object"})
    _note(made, Thing(id, key, "s3", contexts, made.stacks.index(home)), bucket)


def add_queue(made: Company, draw: random.Random, key: int, id: str) -> None:
    home = made.keys[key].stack
    queue = sqs.Queue(home, id, encryption_master_key=made.keys[key], queue_name=draw.choice([None, id]))
    _note(made, Thing(id, key, "sqs", (plain(),), made.stacks.index(home)), queue)


def add_topic(made: Company, draw: random.Random, key: int, id: str) -> None:
    home = made.keys[key].stack
    topic = sns.Topic(home, id, master_key=made.keys[key], topic_name=draw.choice([None, id]))
    _note(made, Thing(id, key, "sns", (plain(),), made.stacks.index(home)), topic)


def add_table(made: Company, draw: random.Random, key: int, id: str) -> None:
    home = made.keys[key].stack
    by = dynamodb.Attribute(name="id", type=dynamodb.AttributeType.STRING)
    table = dynamodb.Table(
        home, id, partition_key=by, encryption_key=made.keys[key], table_name=draw.choice([None, id])
    )
    _note(made, Thing(id, key, "dynamodb", (plain(),), made.stacks.index(home)), table)


def add_log_group(made: Company, draw: random.Random, key: int, id: str) -> None:
    home = draw.choice([made.keys[key].stack, made.stacks[1]])
    name = f"/app/{id}"
    if not made.attempt(
        f"LogGroupWithCmk {id}", lambda: LogGroupWithCmk(home, id, key=made.keys[key], log_group_name=name)
    ):
        return
    arn = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:{name}"
    _note(made, Thing(id, key, "logs", (lambda _: {"aws:logs:arn": arn},), made.stacks.index(home)), name)


def add_parameter(made: Company, draw: random.Random, key: int, id: str) -> None:
    where = draw.randrange(2)
    parameter = ssm.StringParameter.from_secure_string_parameter_attributes(
        made.stacks[where], id, parameter_name=f"/l2/{id}", encryption_key=made.keys[key]
    )
    arn = f"arn:aws:ssm:{REGION}:{ACCOUNT}:parameter/l2/{id}"
    _note(made, Thing(id, key, "ssm", (lambda _: {"PARAMETER_ARN": arn},), where), parameter)


def add_path(made: Company, draw: random.Random, key: int, id: str) -> None:  # noqa: ARG001
    arn = f"arn:aws:ssm:{REGION}:{ACCOUNT}:parameter/named/{id}"
    _note(made, Thing(id, key, "ssm", (lambda _: {"PARAMETER_ARN": arn},), 0), f"/named/{id}")


_MADE: dict[int, dict[str, Any]] = {}


def _note(made: Company, thing: Thing, what: Any) -> None:
    _MADE.setdefault(id(made), {})[thing.name] = what
    made.things.append(thing)
    made.story.append(f"{thing.name} ({thing.service}) under Key{thing.key}")


def made_of(made: Company, thing: Thing) -> Any:
    return _MADE[id(made)][thing.name]


# -- grants --


def grant(made: Company, draw: random.Random, n: int) -> None:
    who, number = draw.randrange(len(made.people)), draw.randrange(len(made.things))
    person, thing = made.people[who], made.things[number]
    it, key, where = made_of(made, thing), made.keys[thing.key], made.stacks[draw.choice([0, 1, 2])]
    to = person.grantee
    ways: dict[str, tuple[Callable[[], Any], tuple[str, ...]]] = {}
    read, both = ("kms:Decrypt",), ("kms:Decrypt", "kms:GenerateDataKey")
    if thing.service == "secretsmanager":
        ways = {
            "ScopedSecretReader": (lambda: ScopedSecretReader(where, f"Grant{n}", grantee=to, secrets=[it]), read),
            "ScopedSecretRotator": (lambda: ScopedSecretRotator(where, f"Grant{n}", grantee=to, secrets=[it]), both),
            "secret.grant_read": (lambda: it.grant_read(to), read),
            "secret.grant_write": (lambda: it.grant_write(to), both),
        }
    elif thing.service == "s3":
        ways = {
            "bucket.grant_read": (lambda: it.grant_read(to), read),
            "bucket.grant_read_write": (lambda: it.grant_read_write(to), both),
        }
    elif thing.service == "sqs":
        ways = {
            "queue.grant_consume_messages": (lambda: it.grant_consume_messages(to), read),
            "queue.grant_send_messages": (lambda: it.grant_send_messages(to), both),
            "key.grant_via": (lambda: key.grant_via(to, Service.SQS, use=KeyUse.READ), read),
        }
    elif thing.service == "sns":
        ways = {"topic.grant_publish": (lambda: it.grant_publish(to), both)}
    elif thing.service == "dynamodb":
        ways = {"table.grant_read_data": (lambda: it.grant_read_data(to), read)}
    elif thing.service == "ssm" and isinstance(it, str):
        ways = {
            "ScopedParameterReader": (
                lambda: ScopedParameterReader(where, f"Grant{n}", grantee=to, parameters=[it], key=key),
                read,
            )
        }
    elif thing.service == "ssm":
        ways = {"parameter.grant_read": (lambda: it.grant_read(to), read)}
    elif thing.service == "logs":
        ways = {
            "ScopedLogGroupManager": (
                lambda: ScopedLogGroupManager(where, f"Grant{n}", grantee=to, key=key, log_group_prefix=it),
                both,
            )
        }
    name = draw.choice(sorted(ways))
    build, actions = ways[name]
    if thing.service == "ssm" and where.account != ACCOUNT:
        return  # A name means another parameter there.
    if thing.service == "logs" and where.account != ACCOUNT:
        return
    if made.attempt(f"{name} of {thing.name} for Who{who} in {where.node.id}", build):
        made.granted |= {(who, number, action) for action in actions}
        made.through.add((who, number))


def direct(made: Company, draw: random.Random, n: int) -> None:  # noqa: ARG001
    who, key = draw.randrange(len(made.people)), draw.randrange(len(made.keys))
    if made.attempt(
        f"Key{key}.grant_decrypt(Who{who})", lambda: made.keys[key].grant_decrypt(made.people[who].grantee)
    ):
        for number, thing in enumerate(made.things):
            if thing.key == key:
                made.granted.add((who, number, "kms:Decrypt"))
        made.things.append(Thing(f"Direct{key}", key, None, (plain(),), 0))
        made.granted.add((who, len(made.things) - 1, "kms:Decrypt"))


def connect(made: Company, draw: random.Random, n: int) -> None:
    """Let services of AWS work with each other, and functions with queues."""
    queues = [thing for thing in made.things if thing.service == "sqs"]
    if not queues:
        return
    thing = draw.choice(queues)
    queue, key = made_of(made, thing), made.keys[thing.key]
    home = Stack.of(queue)

    def bucket() -> None:
        source = s3.Bucket(home, f"Source{n}", encryption_key=encrypted)
        source.add_event_notification(s3.EventType.OBJECT_CREATED, notifications.SqsDestination(queue))

    def topic() -> None:
        source = sns.Topic(home, f"Source{n}", master_key=encrypted)
        source.add_subscription(subscriptions.SqsSubscription(queue))

    def function() -> None:
        code = lambda_.Code.from_inline("handler = print")
        it = lambda_.Function(
            home, f"Function{n}", runtime=lambda_.Runtime.PYTHON_3_13, handler="index.handler", code=code
        )
        it.add_event_source(sources.SqsEventSource(queue))
        made.people.append(Somebody("function", it, physical(it.role, "role")))
        for number, one in enumerate(made.things):
            if one.service == "sqs" and one.key == thing.key:
                made.granted.add((len(made.people) - 1, number, "kms:Decrypt"))

    def task() -> None:
        secrets = [one for one in made.things if one.service == "secretsmanager" and one.key == thing.key]
        if not secrets:
            return
        it = ecs.FargateTaskDefinition(home, f"Task{n}")
        secret = ecs.Secret.from_secrets_manager(made_of(made, secrets[0]))
        it.add_container("web", image=ecs.ContainerImage.from_registry("web"), secrets={"A": secret})
        assert it.execution_role
        made.people.append(Somebody("task", it.execution_role, physical(it.execution_role, "role")))
        made.granted.add((len(made.people) - 1, made.things.index(secrets[0]), "kms:Decrypt"))

    def project() -> None:
        codebuild.Project(
            home, f"Project{n}", build_spec=codebuild.BuildSpec.from_object({"version": "0.2"}), encryption_key=key
        )

    way = draw.choice([bucket, topic, function, task, project])
    encrypted = draw.choice([key, None])
    made.attempt(f"connect {way.__name__} with {thing.name}", way)


# -- what takes away from roles, renames what policies name, and grants nothing --


def _own(made: Company) -> list[int]:
    return [n for n, one in enumerate(made.people) if isinstance(one.grantee, iam.Role | iam.User) and _is_made(one)]


def _is_made(one: Somebody) -> bool:
    return one.kind.startswith(("generated", "literal", "physical", "user"))


def _through(service: str) -> dict[str, Any]:
    return {"StringEquals": {"kms:ViaService": f"{service}.{REGION}.amazonaws.com"}}


def _taking(actions: list[str], **more: Any) -> iam.PolicyStatement:
    return iam.PolicyStatement(effect=iam.Effect.DENY, actions=actions, resources=["*"], **more)


def _letting(actions: list[str], resource: str = "*") -> iam.PolicyStatement:
    return iam.PolicyStatement(actions=actions, resources=[resource])


TAKING: dict[str, Callable[[], iam.PolicyStatement]] = {
    "Deny kms:*": lambda: _taking(["kms:*"]),
    "Deny Decrypt and GenerateDataKey": lambda: _taking(["kms:Decrypt", "kms:GenerateDataKey"]),
    "Deny through Secrets Manager": lambda: _taking(["kms:*"], conditions=_through("secretsmanager")),
    "Deny through SQS": lambda: _taking(["kms:*"], conditions=_through("sqs")),
    "Deny elsewhere": lambda: _taking(["kms:*"], conditions={"StringEquals": {"kms:ViaService": "s3.eu-north-1"}}),
    "Deny writing buckets": lambda: _taking(["s3:Put*"]),
}
BOUNDARIES: dict[str, Callable[[], list[iam.PolicyStatement]]] = {
    "everything": lambda: [_letting(["*"])],
    "all but KMS": lambda: [iam.PolicyStatement(not_actions=["kms:*"], resources=["*"])],
    "all keys of the place": lambda: [
        iam.PolicyStatement(not_actions=["kms:*"], resources=["*"]),
        _letting(["kms:*"], f"arn:aws:kms:{REGION}:{ACCOUNT}:key/*"),
    ],
    "all keys elsewhere": lambda: [
        iam.PolicyStatement(not_actions=["kms:*"], resources=["*"]),
        _letting(["kms:*"], f"arn:aws:kms:eu-north-1:{ACCOUNT}:key/*"),
    ],
}


def restrict(made: Company, draw: random.Random) -> None:
    """Take something away from somebody, by a Deny of their own policies or a permissions boundary."""
    if not (several := _own(made)):
        return
    who = draw.choice(several)
    person = made.people[who].grantee
    if draw.random() < 0.5:
        name = draw.choice(sorted(TAKING))
        made.story.append(f"Who{who} gets {name}")
        if draw.random() < 0.5:
            person.add_to_principal_policy(TAKING[name]())
        else:
            holders: Any = {"roles" if isinstance(person, iam.Role) else "users": [person]}
            iam.ManagedPolicy(Stack.of(person), "Taking", statements=[TAKING[name]()], **holders)
    else:
        name = draw.choice(sorted(BOUNDARIES))
        made.story.append(f"Who{who} has a boundary with {name}")
        boundary = iam.ManagedPolicy(Stack.of(person), "Boundary", statements=BOUNDARIES[name]())
        iam.PermissionsBoundary.of(person).apply(boundary)
    made.restricted.add(who)


def rename(made: Company, draw: random.Random) -> None:
    """Override a name or path on an L1 that a policy may carry literally."""
    people = [made.people[n].grantee for n in _own(made)]
    secrets = [made_of(made, one) for one in made.things if one.service == "secretsmanager"]
    thing = draw.choice([*people, *secrets])
    if isinstance(thing, sm.Secret):
        name, value = "Name", "renamed"
    else:
        of_role = "RoleName" if isinstance(thing, iam.Role) else "UserName"
        name, value = draw.choice([("Path", "/moved/"), (of_role, "renamed")])
    made.story.append(f"{thing.node.path} is overridden: {name} = {value}")
    thing.node.default_child.add_property_override(name, value)
    made.renamed = True


def own_statement(made: Company, draw: random.Random) -> None:
    """Let somebody use a key by a policy of their own, which does nothing where the key policy does not admit it."""
    if not (several := _own(made)):
        return
    who, key = draw.choice(several), draw.randrange(len(made.keys))
    actions = draw.choice([["kms:GenerateDataKey"], ["kms:Decrypt", "kms:GenerateDataKey"]])
    its = iam.PolicyStatement(actions=actions, resources=[made.keys[key].key_arn])
    said = f"Who{who} allows itself {actions} on Key{key}"
    if Stack.of(made.people[who].grantee) is not made.keys[key].stack:
        return
    if made.attempt(said, lambda: made.people[who].grantee.add_to_principal_policy(its)):
        made.allowed_itself = (who, key)


# -- statements of the user's own --


def _deny(*actions: str, **conditions: Any) -> iam.PolicyStatement:
    return iam.PolicyStatement(
        effect=iam.Effect.DENY,
        principals=[iam.AnyPrincipal()],
        actions=list(actions),
        resources=["*"],
        conditions=conditions,
    )


def _principal(text: str) -> Any:
    return iam.ArnPrincipal(text)


STATEMENTS: dict[str, Callable[[], iam.PolicyStatement]] = {
    "Deny PutKeyPolicy unless break-glass": lambda: _deny(
        "kms:PutKeyPolicy", ArnNotEquals={"aws:PrincipalArn": f"arn:aws:iam::{ACCOUNT}:role/break-glass"}
    ),
    "Deny kms:* unless one of two roles": lambda: _deny(
        "kms:*",
        StringNotLike={"aws:PrincipalArn": [f"arn:aws:iam::{ACCOUNT}:role/a*", f"arn:aws:iam::{ACCOUNT}:role/b"]},
    ),
    "Deny unless a source": lambda: _deny("kms:*", StringNotEquals={"aws:SourceAccount": ACCOUNT}),
    "Deny unless a source ARN": lambda: _deny("kms:*", ArnNotLike={"aws:SourceArn": f"arn:aws:s3:::{ACCOUNT}*"}),
    "Deny unless through a service": lambda: _deny("kms:*", Null={"kms:ViaService": "true"}),
    "Deny EnableKeyRotation and DescribeKey": lambda: _deny("kms:EnableKeyRotation", "kms:DescribeKey"),
    "Deny GenerateDataKey except one role": lambda: _deny(
        "kms:GenerateDataKey", ArnNotLike={"aws:PrincipalArn": f"arn:aws:iam::{ACCOUNT}:role/writer"}
    ),
    "Deny a use for strangers": lambda: _deny(
        "kms:Decrypt", StringNotEquals={"aws:PrincipalAccount": [ACCOUNT, OTHER_ACCOUNT]}
    ),
    "Allow a foreign pattern": lambda: iam.PolicyStatement(
        principals=[iam.AccountPrincipal(OTHER_ACCOUNT)],
        actions=["kms:Decrypt"],
        resources=["*"],
        conditions={"ArnLike": {"aws:PrincipalArn": f"arn:aws:iam::{OTHER_ACCOUNT}:role/????????"}},
    ),
    "Allow a name with a policy variable": lambda: iam.PolicyStatement(
        principals=[iam.AccountRootPrincipal()],
        actions=["kms:Decrypt"],
        resources=["*"],
        conditions={"StringLike": {"aws:PrincipalArn": f"arn:aws:iam::{ACCOUNT}:role/${{aws:PrincipalTag/team}}"}},
    ),
    "Allow under a condition that always holds": lambda: iam.PolicyStatement(
        principals=[iam.AccountRootPrincipal()],
        actions=["kms:Decrypt"],
        resources=["*"],
        conditions={"StringNotEquals": {"aws:PrincipalArn": "nobody"}},
    ),
}


def statement(made: Company, draw: random.Random, n: int) -> None:  # noqa: ARG001
    key = draw.randrange(len(made.keys))
    name = draw.choice(sorted(STATEMENTS))
    built = made.attempt(f"Key{key}: {name}", lambda: made.keys[key].add_to_resource_policy(STATEMENTS[name]()))
    if built and name in _LOCKING:
        made.denied_by_statement.add(key)


# Statements under which the deployer could not finish or change the key: synth has to say so.
_LOCKING = [name for name in STATEMENTS if name.startswith("Deny") and "strangers" not in name]
