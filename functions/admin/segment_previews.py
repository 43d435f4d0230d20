"""Preview of a segment: how many would be in it, by age, sex, language and channel; long work."""

from __future__ import annotations

from typing import Any

from fastapi import Response
from pydantic import ConfigDict, Field

from functions.admin.call import TheCall
from functions.admin.definitions import SEGMENT
from functions.admin.long_work import OperationState, accepted
from functions.admin.routes import Routes
from functions.admin.shapes import Body, instant_of
from shared.access.small_cells import sees_people
from shared.usecases.drafts.kept import MOST_BYTES
from shared.usecases.segments.compiling import compiled
from shared.usecases.segments.counting import ask_of, check_size

routes = Routes("segments")


class PreviewAsked(Body):
    """Which segment, and of whom."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"content": SEGMENT, "at_most": 20000}]})

    content: dict[str, Any] = Field(description="The segment as its author writes it, published or not")
    as_of: str = Field("", max_length=40, description="ISO 8601: membership is asked at this instant; now")
    at_most: int | None = Field(
        None, ge=100, le=10_000_000, description="Look at so many patients, a fair sample; all without it"
    )


@routes("previewSegment", status=202)
async def preview_segment(call: TheCall, body: PreviewAsked, response: Response) -> OperationState:
    """Count who would be in a segment, over all that is known of everybody; nobody is entered.

    A definition with mistakes is refused at once. The result of the operation: `members` of `population`
    (everybody known of the patients `looked_at`), and members by `age`, `sex`, `language` and `channel`
    (the first of sms, email and letter that reaches them). `unsure` counts people in whom what the segment
    asks was not looked for yet (fhirpath, extension): they are taken not to have it. Whoever may not see
    people is told no exact counts: of 10 members or fewer, also of none, null, and all else rounded to 5;
    parts of 10 or fewer are left out.
    """
    check_size(body.content, MOST_BYTES)
    now = call.services.clock.now()
    as_of = instant_of(body.as_of, "as_of") if body.as_of else now
    await compiled(call.services, body.content)
    params = ask_of(body.content, as_of, body.at_most, whole=sees_people(call.caller))
    return await accepted(call, response, "preview-segment", params)
