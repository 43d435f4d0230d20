"""What is stored, and sent between functions, as shapes: fields, types, order; and what a change breaks.

While a deployment is upgraded, old and new instances work side by side on the same records and queues: each
must read what the other writes. `python -m tests.upgrade.shapes FILE` writes down those of this release.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal

from msgspec import Struct, inspect

from shared.adapters import table_newest, table_store, table_traces
from shared.journey.resources import posts
from shared.message import printed
from shared.patient import packing
from shared.patient.facts import Fact
from shared.ports import Backup, happened
from shared.ports.trail import AuditEntry
from shared.usecases import (
    admitted,
    asked_once,
    audit_report,
    count,
    deletions,
    jobs,
    letters,
    poison,
    population,
    recover,
    rejections,
    shelf,
    sweep,
    watch,
)
from shared.usecases.analytics import forgetting
from shared.usecases.campaigns import documents as campaigns
from shared.usecases.drafts import kept as drafts
from shared.usecases.inbound import kept
from shared.usecases.journeys import migrate, simulate
from shared.usecases.operations import written
from shared.usecases.privacy import marks
from shared.usecases.retention import walk
from shared.usecases.segments import counting
from shared.usecases.sources import heard, stored
from shared.usecases.templates import approval
from shared.usecases.trail import export

PERSISTED: Mapping[str, Any] = {
    "a record's head": packing._Head,
    "a record's facts": list[Fact],
    "row of a message": table_store.Message,
    "row of the timeline": tuple[table_store.TimelineLine, ...],
    "newest of a patient": table_newest.Newest,
    "row of a link": table_traces.IndexLink,
    "job": jobs.Job,
    "envelope of a job": jobs.Envelope,
    "webhook in an outbox": posts.Call,
    "notice in an outbox": posts.Notice,
    "catalogue": shelf.Shelf,
    "switch": shelf.Switching,
    "population run": population.Population,
    "shard of a run": population.Shard,
    "watermark": recover.Watermark,
    "deletions seen": deletions.Seen,
    "event counter": count.Counter,
    "admission": admitted.Admitted,
    "request of the admin API and its answer": asked_once.Asked,
    "rejection": rejections.Rejection,
    "latest reconciliation": watch.Reconciled,
    "job that was thrown away": poison.Purge,
    "part of an audit": audit_report.Part,
    "reply that waits": kept.Asking,
    "approval": approval.Approval,
    "mark of somebody erased": marks.Mark,
    "retention": walk.Walk,
    "place of the sweep": sweep.Place,
    "campaign": campaigns.CampaignState,
    "run of a campaign": campaigns.Run,
    "manifest of a backup": Backup,
    "batch of letters": letters.Batch,
    "letter": printed.Printed,
    "long work": written.LongWork,
    "entry of the audit trail": AuditEntry,
    "exports of the audit trail": export.Exported,
    "place of such an export": export.Place,
    "draft": drafts.Draft,
    "preview of a segment": counting.Ask,
    "move between versions of a journey": migrate.Order,
    "how far such a move is": migrate.Place,
    "dry run of a journey": simulate.Simulated,
    "how far a preview is": counting.Counted,
    "source of notifications": stored.StoredSource,
    "when a source was heard": heard.LastHeard,
    "line of the analytics log": happened.Line,
    "who is taken out of the analytics log": forgetting.Forgetting,
}
"""Everything that outlives a process, by what it is."""

type Shape = Any
"""JSON: "str", ["list", shape], ["dict", key, value], ["one of", shapes], ["literal", values], or the name
of a struct in ["struct", name]."""


class Difference(Struct, frozen=True):
    """One way in which two releases differ.

    A `break`: what the older wrote, the newer cannot read. A `hazard`: what the newer may write, the older
    cannot read, so that it must not be written before all instances are new.
    """

    kind: Literal["break", "hazard"]
    where: str
    what: str


def shapes(roots: Mapping[str, Any] = PERSISTED) -> dict[str, Any]:
    """Describe what is persisted: `roots` by what it is, and the `structs` that they are made of, by name."""
    named: dict[type, str] = {}
    structs: dict[str, Any] = {}

    def shape(kind: inspect.Type) -> Shape:
        match kind:
            case inspect.StructType(cls=cls):
                if cls not in named:
                    taken = cls.__name__ in structs
                    named[cls] = f"{cls.__module__}.{cls.__name__}" if taken else cls.__name__
                    structs[named[cls]] = {}  # so that one which holds itself comes to an end
                    fields = [[f.encode_name, shape(f.type), f.required] for f in kind.fields]
                    structs[named[cls]] |= {"array": kind.array_like, "tag": kind.tag, "fields": fields}
                return ["struct", named[cls]]
            case inspect.UnionType(types=types):
                return ["one of", sorted(map(shape, types), key=json.dumps)]
            case inspect.LiteralType(values=values):
                return ["literal", sorted(values)]
            case inspect.DictType(key_type=key, value_type=value):
                return ["dict", shape(key), shape(value)]
            case inspect.TupleType(item_types=items):
                return ["tuple", *map(shape, items)]
            case inspect.ListType() | inspect.VarTupleType() | inspect.SetType() | inspect.FrozenSetType():
                return ["list", shape(kind.item_type)]
            case _:
                return type(kind).__name__.removesuffix("Type").lower()

    found = {name: shape(inspect.type_info(persisted)) for name, persisted in roots.items()}
    return {"roots": found, "structs": structs}


def differences(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Difference]:
    """Yield what keeps one release from reading what the other writes."""
    for root, shape in old["roots"].items():
        if root in new["roots"]:
            yield from _compare(root, shape, new["roots"][root])
        else:
            yield Difference("break", root, "nothing reads it any more")
    for name in sorted(old["structs"].keys() & new["structs"].keys()):
        yield from _compare_structs(name, old["structs"][name], new["structs"][name])


def _compare_structs(name: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Difference]:
    if (old["array"], old["tag"]) != (new["array"], new["tag"]):
        yield Difference("break", name, "is written in another way, or under another tag")
    if old["array"]:
        before = [field for field, _, _ in old["fields"]]
        if [field for field, _, _ in new["fields"]][: len(before)] != before:
            yield Difference("break", name, "its fields are read by their order, and that has changed")
            return
    then, now = (
        {field: (shape, required) for field, shape, required in each["fields"]} for each in (old, new)
    )
    for field, (shape, required) in then.items():
        if field in now:
            yield from _compare(f"{name}.{field}", shape, now[field][0])
        elif required:
            yield Difference("hazard", f"{name}.{field}", "is written no more, and was always there")
    for field in sorted(now.keys() - then.keys()):
        if now[field][1]:
            yield Difference("break", f"{name}.{field}", "must be there, and was not written before")


def _compare(where: str, old: Shape, new: Shape) -> Iterator[Difference]:
    if old == new:
        return
    before, after = _choices(old), _choices(new)
    gone = [choice for choice in before if choice not in after]
    come = [choice for choice in after if choice not in before]
    pairs = [(a, b) for a in gone for b in come if _same_kind(a, b)]
    for a, b in pairs:
        gone.remove(a)
        come.remove(b)
        for part, (x, y) in enumerate(zip(a[1:], b[1:], strict=True)):
            yield from _compare(f"{where}[{part}]", x, y)
    if gone:
        yield Difference("break", where, f"is no longer read: {json.dumps(gone)}")
    if come:
        yield Difference("hazard", where, f"was not known before: {json.dumps(come)}")


def _choices(shape: Shape) -> list[Shape]:
    if isinstance(shape, list) and shape[0] == "one of":
        return [choice for each in shape[1] for choice in _choices(each)]
    if isinstance(shape, list) and shape[0] == "literal":
        return [["literal", value] for value in shape[1]]
    return [shape]


def _same_kind(a: Shape, b: Shape) -> bool:
    containers = ("list", "dict", "tuple")
    return isinstance(a, list) and isinstance(b, list) and a[0] == b[0] in containers and len(a) == len(b)


def lines(found: Mapping[str, Any]) -> str:
    """Write shapes as JSON, a line each, so that people can compare them."""
    parts = (
        (part, ",\n".join(f"  {json.dumps(name)}: {json.dumps(each[name])}" for name in sorted(each)))
        for part, each in found.items()
    )
    return "{\n" + ",\n".join(f' "{part}": {{\n{text}\n }}' for part, text in parts) + "\n}\n"


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(lines(shapes()), encoding="utf-8")
