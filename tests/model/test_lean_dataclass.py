"""A lean dataclass is equal to what the standard library makes of the same class."""

import copy
import dataclasses
import pickle
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

import pytest

from kbq_tui.model import lean_dataclass

MAKERS = [dataclasses.dataclass, lean_dataclass.dataclass]


def _example(make: Callable[..., Any]) -> Any:
    class Example:
        """An example."""

        KIND: ClassVar[str] = "k"
        name: str
        secret: str = dataclasses.field(repr=False)
        size: int = 3
        more: Mapping[str, int] = dataclasses.field(default_factory=dict)

        def __post_init__(self) -> None:
            if self.size < 0:
                raise ValueError(self.size)

        @property
        def double(self) -> int:
            return 2 * self.size

        @classmethod
        def of(cls: Any, name: str) -> Any:
            return cls(name, "s")

    return make(frozen=True, slots=True)(Example)


LIBRARY, LEAN = (_example(make) for make in MAKERS)


def _pair(*args: Any, **given: Any) -> tuple[Any, Any]:
    return LIBRARY(*args, **given), LEAN(*args, **given)


@pytest.mark.parametrize("args", [("a", "b"), ("a", "b", 5), ("a", "b", 5, {"x": 1})])
def test_values_text_and_order_are_the_library_s(args: tuple[Any, ...]) -> None:
    library, lean = _pair(*args)
    assert repr(lean) == repr(library)
    assert dataclasses.asdict(lean) == dataclasses.asdict(library)
    assert dataclasses.astuple(lean) == dataclasses.astuple(library)
    assert lean.double == library.double
    assert lean.KIND == "k"
    assert type(lean).__match_args__ == type(library).__match_args__
    assert type(lean).__doc__ == type(library).__doc__
    assert [(f.name, f.default, f.repr) for f in dataclasses.fields(lean)] == [
        (f.name, f.default, f.repr) for f in dataclasses.fields(library)
    ]


@pytest.mark.parametrize("cls", [LIBRARY, LEAN])
def test_equal_values_are_equal_and_hash_alike(cls: Any) -> None:
    assert cls("a", "b", 1, ()) == cls("a", secret="b", size=1, more=())
    assert cls("a", "b", 1, ()) != cls("a", "b", 2, ())
    assert cls("a", "b") != ("a", "b", 3, {})
    assert len({cls("a", "b", 1, ()), cls("a", "b", 1, ())}) == 1
    with pytest.raises(TypeError):
        hash(cls("a", "b"))  # a dictionary has no hash
    assert cls("a", "b").more is not cls("a", "b").more


@pytest.mark.parametrize("cls", [LIBRARY, LEAN])
def test_copies_keep_everything(cls: Any) -> None:
    it = cls("a", "b", 1, {"x": 1})
    assert copy.copy(it) == copy.deepcopy(it) == it
    assert copy.deepcopy(it).more is not it.more
    assert dataclasses.replace(it, size=9) == cls("a", "b", 9, {"x": 1})
    with pytest.raises(ValueError, match="-1"):
        dataclasses.replace(it, size=-1)
    assert cls.of("z").name == "z"
    assert dataclasses.is_dataclass(cls)


def _ordered(make: Callable[..., Any]) -> Any:
    class Ordered:
        name: str
        size: int = 0
        note: str = dataclasses.field(default="", hash=False)

    return make(frozen=True, slots=True, order=True)(Ordered)


@pytest.mark.parametrize("cls", [_ordered(make) for make in MAKERS])
def test_order_is_that_of_the_values_and_only_within_the_class(cls: Any) -> None:
    few, many = cls("a", 1), cls("a", 2)
    assert (few < many, few <= few, many > few, many >= few, many < few) == (True, True, True, True, False)
    assert sorted([many, cls("A", 9), few]) == [cls("A", 9), few, many]
    with pytest.raises(TypeError, match="not supported between"):
        assert few < ("a", 2, "")
    assert hash(cls("a", 1, "x")) == hash(cls("a", 1, "y"))
    assert cls("a", 1, "x") != cls("a", 1, "y")


@pytest.mark.parametrize("cls", [LIBRARY, LEAN])
def test_nothing_can_be_assigned_or_deleted(cls: Any) -> None:
    it = cls("a", "b")
    with pytest.raises(dataclasses.FrozenInstanceError, match="name"):
        it.name = "z"
    with pytest.raises(dataclasses.FrozenInstanceError, match="name"):
        del it.name
    with pytest.raises((AttributeError, TypeError)):  # the library's super() is confused by its second class
        it.other = 1
    assert not hasattr(it, "__dict__")


@pytest.mark.parametrize("cls", [LIBRARY, LEAN])
@pytest.mark.parametrize(
    ("args", "given", "said"),
    [
        ((), {"secret": "b"}, "missing.*'name'"),
        (("a",), {}, "missing.*'secret'"),
        (("a", "b"), {"nme": 1}, "unexpected keyword argument 'nme'"),
        (("a", "b"), {"name": 1}, "multiple values for argument 'name'"),
        (("a", "b", 1, {}, 5), {}, "positional arguments"),
    ],
)
def test_wrong_arguments_are_refused(cls: Any, args: tuple[Any, ...], given: dict[str, Any], said: str) -> None:
    with pytest.raises(TypeError, match=said):
        cls(*args, **given)


@lean_dataclass.dataclass(frozen=True, slots=True)
class Sent:
    """At the top of a module, where pickle finds it."""

    name: str
    size: int = 3


def test_it_can_be_pickled_and_matched() -> None:
    sent = pickle.loads(pickle.dumps(Sent("a", 4)))
    match sent:
        case Sent("a", size):
            assert size == 4
        case _:
            pytest.fail("no match")


def test_what_is_not_supported_is_refused_when_the_class_is_made() -> None:
    make: Any = lean_dataclass.dataclass
    with pytest.raises(TypeError, match="frozen"):
        make(frozen=False, slots=True)
    with pytest.raises(TypeError, match="inherits"):
        make(frozen=True, slots=True)(type("Child", (Sent,), {"__annotations__": {"x": int}}))
    body = {"__annotations__": {"x": int}, "x": dataclasses.field(init=False)}
    with pytest.raises(TypeError, match="only default"):
        make(frozen=True, slots=True)(type("Bare", (), body))
    with pytest.raises(TypeError, match="compares"):
        make(frozen=True, slots=True)(type("Own", (), {"__annotations__": {}, "__eq__": lambda a, b: True}))
