"""docs/services.md is written from the catalogue."""

from __future__ import annotations

from pathlib import Path

import pytest

from secure_kms_constructs.aws import catalogue
from secure_kms_constructs.aws.catalogue import Basis, Need, Who
from secure_kms_constructs.aws.catalogue.constants import names
from tests.unit.aws.catalogue.outcomes import outcomes

PAGE = Path(__file__).parents[4] / "docs" / "services.md"

INTRODUCTION = """\
# Services

Made by `pytest tests/unit/aws/catalogue/test_docs.py --write-docs` from the catalogue
(`src/secure_kms_constructs/aws/catalogue/`). A `HardenedKey` looks at synth at what uses it, Aspects and other stacks
of the stage included, and writes what the rows say; what it cannot write it refuses with the line to add, and what no
page says it tells as a finding.

- **who**: the *deployer* is the principal that CloudFormation acts as; a *role* is the one that the property names; a
  *caller* reads or writes the resource and is admitted by the grant of its construct, or by `key.grant(...)`.
- **through**: the prefix of `kms:ViaService`; *directly* for calls of a service or role of its own. *no page* means
  that the service calls in somebody's name and no page names its prefix: with a page for the actions they are written
  without it, and reported; without one the key is refused until `provision_via=[Service(...)]` says it.
- **known by**: a page of AWS, the handlers of the CloudFormation type, or belief: concluded from other rows.

A right outlives no deployment: CloudFormation deletes a resource after it has updated the key, and some delete handlers
use the key. When you take the last resource of a service from a key, keep the service in `provision_via=` for that
deployment (`provision_via=[Service.EFS]`), and take it out with the next. Types that need it are marked with *deletes*.

Constants of `Service`, for `provision_via`:
"""


def page() -> str:
    constants = ", ".join(f"`{name}`" for name in sorted(names()))
    head = ["| type | property | who | what | through | bound by | known by |", "|--|--|--|--|--|--|--|"]
    rows = [row_of(name, path, need) for name in catalogue.resource_types() for path, need in needs_of(name)]
    edges = [row_of(name, path, need) for name in catalogue.resource_types() for path, need in edges_of(name)]
    inherits = [name for name in catalogue.resource_types() if catalogue.inherits(name)]
    parts = [
        *(INTRODUCTION, constants, "\n## What becomes of each type\n", *becomes()),
        *("\n## What takes a key\n", *head, *rows),
        *("\n## Who needs the key of another resource\n", *head, *edges),
        "\n## What uses the key of the resource that it belongs to\n",
        "The deployer gets what their handlers list, where the resource that they refer to is under the key.\n",
        ", ".join(f"`{name}`" for name in inherits),
    ]
    return "\n".join(parts) + "\n"


def becomes() -> list[str]:
    """Return how many types are served and so on, and those by name that are not."""
    found = outcomes()
    silent = [
        f"[{short(name)}]({catalogue.needs_of(name, catalogue.key_paths(name)[0])[0].source})"
        for name in found["silent"]
    ]
    told, refused = (", ".join(map(short, found[name])) for name in ("told", "refused"))
    number = {name: len(several) for name, several in found.items()}
    return [
        f"Of {sum(number.values())} types, each alone under a `HardenedKey`:\n",
        f"- **served**, {number['served']}: what the table below says, with findings where no page binds it.",
        f"- **told**, {number['told']}: a finding says what is left to you: who asks is on no page, which roles to",
        f"  grant, or that a role reaches further than its resource (the rows have what is written): {told}.",
        f"- **refused**, {number['refused']}, with the line to add: no page names the `kms:ViaService` of its service,",
        "  the key has to be of another kind or have a tag, or a role is made where no template shows it:",
        f"  {refused}.",
        f"- **silent**, {number['silent']}: making them asks nothing of the key, as their pages say, and whoever uses",
        f"  them is admitted by the grants of their constructs: {', '.join(silent)}.",
    ]


def short(name: str) -> str:
    return name.removeprefix("AWS::")


def needs_of(name: str) -> list[tuple[str, Need]]:
    """Return each need once, with the properties that it is for."""
    found: dict[Need, list[str]] = {}
    for path in catalogue.key_paths(name):
        for need in catalogue.needs_of(name, path):
            found.setdefault(need, []).append(path)
    return [(several(paths), need) for need, paths in found.items()]


def edges_of(name: str) -> list[tuple[str, Need]]:
    return [(f"{several(need.paths)} → {several(need.leads_to)}", need) for need in catalogue.edges_from(name)]


def several(paths: list[str] | tuple[str, ...]) -> str:
    shown = [f"`{path}`" for path in paths[:3]]
    return "<br>".join(shown) + (f"<br>and {len(paths) - 3} more" if len(paths) > 3 else "")


def row_of(name: str, path: str, need: Need) -> str:
    handlers = catalogue.handlers_of(name)
    deletes = " *deletes*" if need.who is Who.DEPLOYER and handlers and handlers.at_delete - {"kms:DescribeKey"} else ""
    who = f"{need.who.value} `{need.principal}`" if need.principal else need.who.value
    what = ", ".join(action.removeprefix("kms:") for action in need.actions) or "nothing"
    if not need.actions and need.basis is Basis.HANDLERS:
        what = "not known"
    through = ", ".join(need.via) or ("*no page*" if need.unnamed_via and need.actions else "directly")
    bonds = [key for key, _ in need.context]
    bonds += ["`aws:SourceAccount`"] if need.source_account else []
    bonds += ["`aws:SourceArn`"] if need.source_arn else []
    bonds += [required.value for required in need.requires]
    known = f"[{need.basis.value}]({need.source})"
    cells = [name.removeprefix("AWS::"), path, who, what + deletes, through, ", ".join(bonds), known]
    return f"| {' | '.join(cells)} |"


def test_what_is_silent_has_a_page_that_says_so() -> None:
    for name in outcomes()["silent"]:
        several = [need for path in catalogue.key_paths(name) for need in catalogue.needs_of(name, path)]
        silent = [need for need in several if need.who is Who.DEPLOYER]
        assert silent
        for need in silent:
            assert not need.actions
            assert need.basis is not Basis.HANDLERS
            assert need.source.startswith("https://docs.aws.amazon.com/")


def test_the_page_is_what_the_catalogue_says(request: pytest.FixtureRequest) -> None:
    if request.config.getoption("--write-docs"):
        PAGE.write_text(page())
    assert PAGE.read_text() == page(), "run pytest tests/unit/aws/catalogue/test_docs.py --write-docs"
