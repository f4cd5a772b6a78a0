"""Rules on the properties of keys."""

from __future__ import annotations

from collections.abc import Iterator

from secure_kms_constructs.aws.facts import PENDING_WINDOW_DAYS
from secure_kms_constructs.policies import Unknown

from .context import Context
from .examples import keyed
from .findings import Found, Severity
from .rule import Rule

# The length that the control asks for is more than 2048 bits.
_SHORT_RSA = "RSA_2048"
_KEY = "https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-kms-key.html"
_TRUE, _FALSE = (True, "true", "True"), (None, False, "false", "False")
_LONGEST = PENDING_WINDOW_DAYS.value[1]


def _rotation(context: Context) -> Iterator[Found]:
    for resource in context.of_types("AWS::KMS::Key"):
        properties = resource.properties
        kinds = [properties.get("KeySpec", "SYMMETRIC_DEFAULT"), properties.get("Origin", "AWS_KMS")]
        # KMS rotates only symmetric encryption keys whose material it made.
        if any(isinstance(one, str) and one not in ("SYMMETRIC_DEFAULT", "AWS_KMS") for one in kinds):
            continue
        rotation = properties.get("EnableKeyRotation")
        if rotation in _TRUE:
            continue
        doubt = rotation not in _FALSE or any(isinstance(one, Unknown) for one in kinds)
        message = f"may not be rotated: {rotation}" if doubt else "is not rotated"
        yield Found(resource.source, "Properties.EnableKeyRotation", message, undecided=doubt)


def _refuses_rotation(context: Context) -> Iterator[Found]:
    for resource in context.of_types("AWS::KMS::Key"):
        rotation = resource.properties.get("EnableKeyRotation")
        for name, rotated in (("KeySpec", "SYMMETRIC_DEFAULT"), ("Origin", "AWS_KMS")):
            value = resource.properties.get(name, rotated)
            if rotation in _FALSE or value == rotated:
                continue
            doubt = rotation not in _TRUE or isinstance(value, Unknown)
            may = "may ask" if doubt else "asks"
            message = f"{may} for rotation, which KMS refuses for {name} {value}"
            yield Found(resource.source, "Properties.EnableKeyRotation", message, undecided=doubt)


def _pending_window(context: Context) -> Iterator[Found]:
    for resource in context.of_types("AWS::KMS::Key", "AWS::KMS::ReplicaKey"):
        days = resource.properties.get("PendingWindowInDays", _LONGEST)
        where = "Properties.PendingWindowInDays"
        if isinstance(days, str) and days.isdecimal():
            days = int(days)
        if not isinstance(days, int):
            yield Found(
                resource.source, where, f"may be deleted sooner than in {_LONGEST} days: {days}", undecided=True
            )
        elif days < _LONGEST:
            yield Found(resource.source, where, f"is gone {days} days after its deletion was scheduled", str(days))


def _short_rsa(context: Context) -> Iterator[Found]:
    for resource in context.of_types("AWS::KMS::Key"):
        spec, usage = resource.properties.get("KeySpec"), resource.properties.get("KeyUsage", "ENCRYPT_DECRYPT")
        if isinstance(spec, Unknown):
            yield Found(resource.source, "Properties.KeySpec", f"may be {_SHORT_RSA}: {spec}", undecided=True)
        elif spec == _SHORT_RSA and usage == "ENCRYPT_DECRYPT":
            yield Found(resource.source, "Properties.KeySpec", "encrypts with RSA of 2048 bits", _SHORT_RSA)


def _bypass(context: Context) -> Iterator[Found]:
    for resource in context.of_types("AWS::KMS::Key", "AWS::KMS::ReplicaKey"):
        bypass = resource.properties.get("BypassPolicyLockoutSafetyCheck")
        if bypass not in _FALSE:
            doubt = bypass not in _TRUE
            message = f"may skip the lockout safety check: {bypass}" if doubt else "skips the lockout safety check"
            yield Found(resource.source, "Properties.BypassPolicyLockoutSafetyCheck", message, undecided=doubt)


RULES = (
    Rule(
        id="KLP401",
        name="rotation-off",
        title="A symmetric key is not rotated",
        severity=Severity.WARNING,
        controls=("Security Hub KMS.4", "Control Tower CT.KMS.PR.1", "Prowler kms_cmk_rotation_enabled"),
        why="Every data key for years hangs on the same key material.",
        fix="Set EnableKeyRotation to true. Nothing has to be encrypted again.",
        source="https://docs.aws.amazon.com/securityhub/latest/userguide/kms-controls.html#kms-4",
        broken=keyed(EnableKeyRotation=False),
        clean=keyed(),
        check=_rotation,
    ),
    Rule(
        id="KLP402",
        name="short-pending-window",
        title="A deleted key is gone sooner than in 30 days",
        severity=Severity.WARNING,
        controls=("ours",),
        why="All that the key encrypted is lost with it; the waiting time is the only way back.",
        fix="Leave PendingWindowInDays at 30.",
        source=f"{_KEY}#cfn-kms-key-pendingwindowindays",
        broken=keyed(PendingWindowInDays=7),
        clean=keyed(),
        check=_pending_window,
    ),
    Rule(
        id="KLP403",
        name="lockout-check-bypassed",
        title="A key skips the policy lockout safety check",
        severity=Severity.ERROR,
        controls=("Control Tower CT.KMS.PV.3",),
        why="KMS then takes a policy that nobody can ever change again.",
        fix="Remove BypassPolicyLockoutSafetyCheck.",
        source="https://docs.aws.amazon.com/controltower/latest/controlreference/ct-kms-pv-3.html",
        broken=keyed(BypassPolicyLockoutSafetyCheck=True),
        clean=keyed(),
        check=_bypass,
    ),
    Rule(
        id="KLP404",
        name="short-rsa-key",
        title="An RSA key for encryption has 2048 bits",
        severity=Severity.WARNING,
        controls=("Control Tower CT.KMS.PR.2",),
        why="The length cannot be changed later, and what is encrypted today may have to stay secret for long.",
        fix="Choose RSA_3072 or RSA_4096.",
        source="https://docs.aws.amazon.com/controltower/latest/controlreference/kms-rules.html",
        broken=keyed(KeySpec="RSA_2048", KeyUsage="ENCRYPT_DECRYPT", EnableKeyRotation=False),
        clean=keyed(KeySpec="RSA_4096", KeyUsage="ENCRYPT_DECRYPT", EnableKeyRotation=False),
        check=_short_rsa,
    ),
    Rule(
        id="KLP405",
        name="rotation-refused",
        title="A key that cannot be rotated asks for rotation",
        severity=Severity.ERROR,
        controls=("ours",),
        why="CloudFormation cannot make the key: KMS rotates only symmetric encryption keys whose material it made.",
        fix="Leave out EnableKeyRotation.",
        source=f"{_KEY}#cfn-kms-key-enablekeyrotation",
        broken=keyed(KeySpec="HMAC_256", KeyUsage="GENERATE_VERIFY_MAC"),
        clean=keyed(KeySpec="HMAC_256", KeyUsage="GENERATE_VERIFY_MAC", EnableKeyRotation=False),
        check=_refuses_rotation,
    ),
)
