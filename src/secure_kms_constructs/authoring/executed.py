"""Tells which task roles Amazon ECS decrypts the sessions of executed commands as, and whether the key admits them.

https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs-exec.html
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from .apps import ROLE, App, Looked, referred
from .identity_sides import allowed, services_of, ways
from .reading import meant
from .statements import Statement
from .usages import Usage

CLUSTER, SERVICE, TASK = "AWS::ECS::Cluster", "AWS::ECS::Service", "AWS::ECS::TaskDefinition"
_DECRYPT = "kms:Decrypt"


def is_executed(use: Usage) -> bool:
    """Tell whether a use is that of the task roles of a cluster, which execute commands under the key."""
    need = use.need
    return use.resource.type == CLUSTER and need.actions == (_DECRYPT,) and "Execute" in use.found.text


def task_roles(app: App, cluster: Looked) -> list[tuple[Looked, Looked]]:
    """Return the services of a cluster that execute commands, with the roles of their tasks that the app makes."""
    found = []
    for service in app.referring_to([cluster.path]):
        executes = str(service.properties.get("EnableExecuteCommand")).lower() == "true"
        if service.type == SERVICE and executes and cluster.path in referred(service.properties.get("Cluster")):
            task = app.at(service.properties.get("TaskDefinition"))
            role = app.at(task.properties.get("TaskRoleArn")) if task is not None and task.type == TASK else None
            if role is not None and role.type == ROLE:
                found.append((service, role))
    return found


def left_out(app: App, cluster: Looked, statements: Sequence[Statement]) -> Iterator[tuple[Looked, Looked]]:
    """Yield the services, and the roles of their tasks, that a finished key policy does not let decrypt directly."""
    for service, role in task_roles(app, cluster):
        # A statement for direct calls, as ECS makes them.
        direct = (one for one in ways(app, role, {}, statements) if not services_of(one))
        if not any(meant(one.get("Action"), [_DECRYPT]) for one in direct):
            yield service, role


def problems(app: App, key: str, uses: Sequence[Usage], statements: Sequence[Statement]) -> Iterator[str]:
    """Yield one message for each service whose task role has a grant that does nothing for executed commands.

    :param key: path of the key's resource.
    :param statements: the finished key policy, as text.
    """
    for use in filter(is_executed, uses):
        for service, role in left_out(app, use.resource, statements):
            if _DECRYPT in allowed(app, key, role):
                yield (
                    f"{service.called} executes commands under the key, and the key policy does not let its task role "
                    f"{role.called} {_DECRYPT} directly, as its own policy does: call key.grant_decrypt(role)"
                )
