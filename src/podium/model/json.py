"""JSON: the shape of every payload that users hand us."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias, Union

if TYPE_CHECKING:
    Json: TypeAlias = Union[dict[str, "Json"], list["Json"], str, int, float, bool, None]
else:
    # msgspec builds its decoders from these types while the program runs, and cannot follow an alias that names itself.
    Json = Any

JsonObject: TypeAlias = dict[str, Json]
