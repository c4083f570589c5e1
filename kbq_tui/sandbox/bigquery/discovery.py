"""The discovery document, which `bq` reads before any call.

It has only names, paths and parameters, which are all that the tool needs for its client
(https://developers.google.com/discovery/v1/reference/apis).
"""

from typing import Any

JSON = dict[str, Any]

_PROJECT = "projects/{+projectId}"
_DATASET = _PROJECT + "/datasets/{+datasetId}"
_TABLE = _DATASET + "/tables/{+tableId}"
_JOB = _PROJECT + "/jobs/{+jobId}"
_LIST = "maxResults pageToken"

# resource -> method -> (HTTP verb, path, query parameters, takes a body)
_METHODS: dict[str, dict[str, tuple[str, str, str, bool]]] = {
    "projects": {"list": ("GET", "projects", _LIST, False)},
    "datasets": {
        "list": ("GET", _PROJECT + "/datasets", _LIST + " all filter", False),
        "insert": ("POST", _PROJECT + "/datasets", "accessPolicyVersion", True),
        "get": ("GET", _DATASET, "accessPolicyVersion datasetView", False),
        "patch": ("PATCH", _DATASET, "accessPolicyVersion updateMode", True),
        "update": ("PUT", _DATASET, "accessPolicyVersion updateMode", True),
        "delete": ("DELETE", _DATASET, "deleteContents", False),
        "undelete": ("POST", _DATASET + ":undelete", "", True),
    },
    "tables": {
        "list": ("GET", _DATASET + "/tables", _LIST, False),
        "insert": ("POST", _DATASET + "/tables", "", True),
        "get": ("GET", _TABLE, "selectedFields view", False),
        "patch": ("PATCH", _TABLE, "autodetect_schema", True),
        "update": ("PUT", _TABLE, "autodetect_schema", True),
        "delete": ("DELETE", _TABLE, "", False),
        "getIamPolicy": ("POST", "{+resource}:getIamPolicy", "", True),
        "setIamPolicy": ("POST", "{+resource}:setIamPolicy", "", True),
        "testIamPermissions": ("POST", "{+resource}:testIamPermissions", "", True),
    },
    "tabledata": {
        "list": ("GET", _TABLE + "/data", _LIST + " startIndex selectedFields formatOptions.useInt64Timestamp", False),
        "insertAll": ("POST", _TABLE + "/insertAll", "", True),
    },
    "jobs": {
        "list": (
            "GET",
            _PROJECT + "/jobs",
            _LIST + " allUsers maxCreationTime minCreationTime parentJobId projection stateFilter",
            False,
        ),
        "insert": ("POST", _PROJECT + "/jobs", "", True),
        "get": ("GET", _JOB, "location", False),
        "cancel": ("POST", _JOB + "/cancel", "location", False),
        "query": ("POST", _PROJECT + "/queries", "", True),
        "getQueryResults": (
            "GET",
            _PROJECT + "/queries/{+jobId}",
            _LIST
            + " location startIndex timeoutMs formatOptions.useInt64Timestamp formatOptions.timestampOutputFormat",
            False,
        ),
    },
    "routines": {
        "list": ("GET", _DATASET + "/routines", _LIST + " filter readMask", False),
        "insert": ("POST", _DATASET + "/routines", "", True),
        "get": ("GET", _DATASET + "/routines/{+routineId}", "readMask", False),
        "update": ("PUT", _DATASET + "/routines/{+routineId}", "", True),
        "delete": ("DELETE", _DATASET + "/routines/{+routineId}", "", False),
    },
    # not served, but the tool expects them when it starts
    "models": {"list": ("GET", _DATASET + "/models", _LIST, False)},
    "rowAccessPolicies": {"list": ("GET", _TABLE + "/rowAccessPolicies", "pageSize pageToken", False)},
}


def document(url: str) -> JSON:
    """The discovery document of this sandbox.

    Args:
        url: the sandbox's address, without a slash at the end.
    """
    root = url.rstrip("/") + "/"
    return {
        "kind": "discovery#restDescription",
        "discoveryVersion": "v1",
        "id": "bigquery:v2",
        "name": "bigquery",
        "canonicalName": "Bigquery",
        "version": "v2",
        "title": "BigQuery API",
        "protocol": "rest",
        "rootUrl": root,
        "servicePath": "bigquery/v2/",
        "basePath": "/bigquery/v2/",
        "baseUrl": root + "bigquery/v2/",
        "batchPath": "batch/bigquery/v2",
        "parameters": {name: _parameter("query") for name in ("alt", "fields", "key", "prettyPrint", "quotaUser")},
        "schemas": {"JsonObject": {"id": "JsonObject", "type": "object", "additionalProperties": {"type": "any"}}},
        "resources": {
            resource: {"methods": {name: _method(resource, name, *rest) for name, rest in methods.items()}}
            for resource, methods in _METHODS.items()
        },
    }


def _method(resource: str, name: str, verb: str, path: str, query: str, has_body: bool) -> JSON:
    in_path = [part.partition("}")[0].lstrip("+") for part in path.split("{")[1:]]
    parameters = {p: _parameter("path") | {"required": True} for p in in_path}
    parameters |= {p: _parameter("query") for p in query.split()}
    method: JSON = {
        "id": f"bigquery.{resource}.{name}",
        "httpMethod": verb,
        "path": path,
        "parameters": parameters,
        "parameterOrder": in_path,
        "response": {"$ref": "JsonObject"},
        "scopes": ["https://www.googleapis.com/auth/bigquery"],
    }
    if has_body:
        method["request"] = {"$ref": "JsonObject"}
    if (resource, name) == ("jobs", "insert"):
        # the tool adds "media_body" (empty for queries) to every insert; uploads are not described here
        upload = {"multipart": True, "path": "/upload/bigquery/v2/" + path}
        method["supportsMediaUpload"] = True
        method["mediaUpload"] = {"accept": ["*/*"], "protocols": {"simple": upload, "resumable": upload}}
    return method


def _parameter(location: str) -> JSON:
    found: JSON = {"type": "string", "location": location}
    return found
