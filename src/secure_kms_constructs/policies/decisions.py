"""One question to the policies of a KMS key, and its answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from .documents import Policy
from .evaluation import Policies, is_allowed
from .grants import parse_grant, unknown_grants
from .outer import Outer
from .parsing import parse_identity_policy, parse_key_policy, parse_scp
from .principals import Kind
from .reasons import Reason, explain
from .requests import Request
from .verdicts import PolicyError, Unknown

Document = Policy | Mapping[str, object] | Unknown
_WITH_SESSION = (Kind.ROLE, Kind.SESSION, Kind.FEDERATED)


@dataclass(frozen=True, eq=False)
class Decision:
    """The answer to a request.

    :param allowed: True or False; None where it depends on something ``Unknown``, or on what AWS does not
        document. None is not denied: compare with ``is True``, ``is False`` or ``is None``.
    """

    allowed: bool | None
    _request: Request = field(repr=False)
    _policies: Policies = field(repr=False)

    @property
    def reasons(self) -> tuple[Reason, ...]:
        """Which statements allow or deny the request, and which nearly do."""
        return explain(self._request, self._policies)

    def __bool__(self) -> bool:
        raise TypeError("a Decision may be neither True nor False: compare its .allowed with True, False or None")

    def __str__(self) -> str:
        answer = {True: "allowed", False: "denied", None: "unknown"}[self.allowed]
        asked = f"{self._request.principal} {self._request.action} {self._request.key}"
        return "\n  ".join([f"{answer}: {asked}", *map(str, self.reasons)])


def evaluate(
    request: Request,
    *,
    key_policy: Document,
    identity_policies: Sequence[Document] = (),
    boundary: Document | None = None,
    grants: Sequence[Policy | Mapping[str, object] | Unknown] = (),
    session_policies: Sequence[Document] = (),
    scps: Sequence[Document] = (),
    rcps: Sequence[Document] = (),
    endpoint_policy: Document | None = None,
) -> Decision:
    """Decide whether a principal may do something with a KMS key.

    The key policy comes first. Identity policies count where it lets the account decide, and across accounts
    always. A grant needs neither. An explicit Deny wins wherever it stands. What is not given takes nothing away.

    :param request: who does what to which key.
    :param key_policy: the policy of the key.
    :param identity_policies: all policies of the principal, those of its groups included.
    :param boundary: its permissions boundary; by default it has none.
    :param grants: the grants on the key, each as ``ListGrants`` returns it, the ``Policy`` that ``parse_grant``
        makes of it, or ``Unknown`` where they could not be read.
    :param session_policies: those that the session of a role or the federated user was made with; all count as one.
    :param scps: the service control policies of the principal's account: of the root, of each organizational unit and
        of the account. Each must allow, so put several of one place together with ``parse_scp``. One without any Allow
        stands beside FullAWSAccess, as AWS attaches it. None bind the management account.
    :param rcps: the resource control policies of the key's account.
    :param endpoint_policy: the policy of the VPC endpoint through which the principal calls KMS.
    :raises PolicyError: when a policy is not well-formed.

    Each policy may be a document of JSON objects, the ``Policy`` that a parser makes of one, which is faster when it
    is asked more than once, or ``Unknown``. ``parse_key_policy`` makes those with principals: of keys, resource
    control policies and those of endpoints; ``parse_scp`` service control policies; ``parse_identity_policy`` others.

    https://docs.aws.amazon.com/kms/latest/developerguide/policy-evaluation.html
    """
    policies = Policies(
        _parsed(key_policy, "key policy", is_key_policy=True),
        tuple(_each(identity_policies, "identity_policies", "identity policy", is_key_policy=False)),
        None if boundary is None else _parsed(boundary, "permissions boundary", is_key_policy=False),
        tuple(_grants(grants)),
        tuple(_each(session_policies, "session_policies", "session policy", is_key_policy=False)),
        Outer(
            tuple(_each(scps, "scps", "SCP", is_key_policy=False)),
            tuple(_each(rcps, "rcps", "RCP", is_key_policy=True)),
            None if endpoint_policy is None else _parsed(endpoint_policy, "endpoint policy", is_key_policy=True),
        ),
    )
    if policies.session_policies and request.caller.kind not in _WITH_SESSION:
        raise PolicyError(
            f"session_policies are those of a role's session or a federated user, got {request.principal}"
        )
    return decided(request, policies)


def decided(request: Request, policies: Policies) -> Decision:
    """Return the answer of parsed policies."""
    return Decision(is_allowed(request, policies), request, policies)


def _each(policies: Sequence[Document], what: str, name: str, *, is_key_policy: bool) -> list[Policy]:
    if not isinstance(policies, list | tuple):
        raise PolicyError(f"{what} must be a list of policies, got {policies!r}")
    return [_parsed(policy, f"{name} {index}", is_key_policy=is_key_policy) for index, policy in enumerate(policies)]


def _grants(grants: Sequence[Policy | Mapping[str, object] | Unknown]) -> list[Policy]:
    if not isinstance(grants, list | tuple):
        raise PolicyError(f"grants must be a list of grants, got {grants!r}")
    return [_grant(one, index) for index, one in enumerate(grants)]


def _grant(grant: Policy | Mapping[str, object] | Unknown, index: int) -> Policy:
    if isinstance(grant, Unknown):
        return unknown_grants(grant)
    if isinstance(grant, Policy):
        if not grant.is_key_policy:
            raise PolicyError(f"grant {index} must come from parse_grant, got the parsed policy {grant.name!r}")
        return grant
    if not isinstance(grant, Mapping):
        raise PolicyError(f"grant {index} must be an object as ListGrants returns it, got {grant!r}")
    return parse_grant(grant)


def _parsed(document: Document, name: str, *, is_key_policy: bool) -> Policy:
    if not isinstance(document, Policy):
        if name.startswith("SCP "):
            return parse_scp(document, name=name)
        return (parse_key_policy if is_key_policy else parse_identity_policy)(document, name=name)
    if document.is_key_policy is not is_key_policy:
        wanted = "parse_key_policy" if is_key_policy else "parse_identity_policy"
        raise PolicyError(f"{name} must come from {wanted}, got the parsed policy {document.name!r}")
    return document
