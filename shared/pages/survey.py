"""The page of a survey: its questions as a form without script, what is wrong with the answers, and thanks.

shared.usecases.public.surveys says what stands in it, and reads what comes back. Questions that an answer
leads to come once the form is sent, as there is no script to show them before.
"""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from typing import Literal

from msgspec import Struct

from shared.pages.frame import Imprint, notice, page, paragraphs
from shared.pages.survey_words import SurveyWords
from shared.pages.words import Words

ANSWER, ASKED = "answer-", "asked"
"""Names of fields: an answer's by its linkId; the linkIds that the page asked."""


class Question(Struct, frozen=True):
    """One question, in the words of the reader."""

    link_id: str
    kind: Literal["choice", "boolean", "integer", "decimal", "string", "text"]
    label: str
    required: bool = False
    options: tuple[tuple[str, str], ...] = ()
    """Of a choice: code and words."""
    lowest: float | None = None
    highest: float | None = None
    most: int = 0
    """Characters, of words."""
    heading: str = ""
    """Of the group that begins with it."""
    notes: tuple[str, ...] = ()
    """To be read before it."""
    given: str = ""
    """What was filled in, as it was written."""
    fault: str = ""
    """The name of what is wrong with it: see SURVEY_WORDS."""

    @property
    def chosen(self) -> bool:
        """Say whether one of several answers is chosen."""
        return self.kind in ("choice", "boolean")


class Survey(Struct, frozen=True):
    """What the page shows."""

    title: str
    questions: tuple[Question, ...]
    language: str = ""
    """Of the questions, where it is not that of the page."""
    begun: bool = False
    """The form was sent before."""
    more: bool = False
    """The answers lead to questions that were not asked before."""


def survey_page(survey: Survey, language: str, imprint: Imprint) -> str:
    """Return the form, with what is wrong in it above."""
    words = Words(language)
    made = _Page(survey, words.language)
    wrong = any(question.fault for question in survey.questions)
    body = "\n".join((made.above(imprint), made.form()))
    return page(survey.title, body, words.language, imprint, switch=not survey.begun, wrong=wrong)


def thanks_page(language: str, imprint: Imprint) -> str:
    """Return the page that says that the answers were taken."""
    said, words = SurveyWords(language), Words(language)
    phone = words("phone", phone=imprint.phone) if imprint.phone else ""
    body = notice(paragraphs(said("thanks"))) + paragraphs(said("thanks-help"), phone, said("emergency"))
    return page(said("thanks-title"), body, words.language, imprint, switch=False)


def over_page(language: str, imprint: Imprint) -> str:
    """Return the page for a survey that takes no answers any more."""
    said, words = SurveyWords(language), Words(language)
    phone = words("phone", phone=imprint.phone) if imprint.phone else ""
    return page(said("over-title"), paragraphs(said("over"), phone), words.language, imprint)


class _Page:
    """Writes one form."""

    def __init__(self, survey: Survey, language: str) -> None:
        self._survey = survey
        self._language = language
        self._words = SurveyWords(language)
        self._ids = {each.link_id: f"q{n}" for n, each in enumerate(survey.questions, 1)}

    def above(self, imprint: Imprint) -> str:
        """Return what stands above the questions: why, or what is to be corrected, with links to it."""
        wrong = [each for each in self._survey.questions if each.fault]
        if wrong:
            return notice(self._summary(wrong), bad=True, label=self._words("problem"))
        if self._survey.more:
            return notice(paragraphs(self._words("more")))
        if not imprint.organisation:
            return ""
        return paragraphs(self._words("intro", organisation=imprint.organisation))

    def form(self) -> str:
        """Return the form."""
        asked = "".join(
            f'<input type="hidden" name="{ASKED}" value="{escape(each.link_id)}">'
            for each in self._survey.questions
        )
        questions = "\n".join(part for each in self._survey.questions for part in self._question(each))
        lang = f' lang="{escape(self._survey.language)}"' if self._survey.language else ""
        return (
            f'<form method="post" action="?lang={self._language}" novalidate>{asked}\n'
            f"<div{lang}>{questions}</div>\n"
            f"<p><button>{escape(self._words('send'))}</button></p></form>"
        )

    def _summary(self, wrong: list[Question]) -> str:
        items = "".join(
            f'<li><a href="#{self._field(each)}">{escape(each.label)}: {escape(self._fault(each))}</a></li>'
            for each in wrong
        )
        said = self._words
        return f"<h2>{escape(said('problem'))}</h2>{paragraphs(said('problem-text'))}<ul>{items}</ul>"

    def _question(self, each: Question) -> Iterator[str]:
        if each.heading:
            yield f"<h2>{escape(each.heading)}</h2>"
        yield paragraphs(*each.notes)
        yield self._choice(each) if each.chosen else self._written(each)

    def _choice(self, each: Question) -> str:
        options = each.options or (("true", self._words("yes")), ("false", self._words("no")))
        boxes = "".join(self._radio(each, n, code, label) for n, (code, label) in enumerate(options))
        return (
            f'<fieldset role="radiogroup" id="{self._ids[each.link_id]}"{self._state(each)}>'
            f"<legend>{self._label(each)}</legend>{self._wrong(each)}{boxes}</fieldset>"
        )

    def _radio(self, each: Question, n: int, code: str, label: str) -> str:
        ticked = " checked" if each.given == code else ""
        return (
            f'<label class="option"><input type="radio" id="{self._ids[each.link_id]}-{n}" '
            f'name="{ANSWER}{escape(each.link_id)}" value="{escape(code)}"{ticked}{_required(each)}>'
            f"<span>{escape(label)}</span></label>"
        )

    def _written(self, each: Question) -> str:
        name, given = self._ids[each.link_id], escape(each.given)
        common = f'id="{name}" name="{ANSWER}{escape(each.link_id)}"{_required(each)}{self._state(each)}'
        match each.kind:
            case "integer" | "decimal":
                whole = each.kind == "integer" and (each.lowest or 0) >= 0
                mode = f'type="text" inputmode="{"numeric" if whole else "decimal"}" autocomplete="off"'
                field = f'<input {mode} {common} value="{given}">'
            case "string":
                line = f'type="text" autocomplete="off" maxlength="{each.most}"'
                field = f'<input {line} {common} value="{given}">'
            case _:
                field = f'<textarea maxlength="{each.most}" {common}>{given}</textarea>'
        return (
            f'<div class="question"><label class="field" for="{name}">{self._label(each)}</label>'
            f'<p class="soft" id="{name}-hint">{escape(self._hint(each))}</p>{self._wrong(each)}{field}</div>'
        )

    def _hint(self, each: Question) -> str:
        if each.kind in ("string", "text"):
            return self._words("most", most=each.most)
        if each.lowest is None or each.highest is None:
            return self._words("number")
        return self._words("between", **_bounds(each))

    def _label(self, each: Question) -> str:
        mark = escape(self._words("required" if each.required else "optional"))
        return f'{escape(each.label)} <span class="soft">({mark})</span>'

    def _state(self, each: Question) -> str:
        """Say what describes a field, and whether it is wrong.

        https://www.w3.org/WAI/WCAG22/Techniques/aria/ARIA21
        """
        name = self._ids[each.link_id]
        described = ([] if each.chosen else [f"{name}-hint"]) + ([f"{name}-fault"] if each.fault else [])
        by = f' aria-describedby="{" ".join(described)}"' if described else ""
        needed = ' aria-required="true"' if each.required and each.chosen else ""
        return by + needed + (' aria-invalid="true"' if each.fault else "")

    def _wrong(self, each: Question) -> str:
        if not each.fault:
            return ""
        return f'<p class="fault" id="{self._ids[each.link_id]}-fault">{escape(self._fault(each))}</p>'

    def _fault(self, each: Question) -> str:
        return self._words(each.fault, **_bounds(each))

    def _field(self, each: Question) -> str:
        """Return the id of what to go to: the first answer of a choice."""
        name = self._ids[each.link_id]
        return f"{name}-0" if each.chosen else name


def _required(each: Question) -> str:
    return " required" if each.required else ""


def _bounds(each: Question) -> dict[str, str]:
    return {"low": f"{each.lowest or 0:g}", "high": f"{each.highest or 0:g}"}
