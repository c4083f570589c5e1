"""Dataclasses whose methods are closures: the standard library compiles source text for each class, which takes about 1
ms.

For classes that are needed before the first screen. `tests/model/test_lean_dataclass.py` compares both, member by
member.
"""

from __future__ import annotations

import dataclasses
import inspect
import operator
import sys
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dataclasses import dataclass

    __all__ = ["dataclass"]
else:

    def dataclass(*, frozen: bool, slots: bool, order: bool = False) -> Callable[[type], type]:
        """Return a class decorator that does what `dataclasses.dataclass(frozen=True, slots=True)` does.

        Supported are defaults, `field(default_factory=…, repr=…, hash=False)`, `__post_init__`, methods, and everything
        that `dataclasses` and `copy` do with an object. Inheritance between such classes is not supported.

        Args:
            frozen, slots: must be True; they are written out so that readers and mypy see them.
            order: whether objects of the class can be compared by their values, as tuples are.

        Raises:
            TypeError: the class asks for anything else.
        """
        if not (frozen and slots):
            raise TypeError("only for frozen classes with slots; use dataclasses.dataclass")
        return partial(_build, order=order)


MISSING = dataclasses.MISSING


def _annotations(cls: type) -> dict[str, Any]:
    if sys.version_info >= (3, 14):
        import annotationlib

        return annotationlib.get_annotations(cls, format=annotationlib.Format.FORWARDREF)
    return inspect.get_annotations(cls)


def _build(cls: type, *, order: bool) -> type:
    if any(hasattr(base, "__dataclass_fields__") for base in cls.__bases__):
        raise TypeError(f"{cls.__name__} inherits from a dataclass; use dataclasses.dataclass")
    if "__eq__" in cls.__dict__ or "__hash__" in cls.__dict__:
        raise TypeError(f"{cls.__name__} compares by itself; use dataclasses.dataclass")
    types = {name: kind for name, kind in _annotations(cls).items() if "ClassVar" not in str(kind)}
    body = {name: value for name, value in cls.__dict__.items() if name not in ("__dict__", "__weakref__")}
    given = {name: body.pop(name) for name in types if name in body}
    defaults: dict[str, Any] = {}
    factories: dict[str, Callable[[], Any]] = {}
    shown, hashed = list(types), list(types)
    for name, value in given.items():
        if not isinstance(value, dataclasses.Field):
            defaults[name] = value
            continue
        if not (value.init and value.compare) or value.hash is True or value.kw_only is True:
            raise TypeError(f"{cls.__name__}.{name}: only default, default_factory, repr and no hash are supported")
        if value.default is not MISSING:
            defaults[name] = value.default
        if value.default_factory is not MISSING:
            factories[name] = value.default_factory
        if not value.repr:
            shown.remove(name)
        if value.hash is False:
            hashed.remove(name)
    methods = _methods(cls, tuple(types), defaults, factories, tuple(shown), tuple(hashed))
    if order:
        methods |= _comparisons(tuple(types))
    for name, method in methods.items():
        body.setdefault(name, method)
    body["__slots__"] = tuple(types)
    body["__match_args__"] = tuple(types)
    body["__dataclass_fields__"] = _FromLibrary("__dataclass_fields__", types, given)
    body["__dataclass_params__"] = _FromLibrary("__dataclass_params__", types, given)
    built = type(cls)(cls.__name__, cls.__bases__, body)
    built.__qualname__ = cls.__qualname__
    return built


class _FromLibrary:
    """The attributes that `dataclasses` keeps on a class, for its `fields`, `replace` and `asdict`; created at first
    use."""

    def __init__(self, name: str, types: dict[str, Any], given: dict[str, Any]) -> None:
        self._name = name
        self._types = types
        self._given = given

    def __get__(self, instance: object, owner: type) -> Any:
        # With a docstring the library need not generate one, for which it would parse signatures.
        body = {"__annotations__": self._types, "__doc__": owner.__doc__ or owner.__name__, **self._given}
        only_fields = self._name == "__dataclass_fields__"  # given, so that the library need not compile methods
        wanted = {"init": False, "repr": False, "eq": False} if only_fields else {"frozen": True}
        twin: Any = dataclasses.dataclass(**wanted)(type(owner.__name__, (), body))
        found = getattr(twin, self._name)
        setattr(owner, self._name, found)
        return found


def _methods(
    cls: type,
    names: tuple[str, ...],
    defaults: dict[str, Any],
    factories: dict[str, Callable[[], Any]],
    shown: tuple[str, ...],
    hashed: tuple[str, ...],
) -> dict[str, Callable[..., Any]]:
    assign = object.__setattr__
    known = frozenset(names)
    count = len(names)
    after = cls.__dict__.get("__post_init__")

    def __init__(self: Any, *args: Any, **given: Any) -> None:
        if len(args) == count and not given:  # the usual way where thousands of objects are made from one answer
            for name, value in zip(names, args, strict=True):
                assign(self, name, value)
            if after is not None:
                after(self)
            return
        if len(args) > count:
            raise TypeError(
                f"{cls.__qualname__}.__init__() takes {len(names)} positional arguments, {len(args)} were given"
            )
        for name, value in zip(names, args, strict=False):
            if name in given:
                raise TypeError(f"{cls.__qualname__}.__init__() got multiple values for argument {name!r}")
            assign(self, name, value)
        for name in names[len(args) :]:
            if name in given:
                assign(self, name, given.pop(name))
            elif name in defaults:
                assign(self, name, defaults[name])
            elif name in factories:
                assign(self, name, factories[name]())
            else:
                raise TypeError(f"{cls.__qualname__}.__init__() missing required argument: {name!r}")
        if given:
            raise TypeError(f"{cls.__qualname__}.__init__() got an unexpected keyword argument {next(iter(given))!r}")
        if after is not None:
            after(self)

    def __repr__(self: Any) -> str:
        inside = ", ".join(f"{name}={getattr(self, name)!r}" for name in shown)
        return f"{type(self).__qualname__}({inside})"

    def values(self: Any) -> tuple[Any, ...]:
        return tuple([getattr(self, name) for name in names])

    def __eq__(self: Any, other: object) -> Any:
        return values(self) == values(other) if type(other) is type(self) else NotImplemented

    def __hash__(self: Any) -> int:
        return hash(tuple([getattr(self, name) for name in hashed]))

    def __setattr__(self: Any, name: str, value: Any) -> None:
        if name in known:
            raise dataclasses.FrozenInstanceError(f"cannot assign to field {name!r}")
        assign(self, name, value)

    def __delattr__(self: Any, name: str) -> None:
        if name in known:
            raise dataclasses.FrozenInstanceError(f"cannot delete field {name!r}")
        object.__delattr__(self, name)

    def __getstate__(self: Any) -> list[Any]:
        return list(values(self))

    def __setstate__(self: Any, state: list[Any]) -> None:
        for name, value in zip(names, state, strict=True):
            assign(self, name, value)

    methods = (__init__, __repr__, __eq__, __hash__, __setattr__, __delattr__, __getstate__, __setstate__)
    return {method.__name__: method for method in methods}


def _comparisons(names: tuple[str, ...]) -> dict[str, Callable[..., Any]]:
    def by(compared: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
        def compare(self: Any, other: object) -> Any:
            if type(other) is not type(self):
                return NotImplemented
            return compared(*(tuple([getattr(each, name) for name in names]) for each in (self, other)))

        return compare

    return {
        f"__{compared.__name__}__": by(compared) for compared in (operator.lt, operator.le, operator.gt, operator.ge)
    }
