"""A plan in a folder: the documents before and after, the calls, and the way back."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest

from secure_kms_constructs.account.exceptions import read_exceptions
from secure_kms_constructs.account.records import Identity
from secure_kms_constructs.evidence.uses import Use
from secure_kms_constructs.migrate import Migration
from secure_kms_constructs.migrate.codes import code_of
from secure_kms_constructs.migrate.file_names import key_name
from secure_kms_constructs.migrate.texts import as_data, as_html, as_markdown
from secure_kms_constructs.migrate.writing import write_migration
from tests.unit.migrate.accounts import (
    ACCOUNT,
    MANAGED,
    ONE,
    READER,
    SHUT,
    WIDE,
    allow,
    document,
    group,
    observed,
    plan,
    role,
    role_arn,
    secret_arn,
    snapshot,
    use,
)

FILE = "file:" + "//"
POLICY_ARN = f"arn:aws:iam::{ACCOUNT}:policy/Wide"
MIXED = document(allow(["kms:Decrypt", "s3:GetObject"]))


def made(**more: object) -> Migration:
    known = snapshot(role("Reader", POLICY_ARN, wide=WIDE, mixed=MIXED), policies={POLICY_ARN: MIXED})
    return plan(known, observed(use(), use(key=MANAGED), use(key=SHUT)), **more)  # type: ignore[arg-type]


def test_a_folder_has_what_there_is_and_what_comes(tmp_path: Path) -> None:
    write_migration(made(), tmp_path / "plan")
    folder = tmp_path / "plan" / f"{ACCOUNT}-role-Reader"
    files = {str(one.relative_to(folder)): one for one in folder.rglob("*") if one.is_file()}
    assert set(files) == {
        "after/inline-mixed.json",
        f"after/key-policy-statements-{key_name(SHUT)}.json",
        "after/managed-Wide.json",
        "after/new-observed-key-use.json",
        "apply.md",
        "before/inline-mixed.json",
        "before/inline-wide.json",
        "before/managed-Wide.json",
        "construct.py",
        "evidence.json",
        "plan.md",
        "rollback.md",
    }
    assert json.loads(files["before/inline-wide.json"].read_text()) == WIDE
    assert json.loads(files["after/managed-Wide.json"].read_text()) == document(allow(["s3:GetObject"]))
    assert json.loads(files["after/new-observed-key-use.json"].read_text())["Statement"][0]["Resource"] == ONE
    assert json.loads(files["evidence.json"].read_text())["needed"][0]["action"] == "kms:Decrypt"
    assert (tmp_path / "plan" / "plan.md").read_text() == as_markdown(made()) + "\n"
    assert json.loads((tmp_path / "plan" / "plan.json").read_text()) == json.loads(json.dumps(as_data(made())))


def calls(path: Path) -> list[str]:
    return [one for one in path.read_text().splitlines() if one.startswith("aws ")]


def test_new_policies_come_first_and_old_ones_back_first(tmp_path: Path) -> None:
    write_migration(made(), tmp_path)
    folder = tmp_path / f"{ACCOUNT}-role-Reader"
    put = "aws iam put-role-policy --role-name Reader --policy-name {} --policy-document " + FILE + "{}"
    version = "aws iam create-policy-version --policy-arn {} --set-as-default --policy-document " + FILE + "{}"
    assert calls(folder / "apply.md") == [
        put.format("observed-key-use", "after/new-observed-key-use.json"),
        "aws iam delete-role-policy --role-name Reader --policy-name wide",
        put.format("mixed", "after/inline-mixed.json"),
        version.format(POLICY_ARN, "after/managed-Wide.json"),
    ]
    assert calls(folder / "rollback.md") == [
        put.format("wide", "before/inline-wide.json"),
        put.format("mixed", "before/inline-mixed.json"),
        version.format(POLICY_ARN, "before/managed-Wide.json"),
        "aws iam delete-role-policy --role-name Reader --policy-name observed-key-use",
    ]


def test_each_file_that_a_call_names_is_there(tmp_path: Path) -> None:
    write_migration(made(), tmp_path)
    folder = tmp_path / f"{ACCOUNT}-role-Reader"
    named = re.findall(r"file:/{2}(\S+)", (folder / "apply.md").read_text() + (folder / "rollback.md").read_text())
    assert len(named) == 6
    assert all((folder / one).is_file() for one in named)


def test_a_managed_policy_of_which_nothing_is_left_is_detached_and_attached_again(tmp_path: Path) -> None:
    ann = Identity(f"arn:aws:iam::{ACCOUNT}:user/ann", "user", groups=["ops"])
    known = snapshot(
        role("Reader", POLICY_ARN), ann, groups=[group("ops", POLICY_ARN, own=WIDE)], policies={POLICY_ARN: WIDE}
    )
    write_migration(plan(known, observed()), tmp_path)
    reader, user = tmp_path / f"{ACCOUNT}-role-Reader", tmp_path / f"{ACCOUNT}-user-ann"
    assert calls(reader / "apply.md") == [f"aws iam detach-role-policy --role-name Reader --policy-arn {POLICY_ARN}"]
    assert calls(reader / "rollback.md") == [f"aws iam attach-role-policy --role-name Reader --policy-arn {POLICY_ARN}"]
    assert calls(user / "apply.md") == [
        "aws iam delete-group-policy --group-name ops --policy-name own",
        f"aws iam detach-group-policy --group-name ops --policy-arn {POLICY_ARN}",
    ]
    assert calls(user / "rollback.md") == [
        "aws iam put-group-policy --group-name ops --policy-name own "
        f"--policy-document {FILE}before/group-ops-own.json",
        f"aws iam attach-group-policy --group-name ops --policy-arn {POLICY_ARN}",
    ]


def test_a_folder_with_something_in_it_is_refused(tmp_path: Path) -> None:
    (tmp_path / "old.md").write_text("x")
    with pytest.raises(ValueError, match="is not empty: name a new folder"):
        write_migration(made(), tmp_path)


def test_the_plan_says_what_changes_why_and_how_it_is_proven() -> None:
    text = as_markdown(made())
    for line in (
        "- inline policy `wide`: gone; it allowed `kms:Decrypt` on `*`",
        "- inline policy `mixed`: without the use of keys; it allowed `kms:Decrypt` on `*`",
        "- new inline policy `observed-key-use`",
        f"- `kms:Decrypt` `{ONE}` secretsmanager.eu-west-1.amazonaws.com, `SecretARN = {secret_arn('app')}` (9 calls)",
        f"## `{READER}`",
    ):
        assert line in text.splitlines()
    assert "1 roles and users, the widest first, by calls from 2026-09-01T00:00:00Z to 2026-11-27T00:00:00Z." in text
    assert "the policy of the AWS-managed key admits the account through its service" in text
    assert re.search(r"Proof: 3 of 3 uses allowed, (\d+) of \1 mutations refused; nobody gains anything", text)


def test_gaps_and_who_has_no_plan_are_told() -> None:
    known = snapshot(role(wide=WIDE), role("Admin", all=document(allow("*"))))
    text = as_markdown(plan(known, observed(use(), complete=None), accept_gap=True))
    assert "## The evidence is incomplete, and the plan was asked for nevertheless" in text
    assert f"- `{role_arn('Admin')}`: policy all allows *" in text


def test_names_are_no_markup() -> None:
    hostile = "`<script>alert(1)</script>` [x](http://x)\n# heading"
    migration = plan(snapshot(role(wide=WIDE)), observed(use(secret=None, context={"a": hostile})))
    text = as_markdown(migration)
    assert "\n# heading" not in text
    assert f"``` a = {hostile[:27]}" in text or "`` a = " in text or "``` a = " in text
    assert "<script>" not in as_html(migration)


def test_code_names_what_was_seen_and_nothing_else() -> None:
    uses = [use(), use(secret="other"), use("GenerateDataKey", secret="other"), use(secret=None, context={"a": "1"})]
    policy = document(allow(["kms:Decrypt", "kms:GenerateDataKey", "secretsmanager:*"]))
    [one] = plan(snapshot(role(wide=policy)), observed(*uses)).plans
    code = code_of(one)
    compile(code, "construct.py", "exec")
    assert f'key1 = ResolvedKey.from_arn(self, "Key1", "{ONE}")' in code
    assert 'ScopedSecretReader(self, "Secrets1", grantee=role, secrets=[secret1_1], key=key1)' in code
    assert 'ScopedSecretRotator(self, "Secrets2", grantee=role, secrets=[secret2_1], key=key1)' in code
    assert code.count(secret_arn("app")) == 1
    assert "class ReaderKeyUse(Stack)" in code


@pytest.mark.parametrize("name, title", [("1st-role", "Of1stRole"), ("a_b", "AB"), ("+=,.@-", "Role")])
def test_a_class_has_a_name_that_python_takes(name: str, title: str) -> None:
    [one] = plan(snapshot(role(name, wide=WIDE)), observed()).plans
    assert f"class {title}KeyUse(Stack)" in code_of(replace(one))


def test_exceptions_are_a_file_that_commands_take(tmp_path: Path) -> None:
    name = f"cdk-hnb659fds-deploy-role-{ACCOUNT}-eu-west-1"
    known = snapshot(role(wide=WIDE), role(name, own=WIDE))
    migration = plan(known, observed(use()))
    write_migration(migration, tmp_path)
    [one] = read_exceptions(tmp_path / "exceptions.toml")
    assert (one.resource, one.review_by.isoformat()) == (role_arn(name), "2027-05-29")
    assert f'documented_exception(role, "{one.reason}", "2027-05-29")`' in as_markdown(migration)
    write_migration(made(), tmp_path / "none")
    assert not (tmp_path / "none" / "exceptions.toml").exists()


def test_the_version_of_a_managed_policy_is_told_and_comes_back(tmp_path: Path) -> None:
    known = snapshot(role("Reader", POLICY_ARN), policies={POLICY_ARN: MIXED}, versions={POLICY_ARN: "v7"})
    migration = plan(known, observed(use()))
    write_migration(migration, tmp_path)
    assert "- managed policy `Wide` (v7): without the use of keys; it allowed `kms:Decrypt` on `*`" in as_markdown(
        migration
    )
    folder = tmp_path / f"{ACCOUNT}-role-Reader"
    back = f"aws iam set-default-policy-version --policy-arn {POLICY_ARN} --version-id v7"
    assert calls(folder / "rollback.md")[0] == back
    assert "IAM keeps five versions" in (folder / "apply.md").read_text()


def in_code(*uses: Use, policy: object) -> str:
    [one] = plan(snapshot(role(wide=policy)), observed(*uses)).plans  # type: ignore[arg-type]
    code = code_of(one)
    compile(code, "construct.py", "exec")
    return code


SECRET_WRITER = ["secretsmanager:PutSecretValue", "kms:Decrypt", "kms:GenerateDataKey"]
LOG_GROUP = f"arn:aws:logs:eu-west-1:{ACCOUNT}:log-group:/app/one"
LOGS = {
    "service": "logs.amazonaws.com",
    "via": "logs.eu-west-1.amazonaws.com",
    "context": {"aws:logs:arn": LOG_GROUP},
}


def test_code_never_makes_a_reader_of_who_only_writes() -> None:
    seen = use(), use("GenerateDataKey")
    assert "ScopedSecretRotator(self" not in in_code(*seen, policy=document(allow(SECRET_WRITER)))
    rotates = [*SECRET_WRITER, "secretsmanager:*"]
    assert "ScopedSecretRotator(self" in in_code(*seen, policy=document(allow(rotates)))
    conditional = document(allow(SECRET_WRITER), allow("secretsmanager:*", Condition={"Bool": {"a:b": "true"}}))
    assert "ScopedSecretRotator(self" not in in_code(*seen, policy=conditional)
    elsewhere = document(allow(SECRET_WRITER), allow("secretsmanager:*", secret_arn("another")))
    assert "ScopedSecretRotator(self" not in in_code(*seen, policy=elsewhere)


def test_code_has_a_manager_for_who_manages_log_groups() -> None:
    everything = document(allow(["kms:*", "logs:*"]))
    seen = use("GenerateDataKey", **LOGS), use(**LOGS)
    code = in_code(*seen, policy=everything)
    assert 'ScopedLogGroupManager(self, "LogGroups1x1", grantee=role, log_group_prefix="/app/one", key=key1)' in code
    assert "iam.Policy(" not in code
    for uses, policy in (
        ((use(**LOGS),), everything),
        (seen, document(allow(["kms:*", "logs:PutLogEvents"]))),
        (seen, document(allow(["kms:Decrypt", "kms:GenerateDataKey", "logs:*"]))),
        (seen, document(allow("kms:*"), allow("logs:*", LOG_GROUP))),
        ((*seen, use("Sign", **LOGS)), everything),
    ):
        assert "ScopedLogGroupManager(self" not in in_code(*uses, policy=policy), policy


PARAMETER = f"arn:aws:ssm:eu-west-1:{ACCOUNT}:parameter/app/token"


def test_code_has_a_reader_of_parameters_for_who_may_read_them() -> None:
    ssm = {"service": "ssm.amazonaws.com", "via": "ssm.eu-west-1.amazonaws.com"}
    seen = use(context={"PARAMETER_ARN": PARAMETER}, **ssm)
    reads = document(allow(["kms:Decrypt", "ssm:GetParameter*"]))
    code = in_code(seen, policy=reads)
    assert "ScopedParameterReader(self, \"Parameters1\", grantee=role, parameters=['/app/token'], key=key1)" in code
    for one, policy in (
        (seen, document(allow(["kms:Decrypt", "ssm:PutParameter"]))),
        (use(context={"PARAMETER_ARN": None}, **ssm), reads),
        (use(context={"PARAMETER_ARN": "arn:aws:ssm:eu-west-1"}, **ssm), reads),
        (use("Encrypt", context={"PARAMETER_ARN": PARAMETER}, **ssm), document(allow(["kms:*", "ssm:*"]))),
    ):
        assert "ScopedParameterReader(self" not in in_code(one, policy=policy)


def test_code_of_more_than_fits_inline_is_managed_policies() -> None:
    many = [use(secret=f"{'x' * 100}{one}") for one in range(80)]
    code = in_code(*many, policy=document(allow(["kms:Decrypt", "secretsmanager:*"])))
    assert code.count("iam.ManagedPolicy(self") == 3
    assert "ScopedSecretReader(self" not in code


def test_replicas_have_a_file_each() -> None:
    arns = [f"arn:aws:kms:{region}:111122223333:key/mrk-{'0' * 32}" for region in ("eu-west-1", "eu-central-1")]
    assert [key_name(one) for one in arns] == [
        f"111122223333-{region}-mrk-{'0' * 32}" for region in ("eu-west-1", "eu-central-1")
    ]
