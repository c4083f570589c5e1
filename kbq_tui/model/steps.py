"""The set-up's steps, and the kinds of change of a resource."""

from enum import StrEnum


class Change(StrEnum):
    """What happens to a resource."""

    CREATE = "create"
    UPDATE = "update"
    DELETE = "delete"
    NOOP = "noop"


class Step(StrEnum):
    """The set-up's steps, in order; each is a screen."""

    PROJECT = "project"
    DATASETS = "datasets"
    ACCOUNT = "account"
    PERMISSIONS = "permissions"
    VERIFY = "verify"
    CONNECT = "connect"
