"""Which role used which key, as CloudTrail tells it: `python observed_uses.py FOLDER`."""

import sys

from secure_kms_constructs.evidence import observe


def show(folder: str) -> None:
    for use in observe([folder]).uses:
        print(use.principal, use.action, use.key, use.via or "directly", use.context, use.count)


if __name__ == "__main__":
    show(sys.argv[1])
