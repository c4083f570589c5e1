"""Removes environment variables that make libraries log their data, before any of these is imported.

The data includes pasted keys, access tokens and TLS secrets. Programs started from here do not inherit the variables
either.
"""

import os
from collections.abc import MutableMapping
from typing import Final

TAKEN_OUT: Final = {
    "TEXTUAL_LOG": "Textual writes every event, pasted text included, to a file that all may read",
    "TEXTUAL_DEBUG": "Textual shows tracebacks with the values of local variables",
    "TEXTUAL": "Textual's features: `devtools` sends every event to another program, `debug` is TEXTUAL_DEBUG",
    "TEXTUAL_DEVTOOLS_HOST": "where Textual sends every event to",
    "TEXTUAL_DEVTOOLS_PORT": "where Textual sends every event to",
    "TEXTUAL_PRESS": "Textual presses keys by itself",
    "TEXTUAL_SCREENSHOT": "Textual writes the screen to a file",
    "TEXTUAL_SCREENSHOT_FILENAME": "where Textual writes the screen to",
    "TEXTUAL_SCREENSHOT_LOCATION": "where Textual writes the screen to",
    "TEXTUAL_SHOW_RETURN": "Textual prints what the screens return",
    "SSLKEYLOGFILE": "ssl and urllib3 write the secrets of each TLS connection to a file",
    "GRPC_TRACE": "gRPC writes headers and messages, tokens and keys included, to standard error",
    "GRPC_VERBOSITY": "at DEBUG gRPC writes what GRPC_TRACE asks for",
    "GOOGLE_SDK_PYTHON_LOGGING_SCOPE": "Google's clients log requests and answers, keys included",
    "GOOGLE_SDK_EXPERIMENTAL_PYTHON_TRACING_ENABLED": "Google's clients tell OpenTelemetry of each call",
    "OTEL_PYTHON_TRACER_PROVIDER": "OpenTelemetry loads a module that is told of each call",
    "OTEL_PYTHON_METER_PROVIDER": "OpenTelemetry loads a module that is told of each call",
    "OTEL_PYTHON_LOGGER_PROVIDER": "OpenTelemetry loads a module that is told of each call",
    "PYTHONASYNCIODEBUG": "asyncio logs slow callbacks with their arguments",
    "CLOUDSDK_CORE_LOG_HTTP": "gcloud prints its requests and answers",
    "CLOUDSDK_CORE_LOG_HTTP_REDACT_TOKEN": "gcloud prints tokens with its requests",
}
"""The variables, and what they do."""

_found: list[str] = []


def take_out(env: MutableMapping[str, str] = os.environ) -> None:
    """Remove the variables from the environment. Must be called before the libraries are imported."""
    for name in TAKEN_OUT:
        if env.pop(name, ""):
            _found.append(name)


def taken_out() -> tuple[str, ...]:
    """Return the names of the variables that were set when the program started."""
    return tuple(_found)
