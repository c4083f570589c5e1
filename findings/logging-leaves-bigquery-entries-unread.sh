#!/usr/bin/env bash
# google-cloud-logging 3.17.0 over gRPC: an audit entry with BigQuery's details in serviceData is handed out unread, as protobuf's Any.
# Behaviour: list_entries gives ProtobufEntry objects, whose payload is a dictionary for an AuditLog without serviceData, or with IAM's
# (google.iam.v1.logging.AuditData). With google.cloud.bigquery.logging.v1.AuditData the payload is an Any that holds bytes: the type is not
# compiled in. No error is raised, no warning given; entry.payload["methodName"] then fails with a TypeError.
# Expected: a dictionary as well, with what is not known left as it came.
# Why it matters: these are the entries that tell when Klaviyo's jobs ran. Code that was tried with entries of IAM fails on the first of BigQuery.
# Source: https://cloud.google.com/bigquery/docs/reference/auditlogs/rest/Shared.Types/AuditData,
# google/cloud/logging_v2/_gapic.py (_parse_log_entry). The client's own API object is replaced only to reach a server on loopback.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install --quiet --disable-pip-version-check google-cloud-logging==3.17.0 grpcio==1.85.3 protobuf==7.36.2 \
  google-cloud-audit-log==0.6.3 grpc-google-iam-v1==0.14.6 2>"$dir/pip.log" || { cat "$dir/pip.log" >&2; exit 2; }
unset ${!GOOGLE_@} ${!GCLOUD_@} ${!CLOUDSDK_@}
cat >"$dir/finding.py" <<'PY'
import sys
from concurrent import futures
from importlib.metadata import version

import grpc
from google.auth.credentials import AnonymousCredentials
from google.cloud import logging_v2
from google.cloud.audit import audit_log_pb2
from google.cloud.logging_v2._gapic import _LoggingAPI
from google.cloud.logging_v2.services.logging_service_v2 import LoggingServiceV2Client
from google.cloud.logging_v2.services.logging_service_v2.transports import LoggingServiceV2GrpcTransport
from google.cloud.logging_v2.types import ListLogEntriesResponse, LogEntry
from google.protobuf.any_pb2 import Any


class Server(grpc.GenericRpcHandler):
    """Answers ListLogEntries with one entry."""

    details = ""

    def service(self, _):
        return grpc.unary_unary_rpc_method_handler(lambda *_: ListLogEntriesResponse.serialize(self.answer()))

    def answer(self):
        audit = audit_log_pb2.AuditLog(service_name="bigquery.googleapis.com", method_name="jobservice.jobcompleted")
        if self.details:
            audit.service_data.CopyFrom(Any(type_url=f"type.googleapis.com/{self.details}"))
        entry = LogEntry(log_name="projects/p/logs/cloudaudit.googleapis.com%2Fdata_access")
        LogEntry.pb(entry).proto_payload.Pack(audit)
        return ListLogEntriesResponse(entries=[entry])


handler = Server()
server = grpc.server(futures.ThreadPoolExecutor(max_workers=1))
server.add_generic_rpc_handlers((handler,))
port = server.add_insecure_port("127.0.0.1:0")
server.start()
transport = LoggingServiceV2GrpcTransport(channel=grpc.insecure_channel(f"127.0.0.1:{port}"))
client = logging_v2.Client(project="p", credentials=AnonymousCredentials())
client._logging_api = _LoggingAPI(LoggingServiceV2Client(transport=transport), client)

print(f"google-cloud-logging {version('google-cloud-logging')}")
seen = {
    "": "OrderedDict",
    "google.iam.v1.logging.AuditData": "OrderedDict",
    "google.cloud.bigquery.logging.v1.AuditData": "Any",
}
changed = False
for handler.details, kind in seen.items():
    [entry] = client.list_entries(resource_names=["projects/p"])
    found = type(entry.payload).__name__
    print(f"serviceData {handler.details or '(none)'}: the payload is of the type {found}")
    changed |= found != kind
server.stop(None)
if changed:
    sys.exit("this has changed")
PY
"$dir/venv/bin/python" "$dir/finding.py"
