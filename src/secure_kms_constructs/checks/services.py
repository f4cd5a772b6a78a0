"""Rules on what AWS services keep under a key: secrets that somebody reads, and log groups."""

from __future__ import annotations

import re
from collections.abc import Iterator

from secure_kms_constructs.access.parties import Party
from secure_kms_constructs.access.questions import OPEN
from secure_kms_constructs.policies.patterns import ContextValue, Text
from secure_kms_constructs.policies.verdicts import Verdict, all_of, any_of
from secure_kms_constructs.templates.landscape import Key, Resource

from .access_questions import verdict_of
from .context import Context
from .documents import Written
from .examples import ACCOUNT, REGION, ROLE, THE_KEY, VIA, VIA_SECRETS, allow, deploys, key, policy, template
from .findings import Found, Severity
from .naming import names
from .rule import Rule
from .service_uses import filled

_READS = ("secretsmanager:GetSecretValue", "secretsmanager:BatchGetSecretValue")
_DOCS = "https://docs.aws.amazon.com/"
_LOGS = f"{_DOCS}AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html"
# What CloudWatch Logs does with a key: https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html
_LOG_ACTIONS = ("kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey")


def _reader(context: Context) -> Iterator[Found]:
    secrets = [
        one for one in context.of_types("AWS::SecretsManager::Secret") if one.arn and "KmsKeyId" in one.properties
    ]
    for one in context.identity_statements:
        if one.allows is False or one.statement.resources.negated or names(one.statement, _READS[0]) is False:
            continue
        yield from _of_other_accounts(context, one)
        for secret in secrets:
            if _names_secret(one, secret.arn or ""):
                yield from _cannot_decrypt(context, one, secret)


def _of_other_accounts(context: Context, one: Written) -> Iterator[Found]:
    """Secrets of other accounts, whose key is never aws/secretsmanager, that a principal without kms:Decrypt reads.

    https://docs.aws.amazon.com/secretsmanager/latest/userguide/auth-and-access_examples_cross.html
    """
    own = one.document.resource.account
    for value in one.statement.resources.values:
        match = _SECRET_OF.match(value.written) if isinstance(value, Text) else None
        for party in context.holders(one.document) if match and match[1] != own else ():
            if not any(policy.about("kms:decrypt") for policy in party.policies):
                message = f"{party.name} may read secrets of account {match[1]} and has no kms:Decrypt for their key"  # type: ignore[index]
                yield one.found(message, "Resource")


_SECRET_OF = re.compile(r"arn:[\w-]+:secretsmanager:[^:]*:(\d{12}):secret:")


def _names_secret(one: Written, arn: str) -> bool:
    """Tell whether a statement is about a secret, not about all secrets there are."""
    named = [value for value in one.statement.resources.values if isinstance(value, Text) and _is_one(value.written)]
    return bool(named) and one.statement.resources.matches_resource(arn, _open) is not False


def _is_one(text: str) -> bool:
    return bool(re.search(r":secret:[^*?]", text))


def _open(_key: str) -> ContextValue:
    return OPEN


def _cannot_decrypt(context: Context, one: Written, secret: Resource) -> Iterator[Found]:
    made = context.key_named(secret.properties["KmsKeyId"], secret)
    for party in context.holders(one.document):
        verdict = _decrypts(party, made, secret) if isinstance(made, Key) else None
        if made is None or verdict is True:
            continue
        whose = f"{made.source.path if made.source else made.arn}" if isinstance(made, Key) else str(made)
        can = "cannot" if verdict is False else "perhaps cannot"
        message = f"{party.name} may read secret {secret.source.path} and {can} decrypt it with {whose}"
        # Then only a key policy that names it can let it, which few do.
        without = not any(policy.about("kms:decrypt") for policy in party.policies)
        if without and verdict is None:
            message += ": no policy of its own allows kms:Decrypt"
        yield one.found(message, "Resource", undecided=verdict is None, likely=without)


def _decrypts(party: Party, made: Key, secret: Resource) -> Verdict:
    via = {"kms:ViaService": f"secretsmanager.{secret.region}.amazonaws.com"}
    context = via | {"kms:EncryptionContext:SecretARN": secret.arn or ""}
    return verdict_of(party.principal, party, "kms:Decrypt", made, context)


def _log_group(context: Context) -> Iterator[Found]:
    for resource in context.of_types("AWS::Logs::LogGroup"):
        named = resource.properties.get("KmsKeyId")
        if isinstance(named, str) and not named.startswith("arn:"):
            message = f"takes the ARN of a key, not {named}"
            yield Found(resource.source, "Properties.KmsKeyId", message, named)
            continue
        made = context.key_named(named, resource)
        if made is None:
            continue
        verdict = _admits_logs(made, resource) if isinstance(made, Key) else None
        if verdict is True:
            continue
        whose = f"{made.source.path if made.source else made.arn}" if isinstance(made, Key) else str(made)
        what = "does not admit" if verdict is False else "may not admit"
        message = f"the key policy of {whose} {what} logs.{resource.region}.amazonaws.com for this log group"
        yield Found(resource.source, "Properties.KmsKeyId", message, undecided=verdict is None)


def _admits_logs(made: Key, resource: Resource) -> Verdict:
    # In China a service is called with the suffix of the partition, and without.
    names = dict.fromkeys((filled("logs.{region}.{suffix}", resource), f"logs.{resource.region}.amazonaws.com"))
    verdict = any_of(_asked(made, resource, one) for one in names)
    # A service's call has several names; whether this one is among them, no page says, and AWS writes it in templates.
    return verdict if verdict is not False or _asked(made, resource, "logs.amazonaws.com") is False else None


def _asked(made: Key, resource: Resource, principal: str) -> Verdict:
    arn = resource.arn or ""
    context = {"kms:EncryptionContext:aws:logs:arn": arn, "aws:SourceArn": arn, "aws:SourceAccount": resource.account}
    return all_of(verdict_of(principal, None, action, made, context) for action in _LOG_ACTIONS)


_SECRET = {"Type": "AWS::SecretsManager::Secret", "Properties": {"KmsKeyId": THE_KEY}}
_MAY_READ = allow(None, _READS[0], Resource={"Ref": "Secret"})
_DECRYPTS = allow(None, "kms:Decrypt", {"StringEquals": VIA}, Resource=THE_KEY)
_GROUP_ARN = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:/app"
_GROUP = {"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": "/app", "KmsKeyId": THE_KEY}}
_ADMITS_LOGS = allow(
    {"Service": f"logs.{REGION}.amazonaws.com"},
    ["kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*"],
    {"ArnEquals": {"kms:EncryptionContext:aws:logs:arn": _GROUP_ARN}},
)


_DEPLOYS_SECRETS = deploys("secretsmanager", "Decrypt", "GenerateDataKey")


def _reading(*statements: object) -> dict[str, object]:
    return template(Key=key(VIA_SECRETS, _DEPLOYS_SECRETS), Secret=_SECRET, Role=ROLE, Policy=policy(*statements))  # type: ignore[arg-type]


RULES = (
    Rule(
        id="KLP505",
        name="reader-without-decrypt",
        title="A principal may read a secret that it cannot decrypt",
        severity=Severity.ERROR,
        controls=("ours",),
        why="GetSecretValue fails at run time. CDK's secret.grant_read writes no KMS statement for imported keys. "
        "Templates do not tell the key of an SSM parameter, so its readers are not checked.",
        fix="Allow kms:Decrypt through Secrets Manager in identity and key policy. ScopedSecretReader writes both.",
        source=f"{_DOCS}secretsmanager/latest/userguide/security-encryption.html",
        broken=_reading(_MAY_READ),
        clean=_reading(_MAY_READ, _DECRYPTS),
        check=_reader,
    ),
    Rule(
        id="KLP506",
        name="log-group-key",
        title="A log group has a key that does not admit CloudWatch Logs",
        severity=Severity.ERROR,
        controls=("ours",),
        why="CloudWatch Logs refuses to make the log group. CDK's LogGroup leaves the key policy as it is.",
        fix="Admit logs.<region>.amazonaws.com with the encryption context aws:logs:arn. "
        "LogGroupWithCmk does; of an imported key its owner must.",
        source=_LOGS,
        broken=template(Key=key(), Logs=_GROUP),
        clean=template(Key=key(_ADMITS_LOGS), Logs=_GROUP),
        check=_log_group,
    ),
)
