"""What SQLAlchemy, ibis, dbt and pandas-gbq send beyond google-cloud-bigquery's own tests; the libraries stay out."""


def test_a_column_is_called_by_the_path_of_its_table(client, rows, dataset, table_id, name):
    path = f"{dataset.dataset_id}.{name}"
    client.query_and_wait(f"CREATE TABLE `{path}` (id INT64, name STRING)")
    client.query_and_wait(f"INSERT INTO `{path}` VALUES (1, 'x'), (2, 'y')")
    client.query_and_wait(f"UPDATE `{path}` SET name = 'z' WHERE `{path}`.`id` = 2")
    client.query_and_wait(f"DELETE FROM `{path}` WHERE `{path}`.`id` = 1")
    assert rows(f"SELECT `{path}`.`id`, `{path}`.`name` FROM `{path}` ORDER BY `{path}`.`id`") == [(2, "z")]
    assert rows(f"SELECT `{table_id}`.name FROM `{table_id}`") == [("z",)]


def test_tables_are_made_beside_the_results_of_queries(client, rows):
    hidden = client.query("SELECT 1").result()._table.dataset_id
    client.query_and_wait(f"CREATE TABLE `{hidden}.mine` AS SELECT 1 AS id")
    assert rows(f"SELECT id FROM `{client.project}`.`{hidden}`.`mine`") == [(1,)]
