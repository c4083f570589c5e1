"""google.iam.admin.v1.IAM over gRPC, with the handlers of IAM's REST methods.

Requests are turned into REST's JSON, and answers from it into messages, so that both protocols behave alike.
"""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc
from google.cloud.iam_admin_v1 import types
from google.iam.v1 import iam_policy_pb2, policy_pb2
from google.protobuf import empty_pb2, json_format
from grpc_status import rpc_status

from kbq_tui.sandbox import errors, exchanges, iam
from kbq_tui.sandbox.context import Call, SandboxContext
from kbq_tui.sandbox.faults import Rule

JSON = dict[str, Any]
SERVICE = "google.iam.admin.v1.IAM"


def _pb(message: Any) -> Any:
    """The plain protobuf class of a client library's message class."""
    return message.pb() if hasattr(message, "pb") else message


# RPC -> (REST method, request, response)
RPCS: dict[str, tuple[str, Any, Any]] = {
    "ListServiceAccounts": (
        "iam.serviceAccounts.list",
        types.ListServiceAccountsRequest,
        types.ListServiceAccountsResponse,
    ),
    "GetServiceAccount": ("iam.serviceAccounts.get", types.GetServiceAccountRequest, types.ServiceAccount),
    "CreateServiceAccount": ("iam.serviceAccounts.create", types.CreateServiceAccountRequest, types.ServiceAccount),
    "UpdateServiceAccount": ("iam.serviceAccounts.update", types.ServiceAccount, types.ServiceAccount),
    "PatchServiceAccount": ("iam.serviceAccounts.patch", types.PatchServiceAccountRequest, types.ServiceAccount),
    "DeleteServiceAccount": ("iam.serviceAccounts.delete", types.DeleteServiceAccountRequest, empty_pb2.Empty),
    "UndeleteServiceAccount": (
        "iam.serviceAccounts.undelete",
        types.UndeleteServiceAccountRequest,
        types.UndeleteServiceAccountResponse,
    ),
    "EnableServiceAccount": ("iam.serviceAccounts.enable", types.EnableServiceAccountRequest, empty_pb2.Empty),
    "DisableServiceAccount": ("iam.serviceAccounts.disable", types.DisableServiceAccountRequest, empty_pb2.Empty),
    "ListServiceAccountKeys": (
        "iam.serviceAccountKeys.list",
        types.ListServiceAccountKeysRequest,
        types.ListServiceAccountKeysResponse,
    ),
    "GetServiceAccountKey": ("iam.serviceAccountKeys.get", types.GetServiceAccountKeyRequest, types.ServiceAccountKey),
    "CreateServiceAccountKey": (
        "iam.serviceAccountKeys.create",
        types.CreateServiceAccountKeyRequest,
        types.ServiceAccountKey,
    ),
    "DeleteServiceAccountKey": (
        "iam.serviceAccountKeys.delete",
        types.DeleteServiceAccountKeyRequest,
        empty_pb2.Empty,
    ),
    "EnableServiceAccountKey": (
        "iam.serviceAccountKeys.enable",
        types.EnableServiceAccountKeyRequest,
        empty_pb2.Empty,
    ),
    "DisableServiceAccountKey": (
        "iam.serviceAccountKeys.disable",
        types.DisableServiceAccountKeyRequest,
        empty_pb2.Empty,
    ),
    "GetIamPolicy": ("iam.serviceAccounts.getIamPolicy", iam_policy_pb2.GetIamPolicyRequest, policy_pb2.Policy),
    "SetIamPolicy": ("iam.serviceAccounts.setIamPolicy", iam_policy_pb2.SetIamPolicyRequest, policy_pb2.Policy),
    "TestIamPermissions": (
        "iam.serviceAccounts.testIamPermissions",
        iam_policy_pb2.TestIamPermissionsRequest,
        iam_policy_pb2.TestIamPermissionsResponse,
    ),
    "GetRole": ("iam.roles.get", types.GetRoleRequest, types.Role),
    "ListRoles": ("iam.roles.list", types.ListRolesRequest, types.ListRolesResponse),
    "CreateRole": ("iam.projects.roles.create", types.CreateRoleRequest, types.Role),
    "UpdateRole": ("iam.projects.roles.patch", types.UpdateRoleRequest, types.Role),
    "DeleteRole": ("iam.projects.roles.delete", types.DeleteRoleRequest, types.Role),
    "UndeleteRole": ("iam.projects.roles.undelete", types.UndeleteRoleRequest, types.Role),
    "QueryGrantableRoles": (
        "iam.roles.queryGrantableRoles",
        types.QueryGrantableRolesRequest,
        types.QueryGrantableRolesResponse,
    ),
    "QueryTestablePermissions": (
        "iam.permissions.queryTestablePermissions",
        types.QueryTestablePermissionsRequest,
        types.QueryTestablePermissionsResponse,
    ),
}


def path_params(name: str) -> dict[str, str]:
    """``projects/P/serviceAccounts/A/keys/K`` or ``roles/R`` as the path parameters that REST has."""
    parts = name.split("/")
    names = {"projects": "project", "serviceAccounts": "account", "keys": "key", "roles": "role"}
    return {names[k]: v for k, v in zip(parts[::2], parts[1::2], strict=False) if k in names}


def _behaviour(ctx: SandboxContext, method: str, response: Any) -> Callable[[Any, grpc.ServicerContext], bytes]:
    _, _, handler, write = iam.METHODS[method]

    def serve(request: Any, context: grpc.ServicerContext) -> bytes:
        body = json_format.MessageToDict(request)
        name = next((body[key] for key in ("name", "resource", "parent") if body.get(key)), "")
        name = name or body.get("serviceAccount", {}).get("name", "")
        headers = {str(k): str(v) for k, v in context.invocation_metadata()}
        call = Call(ctx, method, path_params(name), body, headers, body, is_write=write)
        call.resource = name
        fault = None
        try:
            fault = ctx.faults.next(method, "before", name)
            if fault:
                return _carry_out(ctx, context, fault, call)
            if ctx.latency:
                time.sleep(ctx.latency)
            result = ctx.run(call, handler)
        except errors.ApiError as error:
            ctx.record(call, error.http)
            if fault is None:
                _tell(call, error.http, error.modern())
            _abort(context, error)
        ctx.record(call, 200)
        _tell(call, 200, result)
        # REST now has fields that the client library's message does not have
        answer = json_format.ParseDict(result, response(), ignore_unknown_fields=True).SerializeToString()
        fault = ctx.faults.next(method, "after", name)
        try:
            return _carry_out(ctx, context, fault, None) if fault else bytes(answer)
        except errors.ApiError as error:
            _abort(context, error)
        raise AssertionError("abort raises")

    return serve


def _tell(call: Call, status: int, answer: Any) -> None:
    exchanges.tell(lambda: exchanges.Exchange(call.method, "gRPC", call.resource, [], call.body, status, answer))


def _abort(context: grpc.ServicerContext, error: errors.ApiError) -> None:
    """End the call with a rich status (https://grpc.io/docs/guides/error/#richer-error-model); raises."""
    context.abort_with_status(rpc_status.to_status(error.proto_status()))


def _carry_out(ctx: SandboxContext, context: grpc.ServicerContext, rule: Rule, call: Call | None) -> bytes:
    """Apply a fault to a gRPC call; `call` is logged if the server did not act."""
    if rule.kind == "status":
        raise rule.error()
    if call:
        ctx.record(call, 503)
    if rule.kind in ("malformed", "truncated", "content-type"):
        return b"\xff\xff\xff\xff"  # no protobuf message begins with these bytes
    if rule.kind == "hang":
        end = time.monotonic() + rule.seconds
        while context.is_active() and time.monotonic() < end and not ctx.stopping.wait(0.02):
            pass
    context.abort(grpc.StatusCode.UNAVAILABLE, "Socket closed")
    raise AssertionError("abort raises")


def serve(ctx: SandboxContext, port: int = 0) -> tuple[grpc.Server, str]:
    """Start the gRPC server on loopback.

    Returns:
        The server, and its address, ``127.0.0.1:PORT``.
    """
    server = grpc.server(
        ThreadPoolExecutor(64, "sandbox-grpc"),
        options=[("grpc.so_reuseport", 0), ("grpc.max_receive_message_length", -1)],
    )
    handlers = {}
    for rpc, (method, request, response) in RPCS.items():
        handlers[rpc] = grpc.unary_unary_rpc_method_handler(
            _behaviour(ctx, method, _pb(response)), request_deserializer=_pb(request).FromString
        )
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(SERVICE, handlers),))
    bound = server.add_secure_port(f"127.0.0.1:{port}", grpc.local_server_credentials())
    server.start()
    return server, f"127.0.0.1:{bound}"
