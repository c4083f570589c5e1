"""From a module to its test: that of `kbq_tui/planning/diff.py` is `tests/planning/test_diff.py`, or stands here."""

from fnmatch import fnmatchcase
from pathlib import Path

import kbq_tui

TESTS = Path(__file__).parent
PACKAGE = Path(kbq_tui.__file__).parent
MODULES = sorted(
    path.relative_to(PACKAGE).with_suffix("").as_posix()
    for path in PACKAGE.rglob("*.py")
    if path.name not in ("__init__.py", "__main__.py")
)

TESTED_ELSEWHERE = {
    "cli/answers_file": "cli/test_setup_plain.py",
    "cli/bootstrap": "cli/test_against_sandbox.py",
    "cli/click_options": "cli/test_click_app.py",
    "cli/commands/*": "cli/test_against_sandbox.py",
    "cli/console": "cli/test_streams.py",
    "cli/context": "cli/test_against_sandbox.py",
    "cli/guided": "cli/test_setup_plain.py",
    "cli/main": "cli/test_alone.py",
    "cli/process": "cli/test_core_dumps.py",
    "cli/prompts": "cli/test_setup_plain.py",
    "cli/report": "engine/verify/test_report.py",
    "cli/runner": "cli/test_against_sandbox.py",
    "cli/table": "cli/test_key_list.py",
    "cli/unattended": "cli/test_against_sandbox.py",
    "diagnosis/entries/*": "diagnosis/test_catalogue.py",
    "diagnosis/entry": "diagnosis/test_catalogue.py",
    "diagnosis/extract": "diagnosis/test_recognise.py",
    "diagnosis/google_error": "diagnosis/test_recognise.py",
    "diagnosis/journal_changes": "model/test_changes.py",
    "diagnosis/kinds": "diagnosis/test_recognise.py",
    "diagnosis/permissions": "engine/test_preflight.py",
    "diagnosis/rules": "diagnosis/test_recognise.py",
    "engine/grant_scan": "engine/verify/test_run.py",
    "engine/health": "engine/test_verify_status.py",
    "engine/operator": "cli/test_consent.py",
    "engine/observe": "engine/test_apply.py",
    "engine/ports": "engine/fakes.py",
    "engine/record": "cli/test_store.py",
    "engine/services": "tui/test_looking.py",
    "engine/similar": "cli/test_root_cause.py",
    "engine/status": "engine/test_verify_status.py",
    "engine/threads": "gcp/test_speed.py",
    "engine/throttle": "faults/test_endless.py",
    "engine/verify/*": "engine/verify/test_run.py",
    "engine/waiting": "engine/verify/test_waiting.py",
    "export/*": "export/test_plan_exports.py",
    "gcp/accounts": "gcp/test_cloud.py",
    "gcp/datasets": "gcp/test_cloud.py",
    "gcp/exceptions": "gcp/test_errors.py",
    "gcp/policies": "gcp/test_cloud.py",
    "gcp/queries": "gcp/test_cloud.py",
    "gcp/rest_client": "gcp/test_faults.py",
    "gcp/services": "gcp/test_cloud.py",
    "gcp/table_policies": "gcp/test_cloud.py",
    "local/clock": "cli/test_odd_machine.py",
    "local/gcloud_settings": "local/test_settings_resolution.py",
    "local/keys/part": "local/keys/test_key_files.py",
    "local/keys/records": "local/keys/test_key_files.py",
    "local/keys/reservation": "local/keys/test_key_files.py",
    "local/os_errors": "local/test_files.py",
    "local/store": "cli/test_store.py",
    "local/variables": "local/test_clipboard.py",
    "model/checks": "engine/test_verify_status.py",
    "model/events": "engine/test_event_log.py",
    "model/outcome_texts": "i18n/test_translatable.py",
    "model/plan": "planning/test_diff.py",
    "model/problem": "diagnosis/test_recognise.py",
    "model/steps": "tui/test_flow.py",
    "model/summary": "i18n/test_translatable.py",
    "model/text": "hostile/test_text.py",
    "planning/diff_problems": "planning/test_diff.py",
    "planning/grants": "planning/test_sharing.py",
    "planning/requirements": "engine/test_preflight.py",
    "sandbox/audit_log": "sandbox/test_key_use_api.py",
    "sandbox/bigquery/*_job": "conformance/test_loads.py",
    "sandbox/bigquery/access*": "sandbox/test_bq_rest.py",
    "sandbox/bigquery/api": "sandbox/test_bq_rest.py",
    "sandbox/bigquery/datasets": "conformance/test_datasets.py",
    "sandbox/bigquery/dialect": "sandbox/test_bq_sql.py",
    "sandbox/bigquery/discovery": "oracle/test_judge.py",
    "sandbox/bigquery/dml": "sandbox/test_bq_sql.py",
    "sandbox/bigquery/encryption": "conformance/test_tables.py",
    "sandbox/bigquery/engine": "sandbox/test_bq_heavy.py",
    "sandbox/bigquery/expressions": "conformance/test_sql.py",
    "sandbox/bigquery/fields": "conformance/test_tables.py",
    "sandbox/bigquery/hidden": "conformance/test_queries.py",
    "sandbox/bigquery/infoschema*": "sandbox/test_bq_sql.py",
    "sandbox/bigquery/job": "conformance/test_jobs.py",
    "sandbox/bigquery/job_resource": "conformance/test_jobs.py",
    "sandbox/bigquery/jobs*": "conformance/test_jobs.py",
    "sandbox/bigquery/loading": "conformance/test_loads.py",
    "sandbox/bigquery/locations": "sandbox/test_bq_rest.py",
    "sandbox/bigquery/names": "sandbox/test_bq_rest.py",
    "sandbox/bigquery/options": "sandbox/test_bq_options.py",
    "sandbox/bigquery/outcome": "conformance/test_queries.py",
    "sandbox/bigquery/paging": "conformance/test_rows.py",
    "sandbox/bigquery/parameters": "conformance/test_queries.py",
    "sandbox/bigquery/project_options": "sandbox/test_bq_options.py",
    "sandbox/bigquery/query": "conformance/test_queries.py",
    "sandbox/bigquery/refusals": "sandbox/test_bq_sql.py",
    "sandbox/bigquery/roles_api": "sandbox/test_bq_authz.py",
    "sandbox/bigquery/row_policies": "sandbox/test_bq_authz.py",
    "sandbox/bigquery/schema_change": "conformance/test_tables.py",
    "sandbox/bigquery/seeding": "sandbox/test_scenario_mistakes.py",
    "sandbox/bigquery/shapes": "sandbox/test_shapes.py",
    "sandbox/bigquery/statements": "sandbox/test_bq_sql.py",
    "sandbox/bigquery/syntax": "sandbox/test_bq_soup.py",
    "sandbox/bigquery/tables": "conformance/test_tables.py",
    "sandbox/bigquery/transaction*": "conformance/test_queries.py",
    "sandbox/bigquery/values": "conformance/test_rows.py",
    "sandbox/bigquery/writing": "conformance/test_queries.py",
    "sandbox/clock": "sandbox/test_control.py",
    "sandbox/context": "sandbox/test_faults.py",
    "sandbox/errors": "sandbox/test_authz.py",
    "sandbox/exchanges": "oracle/test_judge.py",
    "sandbox/fault_effects": "sandbox/test_faults.py",
    "sandbox/grpc_iam": "sandbox/test_iam.py",
    "sandbox/iam_keys": "sandbox/test_iam.py",
    "sandbox/iam_roles": "conformance/test_iam_roles.py",
    "sandbox/keys": "test_canary_watch.py",
    "sandbox/lock": "sandbox/test_faults.py",
    "sandbox/oauth": "sandbox/test_auth.py",
    "sandbox/orgpolicy": "sandbox/test_services.py",
    "sandbox/paging": "sandbox/test_crm.py",
    "sandbox/policies": "sandbox/test_crm.py",
    "sandbox/rest": "sandbox/test_shapes.py",
    "sandbox/roles": "sandbox/test_authz.py",
    "sandbox/scenario": "sandbox/test_scenarios.py",
    "sandbox/scenario_shape": "sandbox/test_scenario_mistakes.py",
    "sandbox/server": "sandbox/test_process.py",
    "sandbox/service_accounts": "sandbox/test_iam.py",
    "sandbox/toml_lines": "sandbox/test_scenario_mistakes.py",
    "sandbox/uploads": "conformance/test_loads.py",
    "sandbox/validate": "sandbox/test_scenario_mistakes.py",
    "sandbox/world": "sandbox/test_propagation.py",
    "shell/sql": "hostile/test_identifiers.py",
    "tui/_textual_compat": "tui/test_compat.py",
    "tui/app": "tui/test_flow.py",
    "tui/display_options": "tui/test_access.py",
    "tui/glyphs": "tui/test_tables.py",
    "tui/host": "tui/test_flow.py",
    "tui/keyboard": "tui/test_access.py",
    "tui/modals/*": "tui/test_stories.py",
    "tui/preflight_rows": "tui/test_screens.py",
    "tui/presenters": "tui/test_screens.py",
    "tui/screens/*": "tui/test_stories.py",
    "tui/setup_*": "tui/test_flow.py",
    "tui/side_panel": "tui/test_screens.py",
    "tui/skippable_clock": "tui/test_flow.py",
    "tui/status_poller": "tui/test_looking.py",
    "tui/step_help": "tui/test_screens.py",
    "tui/text": "tui/test_wrapping.py",
    "tui/themes": "tui/test_styles.py",
    "tui/widgets/*": "tui/test_access.py",
}
"""Modules without a test file of their own, and a file in which they are tested."""


def _twin(module: str) -> Path:
    room, _, name = module.rpartition("/")
    return TESTS / room / f"test_{name}.py"


def test_each_module_has_its_test_or_says_where_it_is_tested() -> None:
    lost = [m for m in MODULES if not _twin(m).exists() and not any(fnmatchcase(m, p) for p in TESTED_ELSEWHERE)]
    assert not lost, "write tests/…/test_NAME.py for each of these, or say in TESTED_ELSEWHERE where it is tested"


def test_what_is_tested_elsewhere_is_there_and_has_no_twin() -> None:
    for pattern, where in TESTED_ELSEWHERE.items():
        assert (TESTS / where).is_file(), where
        modules = [module for module in MODULES if fnmatchcase(module, pattern)]
        assert modules, f"there is no module {pattern} any more"
        assert not all(_twin(module).exists() for module in modules), f"{pattern} has its test now"
