"""A small part of Google's public data, which every project may read: names and schemas are Google's, the values
invented, but for a few that the tests of Google's samples expect.

https://cloud.google.com/bigquery/public-data
"""

from typing import Final

from kbq_tui.sandbox.bigquery import fields
from kbq_tui.sandbox.bigquery.fields import Field
from kbq_tui.sandbox.resources import Dataset, Project, Table
from kbq_tui.sandbox.world import World

PROJECT: Final = "bigquery-public-data"
_NUMBER: Final = "1057666841514"
_READERS: Final = {"role": "READER", "specialGroup": "allAuthenticatedUsers"}

_NAMES: Final = (
    "state STRING, gender STRING, year INT64, name STRING, number INT64",
    "SELECT 'TX', 'M', 1910, unnest(['James', 'William']), unnest([272793, 220592]) UNION ALL "
    "SELECT 'TX', if(n % 2 = 0, 'F', 'M'), 1910 + n % 104, concat('Name', n % 200), n FROM range(1, 1999) AS t(n)",
)
_PERSON: Final[list[Field]] = [
    {"name": name, "type": kind}
    for name, kind in (
        ("name", "STRING"),
        ("email", "STRING"),
        ("time_sec", "INTEGER"),
        ("tz_offset", "INTEGER"),
        ("date", "TIMESTAMP"),
    )
]
_COMMITS: Final[list[Field]] = [
    {"name": "commit", "type": "STRING"},
    {"name": "tree", "type": "STRING"},
    {"name": "parent", "type": "STRING", "mode": "REPEATED"},
    {"name": "author", "type": "RECORD", "fields": _PERSON},
    {"name": "committer", "type": "RECORD", "fields": _PERSON},
    {"name": "subject", "type": "STRING"},
    {"name": "message", "type": "STRING"},
    {"name": "repo_name", "type": "STRING", "mode": "REPEATED"},
]
# dataset -> table -> columns as text or fields, and DuckDB's query of the rows
_TABLES: Final[dict[str, dict[str, tuple[str | list[Field], str]]]] = {
    "samples": {
        "shakespeare": (
            "word STRING, word_count INT64, corpus STRING, corpus_date INT64",
            "SELECT unnest(['LVII', 'the']), unnest([1, 614]), unnest(['sonnets', 'romeoandjuliet']), 1594 UNION ALL "
            "SELECT concat('word', n), n % 90 + 1, concat('play', n % 40), 1590 + n % 25 FROM range(1, 164655) AS t(n)",
        ),
        "natality": (
            "source_year INT64, year INT64, is_male BOOL, state STRING, weight_pounds FLOAT64, mother_age INT64, "
            "father_age INT64, gestation_weeks INT64, weight_gain_pounds INT64, apgar_5min INT64",
            "SELECT 1990 + n % 18, 1990 + n % 18, n % 2 = 0, 'CA', 6.5 + n % 30 / 10, 20 + n % 20, 20 + n % 25, "
            "36 + n % 6, 20 + n % 20, 5 + n % 6 FROM range(1, 2001) AS t(n)",
        ),
        "gsod": (
            "station_number INT64, wban_number INT64, year INT64, mean_temp FLOAT64",
            "SELECT 100000 + n, 10 + n, 1990 + n % 18, 50.5 FROM range(1, 2001) AS t(n)",
        ),
    },
    "usa_names": {"usa_1910_2013": _NAMES, "usa_1910_current": _NAMES},
    "github_repos": {
        "commits": (
            _COMMITS,
            "SELECT md5(CAST(n AS VARCHAR)), md5(concat('tree', n)), [md5(CAST(n - 1 AS VARCHAR))], p, p, "
            "concat('Subject ', n), concat('Message ', n), [concat('acme/repository', n % 50)] FROM (SELECT n, "
            "{'name': concat('Author ', n % 97), 'email': concat('author', n % 97, '@acme.example'), "
            "'time_sec': 1400000000 + n, 'tz_offset': 60, 'date': to_timestamp(1400000000 + n)} AS p "
            "FROM range(1, 2001) AS t(n))",
        ),
    },
    "utility_us": {
        "country_code_iso": (
            "country_name STRING, alpha_2_code STRING",
            "SELECT concat('Country ', n), concat('C', n) FROM range(1, 250) AS t(n)",
        ),
    },
    "hacker_news": {
        "full": (
            "id INT64, by STRING, timestamp TIMESTAMP, dead BOOL, type STRING, title STRING, url STRING, score INT64",
            "SELECT n, concat('user', n % 997), to_timestamp(1160418092 + 60 * n), n % 50 = 0, "
            "if(n % 5 = 0, 'story', 'comment'), concat('Title ', n), concat('https://acme.example/', n), n % 300 "
            "FROM range(1, 100001) AS t(n)",
        ),
    },
    "stackoverflow": {
        "posts_questions": (
            "id INT64, title STRING, tags STRING, view_count INT64, creation_date TIMESTAMP",
            "SELECT n, concat('Question ', n), if(n % 10 = 0, 'google-bigquery|sql', 'sql'), n % 5000, "
            "to_timestamp(1217462400 + 3600 * n) FROM range(1, 10001) AS t(n)",
        ),
    },
    "ethereum_blockchain": {
        "blocks": (
            "timestamp TIMESTAMP, number INT64",
            "SELECT TIMESTAMPTZ '2015-07-30 00:00:00+00' + to_days(CAST(n AS INTEGER)), n FROM range(0, 2000) AS t(n)",
        ),
    },
    # a BigLake catalog is part of the dataset's name
    "biglake-public-nyc-taxi-iceberg.public_data": {
        "nyc_taxicab": ("vendor_id STRING, trip_distance FLOAT64", "SELECT 'V1', n / 10 FROM range(1, 11) AS t(n)"),
    },
}
_PARTITIONED: Final = {"blocks": {"type": "DAY", "field": "timestamp"}}


def project(world: World) -> Project:
    """The project of the public data; its rows are made when they are first read."""
    now = world.now_ms()
    made = Project(PROJECT, _NUMBER, "Public data", services={"bigquery.googleapis.com"}, created=world.clock())
    for dataset_id, tables in _TABLES.items():
        dataset = Dataset(PROJECT, dataset_id, "US", created_ms=now, modified_ms=now)
        dataset.access = [{"role": "OWNER", "specialGroup": "projectOwners"}, dict(_READERS)]
        world.touch(dataset)
        made.datasets[dataset_id] = dataset
        for table_id, (columns, rows) in tables.items():
            table = Table(PROJECT, dataset_id, table_id, created_ms=now, rows_sql=rows)
            table.schema = fields.columns(columns) if isinstance(columns, str) else fields.normalise(columns)
            if table_id in _PARTITIONED:
                table.extra["timePartitioning"] = dict(_PARTITIONED[table_id])
            world.touch(table)
            dataset.tables[table_id] = table
    return made
