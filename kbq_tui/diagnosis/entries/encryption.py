"""Google's side of a project: customer-managed encryption keys, Google's agents, replicas, other clouds."""

from typing import Final

from kbq_tui.diagnosis.entries.who import CLOUD
from kbq_tui.diagnosis.entry import LOOK, REVOKE, Entry, Stage, back, helper, look, shared, step
from kbq_tui.diagnosis.extract import AGENT
from kbq_tui.model.codes import ProblemCode as Code
from kbq_tui.model.problem import Kind
from kbq_tui.shell import commands as cmd

_CMEK: Final = CLOUD + "bigquery/docs/customer-managed-encryption"
_KEY_ADMIN: Final = (
    "Whoever manages the key: cloudkms.cryptoKeys.setIamPolicy, role Cloud KMS Admin (roles/cloudkms.admin) on the key "
    "or its project."
)

ENTRIES: Final = (
    Entry(
        Code.CMEK_KEY,
        "BigQuery may not use the encryption key",
        "The data are encrypted with the Cloud KMS key {kms_key}, and BigQuery's own agent {agent} does not have the "
        "role CryptoKey Encrypter/Decrypter on it. Neither your roles nor those of Klaviyo's service account matter.",
        (
            "BigQuery's agent needs the role on the key; if it has it, see whether key and dataset are in one "
            "location.",
            *shared(
                look(LOOK, cmd.SHOW_ENCRYPTION_AGENT, cmd.SHOW_KMS_KEY),
                step("Let BigQuery's agent use the key:", cmd.GRANT_KMS_KEY),
                back(REVOKE, cmd.GRANT_KMS_KEY),
            ),
        ),
        _KEY_ADMIN,
        _CMEK + "#grant_permission",
        Kind.NOT_PERMITTED,
        matchers=(
            (
                Stage.KINDS,
                r"cloud kms error|\bcloudkms\.cryptoKeyVersions\.useTo|CryptoKey Encrypter/Decrypter role to|"
                r"permission on KMS key\b",
            ),
        ),
        permissions=(
            "cloudkms.cryptoKeyVersions.useToDecrypt",
            "cloudkms.cryptoKeyVersions.useToEncrypt",
        ),
    ),
    Entry(
        Code.CMEK_KEY_OFF,
        "The encryption key is switched off or destroyed",
        "The data are encrypted with a version of the Cloud KMS key {kms_key} that is not enabled. Until it is, nobody "
        "can read them; no role changes that.",
        (
            "A version that is DISABLED can be switched on again, one that is DESTROY_SCHEDULED be restored "
            "first. What a DESTROYED version encrypted is lost: load the data again, with another key.",
            *shared(
                look(LOOK, cmd.LIST_KMS_VERSIONS),
                step("Switch the version on that the error names:", cmd.ENABLE_KMS_VERSION),
                back("To take it back, switch the version off again:", cmd.ENABLE_KMS_VERSION),
            ),
        ),
        "Whoever manages the key: cloudkms.cryptoKeyVersions.update, role Cloud KMS Admin (roles/cloudkms.admin) on "
        "the key or its project.",
        CLOUD + "kms/docs/enable-disable",
        Kind.FAILED,
        matchers=((Stage.KINDS, r"\bis not enabled, current state is:? (?:DISABLED|DESTROY|PENDING)"),),
    ),
    Entry(
        Code.CMEK_REQUIRED,
        "The organization demands an encryption key of your own",
        "An organization policy (gcp.restrictNonCmekServices) lets BigQuery in project {project} work only with a key "
        "from Cloud KMS. A query without one is refused, and Klaviyo's queries name none.",
        (
            "Set a default key for the project in the location of the datasets; Klaviyo's queries then use it, "
            "too. Or have an exception from the policy made at this one project.",
            *shared(
                look(
                    LOOK,
                    cmd.SHOW_ENCRYPTION_AGENT,
                    cmd.EFFECTIVE_POLICY.using(constraint="gcp.restrictNonCmekServices"),
                ),
                step("Let BigQuery's agent use the key:", cmd.GRANT_KMS_KEY),
                step("Make it the default for the location of the datasets:", cmd.SET_DEFAULT_KMS_KEY),
                back("To take it back, remove the default key:", cmd.SET_DEFAULT_KMS_KEY),
                back(REVOKE, cmd.GRANT_KMS_KEY),
            ),
        ),
        "A BigQuery administrator: bigquery.config.update, role BigQuery Admin (roles/bigquery.admin) on the project; "
        "for the key whoever manages it, with the role Cloud KMS Admin (roles/cloudkms.admin).",
        _CMEK + "#services_constraint",
        Kind.NOT_PERMITTED,
        matchers=((Stage.FIRST, r"administrator requires that you specify an encryption key|restrictNonCmekServices"),),
    ),
    Entry(
        Code.GOOGLE_AGENT,
        "The account is one of Google's own",
        "{agent} is a service agent: Google makes it when a project first uses the service it belongs to. It cannot be "
        "created by hand, and it is not the service account of your connection.",
        (
            look(
                "If BigQuery's agent for encryption keys is meant, this makes it and shows its name:",
                cmd.SHOW_ENCRYPTION_AGENT,
            ),
            step(
                "For another service, turn on its API in the project whose number stands in the agent's name, use it "
                "once, and wait some minutes:",
                cmd.LIST_APIS,
            ),
            look("Check the number in the name: it has to be that of your own project:", cmd.SHOW_PROJECT),
            *helper(
                look(LOOK, cmd.SHOW_ENCRYPTION_AGENT, cmd.LIST_APIS),
                step(
                    "Turn on the API of the service that the agent belongs to, and use it once:", cmd.ENABLE_NAMED_API
                ),
                back("To take it back, turn it off again:", cmd.ENABLE_NAMED_API),
            ),
        ),
        "Whoever may turn on APIs: serviceusage.services.enable, role Service Usage Admin "
        "(roles/serviceusage.serviceUsageAdmin) on the project.",
        CLOUD + "iam/docs/service-agents",
        Kind.NOT_FOUND,
        matchers=(
            (
                Stage.KINDS,
                rf"service account {AGENT} (?:does not exist|(?:was |is )?not found)|(?:gaia id not found for|"
                rf"not found:) email "
                rf"{AGENT}|unable to retrieve P4SA|data transfer service account is not found|"
                rf"service agent .{{0,200}}does not exist",
            ),
        ),
    ),
    Entry(
        Code.REPLICA_READ_ONLY,
        "The dataset's replica cannot be written to",
        "Dataset {dataset} is replicated over several regions, and the query went to {location}, where the replica is "
        "read-only: only the primary replica takes writes.",
        (
            look(
                "Use the location of the primary replica for the connection; this shows which one it is:",
                cmd.LIST_REPLICAS,
            ),
            *shared(
                look(LOOK, cmd.SHOW_DATASET),
                step("Make the replica in the location that Klaviyo uses the primary one:", cmd.SET_PRIMARY_REPLICA),
                back("To take it back, make the former one the primary replica again:", cmd.SET_PRIMARY_REPLICA),
            ),
        ),
        "The dataset's owner: bigquery.datasets.update, role BigQuery Data Owner (roles/bigquery.dataOwner) on it.",
        CLOUD + "bigquery/docs/data-replication",
        Kind.CONFLICT,
        matchers=((Stage.KINDS, r"not the primary replica|dataset replica of the cross[- ]region dataset"),),
    ),
    Entry(
        Code.OMNI,
        "The data lie in another cloud",
        "BigQuery Omni reads data in AWS or Azure where they lie, and what was asked for is not possible there.",
        (
            "Copy what Klaviyo shall read into a dataset in one of Google's own locations, and point Klaviyo to that.",
            look("See where the dataset lies; aws-… and azure-… are other clouds:", cmd.SHOW_DATASET),
            *helper(
                look(LOOK, cmd.SHOW_TABLE),
                step("Copy the data into a table of BigQuery's own, and give Klaviyo that:", cmd.COPY_TABLE),
            ),
        ),
        "Whoever looks after the data: role BigQuery Data Editor (roles/bigquery.dataEditor) on the dataset.",
        CLOUD + "bigquery/docs/omni-introduction#limitations",
        Kind.CONFLICT,
        matchers=(
            (
                Stage.KINDS,
                r"\bbigquery omni\b|\b(?:region|location)s? [`'\"]?(?:aws|azure)-[a-z0-9-]{4,30}[`'\"]?(?! violates)"
                r"(?=.{0,120}(?:not support|unsupported|not allowed|cannot))",
            ),
        ),
    ),
)
