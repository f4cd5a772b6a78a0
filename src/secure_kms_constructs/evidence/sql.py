"""The same question in SQL, where there is more than one machine reads: a table over the trail, a view, and a query.

The table and the view are Athena's (https://docs.aws.amazon.com/athena/latest/ug/cloudtrail-logs.html). The query names
columns of the view and standard functions alone, so another engine answers it as well, over the same columns.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

_SOURCE = re.compile(
    r"s3://(?P<bucket>[a-z0-9.-]+)/(?P<prefix>(?:[\w!.*'()-]+/)*)AWSLogs/(?P<organization>(?:o-[a-z0-9]{10,32}/)?)"
    r"(?P<account>\d{12})/CloudTrail/(?P<region>[a-z]{2,}(?:-[a-z]+)+-\d)/?"
)
_EVERY = "90DAYS"

# https://docs.aws.amazon.com/athena/latest/ug/create-cloudtrail-table-partition-projection.html, with account and
# region as partitions too, and without the columns that are not asked for.
_TABLE = """CREATE EXTERNAL TABLE kms_trail (
  useridentity STRUCT<
    type: STRING,
    arn: STRING,
    accountid: STRING,
    invokedby: STRING,
    sessioncontext: STRUCT<sessionissuer: STRUCT<type: STRING, arn: STRING>>>,
  eventtime STRING,
  eventsource STRING,
  eventname STRING,
  awsregion STRING,
  sourceipaddress STRING,
  useragent STRING,
  errorcode STRING,
  requestparameters STRING,
  eventid STRING,
  resources ARRAY<STRUCT<arn: STRING, accountid: STRING, type: STRING>>,
  eventtype STRING,
  recipientaccountid STRING,
  sharedeventid STRING
)
PARTITIONED BY (account STRING, region STRING, day STRING)
ROW FORMAT SERDE 'org.apache.hive.hcatalog.data.JsonSerDe'
STORED AS INPUTFORMAT 'com.amazon.emr.cloudtrail.CloudTrailInputFormat'
OUTPUTFORMAT 'org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat'
LOCATION '{root}'
TBLPROPERTIES (
  'projection.enabled' = 'true',
  'projection.account.type' = 'enum',
  'projection.account.values' = '{accounts}',
  'projection.region.type' = 'enum',
  'projection.region.values' = '{regions}',
  'projection.day.type' = 'date',
  'projection.day.format' = 'yyyy/MM/dd',
  'projection.day.interval' = '1',
  'projection.day.interval.unit' = 'DAYS',
  'projection.day.range' = 'NOW-{every},NOW',
  'storage.location.template' = '{root}${{account}}/CloudTrail/${{region}}/${{day}}'
)"""

# An encryption context as `observe` keeps it: secrets without their version, objects of S3 as one of their bucket. What
# was too large for CloudTrail becomes no JSON, so that the reader counts it and does not take it for none.
_PAIRS = "CAST(json_extract({parameters}, '$.{name}') AS MAP(VARCHAR, VARCHAR))"
_CONTEXT = """CASE
    WHEN json_extract_scalar({parameters}, '$.omitted') = 'true' THEN 'omitted'
    ELSE COALESCE(
      TRY(json_format(CAST(
        transform_values(
          map_filter({pairs}, (k, v) -> k <> 'SecretVersionId' OR cardinality({pairs}) = 1),
          (k, v) -> CASE WHEN k = 'aws:s3:arn' AND regexp_like(v, ':s3:::[^/]+/.')
            THEN regexp_replace(v, '(?s)/.*$', '/object') ELSE v END)
        AS JSON))),
      json_format(json_extract({parameters}, '$.{name}')))
  END"""

_ROWS = """SELECT
  CASE
    WHEN useridentity.sessioncontext.sessionissuer.type = 'Role' THEN useridentity.sessioncontext.sessionissuer.arn
    ELSE useridentity.arn
  END AS principal,
  useridentity.type AS principal_type,
  useridentity.accountid AS account,
  half.action AS action,
  element_at(resources, CASE WHEN half.action = 'ReEncryptTo' THEN 2 ELSE 1 END).arn AS key_arn,
  CASE WHEN useridentity.invokedby IS NOT NULL THEN useridentity.invokedby
    WHEN sourceipaddress LIKE 'AWS Internal%' THEN 'AWS Internal'
    WHEN NOT regexp_like(sourceipaddress, '^[0-9.]+$|:') THEN sourceipaddress
    WHEN useragent = 'AWS Internal' OR useragent LIKE '%.amazonaws.com' THEN useragent
  END AS service,
  awsregion AS region,
  {context} AS context,
  errorcode AS error_code,
  recipientaccountid AS recipient,
  eventtime AS event_time,
  eventid AS event_id
FROM {table}
CROSS JOIN UNNEST(
  CASE WHEN eventname = 'ReEncrypt' THEN ARRAY['ReEncryptFrom', 'ReEncryptTo'] ELSE ARRAY[eventname] END
) AS half (action)
WHERE eventsource = 'kms.amazonaws.com' AND eventtype = 'AwsApiCall'{which}"""

COLUMNS = (
    *("principal", "principal_type", "account", "action", "key_arn", "service", "region", "context", "error_code"),
    "recipient",
)
QUERY = f"""SELECT
  {", ".join(COLUMNS)},
  MIN(event_time) AS first_seen,
  MAX(event_time) AS last_seen,
  MIN(event_id) AS an_event,
  COUNT(DISTINCT event_id) AS calls
FROM kms_uses
GROUP BY {", ".join(COLUMNS)}
ORDER BY {", ".join(COLUMNS)}"""


def statements(sources: Sequence[str]) -> list[str]:
    """Return the table, the view and the query for trails in S3.

    :param sources: where the trail of an account and region is, as
        ``s3://bucket/AWSLogs/111122223333/CloudTrail/eu-west-1``; of an organization with its id after ``AWSLogs``.
    :raises ValueError: for a source that is none, or lies elsewhere than the first.
    """
    places = [_SOURCE.fullmatch(one) for one in sources]
    for source, place in zip(sources, places, strict=True):
        if place is None:
            raise ValueError(
                "source must be the trail of an account and region in S3, "
                f"s3://<bucket>/AWSLogs/<account>/CloudTrail/<region>, got {source!r}"
            )
    found = [one for one in places if one is not None]
    if not found:
        raise ValueError("name the trails: s3://<bucket>/AWSLogs/<account>/CloudTrail/<region>")
    roots = {f"s3://{one['bucket']}/{one['prefix']}AWSLogs/{one['organization']}" for one in found}
    if len(roots) > 1:
        raise ValueError(f"sources must be of one bucket, prefix and organization, got {', '.join(sorted(roots))}")
    [root] = roots
    table = _TABLE.format(
        root=root,
        accounts=",".join(sorted({one["account"] for one in found})),
        regions=",".join(sorted({one["region"] for one in found})),
        every=_EVERY,
    )
    return [table, f"CREATE OR REPLACE VIEW kms_uses AS\n{_view()}", QUERY]


def query_over(table: str, which: str = "") -> str:
    """Return the query over a table, in one statement: the view is part of it.

    :param table: its name, quoted.
    :param which: which of its rows, as ``day >= '2026/08/30'``.
    """
    return QUERY.replace("SELECT", f"WITH kms_uses AS (\n{_view(table, which)}\n)\nSELECT", 1)


def _view(table: str = "kms_trail", which: str = "") -> str:
    """Return the rows of the view: one for each event, two for ReEncrypt. Each event is scanned, and paid for, once."""
    names = {"'ReEncryptFrom'": "sourceEncryptionContext", "'ReEncryptTo'": "destinationEncryptionContext"}
    of_half = {half: _context(name) for half, name in names.items()}
    cases = "\n".join(f"  WHEN half.action = {half} THEN {text}" for half, text in of_half.items())
    context = f"CASE\n{cases}\n  ELSE {_context('encryptionContext')}\n  END"
    return _ROWS.format(table=table, context=context, which=f"\n  AND {which}" if which else "")


def _context(name: str) -> str:
    return _CONTEXT.replace("{pairs}", _PAIRS).format(parameters="requestparameters", name=name)
