"""What whoever reads an account asks for and ministack leaves out: pages of keys, keys of secrets, boundaries."""

from __future__ import annotations

import json
import re
from typing import Any

from ministack.core.responses import json_response
from ministack.services import iam, kms, secretsmanager


def patch() -> None:
    kms._list_keys = list_keys

    list_secrets = secretsmanager._list_secrets

    def with_keys(data: dict[str, Any]) -> Any:
        status, headers, body = list_secrets(data)
        listed = json.loads(body)
        for entry in listed.get("SecretList", ()):
            # As in DescribeSecret; without it a secret is taken for one under the default key.
            if key := secretsmanager._secrets[entry["Name"]].get("KmsKeyId"):
                entry["KmsKeyId"] = key
        return status, headers, json.dumps(listed).encode()

    secretsmanager._list_secrets = with_keys

    details = iam._get_account_authorization_details

    def with_boundaries(parameters: Any) -> Any:
        status, headers, body = details(parameters)
        text = body.decode()
        for kind, made in (("Role", iam._roles), ("User", iam._users)):
            for name, one in made.items():
                if arn := one.get("PermissionsBoundary"):
                    boundary = (
                        "<PermissionsBoundary><PermissionsBoundaryType>Policy</PermissionsBoundaryType>"
                        f"<PermissionsBoundaryArn>{arn}</PermissionsBoundaryArn></PermissionsBoundary>"
                    )
                    tag = f"<{kind}Name>{re.escape(name)}</{kind}Name><{kind}Id>"
                    if f"{kind}Detail" in text and "<PermissionsBoundaryArn>" + arn not in text.split(tag)[-1][:2000]:
                        text = text.replace(tag, f"{boundary}{tag}", 1)
        return status, headers, text.encode()

    iam._get_account_authorization_details = with_boundaries
    iam._IAM_HANDLERS["GetAccountAuthorizationDetails"] = with_boundaries


def list_keys(data: dict[str, Any]) -> Any:
    limit, start = int(data.get("Limit", 100)), int(data.get("Marker") or 0)
    keys = [{"KeyId": one["KeyId"], "KeyArn": one["Arn"]} for one in kms._keys.values()]
    page, end = keys[start : start + limit], start + limit
    more = {"NextMarker": str(end)} if end < len(keys) else {}
    return json_response({"Keys": page, "Truncated": end < len(keys), **more})
