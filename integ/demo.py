"""`make demo`: deploy the example app to a local AWS that really refuses, and show who may use which key.

Everything happens on loopback and in a temporary directory. Ends with code 1 if a line is not as promised.
"""

from __future__ import annotations

import signal
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from attempts import ATTEMPTS, LIBRARY, STOCK
from botocore.exceptions import BotoCoreError, ClientError
from deployment import Deployment, bootstrap
from emulator import running
from migration import AFTER, BEFORE, Migration, prepare
from readback import deployed_map
from rich import box
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text
from scene import create_auditor, scene
from tries import ALLOWED, REFUSED

from secure_kms_constructs import AccessMap

Outcome = dict[str, str]
PROMISED: list[Outcome] = [BEFORE, AFTER, BEFORE]
console = Console(highlight=False)
if not console.is_terminal:
    console.width = 100  # a log file has no width; the table needs this much


def main() -> int:
    started = time.monotonic()
    for ending in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(ending, lambda number, _frame: sys.exit(128 + number))
    try:
        outcomes, migrated = deploy_and_try()
    except KeyboardInterrupt:
        console.print("interrupted; everything is stopped")
        return 130
    except (RuntimeError, LookupError, OSError, BotoCoreError, ClientError) as error:
        console.print(f"[bold red]✗[/] {type(error).__name__}:", Text(str(error)), soft_wrap=True)
        return 1
    console.print(table(outcomes))
    console.print("A role with kms:Decrypt on * reads one secret. CloudTrail tells, and a plan follows:")
    console.print(migration_table(migrated))
    kept = migrated == PROMISED
    if not kept:
        console.print("[bold red]✗[/]", Text(f"promised {PROMISED}, got {migrated}"), soft_wrap=True)
    return summary(outcomes, time.monotonic() - started) or int(not kept)


def deploy_and_try() -> tuple[list[Outcome], list[Outcome]]:
    with ExitStack() as opened:
        with step("start a local AWS that enforces key policies"):
            emulator = opened.enter_context(running())
        deployment = Deployment(emulator)
        with step("cdk bootstrap"):
            bootstrap(emulator)
        with step(f"cdk deploy --all: {STOCK} and {LIBRARY}"):
            deployment.deploy()
        with step("read the policies back: who can use which key is what the templates say"):
            check_map(deployment)
        with step(f"try {len(ATTEMPTS)} things in each"):
            create_auditor(emulator)
            scenes = {stack: scene(deployment, stack) for stack in (STOCK, LIBRARY)}
            outcomes = [{stack: it.outcome(deployed) for stack, deployed in scenes.items()} for it in ATTEMPTS]
        with step("secure-kms observe, plan: from CloudTrail to a proven plan, carried out and taken back"):
            return outcomes, list(migrate(prepare(emulator)))


def migrate(migration: Migration) -> Iterator[Outcome]:
    """Try what the role can do before, after the plan, and after the way back."""
    # Whatever it does before is evidence, so it is tried when the plan is made.
    migration.plan()
    yield migration.outcomes()
    migration.carry_out(migration.calls("apply.md"))
    yield migration.outcomes()
    migration.carry_out(migration.calls("rollback.md"))
    yield migration.outcomes()


def check_map(deployment: Deployment) -> None:
    """Check that what is deployed gives the access that the templates give."""
    changes = AccessMap.from_assembly(deployment.assembly).diff(deployed_map(deployment)).differences
    if changes:
        raise RuntimeError("deployed, but not in the templates: " + "; ".join(map(str, changes)))


@contextmanager
def step(title: str) -> Iterator[None]:
    """Show a step and its seconds while it runs and when it is done."""
    started = time.monotonic()
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        progress.add_task(title)
        yield
    console.print(f"[green]✓[/] {title} [dim]{time.monotonic() - started:.1f} s[/]")


def table(outcomes: list[Outcome]) -> Table:
    found = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)
    for heading in ("who", "tries what", "stock L2", "this library", "as promised"):
        found.add_column(heading)
    shown = ""
    for attempt, outcome in zip(ATTEMPTS, outcomes, strict=True):
        if shown and attempt.who != shown:
            found.add_section()
        who = "" if attempt.who == shown else attempt.who
        kept = Text("yes") if outcome == attempt.promised else Text("NO", style="bold reverse red")
        found.add_row(who, attempt.tries, *cells(outcome), kept)
        shown = attempt.who
    return found


def migration_table(found: list[Outcome]) -> Table:
    shown = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)
    for heading in ("the role", "before", "after the plan", "after its way back"):
        shown.add_column(heading)
    for tried in BEFORE:
        shown.add_row(tried, *(one[tried] for one in found))
    return shown


def cells(outcome: Outcome) -> tuple[Text, Text]:
    """The two outcomes; what only the stock L2 allows stands out, with and without colour."""
    if opened_by_stock(outcome):
        return Text(ALLOWED.upper(), style="bold red"), Text(REFUSED, style="bold green")
    return Text(outcome[STOCK], style="dim"), Text(outcome[LIBRARY], style="dim")


def opened_by_stock(outcome: Outcome) -> bool:
    return outcome[STOCK] == ALLOWED and outcome[LIBRARY] == REFUSED


def summary(outcomes: list[Outcome], seconds: float) -> int:
    opened = sum(opened_by_stock(outcome) for outcome in outcomes)
    lines = f"{opened} of {len(outcomes)} lines"
    console.print(f"{lines}: the stock L2 [bold red]ALLOWS[/] what this library refuses.")
    broken = 0
    for attempt, outcome in zip(ATTEMPTS, outcomes, strict=True):
        if outcome != attempt.promised:
            broken += 1
            line = f"{attempt.who} {attempt.tries}: promised {attempt.promised}, got {outcome}"
            console.print("[bold red]✗[/]", Text(line), soft_wrap=True)
    if not broken:
        console.print(f"[green]✓[/] every line is as promised [dim]{seconds:.0f} s[/]")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
