"""The project itself: its APIs, its billing, the quota project, and changes in progress."""

from typing import Final

from kbq_tui.diagnosis.entries.who import CLOUD, PROJECT_IAM_ADMIN, YOU
from kbq_tui.diagnosis.entry import (
    API_WAIT,
    GRANT,
    GRANT_WAIT,
    LOOK,
    REVOKE,
    Entry,
    Stage,
    back,
    helper,
    look,
    shared,
    step,
    wait,
)
from kbq_tui.model.codes import ProblemCode as Code
from kbq_tui.model.problem import Kind, Retry
from kbq_tui.shell import commands as cmd

ENTRIES: Final = (
    Entry(
        Code.API_DISABLED,
        "An API is switched off",
        "The API {service} is off in project {consumer}, or was turned on only minutes ago.",
        (
            # If the call was charged to another project than the connection's, the API is disabled there.
            *shared(step("Turn it on:", cmd.ENABLE_API.using(project="{consumer}"))),
            step(
                "If {consumer} is not this project, it is the quota project of your login. Set that right, too:",
                cmd.SET_QUOTA_PROJECT,
            ),
            wait("Wait a few minutes after turning it on."),
        ),
        "Whoever may turn on APIs: serviceusage.services.enable, role Service Usage Admin "
        "(roles/serviceusage.serviceUsageAdmin) on the project.",
        CLOUD + "service-usage/docs/enable-disable",
        retry=Retry.NOT_YET,
        wait=API_WAIT,
        settle=API_WAIT,
        matchers=(
            (Stage.KINDS, r"the project \S{1,120} has not enabled \w"),
            (Stage.WORDS, r"has not been used in project (?:.{1,80} )?before or it is disabled|\bSERVICE_DISABLED\b"),
            (Stage.WORDS, r"\bAPI \S{0,80} ?(?:is )?not enabled (?:on|for|in) project|accessNotConfigured"),
        ),
        reasons=(
            "service_disabled",
            "accessnotconfigured",
        ),
    ),
    Entry(
        Code.BILLING_OFF,
        "Billing is off",
        "Project {project} has no active billing account: BigQuery then runs as its sandbox, where INSERT is refused "
        "and tables expire after 60 days.",
        (
            look("See the billing state:", cmd.SHOW_BILLING),
            *shared(
                step("Link a billing account (list them with the first command):", cmd.LIST_BILLING, cmd.LINK_BILLING)
            ),
            look(
                "Datasets made without billing keep a 60-day expiration for new tables. This names them, each with the "
                "command that takes it off:",
                cmd.ours("verify"),
            ),
            *helper(
                look(LOOK, cmd.SHOW_BILLING),
                back(
                    "To take it back, unlink it; if another one was linked before, link that again instead:",
                    cmd.LINK_BILLING,
                ),
            ),
        ),
        "Someone with billing.resourceAssociations.create (role Billing Account User, roles/billing.user, on "
        "the billing "
        "account) and resourcemanager.projects.createBillingAssignment (Project Billing Manager on the project).",
        CLOUD + "billing/docs/how-to/modify-project",
        matchers=(
            (Stage.FIRST, r"billing has not been enabled|not allowed in the free tier"),
            (
                Stage.WORDS,
                r"billingNotEnabled|requires billing to be enabled|billing must be enabled for|BILLING_DISABLED|"
                r"associated with an? \w{1,20} billing account|has (?:billing disabled|not configured billing)",
            ),
            (Stage.WORDS, r"expiration time must be less than 60 days|billing account .{0,100}(?:disabled|closed)"),
        ),
        reasons=(
            "billing_disabled",
            "billingnotenabled",
        ),
    ),
    Entry(
        Code.PROJECT_SUSPENDED,
        "Google has suspended the project",
        "Google answers no call for project {project}: it or its billing account was suspended. No role changes that.",
        (
            "Read what Google wrote to the project's owners, or have an owner read it: it names the reason, and how "
            "to appeal.",
            look("See the billing state:", cmd.SHOW_BILLING),
        ),
        YOU,
        CLOUD + "resource-manager/docs/project-suspension-guidelines",
        Kind.NOT_PERMITTED,
        matchers=((Stage.KINDS, r"\bconsumer \S{1,200} has been suspended"),),
        reasons=("consumer_suspended",),
    ),
    Entry(
        Code.CONCURRENT_CHANGE,
        "Somebody else changed it at the same time",
        "Between reading and writing, somebody else wrote; nothing of theirs was overwritten.",
        (
            "Try again: what is there now is read anew, changed and written.",
            "If it happens over and over, look for automation that writes the same policy.",
        ),
        "You: try again.",
        CLOUD + "iam/docs/allow-policies#etag",
        Kind.CONFLICT,
        Retry.REDO,
        matchers=(
            (Stage.WORDS, r"concurrent policy changes|read-modify-write"),
            (Stage.LAST, r"\bconditionNotMet\b"),
        ),
        late_reasons=("conditionnotmet",),
    ),
    Entry(
        Code.QUOTA_PROJECT,
        "The login may not use its quota project",
        "Calls are charged to project {consumer}, which the signed-in account may not use or which is not set.",
        (
            step("Set a project you may use:", cmd.SET_QUOTA_PROJECT),
            "Or ask for the role Service Usage Consumer (roles/serviceusage.serviceUsageConsumer) there.",
            *shared(
                look(LOOK, cmd.SHOW_POLICY.using(project="{consumer}")),
                step(
                    GRANT,
                    cmd.GRANT_OPERATOR.using(role="roles/serviceusage.serviceUsageConsumer", project="{consumer}"),
                ),
                back(
                    REVOKE,
                    cmd.GRANT_OPERATOR.using(role="roles/serviceusage.serviceUsageConsumer", project="{consumer}"),
                ),
            ),
        ),
        PROJECT_IAM_ADMIN,
        CLOUD + "docs/quotas/set-quota-project",
        Kind.NOT_PERMITTED,
        settle=GRANT_WAIT,
        matchers=(
            (Stage.WORDS, r"required permission to use project|requires a quota project|USER_PROJECT_DENIED"),
            (Stage.LAST, r"end user credentials from google cloud sdk without a quota project"),
        ),
        reasons=("user_project_denied",),
        permissions=("serviceusage.services.use",),
    ),
    Entry(
        Code.PROJECT_NOT_FOUND,
        "The project does not exist, or you may not see it",
        "Google does not find project {project} for the signed-in account.",
        (
            look("Check the project ID; it is neither the name nor the number:", cmd.LIST_PROJECTS, cmd.SHOW_PROJECT),
            look("Check who is signed in:", cmd.SHOW_LOGIN),
            step("If it is being deleted, it can be restored for 30 days:", cmd.UNDELETE_PROJECT),
            *helper(look(LOOK, cmd.SHOW_PROJECT), step(GRANT, cmd.GRANT_OPERATOR.using(role="roles/browser"))),
        ),
        "A project owner: role Browser (roles/browser) on the project is enough to see it.",
        CLOUD + "resource-manager/docs/creating-managing-projects",
        Kind.NOT_FOUND,
        matchers=(
            (Stage.KINDS, r"invalid project id\b"),
            (Stage.KINDS, r"make sure it references valid gcp project"),
            (Stage.WORDS, r"not found: project\b"),
            (Stage.WORDS, r"\bproject \S{1,100} (?:not found or deleted|is pending deletion)"),
            (Stage.WORDS, r"\bproject [#'\"\[]?(?=\S{0,60}[\d/-])\S{1,100} has been deleted(?! from)"),
            (Stage.LAST, r"projects instance \[[^\]:\n]{1,80}\] \(or it may not exist\)"),
        ),
        reasons=("consumer_invalid",),
    ),
)
