"""All entries of the catalogue; each is in the module of its subject, in `entries`."""

from collections.abc import Mapping
from typing import Final

from kbq_tui.diagnosis.entries import (
    access,
    account_keys,
    accounts,
    calls,
    data,
    datasets,
    encryption,
    external,
    key_files,
    klaviyo,
    machine,
    organization,
    projects,
    queries,
    rotation,
    signin,
    tables,
)
from kbq_tui.diagnosis.entry import Entry
from kbq_tui.model.codes import ProblemCode as Code

ENTRIES: Final[Mapping[Code, Entry]] = {
    entry.code: entry
    for module in (
        accounts,
        account_keys,
        access,
        organization,
        projects,
        calls,
        data,
        tables,
        datasets,
        queries,
        external,
        encryption,
        signin,
        klaviyo,
        key_files,
        rotation,
        machine,
    )
    for entry in module.ENTRIES
}
"""Every entry by code, in the order in which a manual would list them."""
CODES: Final = tuple(ENTRIES)
"""Every code."""
