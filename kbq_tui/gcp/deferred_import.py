"""Defers a library's module until something of it is used."""

import sys
import threading
from importlib.util import find_spec, module_from_spec
from types import ModuleType
from typing import Any


class _Deferred(ModuleType):
    """A module whose code is run when an attribute is missed.

    `importlib.util.LazyLoader` cannot be used: each further `import` of a module looks at its `__spec__`, and at any
    look that loader runs the module (CPython 3.11.7).
    """

    def __getattr__(self, name: str) -> Any:
        with _lock:
            state = self.__dict__
            if state.pop("_is_deferred", False):  # False for the code itself, while it runs
                spec = state["__spec__"]
                spec.loader.exec_module(self)
                self.__class__ = ModuleType  # type: ignore[assignment]
            if name not in state:
                raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")
            return state[name]


_lock = threading.RLock()


def import_when_used(name: str) -> None:
    """Let a module be run when one of its names is first used, wherever it is imported before.

    For a part of a library that another library imports for a case that hardly ever occurs. Nothing is done if the
    module was imported already, or is not installed.

    Args:
        name: the module's whole name; its package is imported.
    """
    if name in sys.modules:
        return
    spec = find_spec(name)
    if spec is None or spec.loader is None:
        return
    module = module_from_spec(spec)
    module.__dict__["_is_deferred"] = True
    module.__class__ = _Deferred
    sys.modules[name] = module
    package, _, child = name.rpartition(".")
    if package:
        setattr(sys.modules[package], child, module)
