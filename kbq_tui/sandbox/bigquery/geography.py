"""Geographies as text: reads WKT, WKB or GeoJSON and gives WKT as BigQuery writes it.

https://cloud.google.com/bigquery/docs/geospatial-data#loading_geospatial_data
"""

import json
import re
import struct
from typing import Any

from kbq_tui.sandbox.bigquery.fields import BadSchema

_SHAPES = ("POINT", "LINESTRING", "POLYGON", "MULTIPOINT", "MULTILINESTRING", "MULTIPOLYGON", "GEOMETRYCOLLECTION")
"""Kinds of geography, in the order of their numbers in WKB."""
_NUMBER = r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?"
_START = re.compile(rf"(?:{'|'.join(_SHAPES)})\s*(?:\(|EMPTY)", re.I)
_TOKEN = re.compile(rf"{'|'.join(sorted(_SHAPES, reverse=True))}|EMPTY|{_NUMBER}|[\s(),]+", re.I)
_HEX = re.compile(r"0[01](?:[0-9A-Fa-f]{2}){8,}")


def read(value: Any) -> str:
    """Give a geography as WKT.

    Args:
        value: WKT, WKB in hexadecimal digits or GeoJSON as text; WKB as bytes.

    Raises:
        BadSchema: it is in none of these formats.
    """
    text = value.strip() if isinstance(value, str) else ""
    try:
        if isinstance(value, bytes):
            return _Wkb(value).read()
        if _HEX.fullmatch(text):
            return _Wkb(bytes.fromhex(text)).read()
        if text.startswith("{"):
            return _from_json(json.loads(text))
    except (ValueError, TypeError, KeyError, IndexError, struct.error, RecursionError) as error:
        raise BadSchema(f"Invalid geography value: {error}") from error
    if not _START.match(text) or _TOKEN.sub("", text) or text.count("(") != text.count(")"):
        raise BadSchema(f"Invalid geography value: {text[:100]}")
    tight = re.sub(r"\s*([(),])\s*", r"\1", " ".join(text.upper().split())).replace(",", ", ")
    return re.sub(_NUMBER, lambda match: _digits(float(match[0])), tight)


def _digits(number: float) -> str:
    return format(number + 0.0, ".15g")  # -0 is 0


def _position(numbers: Any) -> str:
    return f"{_digits(float(numbers[0]))} {_digits(float(numbers[1]))}"


def _positions(coordinates: Any, depth: int) -> str:
    """Coordinates in as many pairs of brackets as their kind needs."""
    if depth == 0:
        return _position(coordinates)
    return "(" + ", ".join(_positions(part, depth - 1) for part in coordinates) + ")"


# how deeply the coordinates of a kind are nested
_DEPTH = {"POINT": 0, "LINESTRING": 1, "MULTIPOINT": 1, "POLYGON": 2, "MULTILINESTRING": 2, "MULTIPOLYGON": 3}


def _written(kind: str, coordinates: Any) -> str:
    if kind == "POINT":
        return f"POINT({_position(coordinates)})"
    return kind + _positions(coordinates, _DEPTH[kind])


def _from_json(shape: Any) -> str:
    """Read GeoJSON (https://datatracker.ietf.org/doc/html/rfc7946#section-3.1)."""
    kind = str(shape["type"]).upper()
    if kind == "GEOMETRYCOLLECTION":
        return f"{kind}(" + ", ".join(_from_json(part) for part in shape["geometries"]) + ")"
    return _written(kind, shape["coordinates"])


class _Wkb:
    """Reads well-known binary: the byte order, the kind, and its positions."""

    def __init__(self, data: bytes) -> None:
        self.data, self.at, self.order = data, 0, "<"

    def read(self) -> str:
        text = self._shape()
        if self.at != len(self.data):
            raise ValueError("bytes are left over")
        return text

    def _unpack(self, form: str) -> Any:
        size = struct.calcsize(self.order + form)
        values = struct.unpack_from(self.order + form, self.data, self.at)
        self.at += size
        return values if len(values) > 1 else values[0]

    def _kind(self) -> str:
        self.order = "<" if self._unpack("B") else ">"
        number = self._unpack("I")
        if not 1 <= number <= len(_SHAPES):
            raise ValueError(f"kind {number} of WKB is not supported")
        return _SHAPES[number - 1]

    def _shape(self) -> str:
        kind = self._kind()
        if kind == "GEOMETRYCOLLECTION":
            return f"{kind}(" + ", ".join(self._shape() for _ in range(self._count())) + ")"
        return _written(kind, self._coordinates(kind))

    def _count(self) -> int:
        count = int(self._unpack("I"))
        if count > len(self.data):
            raise ValueError("more parts than bytes")
        return count

    def _coordinates(self, kind: str) -> Any:
        if kind == "POINT":
            return self._unpack("dd")
        if kind == "LINESTRING":
            return [self._unpack("dd") for _ in range(self._count())]
        if kind == "POLYGON":
            return [[self._unpack("dd") for _ in range(self._count())] for _ in range(self._count())]
        return [self._coordinates(self._kind()) for _ in range(self._count())]
