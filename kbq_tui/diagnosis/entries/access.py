"""Refusals: permissions, organization policies, APIs, billing, perimeters. Rows 9-12, 15-19, 26, 27."""

from typing import Final

from kbq_tui.diagnosis.entry import (
    API_WAIT,
    GRANT,
    GRANT_WAIT,
    LATE,
    LOOK,
    RESTORE,
    REVOKE,
    Entry,
    Stage,
    back,
    helper,
    look,
    run,
    shared,
    step,
    undo,
    wait,
)
from kbq_tui.model.codes import ProblemCode as Code
from kbq_tui.model.command import Command
from kbq_tui.model.problem import Kind, Retry
from kbq_tui.model.refs import DatasetRef, ProjectRef, TableRef
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
    step(_EXCEPTION, *cmd.LIFT_DOMAINS),
    back(
        "Grant, and have the policy restored at once; grants that exist go on working. If the project had a policy of "
        "its own before, set that one again instead:",
        *cmd.LIFT_DOMAINS,
    ),
    *helper(run(*cmd.LOOK_DOMAINS, *cmd.LIFT_DOMAINS)),
)

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
        _PROJECT_IAM_ADMIN,
        _CLOUD + "iam/docs/permissions-reference",
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
        _PROJECT_IAM_ADMIN,
        _CLOUD + "iam/docs/troubleshoot-access",
        Kind.NOT_PERMITTED,
        settle=GRANT_WAIT,
        matchers=((Stage.LAST, r"the caller does not have permission|update access denied"),),
    ),
    Entry(
        Code.DENY_POLICY,
        "An IAM deny policy stands in the way",
        "A deny policy takes {permission} away, whatever roles are granted.",
        (
            "Granting a role does not help: find the deny policy on the project, its folders or the organization. "
            "Ask for an exception for your account, or have the step done by someone who is excepted.",
            *shared(
                look(LOOK, cmd.LIST_DENY, cmd.LIST_ANCESTORS),
                step(
                    "Save the policy that denies {permission}; where it is attached to a folder or the organization, "
                    "name that as attachment point:",
                    cmd.SAVE_DENY,
                    Command("cp klaviyo-before.json klaviyo-deny.json"),
                ),
                step(
                    "In klaviyo-deny.json add {operator_principal} to exceptionPrincipals of that rule, change "
                    "nothing else, and set it:",
                    cmd.SET_DENY,
                ),
                back("To take it back, set the saved policy again:", cmd.SET_DENY),
            ),
        ),
        "An IAM deny administrator: iam.denypolicies.update, role Deny Admin (roles/iam.denyAdmin) on the "
        "organization.",
        _CLOUD + "iam/docs/deny-overview",
        Kind.NOT_PERMITTED,
        matchers=((Stage.FIRST, r"\biam deny policy"),),
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
        _PROJECT_IAM_ADMIN,
        _CLOUD + "bigquery/docs/access-control#bigquery.jobUser",
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
        _PROJECT_IAM_ADMIN,
        _CLOUD + "bigquery/docs/datasets#required_permissions",
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
        _DATA_OWNER,
        _CLOUD + "bigquery/docs/control-access-to-resources-iam",
        Kind.NOT_PERMITTED,
        settle=GRANT_WAIT,
        permissions=(
            "bigquery.datasets.update",
            "bigquery.datasets.setIamPolicy",
        ),
    ),
    Entry(
        Code.API_DISABLED,
        "An API is switched off",
        "The API {service} is off in project {consumer}, or was turned on only minutes ago.",
        (
            # Where the call was charged to another project than the connection's, it is off there.
            *shared(step("Turn it on:", cmd.ENABLE_API.using(project="{consumer}"))),
            step(
                "If {consumer} is not this project, it is the quota project of your login. Set that right, too:",
                cmd.SET_QUOTA_PROJECT,
            ),
            wait("Wait a few minutes after turning it on."),
        ),
        "Whoever may turn on APIs: serviceusage.services.enable, role Service Usage Admin "
        "(roles/serviceusage.serviceUsageAdmin) on the project.",
        _CLOUD + "service-usage/docs/enable-disable",
        retry=Retry.NOT_YET,
        wait=API_WAIT,
        settle=API_WAIT,
        matchers=(
            (Stage.KINDS, r"the project \S{1,120} has not enabled \w"),
            (Stage.WORDS, r"has not been used in project .{1,80} before or it is disabled|\bSERVICE_DISABLED\b"),
            (Stage.WORDS, r"\bAPI \S{0,80} ?(?:is )?not enabled (?:on|for|in) project|accessNotConfigured"),
        ),
        reasons=(
            "service_disabled",
            "accessnotconfigured",
        ),
    ),
    Entry(
        Code.VPC_SC,
        "VPC Service Controls refuse the request",
        "A VPC Service Controls perimeter around project {project} does not let the request in; "
        "its unique identifier is {vpc_sc_id}.",
        (
            "Give the administrators of the perimeter this identifier: {vpc_sc_id}. It finds the entry in their "
            "audit log.",
            "Ask for an ingress rule for the service account, to BigQuery only. Who is inside the perimeter may "
            "pass where Klaviyo does not.",
            "If it is you who is refused, run this program on a machine inside the perimeter, or ask for the same "
            "rule for your own account, too, while you set this up.",
            *shared(
                look(
                    LOOK, cmd.SHOW_VPC_REFUSAL, cmd.SHOW_PROJECT_NUMBER, cmd.LIST_ACCESS_POLICIES, cmd.LIST_PERIMETERS
                ),
                step("Save the ingress rules there are:", cmd.SAVE_INGRESS),
                step(
                    "Add one rule to them: this service account, BigQuery, this project, nothing else:",
                    cmd.ADD_INGRESS,
                    cmd.SET_INGRESS,
                ),
                back(
                    "To take it back, set the saved rules again; if somebody changed others since, take out the one "
                    "rule instead:",
                    cmd.SET_INGRESS,
                ),
                undo("To take it back where the saved file is empty, for there were no rules:", cmd.CLEAR_INGRESS),
            ),
            "Addresses Klaviyo has named (April 2025; ask Klaviyo for today's): 184.72.183.187, 52.206.71.52, "
            "3.227.146.32, 44.198.39.11, 35.172.58.121, 3.228.37.244, 54.88.219.8, 3.214.211.176.",
        ),
        "An Access Context Manager administrator: accesscontextmanager.servicePerimeters.update, role Access Context "
        "Manager Admin (roles/accesscontextmanager.policyAdmin) on the organization.",
        _CLOUD + "vpc-service-controls/docs/troubleshooting",
        Kind.NOT_PERMITTED,
        matchers=((Stage.FIRST, r"vpc service controls|vpcServiceControlsUnique|SECURITY_POLICY_VIOLATED"),),
        reasons=(
            "security_policy_violated",
            "vpcservicecontrols",
        ),
    ),
    Entry(
        Code.GRANT_BLOCKED,
        "An organization policy forbids this grant",
        "An organization policy does not allow {account} in the access list of dataset {dataset}.",
        (look("See which policy restricts members; legacy and managed:", *cmd.LOOK_DOMAINS), *_DOMAIN_EXCEPTION),
        _POLICY_ADMIN,
        _CLOUD + "resource-manager/docs/organization-policy/restricting-domains",
        Kind.NOT_PERMITTED,
        matchers=((Stage.WORDS, r"setPolicy failed.{0,1500}?denied by org policy"),),
    ),
    Entry(
        Code.DOMAIN_RESTRICTED,
        "Sharing is restricted to certain domains",
        "The organization lets only principals of permitted customers into a policy, and one of those named is not.",
        (
            look("See who is permitted; legacy and managed constraint:", *cmd.LOOK_DOMAINS),
            "A service account of a project in your own organization is permitted as a rule: check the e-mail "
            "{account}.",
            *_DOMAIN_EXCEPTION,
        ),
        _POLICY_ADMIN,
        _CLOUD + "resource-manager/docs/organization-policy/restricting-domains",
        Kind.NOT_PERMITTED,
        matchers=(
            (Stage.WORDS, r"not belong to a permitted customer|domain restricted sharing\W{1,3}organization policy"),
        ),
        constraints=(
            "iam.allowedPolicyMemberDomains",
            "iam.managed.allowedPolicyMembers",
        ),
    ),
    Entry(
        Code.LOCATION_FORBIDDEN,
        "The location is not allowed",
        "The organization policy gcp.resourceLocations does not allow datasets of project {project} there.",
        (
            look("See which locations are allowed:", *cmd.LOOK_LOCATIONS),
            "Choose one of them for both datasets; only if none will do, go on with the next step.",
            step(_EXCEPTION, cmd.LIFT_LOCATIONS),
            back(
                "Create the datasets, and have the policy restored at once; datasets that exist stay. If the project "
                "had a policy of its own before, set that one again instead:",
                cmd.LIFT_LOCATIONS,
            ),
            *helper(run(*cmd.LOOK_LOCATIONS, cmd.LIFT_LOCATIONS)),
        ),
        _POLICY_ADMIN,
        _CLOUD + "resource-manager/docs/organization-policy/defining-locations",
        Kind.NOT_PERMITTED,
        constraints=("gcp.resourceLocations",),
    ),
    Entry(
        Code.ORG_POLICY,
        "An organization policy forbids this",
        "The organization policy {constraint} forbids the change in project {project}.",
        (
            "Ask for an exception at this project, make the change, and have the policy restored.",
            *shared(
                look(LOOK, cmd.EFFECTIVE_POLICY, cmd.DESCRIBE_POLICY),
                step(
                    "If the answer has enforce, it is on or off. Make an exception at this one project (or by a tag "
                    "on it):",
                    cmd.LIFT_POLICY,
                ),
                step("If it lists values, make the exception at this one project so:", cmd.ALLOW_ALL),
                back(RESTORE, cmd.LIFT_POLICY),
            ),
        ),
        _POLICY_ADMIN,
        _CLOUD + "resource-manager/docs/organization-policy/org-policy-constraints",
        Kind.NOT_PERMITTED,
        matchers=((Stage.WORDS, r"operation denied by (?:custom )?org policy"),),
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
                "Datasets made without billing keep a 60-day expiry for new tables. This names them, each with the "
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
        _CLOUD + "billing/docs/how-to/modify-project",
        matchers=(
            (Stage.FIRST, r"billing has not been enabled|not allowed in the free tier"),
            (
                Stage.WORDS,
                r"billingNotEnabled|requires billing to be enabled|billing must be enabled for|BILLING_DISABLED",
            ),
            (Stage.WORDS, r"expiration time must be less than 60 days|billing account .{0,100}(?:disabled|closed)"),
        ),
        reasons=(
            "billing_disabled",
            "billingnotenabled",
        ),
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
        _CLOUD + "iam/docs/allow-policies#etag",
        Kind.CONFLICT,
        Retry.REDO,
        matchers=(
            (Stage.WORDS, r"concurrent policy changes|read-modify-write"),
            (Stage.LAST, r"\bconditionNotMet\b"),
        ),
        late_reasons=("conditionnotmet",),
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
        _PROJECT_IAM_ADMIN,
        _CLOUD + "iam/docs/roles-permissions/bigquery",
        matchers=((Stage.WORDS, r"\brole \S{1,200} is not supported for this resource"),),
    ),
    Entry(
        Code.GCLOUD_DATASET_FLAG,
        "gcloud has no --dataset here",
        "Klaviyo's article gives gcloud projects add-iam-policy-binding an argument --dataset, which does not exist.",
        (
            "Do not simply delete the argument: that grants Data Editor on every dataset of the project.",
            *shared(
                step(
                    "Grant on the dataset instead; Viewer where Klaviyo reads, Editor where it writes:",
                    cmd.GRANT_VIEWER,
                    cmd.GRANT_EDITOR,
                )
            ),
            *helper(look(LOOK, cmd.SHOW_DATASET)),
        ),
        _DATA_OWNER,
        _CLOUD + "bigquery/docs/control-access-to-resources-iam",
        matchers=((Stage.WORDS, r"\(gcloud\.[\w.-]{1,100}\) unrecognized arguments:.{0,40} --dataset"),),
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
        _CLOUD + "iam/docs/using-iam-securely#least_privilege",
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
        _CLOUD + "iam/docs/resource-hierarchy-access-control",
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
        _CLOUD + "asset-inventory/docs/search-allow-policies",
        Kind.CONFLICT,
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
        _PROJECT_IAM_ADMIN,
        _CLOUD + "docs/quotas/set-quota-project",
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
        _CLOUD + "resource-manager/docs/creating-managing-projects",
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
    Entry(
        Code.NOT_YET,
        "The change has not arrived everywhere yet",
        "A change was made a moment ago, and Google still answers as before: new accounts and keys take a minute or "
        "more, grants two to seven minutes, APIs some minutes.",
        (
            wait("Wait, and try again."),
            "If it stays so for more than a quarter of an hour, the reason is another one: see Google's own words.",
        ),
        "You: wait.",
        _CLOUD + "iam/docs/access-change-propagation",
        retry=Retry.NOT_YET,
        wait=GRANT_WAIT,
        settle=GRANT_WAIT,
    ),
    Entry(
        Code.WAIT_LIMIT,
        "Waited to the limit, and the change has not arrived",
        "Google still answers as before, longer after the change than such changes take as a rule.",
        (
            "Try again later: what is done stays done, and the set-up goes on from here.",
            look(
                "Look whether the change is still in place; somebody or something may have undone it:", cmd.SHOW_POLICY
            ),
        ),
        "You: wait, and try again.",
        _CLOUD + "iam/docs/access-change-propagation",
    ),
)
