"""What replies mean, in English, Spanish and German: a table of phrases, near-misses among them, and laws."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.message.understanding.understand import ALWAYS_STOP, Understood, understand


def _split(text: str) -> list[str]:
    return [" ".join(phrase.split()) for phrase in text.split("|")]


_PHRASES: dict[str, str] = {
    "stop": """
        STOP | stop. | Stop all | END | cancel | CANCEL! | Quit | unsubscribe | Revoke | OPT OUT | opt-out
        | stop please | please stop | stop texting me | no more texts please | take me off your list |
        Stop sending me messages | STOPPP | s t o p | please stop texting | I don't want any more messages
        | do not text me again | don't contact me | remove me from your list | remove my number |
        I would like to opt out | unsubscribe me please | stop, and call me | stop and call me |
        Stop. I already went | Please leave me alone | quit texting me | stop these messages |
        no more messages | I want to stop receiving these texts | why don't you stop texting me |
        cancel my subscription | delete my number from your system | wrong number, stop texting |
        i no longer want to receive texts | how do I stop these messages? | never text me again | fuck off
        | lose my number | cancel all messages | stop this now | I revoke my consent | deje de escribirme
        | no me manden más mensajes | Alto | BAJA | ¡Parar, por favor! | No más mensajes | no me escriban
        | no me escriban más | ya no quiero recibir mensajes | quiero darme de baja | quítenme de su lista
        | dejen de molestarme | no quiero más mensajes | dejen de mandarme mensajes | borren mi número |
        déjenme en paz | cancelar | no me vuelvan a escribir | basta de mensajes |
        no quiero que me escriban | keine Nachrichten mehr | bitte nicht mehr schreiben | Stopp |
        bitte aufhören | hören Sie auf mir zu schreiben | Schreiben Sie mir nicht mehr | abmelden |
        Ich möchte keine Nachrichten mehr | ich moechte keine SMS mehr bekommen | Lassen Sie mich in Ruhe
        | nehmen Sie mich von der Liste | streichen Sie mich | Ich will nichts mehr von Ihnen |
        keine SMS mehr bitte | bitte abmelden | Ende | Nachrichten abbestellen |
        ich widerrufe meine Einwilligung | Schicken Sie mir keine Nachrichten |
        Please stop sending me text messages | TAKE ME OFF THIS LIST | i do not want to get texts from you
        | Do not send me any more messages | remove me | cancel please | Stop!!! | ya basta |
        No me manden nada de mensajes, dejen de escribirme | por favor no me manden mensajes | dar de baja
        | Hören Sie bitte mit den SMS auf | Bitte löschen Sie meine Nummer | mich bitte abmelden |
        STOP STOP STOP | I asked you to stop texting me | PLEASE STOP!! I moved away | stop sms |
        no texts please
        | He is dead please stop | No stop | Stop2end | unsuscribe | unsub | sotp
        | How do I get off this list?
    """,
    "start": """
        START | unstop | opt in | resume | start again | Reanudar | alta | Starten |
        please start texting me again | text me again | wieder anmelden
    """,
    "help": """
        HELP | info | ayuda | Hilfe | help please | Help!
    """,
    "who": """
        who is this | Who's this? | who are you | who dis | wer sind Sie | Wer ist das? |
        wer schreibt mir da | quién es | ¿Quién es usted? | quien me escribe | sorry who is this |
        how did you get my number | hola quien es
        | what's this about?
    """,
    "yes": """
        yes | Y | yep | Yes please | ok | OK thanks | sure | sí | Si | si por favor | claro que sí | vale
        | Ja | ja bitte | ja gerne | klar | yes!!! 👍 | Sí, gracias
    """,
    "no": """
        no | Nope | no thanks | No thank you | no gracias | nein | Nein danke | nah | nee
    """,
    "confirm": """
        confirm | Confirmed | I confirm | yes I'll be there | I will be there | see you then |
        see you Tuesday | confirmo | ahí estaré | sí confirmo | ich komme | bestätigt |
        Ich bestätige den Termin | confirm my appointment | sí voy a ir
        | yes i will come | ok see you | Yes I'll be there
    """,
    "cancel": """
        cancel my appt | cancel my appointment | please cancel my appointment on Tuesday |
        I want to cancel my appointment | can't make it | I can\u2019t make it | cannot come |
        I won't be able to make it | no puedo ir | No voy a poder ir | cancelar mi cita |
        quiero cancelar la cita | no podré asistir | Termin absagen | ich muss den Termin absagen |
        ich kann nicht kommen | ich kann leider nicht kommen | Ich komme nicht | schaffe es nicht |
        no, I can't come | cancel it | cancel tuesday | not coming | Sorry I'm not going to make it |
        Cancel. I can't make it | no iré | muss leider absagen | ich kann morgen leider nicht kommen |
        I need to cancel | I can't keep my appointment
        | not coming tomorrow | no voy a poder, disculpe | mañana no puedo
    """,
    "reschedule": """
        reschedule | can I reschedule? | I need to change my appointment | another time |
        can I come on Friday instead | cambiar mi cita | otro día por favor | quisiera otra fecha |
        no puedo ir, otro día | Termin verschieben | können wir den Termin verschieben | anderer Termin |
        I can't make it, can we reschedule | move my appointment to Monday | brauche einen anderen Termin
        | a different day please | reprogramar
        | can we do next week instead? | quiero cambiar el día
    """,
    "wrong-person": """
        wrong number | you have the wrong number | Wrong person | sorry wrong number | número equivocado |
        se equivocó de número | falsche Nummer | Sie haben die falsche Nummer |
        I think you have the wrong number | there is no Maria here | falsch verbunden |
        this is not the right number | Falsche Person
        | She doesn't live here anymore | ya no vive aquí | wohnt hier nicht mehr
    """,
    "number": """
        2 | two | dos | zwei | #2 | 2. | option 2 | opción 2 | Nummer 2 | 7/10 | 7 out of 10 | 37.5 |
        2 please | 1️⃣ | (3) | number two | la dos | 0 | 10 | Option 3 | seven | siete | drei | nr 2
    """,
    "thanks": """
        thanks | Thank you! | gracias | muchas gracias | danke | vielen Dank | thx 🙏
    """,
    "unclear": """
        🙂 | please don't stop | don't stop | do not stop the messages | no quiero parar | no paren |
        bitte nicht aufhören | hören Sie nicht auf | stop by at 9 | should I stop taking metformin? |
        I stopped taking my pills | the bleeding won't stop | can't stop coughing | Can I bring my son? |
        don't cancel my appointment | please do not cancel | no cancelen mi cita | bitte nicht absagen |
        yes, but I cannot come | When is it? | I need help with my medication |
        why was my appointment cancelled | call me | Is the bus stop near the clinic | I take two pills |
        the end of the month works for me | I have a question about the cancellation fee |
        mi hijo tiene fiebre | wann ist der Termin | I will stop by tomorrow | don't text me on weekends |
        Where is the office? | no need to reschedule | I quit smoking | ¿A qué hora es? | Ich habe Fieber
        | yes no | what time does the clinic end the day | my appointment was cancelled by you |
        don't unsubscribe me | no quiero cancelar mi cita | how much is it |
        Is the appointment at the bus stop? | the pain does not stop | stop sign on Main Street |
        Do I have to fast before the test? | parada de bus | mi dolor no para |
        Die Schmerzen hören nicht auf | I will cancel my other plans | ¿puedo llevar a mi hijo? |
        kann ich meine Tochter mitbringen? | 1 or 2? | 12 34 | STOPWATCH | I cannot stop the bleeding |
        2 yes | maybe | quizás | vielleicht | the wrong number of pills | x |
        Should I stop my pills, or go on? | no cambien mi cita
        | I want to stop smoking | my mom passed away | Is this not Maria's doctor?
        | do you want me to stop my pills
    """,
}
CASES = [(phrase.strip(), meaning) for meaning, text in _PHRASES.items() for phrase in _split(text)]


@pytest.mark.parametrize(("phrase", "meaning"), CASES)
def test_what_it_means(phrase: str, meaning: str) -> None:
    assert understand(phrase).meaning == meaning


def test_the_table_is_large_and_has_each_phrase_once() -> None:
    assert len(CASES) >= 300
    assert len({phrase for phrase, _ in CASES}) == len(CASES)


@pytest.mark.parametrize("phrase", ["", " ", "\n", "...", "🙂", "👍👍", "\u200d"])
def test_what_has_no_word_in_it_is_unclear(phrase: str) -> None:
    assert understand(phrase) == Understood("unclear")


@given(st.text(max_size=300))
def test_it_never_raises(text: str) -> None:
    assert understand(text).meaning
    assert understand(f"stop {text}").meaning


@given(
    st.sampled_from(CASES),
    st.sampled_from([str.upper, str.lower, str.title, str]),
    st.sampled_from(["", "🙂 ", "\t", "¡", '"', "... "]),
    st.sampled_from(["", "!", "...", " 👍🏽", "  ", "\n", ' "', " ❤️❤️"]),
)
def test_case_and_what_stands_around_it_do_not_matter(
    case: tuple[str, str], letters: object, before: str, after: str
) -> None:
    phrase, meaning = case
    assert callable(letters)
    assert understand(f"{before}{letters(phrase)}{after}").meaning == meaning


@pytest.mark.parametrize(("phrase", "meaning"), CASES)
def test_accents_do_not_matter(phrase: str, meaning: str) -> None:
    decomposed = unicodedata.normalize("NFD", phrase)
    bare = "".join(each for each in decomposed if not unicodedata.combining(each))
    assert understand(bare).meaning == understand(decomposed).meaning == meaning


@pytest.mark.parametrize("word", sorted(ALWAYS_STOP))
@pytest.mark.parametrize("languages", [(), ("en",), ("es-MX",), ("de",), ("fr", "es")])
def test_the_words_of_the_law_are_stop_whoever_writes_them(word: str, languages: tuple[str, ...]) -> None:
    assert understand(word, languages).meaning == "stop"
    assert understand(f"{word.upper()} please.", languages).meaning == "stop"


@pytest.mark.parametrize(
    ("phrase", "number"),
    [("2", 2), ("#2", 2), ("two", 2), ("dos", 2), ("zwei", 2), ("7/10", 7), ("37.5", 37.5), ("37,5", 37.5)],
)
def test_a_number_is_told(phrase: str, number: float) -> None:
    assert understand(phrase) == Understood("number", number=number)


@pytest.mark.parametrize(
    ("phrase", "language"),
    [("stop", ""), ("no", ""), ("stop texting me", "en"), ("no puedo ir", "es"), ("wer sind Sie", "de")],
)
def test_the_language_is_told_where_only_one_has_it(phrase: str, language: str) -> None:
    assert understand(phrase).language == language


@pytest.mark.parametrize("phrase", ["STOP ALL", "stopall", "parar todo", "Unsubscribe all please"])
def test_stop_all_is_stop_everywhere(phrase: str) -> None:
    assert understand(phrase).everywhere


@pytest.mark.parametrize(
    ("phrase", "channel"),
    [
        ("stop emailing me", "email"),
        ("no more emails please", "email"),
        ("no me manden más correos", "email"),
        ("keine Briefe mehr", "letter"),
        ("no more emails and texts", ""),
        ("stop texting me", ""),
        ("STOP", ""),
    ],
)
def test_a_stop_may_name_another_channel(phrase: str, channel: str) -> None:
    assert understand(phrase).meaning == "stop"
    assert understand(phrase).channel == channel


@pytest.mark.parametrize("phrase", ["Don't call me, text me instead", "please don't call me", "just text me"])
def test_who_wants_no_calls_wants_texts(phrase: str) -> None:
    assert understand(phrase).meaning == "unclear"


@pytest.mark.parametrize(
    "phrase", ["stop, and call me", "Stop. I already went", "wrong number, stop texting"]
)
def test_stop_with_more_to_it_is_stop_and_for_staff(phrase: str) -> None:
    assert understand(phrase).meaning == "stop"
    assert understand(phrase).more


@pytest.mark.parametrize("phrase", ["stop", "no, stop!", "Stop. Thanks.", "stop texting me at this number"])
def test_stop_with_nothing_else_is_not(phrase: str) -> None:
    assert not understand(phrase).more


def test_a_long_reply_is_looked_at_from_its_beginning_only() -> None:
    assert understand("stop texting me " + "x" * 10_000).meaning == "stop"
