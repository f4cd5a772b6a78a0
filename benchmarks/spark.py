"""The same CloudTrail files through Spark, as an engine of its own: ``python benchmarks/spark.py [--events 100000]``.

Needs ``pip install pyspark`` and Java 17, and so is run by hand. Every row of Spark's answer has to be one of
``observe``: role, action, key, service and encryption context, with the number of calls.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from observe import write_events

from secure_kms_constructs.evidence import observe

Rows = Counter[tuple[str, str, str, str, str]]
_SCHEMA = """Records ARRAY<STRUCT<
  eventSource: STRING, eventName: STRING, errorCode: STRING, resources: ARRAY<STRUCT<ARN: STRING>>,
  userIdentity: STRUCT<invokedBy: STRING, sessionContext: STRUCT<sessionIssuer: STRUCT<arn: STRING>>>,
  requestParameters: STRUCT<encryptionContext: MAP<STRING, STRING>>>>"""
_QUERY = """SELECT e.userIdentity.sessionContext.sessionIssuer.arn AS principal, concat('kms:', e.eventName) AS action,
  try_element_at(e.resources, 1).ARN AS key_arn, coalesce(e.userIdentity.invokedBy, '') AS service,
  to_json(map_from_entries(array_sort(map_entries(e.requestParameters.encryptionContext)))) AS context,
  count(*) AS calls
FROM (SELECT explode(Records) AS e FROM trail)
WHERE e.eventSource = 'kms.amazonaws.com' AND e.errorCode IS NULL
GROUP BY 1, 2, 3, 4, 5"""


def by_observe(folder: Path) -> Rows:
    found: Rows = Counter()
    for use in observe([str(folder)], processes=2).uses:
        context = json.dumps(dict(sorted((use.context or {}).items())), separators=(",", ":"))
        found[use.principal, use.action, use.key or "", use.service or "", context] += use.count
    return found


def by_spark(folder: Path) -> Rows:
    from pyspark.sql import SparkSession

    spark = SparkSession.builder.master("local[2]").config("spark.ui.enabled", "false").getOrCreate()
    try:
        spark.read.schema(_SCHEMA).json(f"{folder}/*.json.gz").createOrReplaceTempView("trail")
        return Counter({tuple(row[:5]): row[5] for row in spark.sql(_QUERY).collect()})
    finally:
        spark.stop()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=100_000)
    events = parser.parse_args().events
    with tempfile.TemporaryDirectory() as made:
        write_events(Path(made), events)
        answers = []
        for reader in (by_observe, by_spark):
            start = time.perf_counter()
            answers.append(reader(Path(made)))
            found = answers[-1]
            print(
                f"{reader.__name__}: {len(found):,} rows, {found.total():,} calls, {time.perf_counter() - start:.1f} s"
            )
    mine, other = answers
    print(
        f"rows that are not the same: {len(mine.keys() ^ other.keys()) + sum(mine[one] != other[one] for one in mine)}"
    )
    sys.exit(mine != other)


if __name__ == "__main__":
    main()
