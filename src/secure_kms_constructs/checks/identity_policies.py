"""Rules on the policies of roles, users and groups."""

from __future__ import annotations

import re
from collections.abc import Iterator

from secure_kms_constructs.aws.arns import KEY_ID
from secure_kms_constructs.aws.facts import LOOKUP_DUMMY_KEY_ID
from secure_kms_constructs.policies import Unknown
from secure_kms_constructs.policies.patterns import Text
from secure_kms_constructs.policies.verdicts import Verdict, all_of, any_of

from .context import Context
from .documents import Written
from .examples import ACCOUNT, KEY_ARN, REGION, ROLE, THE_KEY, VIA, VIA_SECRETS, allow, key, policy, template, uses
from .findings import Found, Severity
from .naming import ALL_ACTIONS, depends_on, is_every_key, like_part, named_actions, names, names_kms
from .rule import Rule

_DOCS = "https://docs.aws.amazon.com/"
_ALIAS_ACTIONS = ("kms:CreateAlias", "kms:UpdateAlias", "kms:DeleteAlias")
# Conditions that choose keys, as the Resource should.
_CHOOSING = ("kms:resourcealiases", "aws:resourcetag/", "kms:encryptioncontext:")
_MANY = 20
_OF_SECRETS = ("secretsmanager:GetSecretValue", "secretsmanager:PutSecretValue", "secretsmanager:DescribeSecret")
_SECRET = re.compile(r"arn:[\w-]+:secretsmanager:[a-z0-9-]+:\d{12}:secret:([^*?$]+)")
_SUFFIXED = re.compile(r".+-[A-Za-z0-9]{6}")


def _decrypt_on_all_keys(context: Context) -> Iterator[Found]:
    for one in context.identity_statements:
        wide = [value for value in one.statement.resources.values if is_every_key(value) is not False]
        # Of most statements this is enough to know.
        if not wide and not one.statement.resources.negated:
            continue
        named = names(one.statement, "kms:Decrypt", "kms:ReEncryptFrom")
        if all_of((one.allows, named)) is False or _all_denied(one):
            continue
        if one.statement.resources.negated:
            yield one.found("allows to decrypt with every key but those of NotResource", "NotResource")
        elif not _chosen(one, wide):
            undecided = all_of((one.allows, named, any_of(is_every_key(value) for value in wide))) is None
            what = "may allow to decrypt with every key" if undecided else "allows to decrypt with every key"
            yield one.found(f"{what}: {_shown(wide)}", "Resource", undecided=undecided)


def _chosen(one: Written, wide: list[Text | Unknown]) -> bool:
    """Tell whether a condition chooses among the keys of ``key/*``; Security Hub looks at ``*`` only."""
    bounded = all(isinstance(value, Text) and value.written.rstrip("*").endswith("key/") for value in wide)
    return bounded and any(it.key.lower().startswith(_CHOOSING) for it in one.statement.conditions)


def _every_action(context: Context) -> Iterator[Found]:
    for one in context.identity_statements:
        if one.allows is False or one.statement.actions.negated:
            continue
        for name, named in named_actions(one.statement):
            if named is None:
                yield one.found(f"may allow every KMS action: {name}", "Action", undecided=True)
            elif named == ALL_ACTIONS and name.startswith("kms") and not _all_denied(one):
                yield one.found(
                    "allows every KMS action, changing the key's policy included",
                    "Action",
                    undecided=one.allows is None,
                )


def _all_denied(one: Written) -> bool:
    """Tell whether a Deny of the same policy takes away all of KMS, whatever the request."""
    return any(
        other.denies
        and not other.statement.conditions
        and not other.statement.resources.negated
        and any(isinstance(it, Text) and it.written == "*" for it in other.statement.resources.values)
        and any(named == ALL_ACTIONS for _, named in named_actions(other.statement))
        for other in one.document.statements
    )


def _inert_resource(context: Context) -> Iterator[Found]:
    for one in context.identity_statements:
        if not names_kms(one.statement) or one.statement.resources.negated:
            continue
        only_kms = all(isinstance(it, Text) and it.written.startswith("kms:") for it in one.statement.actions.values)
        for value in one.statement.resources.values:
            if isinstance(value, Unknown):
                yield one.found(f"may name no key: {value}", "Resource", undecided=True)
            elif wrong := _wrong(value.written, one, only_kms):
                yield one.found(f"Resource {value.written} {wrong}", "Resource")


def _wrong(text: str, one: Written, only_kms: bool) -> str | None:
    parts = text.split(":", 5)
    if text.startswith("alias/") or re.fullmatch(KEY_ID, text):
        return "matches nothing: a policy needs the ARN of the key"
    if len(parts) < 6 or not like_part(parts, 2, "kms"):
        return "is no key, so its KMS actions match nothing" if only_kms and not text.endswith("*") else None
    kind, _, name = parts[5].partition("/")
    if kind == "alias":
        alias = names(one.statement, *_ALIAS_ACTIONS) is not False
        return None if alias else "matches no use of a key: a policy needs the ARN of the key"
    if is_every_key(Text(text, (text,))):
        return None
    if kind == "key" and re.search(r"[*?]", name) and name != "mrk-*":
        return "names every key whose id is like that, and ids are random"
    if kind not in ("key", "key*") and "*" not in kind:
        return "matches nothing: the ARN of a key ends with key/<key id>"
    return _malformed(parts, name)


def _malformed(parts: list[str], name: str) -> str | None:
    """Tell what of an ARN is none of a key's."""
    if name.startswith("alias/") or not re.fullmatch(r"[\w*?$\{\}:/.-]+", name):
        return "matches nothing: the ARN of a key ends with key/<key id>"
    for part, form, what in (
        (3, r"[a-z0-9*?-]+", "a region"),
        (4, r"\d{12}|[\d*?]*[*?][\d*?]*", "an account of 12 digits"),
    ):
        if not re.fullmatch(form, parts[part]) and "${" not in parts[part]:
            return f"matches nothing: the ARN of a key has {what}, got {parts[part]!r}"
    return None


def _controls_every_key(context: Context) -> Iterator[Found]:
    for one in context.identity_statements:
        wide = [value for value in one.statement.resources.values if is_every_key(value) is not False]
        if one.allows is False or one.statement.resources.negated or not wide or _chosen(one, wide):
            continue
        guarded = depends_on(one.statement, lambda name: name in ("kms:grantisforawsresource", "kms:viaservice"))
        giving = ("kms:PutKeyPolicy",) if guarded else ("kms:PutKeyPolicy", "kms:CreateGrant")
        said = [
            (name, named)
            for name, named in named_actions(one.statement)
            # Whoever may do everything has findings of other rules.
            if name != "NotAction" and (named is None or (named.intersection(giving) and len(named) < _MANY))
        ]
        for name, named in said:
            undecided = all_of((one.allows, None if named is None else True, any_of(map(is_every_key, wide)))) is None
            what = "may allow" if undecided else "allows"
            message = f"{what} {name} with every key: each key that leaves decisions to IAM is its holder's"
            yield one.found(message, "Action", undecided=undecided)


def _secret_without_suffix(context: Context) -> Iterator[Found]:
    for one in context.identity_statements:
        doubtful = [value for value in one.statement.resources.values if _names_no_secret(value) is not False]
        if not doubtful or one.statement.resources.negated or names(one.statement, *_OF_SECRETS) is False:
            continue
        for value in doubtful:
            if isinstance(value, Unknown):
                yield one.found(f"may name no secret: {value}", "Resource", undecided=True)
            else:
                message = f"Resource {value.written} names no secret: Secrets Manager adds a hyphen and six characters"
                yield one.found(message, "Resource")


def _names_no_secret(value: Text | Unknown) -> Verdict:
    if isinstance(value, Unknown):
        return None
    match = _SECRET.fullmatch(value.written)
    return match is not None and not _SUFFIXED.fullmatch(match[1])


def _lookup_dummy(context: Context) -> Iterator[Found]:
    for resource in context.landscape.resources:
        for name, value in resource.properties.items():
            if LOOKUP_DUMMY_KEY_ID.value in str(value):
                message = f"holds {LOOKUP_DUMMY_KEY_ID.value}, which CDK writes before it has looked a key up"
                yield Found(resource.source, f"Properties.{name}", message, LOOKUP_DUMMY_KEY_ID.value)


def _shown(values: list[Text | Unknown]) -> str:
    return ", ".join(value.written if isinstance(value, Text) else str(value) for value in values)


_DECRYPT = allow(None, "kms:Decrypt", {"StringEquals": VIA}, Resource=THE_KEY)
_NO_VIA = allow(None, "kms:Decrypt", Resource=KEY_ARN)


def _reads(resource: object) -> dict[str, object]:
    return template(Role=ROLE, Policy=policy(dict(_NO_VIA, Resource=resource)))


def _reads_secret(suffix: str) -> dict[str, object]:
    arn = f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:app/db{suffix}"
    reads = allow(None, "secretsmanager:GetSecretValue", Resource=arn)
    return template(Key=key(VIA_SECRETS), Role=ROLE, Policy=policy(_DECRYPT, reads))


RULES = (
    Rule(
        id="KLP101",
        name="decrypt-on-all-keys",
        title="An identity policy allows to decrypt with every key",
        severity=Severity.ERROR,
        controls=("Security Hub KMS.1", "Security Hub KMS.2", "ours for key/*"),
        why="Every key whose policy leaves decisions to IAM can be used, those of other accounts included.",
        fix="Name the ARN of each key. CDK's grant across accounts or regions writes `*`: give the ARN yourself.",
        source=f"{_DOCS}securityhub/latest/userguide/kms-controls.html#kms-2",
        broken=uses(dict(_DECRYPT, Resource="*")),
        clean=uses(_DECRYPT),
        check=_decrypt_on_all_keys,
    ),
    Rule(
        id="KLP102",
        name="every-action",
        title="An identity policy allows kms:*",
        severity=Severity.ERROR,
        controls=("Prowler iam_inline_policy_no_full_access_to_kms", "Prowler iam_policy_no_full_access_to_kms"),
        why="kms:* includes PutKeyPolicy and CreateGrant, with which a principal gives itself whatever it lacks.",
        fix="List the actions that are needed, such as kms:Decrypt.",
        source=f"{_DOCS}kms/latest/developerguide/iam-policies-best-practices.html",
        broken=uses(dict(_DECRYPT, Action="kms:*")),
        clean=uses(_DECRYPT),
        check=_every_action,
    ),
    Rule(
        id="KLP103",
        name="inert-resource",
        title="A KMS statement names an alias, a key id, or something else that is no key",
        severity=Severity.ERROR,
        controls=("ours",),
        why="IAM compares the text with the ARN of the key: the statement allows nothing, and a Deny denies nothing.",
        fix="Name the ARN of the key, or `key/*` with a condition on kms:ResourceAliases.",
        source=f"{_DOCS}kms/latest/developerguide/cmks-in-iam-policies.html",
        broken=_reads(f"arn:aws:kms:{REGION}:{ACCOUNT}:alias/app"),
        clean=uses(_DECRYPT),
        check=_inert_resource,
    ),
    Rule(
        id="KLP104",
        name="lookup-dummy",
        title="A template holds the key id that CDK makes up before a lookup",
        severity=Severity.ERROR,
        controls=("ours",),
        why="Nobody has that key: what is deployed works with none.",
        fix="Synthesize with the CDK CLI and credentials, so that the lookup is done, and commit cdk.context.json.",
        source=LOOKUP_DUMMY_KEY_ID.source,
        broken=template(
            Logs={
                "Type": "AWS::SQS::Queue",
                "Properties": {
                    "KmsMasterKeyId": f"arn:aws:kms:{REGION}:{ACCOUNT}:key/{LOOKUP_DUMMY_KEY_ID.value}",
                },
            }
        ),
        clean=template(
            Key=key(VIA_SECRETS), Logs={"Type": "AWS::SQS::Queue", "Properties": {"KmsMasterKeyId": THE_KEY}}
        ),
        check=_lookup_dummy,
    ),
    Rule(
        id="KLP105",
        name="control-of-every-key",
        title="An identity policy lets its holder change who uses every key",
        severity=Severity.WARNING,
        controls=("ours",),
        why="With kms:PutKeyPolicy or kms:CreateGrant on every key, each key that leaves decisions to IAM is its "
        "holder's, to use and to give away.",
        fix="Name the ARN of each key; for grants add Bool kms:GrantIsForAWSResource true.",
        source=f"{_DOCS}kms/latest/developerguide/iam-policies-best-practices.html",
        broken=template(Role=ROLE, Policy=policy(allow(None, "kms:PutKeyPolicy"))),
        clean=uses(_DECRYPT),
        check=_controls_every_key,
    ),
    Rule(
        id="KLP106",
        name="secret-without-suffix",
        title="An identity policy names a secret without the six characters of its ARN",
        severity=Severity.ERROR,
        controls=("ours",),
        why="IAM compares whole ARNs, so the statement is about no secret.",
        fix="End the ARN with -??????, or take the secret's full ARN.",
        source=f"{_DOCS}secretsmanager/latest/userguide/auth-and-access_iam-policies.html",
        broken=_reads_secret(""),
        clean=_reads_secret("-??????"),
        check=_secret_without_suffix,
    ),
)
