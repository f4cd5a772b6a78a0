"""Sources are rewritten where it is sure, keep what people wrote in them, and are left with a reason elsewhere."""

from __future__ import annotations

from pathlib import Path

import pytest

from secure_kms_constructs.rewriting import rewrite
from tests.unit.rewriting.left import LEFT, READS, ROLE, SECRET, WIDE, stack

EXAMPLES = Path(__file__).parents[3] / "examples"
READER = 'ScopedSecretReader(self, "SecretReader", grantee=role, secrets=[secret])'


def rewritten(*lines: str) -> list[str]:
    """Return the lines of a stack after they were rewritten."""
    text = rewrite(stack(*lines).encode()).after.decode()
    return [line[8:] for line in text.partition("super().__init__(scope, id, **kwargs)\n")[2].splitlines()]


@pytest.mark.parametrize("name", LEFT)
def test_what_is_not_sure_is_left_with_its_reason(name: str) -> None:
    text, reason = LEFT[name]
    found = rewrite(text.encode())
    assert (found.after.decode(), found.changed) == (text, ())
    if reason:
        assert [reason in one.text for one in found.left].count(True) == 1, found.left
    else:
        assert found.left == ()


@pytest.mark.parametrize(
    ("written", "now"),
    [
        ('key = kms.Key(self, "K")', 'key = HardenedKey(self, "K")'),
        ('kms.Key(self, "K", admins=[a], alias=b)', 'HardenedKey(self, "K", policy_administrators=[a], alias=b)'),
        ('kms.Key(self, "K", enable_key_rotation=True)', 'HardenedKey(self, "K")'),
        ('kms.Key(self, "K", enabled=True, multi_region=True)', 'HardenedKey(self, "K", multi_region=True)'),
        ('s3.Bucket(self, "B", key=kms.Key(self, "K"))', 's3.Bucket(self, "B", key=HardenedKey(self, "K"))'),
    ],
)  # fmt: skip
def test_a_key_is_a_hardened_key_of_the_same_id(written: str, now: str) -> None:
    assert rewritten(ROLE, written)[1:] == [now]


def test_the_closing_bracket_of_a_key_stays_where_it_was() -> None:
    lines = ["kms.Key(", "    self,", '    "K",', "    alias=name,  # public", "    enable_key_rotation=True,", ")"]
    assert rewritten(*lines) == ["HardenedKey(", "    self,", '    "K",', "    alias=name,  # public", ")"]


def test_a_grant_is_a_reader_in_the_scope_of_the_secret() -> None:
    assert rewritten(SECRET, ROLE, f"{READS}  # for orders")[2:] == [f"{READER}  # for orders"]


def test_a_grant_of_stages_is_a_reader_of_stages() -> None:
    found = rewritten(SECRET, ROLE, 'secret.grant_read(grantee=role, version_stages=["AWSCURRENT"])')
    assert found[2] == f'{READER[:-1]}, version_stages=["AWSCURRENT"])'


def test_each_reader_has_an_id_of_its_own() -> None:
    taken = 's3.Bucket(self, "SecretReader")'
    found = rewritten(taken, SECRET, ROLE, READS, READS)
    assert [line.split('"')[1] for line in found[3:]] == ["SecretReader2", "SecretReader3"]


def test_a_secret_that_self_holds_is_read_in_another_method() -> None:
    method = "\n    def read(self, role):\n        self.secret.grant_read(role)\n"
    text = stack('self.secret = secretsmanager.Secret(self, "Secret")') + method
    assert (
        'ScopedSecretReader(self, "SecretReader", grantee=role, secrets=[self.secret])'
        in rewrite(text.encode()).after.decode()
    )
    other = text.replace("def read(self, role)", "def read(stack, role)").replace(
        "self.secret.grant", "stack.secret.grant"
    )
    assert rewrite(other.encode()).changed == ()


def test_decrypt_on_everything_goes_where_a_reader_takes_its_place() -> None:
    found = rewritten(ROLE, SECRET, "# It must decrypt.", f"{WIDE}  # all of it", READS, "print(1)")
    assert found[2:] == ["# It must decrypt.", "# all of it", READER, "print(1)"]


def test_comments_of_a_last_line_that_goes_stay() -> None:
    assert rewritten(ROLE, SECRET, READS, "# It must decrypt.", WIDE)[2:] == [READER, "# It must decrypt."]


@pytest.mark.parametrize(
    "beside",
    [
        "bucket.grant_read(role)",
        "bucket.grant_read(identity=role)",
        'iam.Policy(self, "P", roles=[role])',
        "role.add_managed_policy(policy)",
        "def later():\n            bucket.grant_read(role)",
    ],
)
def test_decrypt_on_everything_stays_where_the_role_is_given_more(beside: str) -> None:
    assert WIDE in rewritten(ROLE, SECRET, READS, WIDE, beside)


@pytest.mark.parametrize(
    "role",
    [
        'role = iam.Role(self, "Role", assumed_by=root, managed_policies=policies)',
        'role = iam.Role(self, "Role", assumed_by=root, inline_policies=policies)',
        'role = lambda_.Function(self, "F", role=other)',
        'role = lambda_.Function(self, "F", initial_policy=policies)',
        "role = other",
    ],
)
def test_decrypt_on_everything_stays_where_the_role_had_more(role: str) -> None:
    assert WIDE in rewritten(role, SECRET, READS, WIDE)


@pytest.mark.parametrize(
    "beside",
    ['lambda_.Function(self, "F", role=role)', 'ecs.TaskDefinition(self, "T", task_role=role, execution_role=role)'],
)
def test_what_runs_as_the_role_gives_it_nothing(beside: str) -> None:
    assert WIDE not in rewritten(ROLE, SECRET, READS, WIDE, beside)


def test_decrypt_on_everything_stays_in_another_block_than_the_reader() -> None:
    assert f"    {WIDE}" in rewritten(ROLE, SECRET, READS, "if production:", f"    {WIDE}")
    assert (
        "more than reading" in rewrite(stack(ROLE, WIDE.replace('"]', '", "s3:GetObject"]', 1)).encode()).left[0].text
    )


def test_imports_follow() -> None:
    text = rewrite(stack(SECRET, ROLE, READS, 'kms.Key(self, "K")').encode()).after.decode()
    assert text.count("from secure_kms_constructs import HardenedKey, ScopedSecretReader\n") == 1
    assert "aws_kms" not in text
    assert "aws_s3" in text, "what was unused before is not ours to take"
    still = rewrite(stack('key: kms.IKey = kms.Key(self, "K")').encode()).after.decode()
    assert "aws_kms as kms" in still


@pytest.mark.parametrize(
    ("imports", "call"),
    [
        ("from aws_cdk.aws_kms import Key", "Key"),
        ("import aws_cdk as cdk", "cdk.aws_kms.Key"),
        ("import aws_cdk.aws_kms as keys", "keys.Key"),
    ],
)
def test_a_key_is_found_however_it_is_imported(imports: str, call: str) -> None:
    found = rewrite(f'{imports}\n\nkey = {call}(stack, "K")\n'.encode()).after.decode()
    assert found.endswith('\nkey = HardenedKey(stack, "K")\n')


def test_encoding_and_ends_of_lines_stay() -> None:
    text = '# coding: latin-1\r\nfrom aws_cdk import aws_kms\r\nkey = aws_kms.Key(s, "K")  # f\xfcr\r\n'.encode(
        "latin-1"
    )
    found = rewrite(text).after
    assert b'key = HardenedKey(s, "K")  # f\xfcr\r\n' in found
    assert found.count(b"\n") == found.count(b"\r\n")


@pytest.mark.parametrize("text", [b"from aws_cdk import (\n", b"# coding: nothing\naws_cdk\n", b"aws_cdk = '\xff'\n"])
def test_what_is_no_python_is_said(text: bytes) -> None:
    with pytest.raises(ValueError, match=r"is no Python|is no text in the encoding"):
        rewrite(text)


def test_the_second_time_nothing_changes() -> None:
    text = (EXAMPLES / "stock_l2.py").read_bytes()
    once = rewrite(text)
    assert len(once.changed) == 2
    lines = text.decode().splitlines()
    assert [lines[one.line - 1].split()[0] for one in once.left] == ["log_group", "everything"]
    again = rewrite(once.after)
    assert (again.after, again.changed) == (once.after, ())


def test_the_brownfield_example_uses_the_library_already() -> None:
    assert rewrite((EXAMPLES / "brownfield.py").read_bytes()).changed == ()
