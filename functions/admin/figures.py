"""Figures as JSON, CSV or Parquet: with the instant they are true of; of few people for who may see them."""

from __future__ import annotations

import asyncio
import csv
from collections.abc import Callable, Mapping, Sequence
from io import StringIO
from typing import Annotated, Any, ClassVar, Literal, cast, get_args

import orjson
from fastapi import Query, Request, Response
from pydantic import BaseModel, Field

from functions.admin.call import Call
from functions.admin.shapes import Moment, moment
from shared.access.small_cells import sees_people
from shared.access.small_figures import rough
from shared.ports.happened import Table
from shared.usecases.analytics.asking import Figures, Row, log_of

type Format = Annotated[
    Literal["json", "csv", "parquet"] | None,
    Query(description="What to answer with; without it the header Accept says so, and else it is JSON"),
]
type Count = Annotated[
    int | None,
    Field(description="Of 1 to 10 it is null, and else rounded to 5, where `rough`", examples=[120]),
]
type Seconds = Annotated[float | None, Field(description="Seconds", examples=[86400.0])]
type Share = Annotated[float | None, Field(examples=[0.25])]

CSV, PARQUET = "text/csv", "application/vnd.apache.parquet"
FORMATS: Mapping[int | str, dict[str, Any]] = {
    200: {
        "description": "The figures",
        "content": {
            CSV: {"schema": {"type": "string"}},
            PARQUET: {"schema": {"type": "string", "format": "binary"}},
        },
    }
}
"""`responses` of every operation that answers with figures."""
COUNT = "INT8"
"""The type in SQL of what counts people: another name of BIGINT."""
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


class Answer[R](BaseModel):
    """Figures; each row alike."""

    as_of: Moment = Field(description="Everything that was acknowledged until then is counted")
    filters: dict[str, str | list[str]] = Field(
        description="What was asked for", examples=[{"channel": "sms"}]
    )
    rough: bool = Field(
        description="You may not see people: counts of 1 to 10 are null, all others rounded to 5"
    )
    rows: list[R]


class Figure(BaseModel):
    """A row of figures."""

    parts: ClassVar[tuple[str, ...]] = ()
    """Counts that make up another of the row: never is just one of them left out."""
    suppressed: bool = Field(False, description="Something of this row is left out, as it is of so few")


async def told[R: Figure](
    call: Call,
    request: Request,
    chosen: Literal["json", "csv", "parquet"] | None,
    row: type[R],
    figures: Figures,
    filters: Mapping[str, Any],
    then: Callable[[list[Row]], list[Row]] = list,
) -> Answer[R]:
    """Answer with figures; `then` reckons shares from counts as they may be told.

    A file is answered as a Response, which FastAPI hands on as it is.
    """
    return cast("Answer[R]", await _answered(call, request, chosen, row, figures, filters, then))


async def _answered(
    call: Call,
    request: Request,
    chosen: Literal["json", "csv", "parquet"] | None,
    row: type[Figure],
    figures: Figures,
    filters: Mapping[str, Any],
    then: Callable[[list[Row]], list[Row]],
) -> Mapping[str, Any] | Response:
    rows = figures.rows if sees_people(call.caller) else [_rough(row, each) for each in figures.rows]
    said = {name: value for name, value in filters.items() if value}
    answer: dict[str, Any] = {
        "as_of": moment(figures.as_of),
        "filters": said,
        "rough": not sees_people(call.caller),
        "rows": [{"suppressed": False, **each} for each in then(rows)],
    }
    match chosen or _accepted(request):
        case "csv":
            return _file(call, CSV, "csv", as_csv(_table(row, answer)))
        case "parquet":
            notes = {"as_of": answer["as_of"], "filters": orjson.dumps(said).decode()}
            table, kinds = _table(row, answer), {**_kinds(row), "as_of": "VARCHAR"}
            notes["rough"] = str(answer["rough"])
            made = await asyncio.to_thread(log_of(call.services).parquet, table, kinds, notes)
            return _file(call, PARQUET, "parquet", made)
    return answer


def as_csv(table: Table) -> bytes:
    """Write a table so that no cell is a formula to a spreadsheet (https://owasp.org/www-community/attacks/CSV_Injection).

    With a mark of its encoding, which Excel asks for; numbers stay numbers.
    """
    text = StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(table.columns)
    writer.writerows([_cell(cell) for cell in row] for row in table.rows)
    return text.getvalue().encode("utf-8-sig")


def _cell(value: Any) -> Any:
    if isinstance(value, str) and value.startswith(_FORMULA):
        return f"'{value}"
    return str(value).lower() if isinstance(value, bool) else value


def _accepted(request: Request) -> str:
    wanted = request.headers.get("accept", "")
    return "csv" if CSV in wanted else "parquet" if PARQUET in wanted else "json"


def _rough(model: type[Figure], row: Row) -> Row:
    """Round counts, and leave out those of few; with them whatever else the row says in numbers."""
    counts = {name for name, field in model.model_fields.items() if _kind(field.annotation) == COUNT}
    told_counts = {name: rough(row[name]) for name in counts & row.keys()}
    others = [name for name in model.parts if told_counts[name]]
    if others and sum(told_counts[name] is None for name in model.parts) == 1:
        told_counts[min(others, key=row.__getitem__)] = None
    hidden = None in told_counts.values()
    numbers = {name: None for name, value in row.items() if isinstance(value, float) and hidden}
    return {**row, **told_counts, **numbers, "suppressed": hidden}


def _table(row: type[Figure], answer: Mapping[str, Any]) -> Table:
    """Lay rows out flat, each with the instant it is true of."""
    columns = [*(name for name in row.model_fields if name != "suppressed"), "suppressed"]
    rows = [[*(_flat(each.get(name)) for name in columns), answer["as_of"]] for each in answer["rows"]]
    return Table([*columns, "as_of"], rows)


def _flat(value: Any) -> Any:
    return " ".join(map(str, value)) if isinstance(value, Sequence) and not isinstance(value, str) else value


def _kinds(row: type[Figure]) -> dict[str, str]:
    return {name: _kind(field.annotation) for name, field in row.model_fields.items()}


def _kind(annotation: Any) -> str:
    """Return the type in SQL of a field; that of a count is a name of its own."""
    if annotation is Count:
        return COUNT
    if annotation in (Seconds, Share):
        return "DOUBLE"
    kinds = {annotation, *get_args(annotation)}
    return "BOOLEAN" if bool in kinds else "BIGINT" if int in kinds else "VARCHAR"


def _file(call: Call, media_type: str, ending: str, body: bytes) -> Response:
    name = f"{call.operation.name}.{ending}"
    return Response(body, 200, {"Content-Disposition": f'attachment; filename="{name}"'}, media_type)
