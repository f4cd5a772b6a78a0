"""Calls to AWS: made with patience, and where they are not answered, remembered as unknown."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, TypeVar

from .calls import BY_OPERATION
from .records import Unread

T = TypeVar("T")
R = TypeVar("R")

_WORKERS = 8
# With these nothing can be read at all.
_NO_ONE = ("ExpiredToken", "ExpiredTokenException", "InvalidClientTokenId", "UnrecognizedClientException")
_NO_ONE_ELSE = ("SignatureDoesNotMatch", "InvalidSignatureException", "AuthFailure", "RequestExpired")
# GoneError between the list and the question.
GONE = (
    *("NotFoundException", "ResourceNotFoundException", "NoSuchEntity", "NoSuchBucket"),
    *("AWS.SimpleQueueService.NonExistentQueue", "QueueDoesNotExist", "NotFound"),
)


class GoneError(Exception):
    """What was asked of is no longer there."""


@dataclass
class Connection:
    """One account in one region.

    :param session: of boto3, or one that answers like it.
    :param unread: what was not answered.
    :param progress: told what is being read.
    """

    session: Any
    region: str
    account: str
    endpoint_url: str | None = None
    unread: list[Unread] = field(default_factory=list)
    progress: Callable[[str], None] = lambda _text: None
    _clients: dict[str, Any] = field(default_factory=dict)

    def call(self, service: str, operation: str, about: str = "", **parameters: Any) -> dict[str, Any] | None:
        """Return an answer; None where there was none, which is then among ``unread``.

        :raises GoneError: when what it is about is no longer there.
        """
        return next(self._answers(service, operation, about, False, parameters), None)

    def pages(self, service: str, operation: str, about: str = "", **parameters: Any) -> Iterator[dict[str, Any]]:
        """Return the pages of an answer; where one is refused the rest is among ``unread``."""
        return self._answers(service, operation, about, True, parameters)

    def each(self, function: Callable[[T], R], items: Iterable[T]) -> list[R]:
        """Ask about several things at once; the answers come in order."""
        items = list(items)
        if len(items) < 2:
            return [function(one) for one in items]
        with ThreadPoolExecutor(_WORKERS) as pool:
            return list(pool.map(function, items))

    def was_answered(self, service: str, operation: str, about: str = "") -> bool:
        """Tell whether a call was answered in full."""
        action, about = BY_OPERATION[service, operation].allowed_by, about or self.region
        return not any(one.action == action and one.about == about for one in self.unread)

    def client(self, service: str) -> Any:
        """Return the client of a service."""
        if service not in self._clients:
            from botocore.config import Config

            # Whether anybody is there is told at once, by the first call.
            attempts = 8 if self.account else 2
            patient = Config(
                retries={"mode": "adaptive", "total_max_attempts": attempts},
                max_pool_connections=_WORKERS,
                connect_timeout=10,
                read_timeout=60,
                user_agent_extra="secure-kms",
            )
            self._clients[service] = self.session.client(
                service, region_name=self.region, endpoint_url=self.endpoint_url, config=patient
            )
        return self._clients[service]

    def _answers(
        self, service: str, operation: str, about: str, paged: bool, parameters: dict[str, Any]
    ) -> Iterator[dict[str, Any]]:
        from botocore import xform_name
        from botocore.exceptions import BotoCoreError, ClientError

        name, client, about = xform_name(operation), self.client(service), about or self.region
        try:
            if paged and client.can_paginate(name):
                yield from client.get_paginator(name).paginate(**parameters)
            else:
                yield getattr(client, name)(**parameters)
        except ClientError as error:
            self._refused(service, operation, about, str(error.response.get("Error", {}).get("Code", "Unknown")))
        except BotoCoreError as error:
            raise ValueError(unusable(error)) from None

    def _refused(self, service: str, operation: str, about: str, code: str) -> None:
        if code in (*_NO_ONE, *_NO_ONE_ELSE):
            raise ValueError(f"AWS does not accept the credentials ({code}): sign in again") from None
        if code in GONE:
            raise GoneError(about) from None
        call = BY_OPERATION[service, operation]
        self.unread.append(Unread(call.allowed_by, about, code, call.what))


def session_of(profile: str | None) -> Any:
    """Return a session of boto3; ValueError where there is none."""
    try:
        import boto3
        from botocore.exceptions import BotoCoreError
    except ModuleNotFoundError:
        raise ValueError(
            "reading accounts needs boto3, which is not installed: pip install 'secure-kms-constructs[live]'"
        ) from None
    try:
        return boto3.Session(profile_name=profile)
    except BotoCoreError as error:
        raise ValueError(unusable(error)) from None


def unusable(error: Exception) -> str:
    """Return what is wrong with a connection, in a line."""
    name, text = type(error).__name__, " ".join(str(error).split())
    if name in ("NoCredentialsError", "PartialCredentialsError", "CredentialRetrievalError"):
        return "no AWS credentials were found: sign in, or name a profile with --profile"
    if name in ("TokenRetrievalError", "SSOTokenLoadError", "UnauthorizedSSOTokenError"):
        return "the AWS sign-in has ended: sign in again with `aws sso login`"
    if name == "ProfileNotFound":
        return f"{text}: see `aws configure list-profiles`"
    return f"AWS cannot be reached: {text}"
