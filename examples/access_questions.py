"""Who can use which key of a synthesized app: `python access_questions.py cdk.out`."""

import sys

from secure_kms_constructs import AccessMap


def answer(directory: str, key: str) -> None:
    access = AccessMap.from_assembly(directory)
    for row in access.who_can("kms:Decrypt", key):
        print(row)  # who, and under which circumstances
        for statement in row.statements:
            print("  ", statement)  # which statement of which construct says so


def explain(directory: str, principal: str, key: str) -> None:
    access = AccessMap.from_assembly(directory)
    print(access.explain(principal, "kms:Decrypt", key, via="secretsmanager"))


def review(before: str, after: str) -> None:
    print(AccessMap.from_assembly(before).diff(AccessMap.from_assembly(after)))


if __name__ == "__main__":
    for name in AccessMap.from_assembly(sys.argv[1]).keys:
        answer(sys.argv[1], name)
