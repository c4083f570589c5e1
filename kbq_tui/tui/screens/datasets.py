"""Step 2: the datasets, in one location."""

from textual.app import ComposeResult

from kbq_tui.i18n.messages import translate, translate_n
from kbq_tui.model.codes import ProblemCode as Code
from kbq_tui.model.spec import Direction, check_dataset
from kbq_tui.model.steps import Step
from kbq_tui.tui.screens.plan_step import PlanStepScreen
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
        """Return the label of the main button: create `n` datasets."""
        if again:
            return translate_n("Retry: Create {n} dataset", "Retry: Create {n} datasets", n)
        return translate_n("Create {n} dataset", "Create {n} datasets", n)

    def draw_body(self) -> None:
        """Draw the table, and what is wrong with a name because of another one."""
        super().draw_body()
        fault = self.host.wizard.fault()
        if fault is not None and fault.field == "staging_dataset":
            self.query_one("#field-staging_dataset", Field).reason(fault.reason)
