"""Three examples for each command, as its help shows them: what is typed behind the command, and what that does."""

from collections.abc import Mapping
from typing import Final

from kbq_tui.i18n.messages import N_

Example = tuple[str, str]

EXAMPLES: Final[Mapping[str, tuple[Example, Example, Example]]] = {
    "": (
        ("", N_("the guided set-up, or the dashboard")),
        ("demo", N_("try it without a Google account")),
        ("status", N_("how all connections are")),
    ),
    "setup": (
        ("", N_("on the screens")),
        ("shop-eu --direction both", N_("a connection of another name")),
        ("--plain", N_("questions line by line")),
    ),
    "plan": (
        ("", N_("the default connection")),
        ("shop-eu -v", N_("with what is in place already")),
        ("--out shop-eu.plan", N_("save it for kbq-tui apply")),
    ),
    "apply": (
        ("", N_("shows the plan, and asks")),
        ("shop-eu --yes", N_("without a question, as in a pipeline")),
        ("./shop-eu.plan", N_("just what a saved plan says")),
    ),
    "verify": (
        ("", N_("the default connection")),
        ("shop-eu --report shop-eu.html", N_("with a report to hand on")),
        ("--json", N_("for a program to read")),
    ),
    "source": (
        ("", N_("every table of the default connection")),
        ("customers --as profiles --examples", N_("one table, with masked examples")),
        ("--connection shop-eu --bad-rows bad.csv", N_("the rows that Klaviyo would refuse")),
    ),
    "status": (
        ("", N_("a line for each connection")),
        ("shop-eu", N_("each part of one")),
        ("--watch --interval 5m", N_("again and again")),
    ),
    "values": (
        ("", N_("the default connection")),
        ("shop-eu", N_("another one")),
        ("--json", N_("for a program to read")),
    ),
    "activity": (
        ("", N_("the default connection")),
        ("shop-eu --since 48h", N_("jobs of two days")),
        ("--json", N_("for a program to read")),
    ),
    "key": (
        ("list", N_("the keys at Google")),
        ("rotate", N_("replace the key that Klaviyo holds")),
        ("shred", N_("destroy the file after the hand-over")),
    ),
    "key list": (
        ("", N_("the default connection")),
        ("shop-eu --max-age 30", N_("warn of keys older than 30 days")),
        ("--json", N_("for a program to read")),
    ),
    "key create": (
        ("", N_("the default connection")),
        ("shop-eu", N_("another one")),
        ("--key-file ./shop-eu.json", N_("keep it in a file of your choice")),
    ),
    "key delete": (
        ("0123abcd", N_("a key whose id begins so")),
        ("0123abcd shop-eu", N_("of another connection")),
        ("0123abcd --yes", N_("without a question")),
    ),
    "key rotate": (
        ("", N_("the default connection")),
        ("shop-eu --confirmed", N_("you have pasted it into Klaviyo")),
        ("shop-eu --rollback", N_("take the new key back")),
    ),
    "key mend": (
        ("", N_("the default connection")),
        ("shop-eu", N_("another one")),
        ("--yes", N_("without a question")),
    ),
    "key shred": (
        ("", N_("the default connection")),
        ("shop-eu", N_("another one")),
        ("--yes", N_("without a question")),
    ),
    "teardown": (
        ("--dry-run", N_("show what would be taken away")),
        ("shop-eu", N_("after a question")),
        ("shop-eu --with-data --confirm shop-eu", N_("with the tables in its datasets")),
    ),
    "export": (
        ("gcloud", N_("a script of gcloud and bq")),
        ("sql shop-eu", N_("statements for BigQuery's console")),
        ("terraform", N_("a configuration for Terraform")),
    ),
    "explain": (
        ("'Access Denied: Project p: User does not have bigquery.jobs.create'", N_("an error of Google's")),
        ("-", N_("read the error from standard input")),
        ("--list", N_("every problem that is known")),
    ),
    "keys": (
        ("", N_("as they are now")),
        ("--lang de", N_("in German")),
        ("--ascii", N_("with ASCII signs")),
    ),
    "permissions": (
        ("", N_("every command")),
        ("key rotate", N_("one of them")),
        ("apply --format yaml", N_("as a custom role")),
    ),
    "schema": (
        ("", N_("list the outputs")),
        ("plan", N_("the schema of one")),
        ("--json", N_("the list as JSON")),
    ),
    "doctor": (
        ("", N_("for a bug report")),
        ("--json", N_("for a program to read")),
        ("--credentials ./key.json", N_("with other credentials")),
    ),
    "demo": (
        ("", N_("nothing there, everything to be made")),
        ("--list", N_("which situations there are")),
        ("--scenario no-permission", N_("one of them")),
    ),
    "sandbox": (
        ("--env-file ./sandbox.env", N_("then, in another shell: . ./sandbox.env")),
        ("--scenario existing", N_("another situation")),
        ("--port 8085 --latency-ms 50", N_("a fixed port, and slower")),
    ),
    "completion": (
        ("bash", N_('eval "$(kbq-tui completion bash)" in ~/.bashrc')),
        ("zsh", N_('eval "$(kbq-tui completion zsh)" in ~/.zshrc')),
        ("fish", N_("kbq-tui completion fish | source in config.fish")),
    ),
    "connections": (
        ("list", N_("which connections there are")),
        ("show shop-eu", N_("each value of one, with its origin")),
        ("import clients.csv", N_("one for each row of a file")),
    ),
    "connections list": (
        ("", N_("as a table")),
        ("--json", N_("for a program to read")),
        ("--ascii", N_("with ASCII signs")),
    ),
    "connections show": (
        ("", N_("the default connection")),
        ("shop-eu", N_("another one")),
        ("shop-eu --json", N_("for a program to read")),
    ),
    "connections rename": (
        ("default shop-eu", N_("after a question")),
        ("default shop-eu --yes", N_("without a question")),
        ("default shop-eu --yes --json", N_("for a program to read")),
    ),
    "connections remove": (
        ("shop-eu", N_("after a question")),
        ("shop-eu --yes", N_("without a question")),
        ("shop-eu --yes --json", N_("for a program to read")),
    ),
    "connections import": (
        ("clients.csv", N_("all of them, or none")),
        ("clients.csv --json", N_("for a program to read")),
        ("clients.csv --no-color", N_("without colours")),
    ),
    "connections export": (
        ("", N_("all of them")),
        ("shop-eu shop-us", N_("these two")),
        ("--json", N_("for a program to read")),
    ),
    "connections validate": (
        ("", N_("all of them")),
        ("shop-eu", N_("one of them")),
        ("--json", N_("for a program to read")),
    ),
    "connections diff": (
        ("shop-eu shop-us", N_("in what they differ")),
        ("shop-eu shop-us --json", N_("for a program to read")),
        ("shop-eu shop-us --no-color", N_("without colours")),
    ),
}
