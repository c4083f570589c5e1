"""google.iam.admin.v1.IAM over gRPC, with the handlers of IAM's REST methods.

Requests are turned into REST's JSON, and answers from it into messages, so that both protocols behave alike.
"""

from collections.abc import Callable
from typing import Any

import grpc
from google.cloud.iam_admin_v1 import types
from google.iam.v1 import iam_policy_pb2, policy_pb2
from google.protobuf import empty_pb2, json_format

from kbq_tui.sandbox import grpc_calls, iam
from kbq_tui.sandbox.context import Call, SandboxContext

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

    def encode(result: Any) -> list[bytes]:
        # REST now has fields that the client library's message does not have
        return [json_format.ParseDict(result, response(), ignore_unknown_fields=True).SerializeToString()]

    def serve(request: Any, context: grpc.ServicerContext) -> bytes:
        body = json_format.MessageToDict(request)
        name = next((body[key] for key in ("name", "resource", "parent") if body.get(key)), "")
        name = name or body.get("serviceAccount", {}).get("name", "")
        headers = grpc_calls.metadata(context)
        call = Call(ctx, method, path_params(name), body, headers, body, is_write=write)
        call.resource = name
        return next(grpc_calls.answer(ctx, context, call, handler, encode, in_rest=True))

    return serve


def handler(ctx: SandboxContext) -> grpc.GenericRpcHandler:
    """The service's methods for a sandbox."""
    handlers = {}
    for rpc, (method, request, response) in RPCS.items():
        handlers[rpc] = grpc.unary_unary_rpc_method_handler(
            _behaviour(ctx, method, _pb(response)), request_deserializer=_pb(request).FromString
        )
    return grpc.method_handlers_generic_handler(SERVICE, handlers)
