"""Klaviyo's article, step by step: what it asks for, and what the product does differently, in our own words.

Source: Klaviyo's help article "Connecting Klaviyo and BigQuery (Reverse ETL)", its five steps, and Google's pages on
what the commands in it really do.
"""

from kbq_tui.i18n.messages import N_
from kbq_tui.model.lean_dataclass import dataclass
from kbq_tui.model.steps import Step


@dataclass(frozen=True, slots=True)
class StepHelp:
    """One step.

    Attributes:
        title: the heading over the step, in our words.
        intro: one line: what this step does.
        article: the section of the article.
        wrong: what goes wrong if the article is followed exactly, and what is done here instead.
    """

    title: str
    intro: str
    article: str
    wrong: tuple[str, ...]


STEP_HELP = {
    Step.PROJECT: StepHelp(
        N_("Project"),
        N_("Nothing is changed by looking."),
        N_("before step 1"),
        (
            N_(
                "It says nothing of APIs, billing and organization policies. Each can stop the set-up, so they come"
                " first."
            ),
            N_(
                "It names no direction: with Viewer on the import dataset Klaviyo can read but never write. The"
                " direction decides the roles."
            ),
        ),
    ),
    Step.DATASETS: StepHelp(
        N_("Datasets"),
        N_("Two datasets in one location."),
        N_("step 1"),
        (
            N_(
                "Its CREATE SCHEMA names no location, so the dataset lands wherever the query happens to run, for ever."
                " Here it is chosen once, for both."
            ),
        ),
    ),
    Step.ACCOUNT: StepHelp(
        N_("Service account and key"),
        N_("An account for nothing else, and its key."),
        N_("step 2"),
        (
            N_(
                "It asks for KLAVIYO_DATA_TRANSFER_USER as the ID. Google refuses capitals and underscores; the name"
                " becomes the display name instead."
            ),
            N_("It leaves the key wherever the browser puts it. Here it gets mode 0600 in a separate folder."),
        ),
    ),
    Step.PERMISSIONS: StepHelp(
        N_("Permissions"),
        N_("The least roles that work."),
        N_("step 3"),
        (
            N_(
                "Its gcloud command has a --dataset flag that does not exist. Without the flag it would grant Data"
                " Editor on every dataset of the project."
            ),
            N_(
                "It grants Job User on datasets, where that role does not exist, so no query would run. It belongs on"
                " the project."
            ),
        ),
    ),
    Step.VERIFY: StepHelp(
        N_("Verify"),
        N_("Every check runs with Klaviyo's key."),
        N_("step 4"),
        (
            N_("Its checks run with your own login, so they prove nothing about the key."),
            N_("Its queries leave out the region, and so miss every dataset outside of the US."),
        ),
    ),
    Step.CONNECT: StepHelp(
        N_("Connect"),
        N_("Three values to carry over to Klaviyo."),
        N_("step 5"),
        (N_("It does not say that the dataset to type in is the import dataset, nor where the key file is."),),
    ),
}
