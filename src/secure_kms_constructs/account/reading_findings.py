"""The open findings of Security Hub about KMS, read on request.

https://docs.aws.amazon.com/securityhub/1.0/APIReference/API_GetFindings.html
"""

from __future__ import annotations

from .connections import Connection
from .records import HubFinding

# Open are those that are neither archived nor suppressed nor resolved.
_OPEN = {
    "RecordState": ("ACTIVE",),
    "WorkflowStatus": ("NEW", "NOTIFIED"),
    "ComplianceStatus": ("FAILED", "WARNING"),
    "ComplianceSecurityControlId": ("KMS.1", "KMS.2", "KMS.3", "KMS.4", "KMS.5"),
}


def read_findings(to: Connection) -> list[HubFinding]:
    """Return the open findings about KMS of an account in a region."""
    to.progress("findings of Security Hub")
    wanted = {**_OPEN, "AwsAccountId": (to.account,), "Region": (to.region,)}
    filters = {name: [{"Value": one, "Comparison": "EQUALS"} for one in values] for name, values in wanted.items()}
    pages = to.pages("securityhub", "GetFindings", Filters=filters, MaxResults=100)
    return [
        HubFinding(found["Compliance"]["SecurityControlId"], thing["Id"], found.get("UpdatedAt", ""))
        for page in pages
        for found in page["Findings"]
        for thing in found["Resources"]
    ]
