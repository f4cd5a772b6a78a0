"""Who can use a key of a live account: `python account_questions.py account.json alias-or-arn`."""

import sys

# [start: ask]
from secure_kms_constructs import AccessMap
from secure_kms_constructs.account import read_snapshot


def who_decrypts(file: str, key: str) -> None:
    access = AccessMap.from_account(read_snapshot(file))
    for row in access.who_can("kms:Decrypt", key):
        print(row)
    # [end: ask]


if __name__ == "__main__":
    who_decrypts(*sys.argv[1:])
