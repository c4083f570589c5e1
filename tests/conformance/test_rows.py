"""Rows written by streaming and read back, of every type."""

import datetime as dt
import decimal

import pytest
from google.api_core import exceptions
from google.cloud import bigquery
from google.cloud.bigquery import enums

Field = bigquery.SchemaField
PEOPLE = [Field("full_name", "STRING", mode="REQUIRED"), Field("age", "INTEGER", mode="REQUIRED")]
EVERYTHING = [
    ("BOOLEAN", True),
    ("INTEGER", 9_223_372_036_854_775_807),
    ("FLOAT", 1.25),
    ("FLOAT", float("inf")),
    ("NUMERIC", decimal.Decimal("99999999999999999999999999999.999999999")),
    ("BIGNUMERIC", decimal.Decimal("10.111213141516171819")),
    ("STRING", "Grüße, 世界 \U0001f44b"),
    ("BYTES", b"\x00\xff binary"),
    ("DATE", dt.date(9999, 12, 31)),
    ("DATETIME", dt.datetime(2021, 7, 21, 11, 39, 45, 1)),
    ("TIME", dt.time(23, 59, 59, 999999)),
    ("TIMESTAMP", dt.datetime(2015, 11, 30, 19, 24, 55, 484366, tzinfo=dt.UTC)),
    ("TIMESTAMP", dt.datetime(1, 1, 1, tzinfo=dt.UTC)),
    ("GEOGRAPHY", "POINT(-122.0838511 37.3860517)"),
    ("GEOGRAPHY", "MULTIPOLYGON(((0 0, 1 0, 1 1, 0 0)))"),
    ("JSON", {"list": [1, 2.5, None], "text": "x"}),
]


@pytest.mark.parametrize(("kind", "value"), EVERYTHING)
def test_a_value_of_any_type_comes_back_as_it_went(client, table_id, kind, value):
    schema = [Field("n", "INTEGER"), Field("v", kind), Field("l", kind, mode="REPEATED")]
    table = client.create_table(bigquery.Table(table_id, schema))
    assert client.insert_rows(table, [(1, value, [value, value]), (2, None, [])]) == []
    assert [row.values() for row in client.list_rows(table)] == [(1, value, [value, value]), (2, None, [])]
    found = client.query_and_wait(f"SELECT v, l FROM `{table_id}` ORDER BY n")
    assert [field.field_type for field in found.schema] == [kind, kind]
    assert [row.values() for row in found] == [(value, [value, value]), (None, [])]


def test_ranges_and_intervals_come_back(client, table_id):
    element = {"type": "DATE"}
    schema = [Field("r", "RANGE", range_element_type="DATE"), Field("i", "INTERVAL")]
    table = client.create_table(bigquery.Table(table_id, schema))
    assert table.schema[0].range_element_type.to_api_repr() == element
    rows = [
        {"r": {"start": "2020-01-01", "end": None}, "i": "P7Y11M9DT4H15M37.123456S"},
        {"r": "[UNBOUNDED, 2020-02-01)"},
    ]
    assert client.insert_rows_json(table, rows) == []
    first, second = client.list_rows(table)
    assert first["r"] == {"start": dt.date(2020, 1, 1), "end": None}
    assert second["r"] == {"start": None, "end": dt.date(2020, 2, 1)}
    found = first["i"]
    assert (found.years, found.months, found.days, found.hours, found.minutes) == (7, 11, 9, 4, 15)
    assert (found.seconds, found.microseconds, second["i"]) == (37, 123456, None)


def test_records_within_records_come_back(client, table_id):
    inner = Field("inner", "RECORD", fields=[Field("text", "STRING")])
    fields = [Field("text", "STRING"), Field("numbers", "INTEGER", mode="REPEATED"), inner]
    schema = [
        Field("name", "STRING"),
        Field("one", "RECORD", fields=fields),
        Field("many", "RECORD", "REPEATED", fields=fields),
    ]
    table = client.create_table(bigquery.Table(table_id, schema))
    record = {"text": "outer", "numbers": [0, 1, 2], "inner": {"text": "deep"}}
    sparse: dict[str, object] = {"text": None, "numbers": [], "inner": None}
    assert client.insert_rows(table, [("whole", record, [record, record])]) == []
    assert client.insert_rows_json(table, [{"name": "sparse", "one": {}}]) == []
    assert [row.values() for row in client.list_rows(table)] == [
        ("whole", record, [record, record]),
        ("sparse", sparse, []),
    ]


def test_row_ids_may_be_numbers(client, table_id):
    table = client.create_table(bigquery.Table(table_id, PEOPLE))
    assert client.insert_rows(table, [("Phred", 32), ("Bharney", 33)], row_ids=range(2)) == []
    assert client.get_table(table_id).num_rows == 2


def test_one_bad_row_keeps_the_others_out(client, table_id):
    table = client.create_table(bigquery.Table(table_id, PEOPLE))
    good = {"full_name": "Phred", "age": 32}
    errors = client.insert_rows_json(table, [good, {"full_name": "x", "age": "old"}, {**good, "nope": 1}, {"age": 3}])
    told = {e["index"]: (e["errors"][0]["reason"], e["errors"][0]["message"]) for e in errors}
    assert told[0] == ("stopped", "")
    assert told[1] == ("invalid", "Cannot convert value to integer (bad value): old")
    assert told[2] == ("invalid", "no such field: nope.")
    assert told[3] == ("invalid", "Missing required field: full_name.")
    assert client.get_table(table_id).num_rows == 0


def test_bad_rows_and_unknown_columns_are_left_out_where_that_is_asked(client, table_id):
    table = client.create_table(bigquery.Table(table_id, PEOPLE))
    rows = [{"full_name": "Phred", "age": 32, "nope": 1}, {"full_name": "x", "age": "old"}]
    errors = client.insert_rows_json(table, rows, skip_invalid_rows=True, ignore_unknown_values=True)
    assert [e["index"] for e in errors] == [1]
    assert [row.values() for row in client.list_rows(table_id)] == [("Phred", 32)]


def test_a_value_that_only_the_engine_finds_wrong_is_told_by_its_row(client, table_id):
    table = client.create_table(bigquery.Table(table_id, [Field("d", "DATE")]))
    errors = client.insert_rows_json(table, [{"d": "2020-01-31"}, {"d": "2020-02-31"}])
    assert [(e["index"], e["errors"][0]["reason"]) for e in errors] == [(1, "invalid"), (0, "stopped")]
    assert client.get_table(table_id).num_rows == 0


def test_columns_are_named_in_any_case(client, table_id):
    table = client.create_table(bigquery.Table(table_id, PEOPLE))
    assert client.insert_rows_json(table, [{"FULL_NAME": "Phred", "Age": 32}]) == []
    assert [row.values() for row in client.list_rows(table_id)] == [("Phred", 32)]


def test_rows_are_read_by_page_by_column_and_from_an_index(client, table_id):
    table = client.create_table(bigquery.Table(table_id, PEOPLE))
    client.insert_rows(table, [(f"name {n}", n) for n in range(7)])
    pages = [page.num_items for page in client.list_rows(table_id, selected_fields=[PEOPLE[0]], page_size=3).pages]
    assert pages == [3, 3, 1]
    assert [row.values() for row in client.list_rows(table, start_index=5)] == [("name 5", 5), ("name 6", 6)]
    found = client.list_rows(table, max_results=2, selected_fields=[PEOPLE[1]])
    assert ([row.values() for row in found], found.total_rows) == ([(0,), (1,)], 7)


def test_an_empty_table_has_no_rows(client, table_id):
    assert tuple(client.list_rows(client.create_table(table_id))) == ()


def test_two_thousand_columns(client, rows, table_id):
    columns = ", ".join(f"r * {n} AS c{n}" for n in range(1, 2000))
    client.query_and_wait(f"CREATE TABLE `{table_id}` AS SELECT r, {columns} FROM UNNEST([1, 2]) AS r")
    found = rows(f"SELECT * FROM `{table_id}` ORDER BY r")
    assert (len(found), len(found[1]), found[1][1999]) == (2, 2000, 3998)


def test_names_of_types_are_the_apis_own(client, rows):
    result = client.query_and_wait("SELECT 1 AS i, 1.5 AS f, TRUE AS b, STRUCT(1 AS x) AS s, [1] AS l")
    kinds = [(f.field_type, f.mode) for f in result.schema]
    assert kinds == [
        (enums.SqlTypeNames.INTEGER.value, "NULLABLE"),
        (enums.SqlTypeNames.FLOAT.value, "NULLABLE"),
        (enums.SqlTypeNames.BOOLEAN.value, "NULLABLE"),
        (enums.SqlTypeNames.RECORD.value, "NULLABLE"),
        ("INTEGER", "REPEATED"),
    ]


LARGEST = decimal.Decimal("578960446186580977117854925043439539266.34992332820282019728792003956564819967")


def test_every_bignumeric_comes_back_and_those_of_38_digits_are_computed_with(client, rows, table_id):
    smallest = decimal.Decimal("-1e-38")
    table = client.create_table(bigquery.Table(table_id, [Field("n", "INTEGER"), Field("v", "BIGNUMERIC")]))
    assert client.insert_rows(table, [(1, LARGEST), (2, smallest), (3, decimal.Decimal("1.5"))]) == []
    assert [row.values() for row in client.list_rows(table)] == [
        (1, LARGEST),
        (2, smallest),
        (3, decimal.Decimal("1.5")),
    ]
    assert [row.values()[1] for row in client.query_and_wait(f"SELECT * FROM `{table_id}`")] == [
        LARGEST, smallest, decimal.Decimal("1.5")
    ]  # fmt: skip
    assert rows("SELECT @p", bigquery.ScalarQueryParameter("p", "BIGNUMERIC", -LARGEST)) == [(-LARGEST,)]
    assert rows(f"SELECT SUM(v) * 2 FROM `{table_id}` WHERE n = 3") == [(3,)]
    rows(f"UPDATE `{table_id}` SET v = v + 1 WHERE n = 3 AND v IS NOT NULL")
    rows(f"INSERT INTO `{table_id}` VALUES (4, 7), (5, 0.25)")
    assert rows(f"SELECT v FROM `{table_id}` WHERE n > 2 AND v > 0 ORDER BY n") == [(2.5,), (7,), (0.25,)]
    with pytest.raises(exceptions.BadRequest, match="can be shown here, but not computed with"):
        rows(f"SELECT v + 1 FROM `{table_id}`")
    errors = client.insert_rows_json(table, [{"n": 6, "v": "6e38"}, {"n": 7, "v": "x"}])
    assert [error["errors"][0]["message"] for error in errors] == [
        f"Invalid BIGNUMERIC value: {v}" for v in ("6e38", "x")
    ]


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("POINT(-135.0000 90.0)", "POINT(-135 90)"),
        ("linestring( 1 2 , 3 -0.0)", "LINESTRING(1 2, 3 0)"),
        ('{"type": "LineString", "coordinates": [[-118.4085, 33.9416], [-73.7781, 40.6413]]}',
         "LINESTRING(-118.4085 33.9416, -73.7781 40.6413)"),
        ("0101000000000000000000F03F0000000000000040", "POINT(1 2)"),
        ("GEOMETRYCOLLECTION EMPTY", "GEOMETRYCOLLECTION EMPTY"),
    ],
)  # fmt: skip
def test_a_geography_is_read_in_every_form_and_shown_in_one(client, rows, table_id, given, shown):
    table = client.create_table(bigquery.Table(table_id, [Field("g", "GEOGRAPHY")]))
    assert client.insert_rows_json(table, [{"g": given}]) == []
    assert [row.values() for row in client.list_rows(table)] == [(shown,)]
    assert rows("SELECT @p", bigquery.ScalarQueryParameter("p", "GEOGRAPHY", given)) == [(shown,)]
    errors = client.insert_rows_json(
        table, [{"g": text} for text in ("POINTLESS(1 2)", "POINT(1", '{"type": "Point"}')]
    )
    assert len(errors) == 3
    assert all("Invalid geography value" in error["errors"][0]["message"] for error in errors)
