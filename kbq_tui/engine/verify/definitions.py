"""How a check is defined: its description, its function, and how that is run."""

from collections.abc import Awaitable, Callable, Iterator
from enum import Enum, auto
from itertools import groupby

from kbq_tui.engine.verify.context import CheckContext
from kbq_tui.engine.verify.refusals import never
from kbq_tui.i18n.messages import Message
from kbq_tui.model.changes import PROJECT_GRANT, Subject, grant_on
from kbq_tui.model.checks import Check
from kbq_tui.model.judgements import Judged
from kbq_tui.model.lean_dataclass import dataclass
from kbq_tui.model.problem import Problem
from kbq_tui.model.spec import DATA_VIEWER, ConnectionSpec, RequiredDataset

Ask = Callable[[CheckContext], Awaitable[Judged]]
AskOfDataset = Callable[[CheckContext, RequiredDataset], Awaitable[Judged]]
Datasets = Callable[[ConnectionSpec], tuple[RequiredDataset, ...]]
_PROJECT_GRANTS: tuple[Subject, ...] = (PROJECT_GRANT,)


class CheckStage(Enum):
    """When a check is run; the checks of one stage run at the same time."""

    SIGN_IN = auto()
    WITH_KEY = auto()
    """Skipped if the key does not sign in."""
    LAST = auto()


@dataclass(frozen=True, slots=True)
class DefinedCheck:
    """One check of a connection, and how it is run.

    Attributes:
        check: its description.
        ask: makes the calls and returns the verdict. A `ProblemError` makes the check unknown, or fails it (`fails`).
        call: returns the SQL or call that it makes, to be shown.
        fails: whether a refusal is what the check is about; any other makes it unknown.
        depends_on: our own changes that must have taken effect at Google for it to pass. If one of them is recent, the
            check is repeated for a while; otherwise it is not.
        stage: when it is run.
        after: the id of a check of the same stage that has to end first; or empty.
    """

    check: Check
    ask: Ask
    call: Callable[[CheckContext], str | Message]
    fails: Callable[[Problem], bool] = never
    depends_on: tuple[Subject, ...] = _PROJECT_GRANTS
    stage: CheckStage = CheckStage.WITH_KEY
    after: str = ""

    @property
    def id(self) -> str:
        """The check's id."""
        return self.check.id


@dataclass(frozen=True, slots=True)
class DatasetCheck:
    """A check that is run for each of some datasets.

    Attributes:
        datasets: returns the datasets it may be run for; adjacent checks in the registry with the same function are
            shown together, dataset by dataset.
        applies: whether it is run for one of them.
        of: returns the check for one dataset.
    """

    datasets: Datasets
    applies: Callable[[RequiredDataset], bool]
    of: Callable[[RequiredDataset], DefinedCheck]


class CheckRegistry:
    """All checks, in the order in which they are shown. Its methods `once` and `per_dataset` are decorators that add a
    check."""

    def __init__(self) -> None:
        self._entries: list[DefinedCheck | DatasetCheck] = []

    def once(
        self,
        check: Check,
        *,
        call: Callable[[CheckContext], str | Message],
        fails: Callable[[Problem], bool] = never,
        depends_on: tuple[Subject, ...] = _PROJECT_GRANTS,
        stage: CheckStage = CheckStage.WITH_KEY,
        after: str = "",
    ) -> Callable[[Ask], DefinedCheck]:
        """Add a check that is run once for a connection. The arguments are the attributes of `DefinedCheck`."""

        def add(ask: Ask) -> DefinedCheck:
            defined = DefinedCheck(check, ask, call, fails, depends_on, stage, after)
            self._entries.append(defined)
            return defined

        return add

    def per_dataset(
        self,
        datasets: Datasets,
        check: Callable[[RequiredDataset], Check],
        *,
        call: Callable[[CheckContext, RequiredDataset], str | Message],
        applies: Callable[[RequiredDataset], bool] = lambda dataset: True,
        fails: Callable[[Problem], bool] = never,
        depends_on: Callable[[RequiredDataset], tuple[Subject, ...]] = lambda dataset: _PROJECT_GRANTS,
    ) -> Callable[[AskOfDataset], DatasetCheck]:
        """Add a check that is run once for each of some datasets.

        Args:
            datasets, applies: see `DatasetCheck`.
            check: describes it for a dataset.
            call, fails, depends_on: as in `DefinedCheck`, for a dataset.
        """

        def add(ask: AskOfDataset) -> DatasetCheck:
            def of(dataset: RequiredDataset) -> DefinedCheck:
                return DefinedCheck(
                    check(dataset),
                    lambda context: ask(context, dataset),
                    lambda context: call(context, dataset),
                    fails,
                    depends_on(dataset),
                )

            defined = DatasetCheck(datasets, applies, of)
            self._entries.append(defined)
            return defined

        return add

    def of(self, spec: ConnectionSpec) -> Iterator[DefinedCheck]:
        """Yield every check of a connection, in the order in which they are shown."""
        for datasets, block in groupby(self._entries, key=_datasets_of):
            entries = tuple(block)
            if datasets is None:
                yield from (entry for entry in entries if isinstance(entry, DefinedCheck))
            else:
                for dataset in datasets(spec):
                    for entry in entries:
                        if isinstance(entry, DatasetCheck) and entry.applies(dataset):
                            yield entry.of(dataset)


def _datasets_of(entry: DefinedCheck | DatasetCheck) -> Datasets | None:
    return entry.datasets if isinstance(entry, DatasetCheck) else None


def every_dataset(spec: ConnectionSpec) -> tuple[RequiredDataset, ...]:
    """Return every dataset of a connection."""
    return spec.datasets()


def staging_dataset(spec: ConnectionSpec) -> tuple[RequiredDataset, ...]:
    """Return the dataset for Klaviyo's temporary tables."""
    return tuple(dataset for dataset in spec.datasets() if dataset.purpose == "staging")


def shared_datasets(spec: ConnectionSpec) -> tuple[RequiredDataset, ...]:
    """Return the datasets through which data is exchanged: all except the staging dataset."""
    return tuple(dataset for dataset in spec.datasets() if dataset.purpose != "staging")


def only_read(dataset: RequiredDataset) -> bool:
    """Return whether Klaviyo only reads a dataset."""
    return dataset.role == DATA_VIEWER


def written(dataset: RequiredDataset) -> bool:
    """Return whether Klaviyo writes to a dataset."""
    return not only_read(dataset)


def its_grant(dataset: RequiredDataset) -> tuple[Subject, ...]:
    """Return our own grant on a dataset, on which a check depends."""
    return (grant_on(dataset.name),)


def nothing_of_ours(dataset: RequiredDataset) -> tuple[Subject, ...]:
    """Return nothing: a check that depends on no change of ours is not repeated."""
    return ()
