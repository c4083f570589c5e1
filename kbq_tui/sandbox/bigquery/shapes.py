"""The shapes of BigQuery's request bodies; `sandbox.shapes` tells what a shape is."""

from typing import Any

from kbq_tui.sandbox.shapes import CONDITION, FLAG, NUMBER, TEXT

JSON = dict[str, Any]

_DATASET_REFERENCE = {"projectId": TEXT, "datasetId": TEXT}
_TABLE_REFERENCE = {"projectId": TEXT, "datasetId": TEXT, "tableId": TEXT}
_LABELS = {"*": TEXT}

DATASET: JSON = {
    "datasetReference": _DATASET_REFERENCE,
    "location": TEXT,
    "description": TEXT,
    "friendlyName": TEXT,
    "labels": _LABELS,
    "defaultTableExpirationMs": NUMBER,
    "defaultPartitionExpirationMs": NUMBER,
    "access": [
        {
            "role": TEXT,
            "userByEmail": TEXT,
            "groupByEmail": TEXT,
            "domain": TEXT,
            "specialGroup": TEXT,
            "iamMember": TEXT,
            "view": _TABLE_REFERENCE,
            "routine": {"projectId": TEXT, "datasetId": TEXT, "routineId": TEXT},
            "dataset": {"dataset": _DATASET_REFERENCE, "targetTypes": [TEXT]},
            "condition": CONDITION,
        }
    ],
}

_FIELD: JSON = {"name": TEXT, "type": TEXT, "mode": TEXT, "description": TEXT}
_FIELD["fields"] = [_FIELD]

TABLE: JSON = {
    "tableReference": _TABLE_REFERENCE,
    "schema": {"fields": [_FIELD]},
    "view": {"query": TEXT, "useLegacySql": FLAG},
    "timePartitioning": {"type": TEXT, "field": TEXT, "expirationMs": NUMBER, "requirePartitionFilter": FLAG},
    "rangePartitioning": {"field": TEXT, "range": {"start": NUMBER, "end": NUMBER, "interval": NUMBER}},
    "clustering": {"fields": [TEXT]},
    "requirePartitionFilter": FLAG,
    "labels": _LABELS,
    "description": TEXT,
    "friendlyName": TEXT,
    "expirationTime": NUMBER,
}

ROWS: JSON = {"rows": [{"insertId": TEXT, "json": {}}]}

_TYPE: JSON = {"type": TEXT}
_TYPE |= {"arrayType": _TYPE, "structTypes": [{"name": TEXT, "type": _TYPE}]}
_VALUE: JSON = {"value": TEXT}
_VALUE |= {"arrayValues": [_VALUE], "structValues": {"*": _VALUE}}

_QUERY: JSON = {
    "query": TEXT,
    "useLegacySql": FLAG,
    "defaultDataset": _DATASET_REFERENCE,
    "queryParameters": [{"name": TEXT, "parameterType": _TYPE, "parameterValue": _VALUE}],
}
QUERY: JSON = _QUERY | {
    "location": TEXT,
    "maxResults": NUMBER,
    "dryRun": FLAG,
    "timeoutMs": NUMBER,
    "jobTimeoutMs": NUMBER,
    "requestId": TEXT,
    "labels": _LABELS,
    "formatOptions": {"useInt64Timestamp": FLAG},
}
JOB: JSON = {
    "jobReference": {"projectId": TEXT, "jobId": TEXT, "location": TEXT},
    "configuration": {
        "dryRun": FLAG,
        "jobTimeoutMs": NUMBER,
        "labels": _LABELS,
        "query": _QUERY | {"destinationTable": _TABLE_REFERENCE, "writeDisposition": TEXT},
    },
}
