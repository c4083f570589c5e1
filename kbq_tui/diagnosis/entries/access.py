"""Refusals: permissions, organization policies, APIs, billing, perimeters. Rows 9-12, 15-19, 26, 27."""

from typing import Final

from kbq_tui.diagnosis import requests as ask
from kbq_tui.diagnosis.entry import API_WAIT, GRANT_WAIT, Entry
from kbq_tui.model.problem import Kind, Retry
from kbq_tui.shell import commands as cmd

_CLOUD: Final = "https://cloud.google.com/"
_PROJECT_IAM_ADMIN: Final = (
    "A project IAM administrator: resourcemanager.projects.setIamPolicy, role Project IAM Admin "
    "(roles/resourcemanager.projectIamAdmin) on the project."
)
_POLICY_ADMIN: Final = (
    "An organization policy administrator: orgpolicy.policy.set, role Organization Policy Administrator "
    "(roles/orgpolicy.policyAdmin) on the organization. Project Owner and Organization Administrator do not have it."
)
_DATA_OWNER: Final = (
    "The dataset's owner: bigquery.datasets.update, role BigQuery Data Owner (roles/bigquery.dataOwner) on the dataset."
)
_EXCEPTION: Final = "Ask for an exception at this one project (or by a tag on it), never for the whole organization:"
_DOMAIN_EXCEPTION: Final = (
    "\n".join((_EXCEPTION, *cmd.LIFT_DOMAINS)),
    "Grant, and have the policy restored at once; grants that exist go on working. If the project had a policy of its "
    "own before, set that one again instead:\n" + "\n".join(cmd.RESTORE_DOMAINS),
)

ENTRIES: Final = (
    Entry(
        "KBQ-PERMISSION-MISSING",
        "A permission is missing",
        "The permission {permission} is missing in project {project}.",
        (
            "See who is signed in, and which roles they hold:\n" + cmd.SHOW_LOGIN + "\n" + cmd.SHOW_POLICY,
            "Ask for a role that has {permission}, or have the step done by someone who holds it.",
            "If the role was granted a moment ago, wait: two minutes as a rule, sometimes seven or more.",
        ),
        _PROJECT_IAM_ADMIN,
        _CLOUD + "iam/docs/permissions-reference",
        Kind.NOT_PERMITTED,
        settle=GRANT_WAIT,
    ),
    Entry(
        "KBQ-NOT-PERMITTED",
        "Google refuses it, and does not name the permission",
        "Whoever asked does not have the permission for this in project {project}, or the thing does not exist.",
        (
            f"See who is signed in, and which roles they hold:\n{cmd.SHOW_LOGIN}\n{cmd.SHOW_POLICY}",
            "Check the names: Google gives the same answer for what does not exist.",
            "If a role was granted a moment ago, wait: two minutes as a rule, sometimes seven or more.",
        ),
        _PROJECT_IAM_ADMIN,
        _CLOUD + "iam/docs/troubleshoot-access",
        Kind.NOT_PERMITTED,
        settle=GRANT_WAIT,
    ),
    Entry(
        "KBQ-DENY-POLICY",
        "An IAM deny policy stands in the way",
        "A deny policy takes {permission} away, whatever roles are granted.",
        (
            "Granting a role does not help: find the deny policy on the project, its folders or the organization. Ask "
            "for an exception for your account, or have the step done by someone who is excepted.",
            *ask.remedy(ask.DENY),
        ),
        "An IAM deny administrator: iam.denypolicies.update, role Deny Admin (roles/iam.denyAdmin) on the "
        "organization.",
        _CLOUD + "iam/docs/deny-overview",
        Kind.NOT_PERMITTED,
    ),
    Entry(
        "KBQ-JOB-USER-MISSING",
        "Queries are not allowed: the role Job User is missing",
        "Running a query needs bigquery.jobs.create in project {project}, and whoever asked does not have it.",
        (
            "Grant the service account the role BigQuery Job User on the project (it cannot be granted on a dataset):\n"
            + cmd.GRANT_JOB_USER,
            "If it was your own query, ask for BigQuery Job User for yourself.",
            "If the role was granted a moment ago, wait: two minutes as a rule, sometimes seven or more.",
        ),
        _PROJECT_IAM_ADMIN,
        _CLOUD + "bigquery/docs/access-control#bigquery.jobUser",
        Kind.NOT_PERMITTED,
        settle=GRANT_WAIT,
    ),
    Entry(
        "KBQ-DATASET-CREATE-DENIED",
        "You may not create datasets",
        "Creating a dataset needs bigquery.datasets.create in project {project}, which is missing.",
        (
            "Ask for the role BigQuery User (roles/bigquery.user) on the project, or have the dataset created:\n"
            + cmd.CREATE_DATASET,
            "Check the project ID: it is neither the project's name nor its number.",
        ),
        _PROJECT_IAM_ADMIN,
        _CLOUD + "bigquery/docs/datasets#required_permissions",
        Kind.NOT_PERMITTED,
        settle=GRANT_WAIT,
    ),
    Entry(
        "KBQ-DATASET-GRANT-DENIED",
        "You may not change who has access to the dataset",
        "Granting on dataset {dataset} needs {permission}, which is missing.",
        (
            "Have the dataset's owner grant it; Viewer where Klaviyo reads, Editor where it writes:\n"
            + cmd.GRANT_VIEWER
            + "\n"
            + cmd.GRANT_EDITOR,
            "Or ask for BigQuery Data Owner (roles/bigquery.dataOwner) on this dataset.",
            "Where access lists are fine-grained, a custom role needs both bigquery.datasets.update and "
            f"bigquery.datasets.setIamPolicy; ROLE_ID is its name:\n{cmd.WIDEN_ROLE_WRITE}",
        ),
        _DATA_OWNER,
        _CLOUD + "bigquery/docs/control-access-to-resources-iam",
        Kind.NOT_PERMITTED,
        settle=GRANT_WAIT,
    ),
    Entry(
        "KBQ-API-DISABLED",
        "An API is switched off",
        "The API {service} is off in project {consumer}, or was turned on only minutes ago.",
        (
            # Where the call was charged to another project than the connection's, it is off there.
            "Turn it on:\n" + cmd.ENABLE_API.replace("{project}", "{consumer}"),
            "If {consumer} is not this project, it is the quota project of your login. Set that right, too:\n"
            + cmd.SET_QUOTA_PROJECT,
            "Wait a few minutes after turning it on.",
        ),
        "Whoever may turn on APIs: serviceusage.services.enable, role Service Usage Admin "
        "(roles/serviceusage.serviceUsageAdmin) on the project.",
        _CLOUD + "service-usage/docs/enable-disable",
        retry=Retry.NOT_YET,
        wait=API_WAIT,
        settle=API_WAIT,
    ),
    Entry(
        "KBQ-VPC-SC",
        "VPC Service Controls refuse the request",
        "A VPC Service Controls perimeter around project {project} does not let the request in; "
        "its unique identifier is {vpc_sc_id}.",
        (
            "Give the administrators of the perimeter this identifier: {vpc_sc_id}. It finds the entry in their "
            "audit log.",
            "Ask for an ingress rule for the service account, to BigQuery only. "
            "Who is inside the perimeter may pass where Klaviyo does not.",
            "If it is you who is refused, run this program on a machine inside the perimeter, or ask for the same rule "
            "for your own account, too, while you set this up.",
            *ask.remedy(ask.VPC_SC),
            "Addresses Klaviyo has named (April 2025; ask Klaviyo for today's): 184.72.183.187, 52.206.71.52, "
            "3.227.146.32, "
            "44.198.39.11, 35.172.58.121, 3.228.37.244, 54.88.219.8, 3.214.211.176.",
        ),
        "An Access Context Manager administrator: accesscontextmanager.servicePerimeters.update, role Access Context "
        "Manager Admin (roles/accesscontextmanager.policyAdmin) on the organization.",
        _CLOUD + "vpc-service-controls/docs/troubleshooting",
        Kind.NOT_PERMITTED,
    ),
    Entry(
        "KBQ-GRANT-BLOCKED",
        "An organization policy forbids this grant",
        "An organization policy does not allow {account} in the access list of dataset {dataset}.",
        (
            "See which policy restricts members; legacy and managed:\n" + "\n".join(cmd.LOOK_DOMAINS),
            *_DOMAIN_EXCEPTION,
        ),
        _POLICY_ADMIN,
        _CLOUD + "resource-manager/docs/organization-policy/restricting-domains",
        Kind.NOT_PERMITTED,
    ),
    Entry(
        "KBQ-DOMAIN-RESTRICTED",
        "Sharing is restricted to certain domains",
        "The organization lets only principals of permitted customers into a policy, and one of those named is not.",
        (
            "See who is permitted; legacy and managed constraint:\n" + "\n".join(cmd.LOOK_DOMAINS),
            "A service account of a project in your own organization is permitted as a rule: check the e-mail "
            "{account}.",
            *_DOMAIN_EXCEPTION,
        ),
        _POLICY_ADMIN,
        _CLOUD + "resource-manager/docs/organization-policy/restricting-domains",
        Kind.NOT_PERMITTED,
    ),
    Entry(
        "KBQ-LOCATION-FORBIDDEN",
        "The location is not allowed",
        "The organization policy gcp.resourceLocations does not allow datasets of project {project} there.",
        (
            "See which locations are allowed:\n" + "\n".join(cmd.LOOK_LOCATIONS),
            "Choose one of them for both datasets; only if none will do, go on with the next step.",
            f"{_EXCEPTION}\n{cmd.LIFT_LOCATIONS}",
            "Create the datasets, and have the policy restored at once; datasets that exist stay. If the project had a "
            f"policy of its own before, set that one again instead:\n{cmd.RESTORE_LOCATIONS}",
        ),
        _POLICY_ADMIN,
        _CLOUD + "resource-manager/docs/organization-policy/defining-locations",
        Kind.NOT_PERMITTED,
    ),
    Entry(
        "KBQ-ORG-POLICY",
        "An organization policy forbids this",
        "The organization policy {constraint} forbids the change in project {project}.",
        (
            "Ask for an exception at this project, make the change, and have the policy restored.",
            *ask.remedy(ask.ORG_POLICY),
        ),
        _POLICY_ADMIN,
        _CLOUD + "resource-manager/docs/organization-policy/org-policy-constraints",
        Kind.NOT_PERMITTED,
    ),
    Entry(
        "KBQ-BILLING-OFF",
        "Billing is off",
        "Project {project} has no active billing account: BigQuery then runs as its sandbox, where INSERT is refused "
        "and tables expire after 60 days.",
        (
            f"See the billing state:\n{cmd.SHOW_BILLING}",
            "Link a billing account (list them with the first command):\ngcloud billing accounts list\n"
            + cmd.LINK_BILLING,
            "Datasets made without billing keep a 60-day expiry for new tables. This names them, each with the "
            "command that takes it off:\nkbq-tui verify",
        ),
        "Someone with billing.resourceAssociations.create (role Billing Account User, roles/billing.user, on "
        "the billing "
        "account) and resourcemanager.projects.createBillingAssignment (Project Billing Manager on the project).",
        _CLOUD + "billing/docs/how-to/modify-project",
    ),
    Entry(
        "KBQ-CONCURRENT-CHANGE",
        "Somebody else changed it at the same time",
        "Between reading and writing, somebody else wrote; nothing of theirs was overwritten.",
        (
            "Try again: what is there now is read anew, changed and written.",
            "If it happens over and over, look for automation that writes the same policy.",
        ),
        "You: try again.",
        _CLOUD + "iam/docs/allow-policies#etag",
        Kind.CONFLICT,
        Retry.REDO,
    ),
    Entry(
        "KBQ-ROLE-LEVEL",
        "The role cannot be granted there",
        "The role {role} does not exist on this kind of resource; BigQuery Job User, for one, "
        "exists on projects, folders and organizations only.",
        (
            f"Grant Job User on the project:\n{cmd.GRANT_JOB_USER}",
            f"Grant Data Viewer and Data Editor on a dataset:\n{cmd.GRANT_VIEWER}\n{cmd.GRANT_EDITOR}",
        ),
        _PROJECT_IAM_ADMIN,
        _CLOUD + "iam/docs/roles-permissions/bigquery",
    ),
    Entry(
        "KBQ-GCLOUD-DATASET-FLAG",
        "gcloud has no --dataset here",
        "Klaviyo's article gives gcloud projects add-iam-policy-binding an argument --dataset, which does not exist.",
        (
            "Do not simply delete the argument: that grants Data Editor on every dataset of the project.",
            f"Grant on the dataset instead; Viewer where Klaviyo reads, Editor where it writes:\n{cmd.GRANT_VIEWER}\n"
            + cmd.GRANT_EDITOR,
        ),
        _DATA_OWNER,
        _CLOUD + "bigquery/docs/control-access-to-resources-iam",
    ),
    Entry(
        "KBQ-OVER-GRANT",
        "The service account holds more than it needs",
        "The account {account} holds {role} on {resource}, which the connection does not need.",
        (
            "See whether something else relies on it; the account should serve nothing but Klaviyo.",
            f"If it is held on the project, take it away:\n{cmd.REVOKE_PROJECT}",
            f"If it is held on a dataset, take it away there:\n{cmd.REVOKE_DATASET}",
            f"If it is held on a table or view alone, take it away there:\n{cmd.REVOKE_TABLE}",
        ),
        "On the project a project IAM administrator: resourcemanager.projects.setIamPolicy, role Project IAM Admin "
        "(roles/resourcemanager.projectIamAdmin); on a dataset, table or view its owner: bigquery.datasets.update, "
        "bigquery.tables.setIamPolicy, role BigQuery Data Owner (roles/bigquery.dataOwner).",
        _CLOUD + "iam/docs/using-iam-securely#least_privilege",
        Kind.CONFLICT,
    ),
    Entry(
        "KBQ-INHERITED-ACCESS",
        "The service account is let in by a role that is not its own",
        "The account {account} has {role} on {resource}, and no role of its own was seen that gives it: it may come "
        "from a group, from everybody, from the project, a folder or the organization.",
        (
            "Find out what lets it in, then take that away: the account out of the group, or the role from the group "
            "or from everybody.",
            f"This shows who is let in on the project, its folders and its organization:\n{cmd.SHOW_ALL_POLICIES}",
            f"This shows who is let in on the dataset:\n{cmd.SHOW_DATASET}",
            f"This shows who is let in on the table or view:\n{cmd.SHOW_TABLE_POLICY}",
        ),
        "Whoever manages the group; else, on a dataset, table or view its owner: role BigQuery Data Owner "
        "(roles/bigquery.dataOwner), on the project a project IAM administrator: role Project IAM Admin "
        "(roles/resourcemanager.projectIamAdmin), on a folder or the organization its administrator.",
        _CLOUD + "iam/docs/resource-hierarchy-access-control",
        Kind.CONFLICT,
    ),
    Entry(
        "KBQ-NOT-SEARCHED",
        "Not every place was searched for over-grants",
        "Of what is in {resource}, only the first {limit} were searched for roles of the account {account}.",
        (
            "For the rest ask Google's asset inventory, which searches every policy of the project at once:\n"
            f"{cmd.SEARCH_POLICIES}",
            "What it names and the connection does not need, take away there.",
        ),
        "You, with the role Cloud Asset Viewer (roles/cloudasset.viewer) on the project.",
        _CLOUD + "asset-inventory/docs/search-allow-policies",
        Kind.CONFLICT,
    ),
    Entry(
        "KBQ-QUOTA-PROJECT",
        "The login may not use its quota project",
        "Calls are charged to project {consumer}, which the signed-in account may not use or which is not set.",
        (
            f"Set a project you may use:\n{cmd.SET_QUOTA_PROJECT}",
            "Or ask for the role Service Usage Consumer (roles/serviceusage.serviceUsageConsumer) there.",
            *ask.remedy(ask.QUOTA_PROJECT),
        ),
        _PROJECT_IAM_ADMIN,
        _CLOUD + "docs/quotas/set-quota-project",
        Kind.NOT_PERMITTED,
        settle=GRANT_WAIT,
    ),
    Entry(
        "KBQ-PROJECT-NOT-FOUND",
        "The project does not exist, or you may not see it",
        "Google does not find project {project} for the signed-in account.",
        (
            f"Check the project ID; it is neither the name nor the number:\ngcloud projects list\n{cmd.SHOW_PROJECT}",
            f"Check who is signed in:\n{cmd.SHOW_LOGIN}",
            "If it is being deleted, it can be restored for 30 days:\ngcloud projects undelete {project}",
        ),
        "A project owner: role Browser (roles/browser) on the project is enough to see it.",
        _CLOUD + "resource-manager/docs/creating-managing-projects",
        Kind.NOT_FOUND,
    ),
    Entry(
        "KBQ-NOT-YET",
        "The change has not arrived everywhere yet",
        "A change was made a moment ago, and Google still answers as before: new accounts and keys take a minute or "
        "more, grants two to seven minutes, APIs some minutes.",
        (
            "Wait, and try again.",
            "If it stays so for more than a quarter of an hour, the reason is another one: see Google's own words.",
        ),
        "You: wait.",
        _CLOUD + "iam/docs/access-change-propagation",
        retry=Retry.NOT_YET,
        wait=GRANT_WAIT,
        settle=GRANT_WAIT,
    ),
    Entry(
        "KBQ-WAIT-LIMIT",
        "Waited to the limit, and the change has not arrived",
        "Google still answers as before, longer after the change than such changes take as a rule.",
        (
            "Try again later: what is done stays done, and the set-up goes on from here.",
            f"Look whether the change is still in place; somebody or something may have undone it:\n{cmd.SHOW_POLICY}",
        ),
        "You: wait, and try again.",
        _CLOUD + "iam/docs/access-change-propagation",
    ),
)
