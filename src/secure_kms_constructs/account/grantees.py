"""Who a grant is for: somebody of an account, or a service that made it for itself."""

from __future__ import annotations

import re
from collections.abc import Mapping

_ACCOUNT = re.compile(r"\d{12}")
# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-unique-ids
_UNIQUE_ID = re.compile(r"A[A-Z0-9]{15,}")
_SERVICES = (".amazonaws.com", ".amazonaws.com.cn")
_GRANTEES = ("GranteeServicePrincipal", "GranteePrincipal")
_RETIRING = ("RetiringServicePrincipal", "RetiringPrincipal")
# Sessions and roles that nobody but AWS can have: no name of a role has a colon, and no role is made in that path.
# https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_create-service-linked-role.html
_OF_AWS = (":assumed-role/aws:", ":role/aws-service-role/")


def services_in(grant: Mapping[str, object]) -> tuple[str, ...]:
    """Return the services that a grant names: it is for one, or one retires it."""
    return (*_services(grant, _GRANTEES), *_services(grant, _RETIRING))


def is_of_service(grant: Mapping[str, object], account: str) -> bool:
    """Tell whether a grant is for a service: one that services make for themselves, with the things they encrypt.

    That a service retires it does not tell: whoever may make grants may name one.
    https://docs.aws.amazon.com/kms/latest/APIReference/API_CreateGrant.html

    :param account: that of the key; a service that acts for a resource of another one, or for one whose ARN has no
        account, is as good as whoever has that; so is AWS's own role or session in another one.
    """
    source, grantee = source_of(grant), str(grant.get("GranteePrincipal", ""))
    if (source and account_in(source) != account) or account_in(grantee) not in ("", account):
        return False
    of_aws = any(one in grantee for one in _OF_AWS) and bool(_services(grant, _RETIRING))
    return bool(_services(grant, _GRANTEES)) or of_aws


def source_of(grant: Mapping[str, object]) -> str:
    """Return the ARN of what a service acts for by a grant; empty where it does not say."""
    constraints = grant.get("Constraints")
    return str(constraints.get("SourceArn") or "") if isinstance(constraints, Mapping) else ""


def account_in(principal: str) -> str:
    """Return the account in an ARN, or that is one; empty for others."""
    parts = principal.split(":")
    return principal if _ACCOUNT.fullmatch(principal) else parts[4] if len(parts) > 5 else ""


def is_unique_id(principal: str) -> bool:
    """Tell whether a grantee is what KMS has instead of an ARN once its role or user is gone."""
    return bool(_UNIQUE_ID.fullmatch(principal))


def _services(grant: Mapping[str, object], names: tuple[str, ...]) -> tuple[str, ...]:
    named = (str(grant.get(one, "")) for one in names)
    return tuple(one for one in named if one.endswith(_SERVICES))
