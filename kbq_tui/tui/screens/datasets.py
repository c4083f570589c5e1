"""Step 2: the datasets, in one location."""

from textual.app import ComposeResult
from textual.content import Content

from kbq_tui.i18n.messages import translate, translate_n
from kbq_tui.model.codes import ProblemCode as Code
from kbq_tui.model.observed import Absent, Present, Unknown
from kbq_tui.model.operations import ActionKey, ActionKind
from kbq_tui.model.refs import DatasetRef
from kbq_tui.model.spec import Direction, check_dataset
from kbq_tui.model.steps import Step
from kbq_tui.tui.glyphs import GLYPHS, STYLES, WORDS, Tone
from kbq_tui.tui.screens.plan_step import PlanStepScreen
from kbq_tui.tui.text import plain
from kbq_tui.tui.widgets.field import Field


class DatasetsScreen(PlanStepScreen):
    """Step 2: the names of the datasets, which of them exist, and which will be created."""

    step = Step.DATASETS
    warnings = (Code.DATASET_TWIN, Code.TABLES_EXPIRE, Code.PARTITIONS_EXPIRE, Code.PUBLIC_DATASET)
    help_name = "datasets"

    def fields(self) -> ComposeResult:
        """Lay out a field for each dataset that the direction needs."""
        draft = self.host.wizard.draft
        direction = Direction(draft.direction)
        if direction.imports:
            yield Field("import_dataset", translate("Klaviyo reads"), draft.import_dataset, check_dataset)
        if direction.exports:
            yield Field(
                "export_dataset",
                translate("Klaviyo writes"),
                draft.export_dataset,
                check_dataset,
                placeholder=translate("empty: {what}", what=draft.import_dataset),
                optional=True,
            )
        yield Field("staging_dataset", translate("Klaviyo's own"), draft.staging_dataset, check_dataset)

    def doing(self, n: int, *, again: bool) -> str:
        """Return the label of the main button: create so many datasets."""
        if again:
            return translate_n("Retry: Create {n} dataset", "Retry: Create {n} datasets", n)
        return translate_n("Create {n} dataset", "Create {n} datasets", n)

    def draw_body(self) -> None:
        """Draw the plan, and beside each field whether the dataset is there."""
        super().draw_body()
        wizard = self.host.wizard
        for field in self.query(Field):
            field.note(self._note(field.value.strip()))
        fault = wizard.fault()
        if fault is not None and fault.field == "staging_dataset":
            self.query_one("#field-staging_dataset", Field).reason(fault.reason)

    def _note(self, name: str) -> Content:
        """Say beside a name what is there under it."""
        wizard = self.host.wizard
        if wizard.observed is None or not wizard.current or not name:
            return Content("")
        match wizard.observed.datasets.get(name):
            case Present(value=info):
                return _said(Tone.OK, _inside(info.location, info.table_count))
            case Absent():
                if ActionKey(ActionKind.DATASET, DatasetRef(wizard.draft.project, name)).id in wizard.applied:
                    return _said(Tone.DONE, translate("made just now"))
                where = wizard.plan.location if wizard.plan else None
                return _said(Tone.CREATE, translate("new, in {where}", where=where) if where else translate("new"))
            case Unknown():  # the plan's row says why
                return _said(Tone.UNKNOWN, translate(WORDS[Tone.UNKNOWN]))
        return Content("")


def _inside(where: str, tables: int | None) -> str:
    if tables is None:
        return translate("in {where}", where=where)
    if not tables:
        return translate("in {where}, empty", where=where)
    return translate_n("in {where}, {n:,} table", "in {where}, {n:,} tables", tables, where=where)


def _said(tone: Tone, text: str) -> Content:
    return Content.assemble((f"{GLYPHS[tone]} ", STYLES[tone]), plain(text))
