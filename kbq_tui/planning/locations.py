"""The locations of a connection's datasets, and which dataset is in the wrong one. Pure."""

from collections.abc import Mapping
from dataclasses import replace

from kbq_tui.diagnosis import catalogue
from kbq_tui.i18n.messages import Message, message
from kbq_tui.model.codes import ProblemCode as Code
from kbq_tui.model.observed import Observed, Present, Unknown
from kbq_tui.model.problem import Context, Problem, RemedyStep
from kbq_tui.model.spec import DEFAULT_LOCATION, ConnectionSpec
from kbq_tui.shell.commands import ours


def resolve_location(spec: ConnectionSpec, observed: Observed) -> str | None:
    """Return the location that the datasets have or will have; None if a dataset could not be read or two differ.

    Existing datasets decide, because a dataset's location is fixed for life
    (https://cloud.google.com/bigquery/docs/locations#specify_locations); then the operator's wish; then `US`.
    """
    parts = [observed.datasets.get(w.name) for w in spec.datasets()]
    found = {p.value.location for p in parts if isinstance(p, Present)}
    if len(found) == 1:
        return found.pop()
    if len(found) > 1:
        return None
    if spec.location is None and any(isinstance(p, Unknown) for p in parts):
        return None
    return spec.location or DEFAULT_LOCATION


def right_location(wanted: str, places: Mapping[str, str]) -> str:
    """Return the right location: the one that was asked for if a dataset is there, else that of the first dataset.

    Args:
        wanted: the location that was asked for; may be empty.
        places: the location of each existing dataset, in the order of `ConnectionSpec.datasets`, so that the one with
            the data comes before the staging dataset.
    """
    found = list(places.values())
    return wanted if not found or wanted in found else found[0]


def location_to_adopt(spec: ConnectionSpec, observed: Observed) -> str | None:
    """Return the location to use instead of the one that was asked for: that of all existing datasets.

    None if none was asked for, no dataset exists, or they are in several locations; those are `misplaced`.
    """
    found = {part.value.location for part in observed.datasets.values() if isinstance(part, Present)}
    if spec.location is None or len(found) != 1:
        return None
    there = found.pop()
    return there if there != spec.location else None


def adopted(there: str) -> Message:
    """Return the sentence for a location that was adopted."""
    return message("The datasets exist in {there}, and a location cannot be changed: {there} it is.", there=there)


def misplaced(
    spec: ConnectionSpec, dataset: str, wanted: str, places: Mapping[str, str], context: Context
) -> Problem | None:
    """Return the problem of a dataset in the wrong location; None if there is none, or no such dataset.

    Args:
        spec: the connection.
        dataset: its name.
        wanted: the location that was asked for; may be empty.
        places: as for `right_location`.
        context: what is known of the connection.
    """
    at, right = places.get(dataset), right_location(wanted, places)
    if at is None:
        return None
    if at != right:
        problem = catalogue.problem(Code.TWO_LOCATIONS, context, dataset=dataset, location=right, found=at)
        cause = message(
            "Dataset {dataset} lies in {found}, and {others} in {location}; one query cannot use both.",
            dataset=dataset,
            found=at,
            others=", ".join(name for name, place in places.items() if place == right),
            location=right,
        )
        anew = message("A dataset that was made anew has no grants yet; have them made:")
        return replace(problem, cause=cause, steps=(*problem.steps, RemedyStep(anew, (ours("apply"),))))
    if wanted and at != wanted:
        return catalogue.problem(Code.LOCATION_FIXED, context, dataset=dataset, location=at, wanted=wanted)
    return None
