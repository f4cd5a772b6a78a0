"""What is read of AWS beside files, and with whose credentials."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from secure_kms_constructs.account import Options, Snapshot
from secure_kms_constructs.account.connections import Connection, session_of
from secure_kms_constructs.account.reading import sessions_of

from .athena import Question, asked
from .buckets import Prefix, is_prefix
from .histories import PAGES, histories
from .sources import Source

# S3 answers there for buckets of any region.
_ANYWHERE = "us-east-1"


@dataclass(frozen=True)
class Live:
    """What is read of AWS.

    :param options: with whose credentials, and in which region.
    :param lookup: whether the event history is asked for the keys of the account file.
    :param pages: how many pages of a key are read of it.
    :param athena: what is asked of Athena.
    :param session: of boto3; by default one made of the options.
    """

    options: Options = field(default_factory=Options)
    lookup: bool = False
    pages: int = PAGES
    athena: Question | None = None
    session: Any = None


def split(sources: Sequence[str], live: Live, snapshot: Snapshot | None) -> tuple[list[str], list[Source]]:
    """Return the sources that are files, and those that are read of AWS.

    :raises ValueError: without boto3, credentials or what they need.
    """
    prefixes = [Prefix.of(one) for one in sources if is_prefix(one)]
    files = [one for one in sources if not is_prefix(one)]
    more: list[Source] = []
    if not (prefixes or live.lookup or live.athena):
        return files, more
    session = live.session or session_of(live.options.profile)
    if prefixes or live.athena:
        region = next(iter(live.options.regions), None) or session.region_name or _ANYWHERE
        one, *others = sessions_of(session, region, live.options)
        if others and not live.lookup:
            raise ValueError("--role-arn must name one role to read s3:// or to ask Athena")
        to = Connection(one, region, "logs", live.options.endpoint_url)
        more += [Source(prefix.text, prefix.reading(to)) for prefix in prefixes]
        if live.athena:
            more.append(asked(live.athena, to))
    if live.lookup:
        if snapshot is None:
            raise ValueError("the event history is asked for the keys of an account: give the account file")
        more.append(histories(snapshot, live.options, pages=live.pages, session=session))
    return files, more
