"""What the page of a survey says beside its questions, by language."""

from __future__ import annotations

from collections.abc import Mapping

SURVEY_WORDS: Mapping[str, Mapping[str, str]] = {
    "en": {
        "intro": "{organisation} would like to know. Your answers go to the people who look after you.",
        "send": "Send my answers",
        "required": "required",
        "optional": "optional",
        "yes": "Yes",
        "no": "No",
        "between": "A number from {low} to {high}",
        "number": "A number",
        "most": "At most {most} characters",
        "problem": "There is a problem",
        "problem-text": "Nothing was sent yet. Please look at these questions again:",
        "missing-choice": "Choose an answer",
        "missing-text": "Write an answer",
        "wrong-number": "Enter a number",
        "wrong-range": "Enter a number from {low} to {high}",
        "wrong-choice": "Choose one of the answers",
        "more": "Your answers lead to a few more questions.",
        "thanks-title": "Thank you",
        "thanks": "Your answers have been sent.",
        "thanks-help": "Nobody reads them at once. If you feel worse or need help now, call us.",
        "emergency": "In an emergency call your emergency number.",
        "over-title": "This survey is closed",
        "over": "It has been answered already, or its time is over. Thank you.",
    },
    "es": {
        "intro": "{organisation} quiere saber su opinión. Sus respuestas llegan a quienes le atienden.",
        "send": "Enviar mis respuestas",
        "required": "obligatorio",
        "optional": "opcional",
        "yes": "Sí",
        "no": "No",
        "between": "Un número del {low} al {high}",
        "number": "Un número",
        "most": "Como máximo {most} caracteres",
        "problem": "Hay un problema",
        "problem-text": "Todavía no se ha enviado nada. Por favor, revise estas preguntas:",
        "missing-choice": "Elija una respuesta",
        "missing-text": "Escriba una respuesta",
        "wrong-number": "Escriba un número",
        "wrong-range": "Escriba un número del {low} al {high}",
        "wrong-choice": "Elija una de las respuestas",
        "more": "Sus respuestas llevan a unas preguntas más.",
        "thanks-title": "Gracias",
        "thanks": "Sus respuestas se han enviado.",
        "thanks-help": "Nadie las lee al instante. Si se siente peor o necesita ayuda ahora, llámenos.",
        "emergency": "En una emergencia llame a su número de emergencias.",
        "over-title": "Esta encuesta está cerrada",
        "over": "Ya se ha respondido o su plazo ha terminado. Gracias.",
    },
    "de": {
        "intro": "{organisation} möchte es wissen. Ihre Antworten gehen an die Menschen, die Sie betreuen.",
        "send": "Antworten senden",
        "required": "Pflichtfrage",
        "optional": "freiwillig",
        "yes": "Ja",
        "no": "Nein",
        "between": "Eine Zahl von {low} bis {high}",
        "number": "Eine Zahl",
        "most": "Höchstens {most} Zeichen",
        "problem": "Es gibt ein Problem",
        "problem-text": "Es wurde noch nichts gesendet. Bitte sehen Sie diese Fragen noch einmal an:",
        "missing-choice": "Wählen Sie eine Antwort",
        "missing-text": "Schreiben Sie eine Antwort",
        "wrong-number": "Geben Sie eine Zahl ein",
        "wrong-range": "Geben Sie eine Zahl von {low} bis {high} ein",
        "wrong-choice": "Wählen Sie eine der Antworten",
        "more": "Ihre Antworten führen zu einigen weiteren Fragen.",
        "thanks-title": "Vielen Dank",
        "thanks": "Ihre Antworten wurden gesendet.",
        "thanks-help": "Niemand liest sie sofort. Wenn es Ihnen schlechter geht, rufen Sie uns bitte an.",
        "emergency": "Im Notfall wählen Sie den Notruf.",
        "over-title": "Diese Umfrage ist geschlossen",
        "over": "Sie wurde schon beantwortet, oder ihre Zeit ist vorbei. Vielen Dank.",
    },
}


class SurveyWords:
    """The words of one language; what is put into them is plain text, escaped where it enters a page."""

    def __init__(self, language: str) -> None:
        self._words = SURVEY_WORDS.get(language, SURVEY_WORDS["en"])

    def __call__(self, name: str, /, **values: object) -> str:
        """Return a sentence with its blanks filled in."""
        return self._words[name].format(**values)
