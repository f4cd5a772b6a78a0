"""Who a grant is for: somebody of an account, or a service that made it for itself."""

from __future__ import annotations

from collections.abc import Mapping

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

    :param account: that of the key; a service that acts for a resource of another one is as good as that account.
    """
    constraints = grant.get("Constraints")
    source = str(constraints.get("SourceArn") or "") if isinstance(constraints, Mapping) else ""
    if source and f":{account}:" not in source:
        return False
    grantee = str(grant.get("GranteePrincipal", ""))
    of_aws = any(one in grantee for one in _OF_AWS) and bool(_services(grant, _RETIRING))
    return bool(_services(grant, _GRANTEES)) or of_aws


def _services(grant: Mapping[str, object], names: tuple[str, ...]) -> tuple[str, ...]:
    named = (str(grant.get(one, "")) for one in names)
    return tuple(one for one in named if one.endswith(_SERVICES))
