"""The shapes of BigQuery's request bodies; see `sandbox.shapes`."""

from typing import Any

from kbq_tui.sandbox import shapes
from kbq_tui.sandbox.rest import Handler
from kbq_tui.sandbox.shapes import CONDITION, FLAG, INT32, NUMBER, TEXT

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
    "isCaseInsensitive": FLAG,
    "maxTimeTravelHours": TEXT,
    "resourceTags": _LABELS,
    "defaultEncryptionConfiguration": {"kmsKeyName": TEXT},
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

UNDELETE: JSON = {"deletionTime": TEXT}

_FIELD: JSON = {
    "name": TEXT,
    "type": TEXT,
    "mode": TEXT,
    "description": TEXT,
    "policyTags": {"names": [TEXT]},
    "maxLength": TEXT,
    "precision": TEXT,
    "scale": TEXT,
    "defaultValueExpression": TEXT,
    "rangeElementType": {"type": TEXT},
}
_FIELD["fields"] = [_FIELD]

_STORED: JSON = {
    "timePartitioning": {"type": TEXT, "field": TEXT, "expirationMs": NUMBER, "requirePartitionFilter": FLAG},
    "rangePartitioning": {"field": TEXT, "range": {"start": TEXT, "end": TEXT, "interval": TEXT}},
    "clustering": {"fields": [TEXT]},
}
TABLE: JSON = _STORED | {
    "tableReference": _TABLE_REFERENCE,
    "schema": {"fields": [_FIELD]},
    "view": {"query": TEXT, "useLegacySql": FLAG},
    "materializedView": {"query": TEXT, "enableRefresh": FLAG, "refreshIntervalMs": NUMBER},
    "tableConstraints": {
        "primaryKey": {"columns": [TEXT]},
        "foreignKeys": [
            {
                "name": TEXT,
                "referencedTable": _TABLE_REFERENCE,
                "columnReferences": [{"referencingColumn": TEXT, "referencedColumn": TEXT}],
            }
        ],
    },
    "encryptionConfiguration": {"kmsKeyName": TEXT},
    "resourceTags": _LABELS,
    "requirePartitionFilter": FLAG,
    "labels": _LABELS,
    "description": TEXT,
    "friendlyName": TEXT,
    "expirationTime": NUMBER,
}

_STANDARD_TYPE: JSON = {"typeKind": TEXT}
_STANDARD_FIELDS: list[JSON] = [{"name": TEXT, "type": _STANDARD_TYPE}]
_STANDARD_TYPE |= {"arrayElementType": _STANDARD_TYPE, "rangeElementType": _STANDARD_TYPE}
_STANDARD_TYPE["structType"] = {"fields": _STANDARD_FIELDS}
ROUTINE: JSON = {
    "routineReference": {"projectId": TEXT, "datasetId": TEXT, "routineId": TEXT},
    "routineType": TEXT,
    "language": TEXT,
    "arguments": [{"name": TEXT, "argumentKind": TEXT, "dataType": _STANDARD_TYPE}],
    "returnType": _STANDARD_TYPE,
    "returnTableType": {"columns": _STANDARD_FIELDS},
    "definitionBody": TEXT,
    "description": TEXT,
    "determinismLevel": TEXT,
    "dataGovernanceType": TEXT,
}

ROWS: JSON = {"rows": [{"insertId": TEXT, "json": {}}], "skipInvalidRows": FLAG, "ignoreUnknownValues": FLAG}

_TYPE: JSON = {"type": TEXT}
_TYPE |= {"arrayType": _TYPE, "structTypes": [{"name": TEXT, "type": _TYPE}], "rangeElementType": _TYPE}
_VALUE: JSON = {"value": TEXT}
_VALUE |= {
    "arrayValues": [_VALUE],
    "structValues": {"*": _VALUE},
    "rangeValue": {"start": _VALUE, "end": _VALUE},
}

_QUERY: JSON = {
    "query": TEXT,
    "useLegacySql": FLAG,
    "defaultDataset": _DATASET_REFERENCE,
    "queryParameters": [{"name": TEXT, "parameterType": _TYPE, "parameterValue": _VALUE}],
    "createSession": FLAG,
    "connectionProperties": [{"key": TEXT, "value": TEXT}],
}
QUERY: JSON = _QUERY | {
    "location": TEXT,
    "maxResults": NUMBER,
    "dryRun": FLAG,
    "timeoutMs": NUMBER,
    "jobTimeoutMs": NUMBER,
    "requestId": TEXT,
    "labels": _LABELS,
    "formatOptions": {"useInt64Timestamp": FLAG, "timestampOutputFormat": TEXT},
    "queryResultsFormat": TEXT,
}
_WRITING: JSON = _STORED | {
    "destinationTable": _TABLE_REFERENCE,
    "createDisposition": TEXT,
    "writeDisposition": TEXT,
    "schemaUpdateOptions": [TEXT],
    "destinationEncryptionConfiguration": {"kmsKeyName": TEXT},
}
JOB: JSON = {
    "jobReference": {"projectId": TEXT, "jobId": TEXT, "location": TEXT},
    "configuration": {
        "dryRun": FLAG,
        "jobTimeoutMs": NUMBER,
        "labels": _LABELS,
        "query": _QUERY | _WRITING,
        "load": _WRITING
        | {
            "schema": {"fields": [_FIELD]},
            "sourceUris": [TEXT],
            "sourceFormat": TEXT,
            "autodetect": FLAG,
            "skipLeadingRows": INT32,
            "maxBadRecords": INT32,
            "ignoreUnknownValues": FLAG,
            "allowJaggedRows": FLAG,
            "fieldDelimiter": TEXT,
            "quote": TEXT,
            "nullMarker": TEXT,
            "encoding": TEXT,
            "decimalTargetTypes": [TEXT],
            "destinationTableProperties": {"description": TEXT, "friendlyName": TEXT, "labels": _LABELS},
        },
        "copy": _WRITING
        | {
            "sourceTable": _TABLE_REFERENCE,
            "sourceTables": [_TABLE_REFERENCE],
            "operationType": TEXT,
            "destinationExpirationTime": TEXT,
        },
    },
}


def shaped(handler: Handler, shape: JSON) -> Handler:
    """Wrap a handler so that its body is checked first, as leniently as BigQuery does."""
    return shapes.shaped(handler, shape, lenient=True)
