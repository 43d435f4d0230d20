"""Templates: the compiled templates by canonical url, and the latest version of each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from shared.fhir.canonical import split_canonical, version_key
from shared.message.render import CompiledTemplate


class Templates:
    """An immutable index."""

    __slots__ = ("_by_canonical", "_latest")

    def __init__(self, compiled: Iterable[CompiledTemplate] = ()) -> None:
        self._by_canonical = {template.canonical: template for template in compiled}
        ordered = sorted(self._by_canonical.values(), key=lambda t: version_key(t.version))
        self._latest = {template.url: template for template in ordered}

    def get(self, reference: str) -> CompiledTemplate | None:
        """Find "url|version", or the latest version of "url"."""
        url, version = split_canonical(reference)
        return self._by_canonical.get(reference) if version else self._latest.get(url)

    def latest(self, url: str) -> CompiledTemplate | None:
        """Find the latest version."""
        return self._latest.get(url)

    def __iter__(self) -> Iterator[CompiledTemplate]:
        return iter(self._by_canonical.values())

    def __len__(self) -> int:
        return len(self._by_canonical)
