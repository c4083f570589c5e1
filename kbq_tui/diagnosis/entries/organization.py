"""Refusals by the organization: policies, perimeters, and other rules that deny access despite roles."""

from typing import Final

from kbq_tui.diagnosis.entries.who import CLOUD, POLICY_ADMIN
from kbq_tui.diagnosis.entry import (
    LOOK,
    RESTORE,
    Entry,
    Stage,
    back,
    helper,
    look,
    run,
    shared,
    step,
    undo,
)
from kbq_tui.model.codes import ProblemCode as Code
from kbq_tui.model.command import Command
from kbq_tui.model.problem import Kind
from kbq_tui.shell import commands as cmd

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
        CLOUD + "iam/docs/deny-overview",
        Kind.NOT_PERMITTED,
        matchers=((Stage.FIRST, r"\biam deny policy"),),
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
        CLOUD + "vpc-service-controls/docs/troubleshooting",
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
        POLICY_ADMIN,
        CLOUD + "resource-manager/docs/organization-policy/restricting-domains",
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
        POLICY_ADMIN,
        CLOUD + "resource-manager/docs/organization-policy/restricting-domains",
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
        POLICY_ADMIN,
        CLOUD + "resource-manager/docs/organization-policy/defining-locations",
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
        POLICY_ADMIN,
        CLOUD + "resource-manager/docs/organization-policy/org-policy-constraints",
        Kind.NOT_PERMITTED,
        matchers=((Stage.WORDS, r"operation denied by (?:custom )?org policy"),),
    ),
)
