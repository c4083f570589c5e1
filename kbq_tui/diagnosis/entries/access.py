"""Refusals: permissions, and roles that are missing, too wide or granted on the wrong resource."""

from typing import Final

from kbq_tui.diagnosis.entries.who import CLOUD, DATA_OWNER, PROJECT_IAM_ADMIN
from kbq_tui.diagnosis.entry import (
    GRANT,
    GRANT_WAIT,
    LATE,
    LOOK,
    Entry,
    Stage,
    helper,
    look,
    run,
    shared,
    step,
    undo,
    wait,
)
from kbq_tui.model.codes import ProblemCode as Code
from kbq_tui.model.problem import Kind
from kbq_tui.model.refs import DatasetRef, ProjectRef, TableRef
from kbq_tui.shell import commands as cmd

ENTRIES: Final = (
    Entry(
        Code.PERMISSION_MISSING,
        "A permission is missing",
        "The permission {permission} is missing in project {project}.",
        (
            look("See who is signed in, and which roles they hold:", cmd.SHOW_LOGIN, cmd.SHOW_POLICY),
            "Ask for a role that has {permission}, or have the step done by someone who holds it.",
            LATE,
            *helper(look(LOOK, cmd.SHOW_POLICY), step(GRANT, cmd.GRANT_OPERATOR)),
        ),
        PROJECT_IAM_ADMIN,
        CLOUD + "iam/docs/permissions-reference",
        Kind.NOT_PERMITTED,
        settle=GRANT_WAIT,
    ),
    Entry(
        Code.NOT_PERMITTED,
        "Google refuses it, and does not name the permission",
        "Whoever asked does not have the permission for this in project {project}, or the thing does not exist.",
        (
            look("See who is signed in, and which roles they hold:", cmd.SHOW_LOGIN, cmd.SHOW_POLICY),
            "Check the names: Google gives the same answer for what does not exist.",
            wait("If a role was granted a moment ago, wait: two minutes as a rule, sometimes seven or more."),
            *helper(look(LOOK, cmd.SHOW_POLICY), step(GRANT, cmd.GRANT_OPERATOR)),
        ),
        PROJECT_IAM_ADMIN,
        CLOUD + "iam/docs/troubleshoot-access",
        Kind.NOT_PERMITTED,
        settle=GRANT_WAIT,
        matchers=((Stage.LAST, r"the caller does not have permission|update access denied"),),
    ),
    Entry(
        Code.JOB_USER_MISSING,
        "Queries are not allowed: the role Job User is missing",
        "Running a query needs bigquery.jobs.create in project {project}, and whoever asked does not have it.",
        (
            *shared(
                step(
                    "Grant the service account the role BigQuery Job User on the project (it cannot be granted on a "
                    "dataset):",
                    cmd.GRANT_JOB_USER,
                )
            ),
            "If it was your own query, ask for BigQuery Job User for yourself.",
            LATE,
        ),
        PROJECT_IAM_ADMIN,
        CLOUD + "bigquery/docs/access-control#bigquery.jobUser",
        Kind.NOT_PERMITTED,
        settle=GRANT_WAIT,
        permissions=("bigquery.jobs.create",),
    ),
    Entry(
        Code.DATASET_CREATE_DENIED,
        "You may not create datasets",
        "Creating a dataset needs bigquery.datasets.create in project {project}, which is missing.",
        (
            step(
                "Ask for the role BigQuery User (roles/bigquery.user) on the project, or have the dataset created:",
                cmd.CREATE_DATASET,
            ),
            "Check the project ID: it is neither the project's name nor its number.",
            *helper(run(cmd.CREATE_DATASET)),
        ),
        PROJECT_IAM_ADMIN,
        CLOUD + "bigquery/docs/datasets#required_permissions",
        Kind.NOT_PERMITTED,
        settle=GRANT_WAIT,
        permissions=("bigquery.datasets.create",),
    ),
    Entry(
        Code.DATASET_GRANT_DENIED,
        "You may not change who has access to the dataset",
        "Granting on dataset {dataset} needs {permission}, which is missing.",
        (
            step(
                "Have the dataset's owner grant it; Viewer where Klaviyo reads, Editor where it writes:",
                cmd.GRANT_VIEWER,
                cmd.GRANT_EDITOR,
            ),
            "Or ask for BigQuery Data Owner (roles/bigquery.dataOwner) on this dataset.",
            step(
                "Where access lists are fine-grained, a custom role needs both bigquery.datasets.update and "
                "bigquery.datasets.setIamPolicy; ROLE_ID is its name:",
                cmd.WIDEN_ROLE_WRITE,
            ),
            *helper(run(cmd.GRANT_VIEWER, cmd.GRANT_EDITOR)),
        ),
        DATA_OWNER,
        CLOUD + "bigquery/docs/control-access-to-resources-iam",
        Kind.NOT_PERMITTED,
        settle=GRANT_WAIT,
        permissions=(
            "bigquery.datasets.update",
            "bigquery.datasets.setIamPolicy",
        ),
    ),
    Entry(
        Code.ROLE_LEVEL,
        "The role cannot be granted there",
        "The role {role} does not exist on this kind of resource; BigQuery Job User, for one, "
        "exists on projects, folders and organizations only.",
        (
            *shared(step("Grant Job User on the project:", cmd.GRANT_JOB_USER)),
            step("Grant Data Viewer and Data Editor on a dataset:", cmd.GRANT_VIEWER, cmd.GRANT_EDITOR),
            *helper(look(LOOK, cmd.SHOW_POLICY)),
        ),
        PROJECT_IAM_ADMIN,
        CLOUD + "iam/docs/roles-permissions/bigquery",
        matchers=((Stage.WORDS, r"\brole \S{1,200} is not supported for this resource"),),
    ),
    Entry(
        Code.PRINCIPAL_TYPE,
        "The principal's type is missing, or is another one",
        "Google takes a principal only with its type before the address (serviceAccount:, user:, group:); here it is "
        "missing, or is not the type that the address has.",
        (
            "Put the type before the address: serviceAccount: where it ends in gserviceaccount.com, otherwise user: "
            "for a person and group: for a group.",
            *shared(step("Grant Job User on the project:", cmd.GRANT_JOB_USER)),
            step("Grant Data Viewer and Data Editor on a dataset:", cmd.GRANT_VIEWER, cmd.GRANT_EDITOR),
            *helper(look(LOOK, cmd.SHOW_POLICY)),
        ),
        PROJECT_IAM_ADMIN,
        CLOUD + "iam/docs/principal-identifiers",
        matchers=(
            (
                Stage.WORDS,
                r"\b(?:principal|account|member|email) \S{1,300} is of (?:an unknown type|type \W{0,2}(?:user|group|"
                r"serviceAccount)\b)|policy members must be of the form",
            ),
        ),
    ),
    Entry(
        Code.GCLOUD_CONDITION,
        "gcloud asks for a condition",
        "Somebody's role in the policy has a condition, so gcloud wants to be told that the new grant has none.",
        (
            *shared(step("Say so with --condition=None, as here:", cmd.GRANT_JOB_USER)),
            *helper(look(LOOK, cmd.SHOW_POLICY)),
        ),
        PROJECT_IAM_ADMIN,
        CLOUD + "iam/docs/managing-conditional-role-bindings",
        matchers=((Stage.WORDS, r"without specifying a condition to a policy containing conditions"),),
    ),
    Entry(
        Code.GCLOUD_DATASET_FLAG,
        "The command cannot grant on a dataset",
        "Klaviyo's article gives gcloud projects add-iam-policy-binding an argument --dataset, which does not exist; "
        "and bq add-iam-policy-binding takes a dataset only in projects that Google has admitted to that feature.",
        (
            "Do not simply delete --dataset: that grants Data Editor on every dataset of the project.",
            *shared(
                step(
                    "Grant on the dataset instead; Viewer where Klaviyo reads, Editor where it writes:",
                    cmd.GRANT_VIEWER,
                    cmd.GRANT_EDITOR,
                )
            ),
            *helper(look(LOOK, cmd.SHOW_DATASET)),
        ),
        DATA_OWNER,
        CLOUD + "bigquery/docs/control-access-to-resources-iam",
        matchers=(
            (Stage.WORDS, r"\(gcloud\.[\w.-]{1,100}\) unrecognized arguments:.{0,40} --dataset"),
            # As of 2026-07: https://github.com/GoogleCloudPlatform/BigQuery-Agent-Analytics-SDK/pull/340
            (Stage.WORDS, r"-iam-policy(?:-binding)?\b.{0,300}requires allowlisting"),
        ),
    ),
    Entry(
        Code.ACCESS_ENTRY,
        "An entry of the access list has the wrong form",
        "Each entry of a dataset's access list names one member with a role (userByEmail, groupByEmail, domain, "
        "specialGroup or iamMember), or one view, routine or dataset without a role.",
        (
            look("Compare what was sent with the list as it is:", cmd.SHOW_DATASET),
            *shared(
                step(
                    "To let one account in, no list has to be sent; Viewer where Klaviyo reads, Editor where it "
                    "writes:",
                    cmd.GRANT_VIEWER,
                    cmd.GRANT_EDITOR,
                )
            ),
            *helper(look(LOOK, cmd.SHOW_DATASET)),
        ),
        DATA_OWNER,
        CLOUD + "bigquery/docs/reference/rest/v2/datasets#Dataset.FIELDS.access",
        matchers=(
            (
                Stage.WORDS,
                r"\ban access entry (?:must have exactly one of|for (?:view|routine|dataset) needs an empty role)",
            ),
        ),
    ),
    Entry(
        Code.OVER_GRANT,
        "The service account holds more than it needs",
        "The account {account} holds {role} on {resource}, which the connection does not need.",
        (
            "See whether something else relies on it; the account should serve nothing but Klaviyo.",
            *shared(
                step("If it is held on the project, take it away:", cmd.REVOKE_PROJECT, level=ProjectRef),
                step("If it is held on a dataset, take it away there:", cmd.REVOKE_DATASET, level=DatasetRef),
                step("If it is held on a table or view alone, take it away there:", cmd.REVOKE_TABLE, level=TableRef),
            ),
            *helper(look(LOOK, cmd.SHOW_POLICY, cmd.SHOW_DATASET)),
        ),
        "On the project a project IAM administrator: resourcemanager.projects.setIamPolicy, role Project IAM Admin "
        "(roles/resourcemanager.projectIamAdmin); on a dataset, table or view its owner: bigquery.datasets.update, "
        "bigquery.tables.setIamPolicy, role BigQuery Data Owner (roles/bigquery.dataOwner).",
        CLOUD + "iam/docs/using-iam-securely#least_privilege",
        Kind.CONFLICT,
    ),
    Entry(
        Code.INHERITED_ACCESS,
        "The service account is let in by a role that is not its own",
        "The account {account} has {role} on {resource}, and no role of its own was seen that gives it: it may come "
        "from a group, from everybody, from the project, a folder or the organization.",
        (
            "Find out what lets it in, then take that away: the account out of the group, or the role from the "
            "group or from everybody.",
            *shared(
                look(
                    "This shows who is let in on the project, its folders and its organization:",
                    cmd.SHOW_ALL_POLICIES,
                    level=ProjectRef,
                ),
                look("This shows who is let in on the dataset:", cmd.SHOW_DATASET, level=DatasetRef),
                look("This shows who is let in on the table or view:", cmd.SHOW_TABLE_POLICY, level=TableRef),
            ),
            *helper(
                step(
                    "By hand: take the account out of the group, or the role away from the group or from everybody, "
                    "and write down which it was."
                ),
                undo(
                    "To take it back, put the account into the group again, or grant the role again to whom it was "
                    "taken from."
                ),
            ),
        ),
        "Whoever manages the group; else, on a dataset, table or view its owner: role BigQuery Data Owner "
        "(roles/bigquery.dataOwner), on the project a project IAM administrator: role Project IAM Admin "
        "(roles/resourcemanager.projectIamAdmin), on a folder or the organization its administrator.",
        CLOUD + "iam/docs/resource-hierarchy-access-control",
        Kind.CONFLICT,
    ),
    Entry(
        Code.NOT_SEARCHED,
        "Not every place was searched for over-grants",
        "Of what is in {resource}, only the first {limit} were searched for roles of the account {account}.",
        (
            look(
                "For the rest ask Google's asset inventory, which searches every policy of the project at once:",
                cmd.SEARCH_POLICIES,
            ),
            "What it names and the connection does not need, take away there.",
        ),
        "You, with the role Cloud Asset Viewer (roles/cloudasset.viewer) on the project.",
        CLOUD + "asset-inventory/docs/search-allow-policies",
        Kind.CONFLICT,
    ),
)
