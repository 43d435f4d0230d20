"""What expressions come to: ordinary values, what is known only once Azure has made it, and resources."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from msgspec import Struct, field

SUBSCRIPTION = "/subscriptions/00000000-0000-0000-0000-000000000001"

type Value = object
"""None, bool, int, str, list, dict, or one of the classes here."""


class Broken(Exception):
    """The deployment would fail, or mean nothing."""


class Later(str):
    """A text that Azure gives, shown as "<TYPE/NAME.path>"; one with a key or password says "secret"."""

    __slots__ = ()

    def of(self, name: object) -> Later:
        """Return what is inside, as little known."""
        return Later(f"{self.removesuffix('>')}.{name}>")


class Place(Struct, frozen=True):
    """Where resources are made: a resource group, or the subscription where `group` is ""."""

    group: str = ""

    @property
    def id(self) -> str:
        """The resource id of the place."""
        return f"{SUBSCRIPTION}/resourceGroups/{self.group}" if self.group else SUBSCRIPTION


class Made(Struct):
    """One resource as it is deployed. `body`: all that stands in it, as values."""

    file: str
    symbol: str
    type: str
    version: str
    name: str
    place: Place
    body: dict[str, Value] = field(default_factory=dict)
    parent: Made | None = None
    scope: Made | None = None
    existing: bool = False
    absent: bool = False

    @property
    def properties(self) -> dict[str, Value]:
        """What stands under `properties`."""
        found = self.body.get("properties", {})
        return found if isinstance(found, dict) else {}

    @property
    def id(self) -> str:
        """The resource id, as Azure writes it."""
        namespace, *kinds = self.type.split("/")
        names = self.full_name.split("/")
        if self.type.lower() == "microsoft.resources/resourcegroups":
            return Place(self.name).id
        path = "/".join(f"{kind}/{name}" for kind, name in zip(kinds, names, strict=False))
        return f"{self.scope.id if self.scope else self.place.id}/providers/{namespace}/{path}"

    @property
    def full_name(self) -> str:
        """The names of the parents and its own."""
        return f"{self.parent.full_name}/{self.name}" if self.parent else self.name

    def get(self, *path: str) -> Value:
        """Return what stands at a path below `properties`, or None."""
        found: Value = self.properties
        for name in path:
            found = found.get(name) if isinstance(found, dict) else None
        return found

    def member(self, path: tuple[str, ...]) -> Value:
        """Return what another resource sees of this one at a path."""
        if path in {("id",), ("name",), ("type",)}:
            return getattr(self, path[0])
        if path == ("apiVersion",):
            return self.version
        if self.absent:
            raise Broken(f"{self.symbol} of {self.file} is read, and is not deployed here")
        found: Value = self.body
        for name in path:
            if not isinstance(found, dict) or name not in found:
                return Later(f"<{self.type}/{self.full_name}.{'.'.join(path)}>")
            found = found[name]
        return Seen(self, path) if isinstance(found, dict) else found


class Seen(Struct, frozen=True):
    """A part of a resource that has more inside."""

    of: Made
    path: tuple[str, ...]

    def whole(self) -> Value:
        """Return it as a value."""
        found: Value = self.of.body
        for name in self.path:
            found = found[name] if isinstance(found, dict) else None
        return found


class Ran(Struct):
    """A module that was deployed: its outputs by name, worked out when asked for. None: it was not."""

    name: str
    outputs: Mapping[str, Value] | None
    give: Callable[[str], Value] = lambda _: None


def texts(value: Value) -> Iterator[str]:
    """Give every text in a value, however deep."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from (key, *texts(inner))
    elif isinstance(value, list):
        for inner in value:
            yield from texts(inner)
