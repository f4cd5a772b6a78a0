"""What AWS documents about KMS, once, each with its source.

Builders, checks and documentation read the same rows. Plain Python: nothing here needs Node.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")

_DOCS = "https://docs.aws.amazon.com/"
_KMS = _DOCS + "kms/latest/developerguide/"


@dataclass(frozen=True)
class Fact(Generic[T]):
    """A value AWS documents, and the page that says so."""

    value: T
    source: str


# Every action on one key; a statement of a key's policy with any other name never matches.
_KEY_ACTION_NAMES = (
    "CancelKeyDeletion CreateAlias CreateGrant Decapsulate Decrypt DeleteAlias DeleteImportedKeyMaterial "
    "DeriveSharedSecret DescribeKey DisableKey DisableKeyRotation EnableKey EnableKeyRotation Encapsulate "
    "Encrypt GenerateDataKey GenerateDataKeyPair GenerateDataKeyPairWithoutPlaintext "
    "GenerateDataKeyWithoutPlaintext GenerateMac GetKeyLastUsage GetKeyPolicy GetKeyRotationStatus "
    "GetParametersForImport GetPublicKey ImportKeyMaterial ListGrants ListKeyPolicies ListKeyRotations "
    "ListResourceTags PutKeyPolicy ReEncryptFrom ReEncryptTo ReplicateKey RetireGrant RevokeGrant "
    "RotateKeyOnDemand ScheduleKeyDeletion Sign SynchronizeMultiRegionKey TagResource UntagResource "
    "UpdateAlias UpdateKeyDescription UpdatePrimaryRegion Verify VerifyMac"
)
KEY_ACTIONS = Fact(
    frozenset(f"kms:{name}" for name in _KEY_ACTION_NAMES.split(" ")),
    _DOCS + "service-authorization/latest/reference/list_awskeymanagementservice.html",
)

# What services do with a symmetric key: no GenerateDataKeyPair*, which nothing at rest uses.
SYMMETRIC_ACTIONS = Fact(
    (
        "kms:Decrypt",
        "kms:Encrypt",
        "kms:GenerateDataKey",
        "kms:GenerateDataKeyWithoutPlaintext",
        "kms:ReEncryptFrom",
        "kms:ReEncryptTo",
    ),
    _DOCS + "AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html",
)

# What the root delegation may carry: AWS Config, Security Hub and Access Analyzer read this and no more.
METADATA_ACTIONS = Fact(
    (
        "kms:DescribeKey",
        "kms:GetKeyLastUsage",
        "kms:GetKeyPolicy",
        "kms:GetKeyRotationStatus",
        "kms:ListGrants",
        "kms:ListKeyPolicies",
        "kms:ListKeyRotations",
        "kms:ListResourceTags",
    ),
    _DOCS + "IAM/latest/UserGuide/access-analyzer-resources.html",
)

# What the CloudFormation handlers of AWS::KMS::Key and AWS::KMS::Alias call, and the way back from a deletion.
DEPLOYER_ACTIONS = Fact(
    (
        "kms:CancelKeyDeletion",
        "kms:CreateAlias",
        "kms:DeleteAlias",
        "kms:DescribeKey",
        "kms:DisableKey",
        "kms:DisableKeyRotation",
        "kms:EnableKey",
        "kms:EnableKeyRotation",
        "kms:GetKeyPolicy",
        "kms:GetKeyRotationStatus",
        "kms:ListResourceTags",
        "kms:PutKeyPolicy",
        "kms:ScheduleKeyDeletion",
        "kms:TagResource",
        "kms:UntagResource",
        "kms:UpdateAlias",
        "kms:UpdateKeyDescription",
    ),
    "https://github.com/aws-cloudformation/aws-cloudformation-resource-providers-kms",
)

# What a deployer needs to write the key policy anew, by which it is named again.
RECREATED_DEPLOYER_ACTIONS = Fact(
    ("kms:DescribeKey", "kms:EnableKeyRotation", "kms:PutKeyPolicy"),
    "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html",
)

REPLICATE_ACTIONS = Fact(("kms:ReplicateKey",), _KMS + "multi-region-keys-auth.html")
# What whoever replicates a secret needs of the key of the replica.
SECRET_REPLICA_ACTIONS = Fact(
    ("kms:Encrypt", "kms:GenerateDataKey"),
    _DOCS + "secretsmanager/latest/apireference/API_ReplicateSecretToRegions.html",
)

# Lifecycle without PutKeyPolicy and CreateGrant: those two let an administrator admit itself.
ADMINISTRATOR_ACTIONS = Fact(
    (
        "kms:CancelKeyDeletion",
        "kms:DescribeKey",
        "kms:DisableKey",
        "kms:DisableKeyRotation",
        "kms:EnableKey",
        "kms:EnableKeyRotation",
        "kms:GetKeyLastUsage",
        "kms:GetKeyPolicy",
        "kms:GetKeyRotationStatus",
        "kms:ListGrants",
        "kms:ListKeyPolicies",
        "kms:ListKeyRotations",
        "kms:ListResourceTags",
        "kms:RevokeGrant",
        "kms:RotateKeyOnDemand",
        "kms:ScheduleKeyDeletion",
        "kms:UpdateKeyDescription",
    ),
    _KMS + "key-policy-default.html#key-policy-default-allow-administrators",
)
POLICY_ADMINISTRATOR_ACTIONS = Fact(ADMINISTRATOR_ACTIONS.value + ("kms:PutKeyPolicy",), ADMINISTRATOR_ACTIONS.source)

# What each kind of key can do; any other cryptographic action on it never works. Every kind takes grants:
# https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/access-control-managing-permissions.html
USAGE_ACTIONS = Fact(
    {
        "SYMMETRIC": frozenset(
            SYMMETRIC_ACTIONS.value
            + ("kms:GenerateDataKeyPair", "kms:GenerateDataKeyPairWithoutPlaintext", "kms:CreateGrant")
        ),
        "ENCRYPT_DECRYPT": frozenset(
            (
                *("kms:CreateGrant", "kms:Decrypt", "kms:Encrypt", "kms:GetPublicKey"),
                *("kms:ReEncryptFrom", "kms:ReEncryptTo"),
            )
        ),
        "SIGN_VERIFY": frozenset(("kms:CreateGrant", "kms:Sign", "kms:Verify", "kms:GetPublicKey")),
        "GENERATE_VERIFY_MAC": frozenset(("kms:CreateGrant", "kms:GenerateMac", "kms:VerifyMac")),
        "KEY_AGREEMENT": frozenset(("kms:CreateGrant", "kms:DeriveSharedSecret", "kms:GetPublicKey")),
    },
    _KMS + "key-policy-default.html#key-policy-default-allow-users",
)

# Encapsulate and Decapsulate: https://docs.aws.amazon.com/kms/latest/APIReference/API_Encapsulate.html
CRYPTOGRAPHIC_ACTIONS = frozenset({"kms:Decapsulate", "kms:Encapsulate"}).union(*USAGE_ACTIONS.value.values()) - {
    "kms:CreateGrant",
    "kms:GetPublicKey",
}

# Whoever may create grants can give itself any of the others.
USE_ACTIONS = CRYPTOGRAPHIC_ACTIONS | {"kms:CreateGrant"}

# The only actions that work for a principal of another account.
CROSS_ACCOUNT_ACTIONS = Fact(
    CRYPTOGRAPHIC_ACTIONS
    | {
        "kms:CreateGrant",
        "kms:DescribeKey",
        "kms:GetKeyRotationStatus",
        "kms:GetPublicKey",
        "kms:ListGrants",
        "kms:RetireGrant",
        "kms:RevokeGrant",
    },
    _KMS + "key-policy-modifying-external-accounts.html",
)

# What a grant can allow.
GRANT_OPERATIONS = Fact(
    frozenset(
        {
            *("CreateGrant", "Decrypt", "DeriveSharedSecret", "DescribeKey", "Encrypt", "GenerateDataKey"),
            *("GenerateDataKeyPair", "GenerateDataKeyPairWithoutPlaintext", "GenerateDataKeyWithoutPlaintext"),
            *("GenerateMac", "GetPublicKey", "ReEncryptFrom", "ReEncryptTo", "RetireGrant", "Sign", "Verify"),
            "VerifyMac",
        }
    ),
    _KMS + "grants.html#terms-grant-operations",
)

# Actions that carry an encryption context; a condition on it never matches for any other.
ENCRYPTION_CONTEXT_ACTIONS = Fact(
    frozenset(SYMMETRIC_ACTIONS.value)
    | {"kms:GenerateDataKeyPair", "kms:GenerateDataKeyPairWithoutPlaintext", "kms:CreateGrant", "kms:RetireGrant"},
    _DOCS + "service-authorization/latest/reference/list_awskeymanagementservice.html",
)

_GLOBAL_KEYS = _DOCS + "IAM/latest/UserGuide/reference_policies_condition-keys.html"
# In the context of a request only where a service calls for itself, never where it calls for somebody.
SERVICE_CALL_KEYS = Fact(
    frozenset({"aws:SourceAccount", "aws:SourceArn", "aws:SourceOrgID", "aws:SourceOrgPaths"}), _GLOBAL_KEYS
)
# Condition keys that hold several values at once; of aws: and kms: there are no others.
MULTIVALUED_KEYS = Fact(
    frozenset(
        {
            *("aws:CalledVia", "aws:PrincipalOrgPaths", "aws:PrincipalServiceNamesList", "aws:ResourceOrgPaths"),
            *("aws:SourceOrgPaths", "aws:TagKeys", "aws:VpceOrgPaths"),
            *("kms:EncryptionContextKeys", "kms:GrantOperations", "kms:ResourceAliases"),
        }
    ),
    _DOCS + "IAM/latest/UserGuide/reference_policies_condition-single-vs-multi-valued-context-keys.html",
)

# Service principals whose call to KMS carries neither aws:SourceArn nor aws:SourceAccount.
WITHOUT_SOURCE_CONTEXT = Fact(frozenset({"events.amazonaws.com"}), _DOCS + "sns/latest/dg/sns-key-management.html")

KEY_POLICY_BYTES = Fact(32_768, _KMS + "resource-limits.html")
_IAM_QUOTAS = _DOCS + "IAM/latest/UserGuide/reference_iam-quotas.html"
# Sum of all inline policies of one identity, white space not counted.
INLINE_POLICY_CHARACTERS = Fact({"role": 10_240, "user": 2_048, "group": 5_120}, _IAM_QUOTAS)
MANAGED_POLICY_CHARACTERS = Fact(6_144, _IAM_QUOTAS)
MANAGED_POLICIES_PER_IDENTITY = Fact(10, _IAM_QUOTAS)

_ORGANIZATIONS = _DOCS + "organizations/latest/userguide/"
ORGANIZATION_POLICY_CHARACTERS = Fact(5_120, _ORGANIZATIONS + "orgs_reference_limits.html#min-max-values")
# FullAWSAccess and RCPFullAWSAccess count, and are attached everywhere.
ORGANIZATION_POLICIES_PER_TARGET = Fact(5, _ORGANIZATIONS + "orgs_manage_policies.html")
# Since May 2026 both are twice that for service control policies; the pages of AWS do not say so everywhere yet.
DOUBLED_SCP_QUOTAS = Fact((10_240, 10), "https://cevo.com.au/post/aws-scp-limits-landing-zone-review/")
_ORGANIZATIONS_API = _DOCS + "organizations/latest/APIReference/"
ORGANIZATION_ID = Fact(r"o-[a-z0-9]{10,32}", _ORGANIZATIONS_API + "API_Organization.html")
ORGANIZATION_TARGET = Fact(
    r"r-[0-9a-z]{4,32}|ou-[0-9a-z]{4,32}-[a-z0-9]{8,32}|[0-9]{12}", _ORGANIZATIONS_API + "API_AttachPolicy.html"
)
EVENT_PATTERN_CHARACTERS = Fact(2_048, _DOCS + "eventbridge/latest/userguide/eb-quota.html")
CDK_QUALIFIER = Fact("hnb659fds", _DOCS + "cdk/v2/guide/bootstrapping-customizing.html")

_CFN_KEY = _DOCS + "AWSCloudFormation/latest/TemplateReference/aws-resource-kms-key.html"
ROTATION_PERIOD_DAYS = Fact((90, 2560), _CFN_KEY)
PENDING_WINDOW_DAYS = Fact((7, 30), _CFN_KEY)

LOG_GROUP_NAME = Fact(
    r"(?!aws/)[.\-_/#A-Za-z0-9]{1,512}",
    _DOCS + "AmazonCloudWatchLogs/latest/APIReference/API_CreateLogGroup.html",
)
SECRET_NAME = Fact(r"[A-Za-z0-9/_+=.@-]{1,512}", _DOCS + "secretsmanager/latest/apireference/API_CreateSecret.html")
VERSION_STAGE = Fact(
    r"[A-Za-z0-9/_+=.@-]{1,256}", _DOCS + "secretsmanager/latest/apireference/API_UpdateSecretVersionStage.html"
)
# Secrets Manager appends a hyphen and six random characters to the name.
SECRET_SUFFIX = Fact("-??????", _DOCS + "secretsmanager/latest/userguide/auth-and-access_iam-policies.html")

# Key.from_lookup answers with this id until the context holds the real one.
LOOKUP_DUMMY_KEY_ID = Fact(
    "1234abcd-12ab-34cd-56ef-1234567890ab",
    _DOCS + "cdk/api/v2/docs/aws-cdk-lib.aws_kms.Key.html#static-fromwbrlookupscope-id-options",
)

# AWS-managed keys by the service's kms:ViaService prefix. CloudWatch Logs has none, its default key is AWS-owned.
AWS_MANAGED_ALIASES = Fact(
    {
        prefix: f"alias/aws/{prefix}"
        for prefix in ("dynamodb", "kinesis", "lambda", "rds", "secretsmanager", "sns", "sqs", "ssm")
    },
    _KMS + "kms-alias.html",
)
ALIAS_NAME = Fact(r"alias/[a-zA-Z0-9/_-]{1,250}", _DOCS + "kms/latest/APIReference/API_CreateAlias.html")
PARAMETER_NAME = Fact(
    r"/?[a-zA-Z0-9_.-]+(/[a-zA-Z0-9_.-]+)*", _DOCS + "systems-manager/latest/APIReference/API_PutParameter.html"
)
