"""``secure-kms review``: diff and check of a pull request, with one comment on it."""

from __future__ import annotations

import json
import os
import tempfile
from contextlib import redirect_stderr
from enum import Enum
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .check import Level
from .mistakes import mistakes, progress
from .options import Output, ready, write

if TYPE_CHECKING:
    from .forges import PullRequest
    from .review_texts import Ran


class Forge(str, Enum):
    """Where the comment goes."""

    GITHUB = "github"
    GITLAB = "gitlab"


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(review)


def review(
    context: typer.Context,
    after: Annotated[Path, typer.Argument(help="The synthesized app (cdk.out) or template of the change.")],
    before: Annotated[
        Path | None, typer.Option(help="The same without the change; leave it out to check only.", show_default=False)
    ] = None,
    fail_on: Annotated[
        Level | None, typer.Option(help="As for check: exit with 1 if there is a finding of this severity or worse.")
    ] = None,
    fail_on_diff: Annotated[bool, typer.Option(help="Exit with 1 if somebody gains or loses access.")] = True,
    accept_label: Annotated[
        str, typer.Option(help="The label of a pull request whose changes of access are accepted.")
    ] = "kms-access-accepted",
    comment: Annotated[
        Forge | None, typer.Option(help="Write the review as one comment there, which is updated from then on.")
    ] = None,
    comment_author: Annotated[
        str, typer.Option(help="Whose comment is updated on GitHub: the login that the token belongs to.")
    ] = "github-actions[bot]",
    title: Annotated[
        str, typer.Option(help="The title; a pull request with reviews of several apps needs one for each.")
    ] = "KMS access",
    sarif: Annotated[
        Path | None, typer.Option(help="Write changes and findings to this file, as GitHub's code scanning takes it.")
    ] = None,
    output: Output = None,
) -> None:
    """Review a change of an app: who gains or loses access to keys (diff), and what is wrong (check).

    Exit code 0: nothing to act on. 1: access differs, or findings. 2: something could not be read, or the comment not
    be written. A token that may not write, as for pull requests from forks, is a warning.
    """
    from . import forges, review_texts

    with mistakes():
        request = None
        if comment is Forge.GITHUB:
            request = forges.on_github(os.environ, comment_author)
        elif comment is Forge.GITLAB:
            request = forges.on_gitlab(os.environ)
        if comment and request is None:
            typer.echo("this run is for no pull request: no comment is written", err=True)
        accepted = accept_label if request and accept_label in request.labels else None
        with progress(f"reviewing {after}"), tempfile.TemporaryDirectory() as directory:
            check, diff = _run(context.find_root().command, Path(directory), after, before, fail_on)
        commit = request.commit if request else ""
        text = review_texts.as_comment(title, diff, check, accepted=accepted, commit=commit)
        write(text, output)
        if sarif is not None:
            root = Path(os.environ.get("GITHUB_WORKSPACE") or ".")
            written = review_texts.as_sarif(diff, check, after, root)
            ready(sarif).write_text(json.dumps(written, indent=1) + "\n", encoding="utf-8")
        for one in (*check.problems, *(diff.problems if diff else ())):
            typer.echo(one, err=True)
        if request is not None:
            _comment(request, title, text, is_news=bool(check.code or (diff and diff.code)))
    codes = {check.code, diff.code if diff and (diff.code != 1 or (fail_on_diff and not accepted)) else 0}
    if worst := max(codes):
        raise typer.Exit(worst)


def _comment(request: PullRequest, title: str, text: str, *, is_news: bool) -> None:
    from . import forges

    mark = f"<!-- secure-kms review: {title.replace('--', '- -')} -->"
    try:
        done = forges.write_comment(request, mark, text, if_new=is_news)
        typer.echo(f"comment {done}", err=True)
    except forges.MayNotError as refused:
        # GitHub gives workflows of pull requests from forks a token that only reads.
        typer.echo(f"warning: no comment: {refused}", err=True)


def _run(
    commands: Any, directory: Path, after: Path, before: Path | None, fail_on: Level | None
) -> tuple[Ran, Ran | None]:
    """Run both commands as everybody runs them, so that they find the same settings."""
    options = [f"--fail-on={fail_on.value}"] if fail_on else []
    check = _run_one(commands, directory, "check", options, [after])
    return check, None if before is None else _run_one(commands, directory, "diff", [], [before, after])


def _run_one(commands: Any, directory: Path, name: str, options: list[str], paths: list[Path]) -> Ran:
    from .review_texts import Ran

    file, problems = directory / name, StringIO()
    arguments = [name, "--format=sarif", f"--output={file}", *options, "--", *map(str, paths)]
    with redirect_stderr(problems):
        code = commands.main(arguments, standalone_mode=False) or 0
    written = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else None
    return Ran(code, written, tuple(problems.getvalue().splitlines()))
