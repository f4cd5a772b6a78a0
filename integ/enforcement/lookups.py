"""Cloud Control reads the secrets of Secrets Manager; ministack knows those alone that Cloud Control itself made."""

from __future__ import annotations

import json
from typing import Any

from ministack.core.responses import json_response
from ministack.services import cloudcontrol, secretsmanager

SECRET = "AWS::SecretsManager::Secret"


def patch() -> None:
    get_resource = cloudcontrol._get_resource

    def get(data: dict[str, Any]) -> Any:
        _, secret = secretsmanager._resolve(data.get("Identifier")) if data.get("TypeName") == SECRET else (None, None)
        if secret is None:
            return get_resource(data)
        # Without KmsKeyId where the secret is under the default key (API reference, DescribeSecret).
        properties = {"Id": secret["ARN"], "Name": secret["Name"], "KmsKeyId": secret.get("KmsKeyId")}
        known = json.dumps({name: value for name, value in properties.items() if value})
        description = {"Identifier": secret["ARN"], "Properties": known}
        return json_response({"TypeName": SECRET, "ResourceDescription": description})

    cloudcontrol._get_resource = get
