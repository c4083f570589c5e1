"""Which dataset is in the wrong location, and where it has to be created again."""

from dataclasses import replace

import pytest

from kbq_tui.model.observed import DatasetInfo, Present
from kbq_tui.model.problem import Context
from kbq_tui.model.spec import ConnectionSpec
from kbq_tui.planning.locations import location_to_adopt, misplaced, right_location
from tests.planning.worlds import fresh

SPEC = ConnectionSpec("my-project")
CONTEXT = Context(project="my-project")


@pytest.mark.parametrize(
    ("wanted", "places", "right"),
    [
        ("", {}, ""),
        ("US", {}, "US"),
        ("", {"DATA": "EU"}, "EU"),
        ("US", {"DATA": "EU"}, "EU"),
        ("", {"DATA": "europe-west3", "TMP": "EU"}, "europe-west3"),
        ("EU", {"DATA": "europe-west3", "TMP": "EU"}, "EU"),
        ("US", {"DATA": "europe-west3", "TMP": "EU"}, "europe-west3"),
    ],
)
def test_the_right_location_is_the_one_asked_for_or_that_of_the_data(
    wanted: str, places: dict[str, str], right: str
) -> None:
    assert right_location(wanted, places) == right


def test_the_dataset_that_lies_elsewhere_is_made_anew_where_the_other_one_is() -> None:
    places = {"DATA": "US", "TMP": "us-central1"}
    assert misplaced(SPEC, "DATA", "US", places, CONTEXT) is None
    found = misplaced(SPEC, "TMP", "US", places, CONTEXT)
    assert found is not None
    assert found.code == "KBQ-TWO-LOCATIONS"
    assert str(found.cause) == "Dataset TMP lies in us-central1, and DATA in US; one query cannot use both."
    commands = "\n".join(map(str, found.remedy))
    assert 'CREATE SCHEMA IF NOT EXISTS `my-project.TMP` OPTIONS(location="US")' in commands
    assert "DATA\n" not in commands
    assert "--location=us-central1" not in commands


def test_one_location_that_was_not_asked_for_is_the_one_to_be_used() -> None:
    found = misplaced(SPEC, "DATA", "US", {"DATA": "EU", "TMP": "EU"}, CONTEXT)
    assert found is not None
    assert found.code == "KBQ-LOCATION-FIXED"
    assert "--location EU" in "".join(map(str, found.remedy))
    assert misplaced(SPEC, "NEW", "US", {"DATA": "EU"}, CONTEXT) is None


@pytest.mark.parametrize(
    ("asked", "places", "adopt"),
    [
        ("US", {"KLAVIYO_TMP": "EU"}, "EU"),
        ("US", {"KLAVIYO_TMP": "US"}, None),
        ("US", {"KLAVIYO_TMP": "EU", "KLAVIYO_IMPORT_FROM_DWH": "US"}, None),
        ("US", {}, None),
        (None, {"KLAVIYO_TMP": "EU"}, None),
    ],
)
def test_the_location_of_all_that_exists_is_adopted(
    asked: str | None, places: dict[str, str], adopt: str | None
) -> None:
    spec = replace(SPEC, location=asked)
    observed = fresh(spec)
    datasets = {**observed.datasets, **{name: Present(DatasetInfo(name, place)) for name, place in places.items()}}
    assert location_to_adopt(spec, replace(observed, datasets=datasets)) == adopt
