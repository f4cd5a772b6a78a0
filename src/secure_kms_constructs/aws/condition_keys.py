"""Which condition keys a request to KMS can have, by action, each list with its source. Plain Python."""

from __future__ import annotations

from .facts import ENCRYPTION_CONTEXT_ACTIONS, KEY_ACTIONS, Fact

_AUTHORIZATION = "https://docs.aws.amazon.com/service-authorization/latest/reference/list_awskeymanagementservice.html"
_GLOBAL_KEYS = "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html"
_KMS_KEYS = "https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html"


def _actions(names: str) -> frozenset[str]:
    return frozenset(f"kms:{name}" for name in names.split(" "))


# Actions of KMS that are not done to one key; a key policy cannot allow them.
ACCOUNT_ACTIONS = Fact(
    _actions(
        "ConnectCustomKeyStore CreateCustomKeyStore CreateKey DeleteCustomKeyStore DescribeCustomKeyStores "
        "DisconnectCustomKeyStore GenerateRandom ListAliases ListKeys ListRetirableGrants UpdateCustomKeyStore"
    ),
    _AUTHORIZATION,
)
_EVERY = KEY_ACTIONS.value | ACCOUNT_ACTIONS.value
_DATA_KEY_PAIRS = _actions("GenerateDataKeyPair GenerateDataKeyPairWithoutPlaintext")
_USES = _actions("Decrypt Encrypt GenerateDataKey GenerateDataKeyWithoutPlaintext ReEncryptFrom ReEncryptTo")
_SYMMETRIC = _USES | _DATA_KEY_PAIRS
_CONTEXT = ENCRYPTION_CONTEXT_ACTIONS.value

# The keys in lower case; what follows a slash or a second colon in a condition key is left out.
KMS_CONDITION_KEYS = Fact(
    {
        "kms:bypasspolicylockoutsafetycheck": _actions("CreateKey PutKeyPolicy ReplicateKey"),
        "kms:calleraccount": _EVERY,
        "kms:customermasterkeyspec": _EVERY,
        "kms:customermasterkeyusage": _EVERY,
        "kms:datakeypairspec": _DATA_KEY_PAIRS,
        "kms:encapsulationalgorithm": _actions("Decapsulate Encapsulate"),
        "kms:encryptionalgorithm": _SYMMETRIC,
        "kms:encryptioncontext": _CONTEXT,
        "kms:encryptioncontextkeys": _CONTEXT,
        "kms:expirationmodel": _actions("ImportKeyMaterial"),
        "kms:grantconstraintsourcearn": _actions("CreateGrant"),
        "kms:grantconstrainttype": _actions("CreateGrant RetireGrant"),
        "kms:grantisforawsresource": _actions("CreateGrant ListGrants RevokeGrant"),
        "kms:grantoperations": _actions("CreateGrant"),
        "kms:granteeprincipal": _actions("CreateGrant"),
        "kms:granteeserviceprincipal": _actions("CreateGrant"),
        "kms:keyagreementalgorithm": _actions("DeriveSharedSecret"),
        "kms:keyorigin": _EVERY,
        "kms:keyspec": _EVERY,
        "kms:keyusage": _EVERY,
        "kms:macalgorithm": _actions("GenerateMac VerifyMac"),
        "kms:messagetype": _actions("Sign Verify"),
        "kms:multiregion": _EVERY,
        "kms:multiregionkeytype": _EVERY,
        "kms:primaryregion": _actions("UpdatePrimaryRegion"),
        "kms:reencryptonsamekey": _actions("ReEncryptFrom ReEncryptTo"),
        "kms:recipientattestation": _actions(
            "Decrypt DeriveSharedSecret GenerateDataKey GenerateDataKeyPair GenerateRandom"
        ),
        "kms:replicaregion": _actions("ReplicateKey"),
        "kms:requestalias": _SYMMETRIC
        | _actions(
            "Decapsulate DeriveSharedSecret DescribeKey Encapsulate GenerateMac GetPublicKey Sign Verify VerifyMac"
        ),
        "kms:resourcealiases": KEY_ACTIONS.value,
        "kms:retiringprincipal": _actions("CreateGrant"),
        "kms:retiringserviceprincipal": _actions("CreateGrant"),
        "kms:rotationperiodindays": _actions("EnableKeyRotation"),
        "kms:schedulekeydeletionpendingwindowindays": _actions("ScheduleKeyDeletion"),
        "kms:signingalgorithm": _actions("Sign Verify"),
        "kms:trailingdayswithoutkeyusage": _actions("DisableKey ScheduleKeyDeletion"),
        "kms:validto": _actions("ImportKeyMaterial"),
        "kms:viaservice": _EVERY,
        "kms:wrappingalgorithm": _actions("GetParametersForImport"),
        "kms:wrappingkeyspec": _actions("GetParametersForImport"),
    },
    _AUTHORIZATION,
)

_GLOBAL = (
    "AssumedRoot CalledVia CalledViaAWSMCP CalledViaFirst CalledViaLast ChatbotSourceArn CurrentTime "
    "Ec2InstanceSourcePrivateIPv4 Ec2InstanceSourceVpc EpochTime FederatedProvider IsMcpServiceAction "
    "MultiFactorAuthAge MultiFactorAuthPresent PrincipalAccount PrincipalArn PrincipalIsAWSService PrincipalOrgID "
    "PrincipalOrgPaths PrincipalServiceName PrincipalServiceNamesList PrincipalTag PrincipalType Referer "
    "RequestTag RequestedRegion ResourceAccount ResourceOrgID ResourceOrgPaths ResourceTag SecureTransport "
    "SignInSessionArn SourceAccount SourceArn SourceIdentity SourceIp SourceOrgID SourceOrgPaths SourceVpc "
    "SourceVpcArn SourceVpce TagKeys TokenIssueTime UserAgent ViaAWSMCPService ViaAWSService VpcSourceIp "
    "VpceAccount VpceOrgID VpceOrgPaths userid username"
)
GLOBAL_CONDITION_KEYS = Fact(frozenset(f"aws:{name.lower()}" for name in _GLOBAL.split(" ")), _GLOBAL_KEYS)

# Keys with the prefix of another service that requests to every service may have.
CROSS_SERVICE_CONDITION_KEYS = Fact(
    frozenset(
        {
            *("codebuild:buildarn", "codebuild:projectarn", "ec2:roledelivery", "ec2:sourceinstancearn"),
            *("glue:credentialissuingservice", "glue:roleassumedby", "identitystore:userid"),
            *("lambda:sourcefunctionarn", "ssm:sourceinstancearn"),
        }
    ),
    _GLOBAL_KEYS,
)

# Keys of the global list that a request to KMS has for a few actions only.
TAGGING_CONDITION_KEYS = Fact(
    {
        "aws:requesttag": _actions("CreateKey ReplicateKey TagResource"),
        "aws:tagkeys": _actions("CreateKey ReplicateKey TagResource UntagResource"),
    },
    _AUTHORIZATION,
)

# First labels of kms:ViaService. The table on the page is not complete, and CloudWatch Logs says on its own page
# that it supports the key, so one that is missing here is doubtful, not wrong.
_PREFIXES = (
    "aiops airflow aoss apprunner appfabric appflow apptest ards athena auditmanager backup backup-gateway bedrock "
    "cassandra chimevoiceconnector cleanrooms-ml codeartifact codeguru-reviewer comprehend connect custom-packages dax "
    "deepracer directoryservice dms docdb-elastic dynamodb ec2 ecr eks elasticache elasticfilesystem entityresolution "
    "es events finspace firehose forecast fsx geo glue groundstation healthlake importexport iotsitewise kafka kendra "
    "kinesis kinesisvideo lambda lex license-manager logs lookoutequipment lookoutmetrics lookoutvision m2 macie "
    "malware-protection managedblockchain mediatailor memorydb mgn monitron mq nimble omics profile proton qldb rds "
    "redshift redshift-serverless rekognition s3 s3tables sagemaker secretsmanager securitylake ses sns sqlworkbench "
    "sqs ssm ssm-contacts ssm-incidents states storagegateway thinclient timestream translate verified-access wisdom "
    "workmail workspaces workspaces-web xray"
)
VIA_SERVICE_PREFIXES = Fact(frozenset(_PREFIXES.split(" ")), _KMS_KEYS + "#conditions-kms-via-service")
# What Identity Center's own page asks of kms:ViaService.
IDENTITY_CENTER_PREFIXES = Fact(
    frozenset({"identitystore", "sso"}),
    "https://docs.aws.amazon.com/singlesignon/latest/userguide/baseline-KMS-key-policy.html",
)
