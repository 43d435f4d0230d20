"""German replies; umlauts may be written as two letters ("moechte")."""

from __future__ import annotations

from shared.message.understanding.language import Words
from shared.message.understanding.plain import unmarked

_SENT = (
    r"(?:nachricht(?:en)?|sms|mails?|emails?|texte|erinnerung(?:en)?|benachrichtigungen|whatsapps?|briefe?)"
)
_FILL = (
    r"(?: (?:ihre|diese|die|solche|weiteren|weitere|solchen|so|mir|uns|mit|von|den|der|diesen|ihnen"
    r"|bitte))*"
)
_VISIT = r"(?:termin|termins|termine|arzttermin|besuch)"
_OWN = r"(?: (?:meinen|den|diesen|mein|der|unseren|unser|dieser|ihn|bitte|leider|am|morgen|heute))*"

GERMAN = Words(
    code="de",
    phrases={
        "stop": """
            stopp, halt, aufhören, abmelden, abbestellen, austragen, abmeldung, ende, schluss, nicht mehr,
            keine mehr, löschen, lassen sie mich in ruhe, lass mich in ruhe, hör auf, hören sie auf, hört
            auf, ich möchte aufhören, abbestellung, bitte nicht mehr, widerruf, kündigen
        """,
        "start": """
            starten, anmelden, weiter, wieder anmelden, fortsetzen, wieder starten, beginnen
        """,
        "help": """
            hilfe, information, infos
        """,
        "who": """
            wer sind sie, wer ist das, wer ist da, wer bist du, wer schreibt, wer schreibt mir, wer
            schreibt da, wer seid ihr, was ist das, wessen nummer ist das, von wem ist das, wer spricht,
            kenne ich sie, woher haben sie meine nummer, mit wem spreche ich, von wem kommt das
        """,
        "yes": """
            ja, j, jawohl, jep, jo, klar, gerne, gern, natürlich, einverstanden, in ordnung, ja gerne, ja
            gern, ja klar, passt, ok, okay, richtig, stimmt, ja passt, sicher, ja ja
        """,
        "no": """
            nein, nö, nee, ne, nicht, auf keinen fall, lieber nicht, noch nicht, nein nein
        """,
        "confirm": """
            bestätigt, bestätige, ich bestätige, ja bestätigt, ich komme, ja ich komme, wir kommen, ich
            werde da sein, bin da, ich bin da, bis dann, termin bestätigt, bestätigen, ja bestätige ich
        """,
        "cancel": """
            absagen, absage, ich sage ab, ich komme nicht, kann nicht, ich kann nicht, stornieren, ich muss
            absagen, geht nicht, ich schaffe es nicht, schaffe es nicht, muss absagen, bin krank, bin
            verhindert, ich bin verhindert, wir kommen nicht, ich möchte absagen
        """,
        "reschedule": """
            verschieben, verlegen, anderer termin, neuer termin, umbuchen, ein anderer tag, anderer tag,
            später, ändern, andere zeit, andere uhrzeit
        """,
        "wrong-person": """
            falsche nummer, falsche person, falsch verbunden, das bin ich nicht, falsch, ich bin das nicht
        """,
        "thanks": """
            danke, vielen dank, danke schön, dankeschön, danke sehr, herzlichen dank, besten dank, super
            danke, super, vielen lieben dank, merci, prima
        """,
    },
    patterns={
        "stop": (
            rf"keine(?:rlei)?{_FILL} {_SENT}(?! (?:nach|am|um|vor|zwischen)\b)",
            r"(?:nicht|nie)(?: mehr| wieder| weiter)(?: \w+){0,2} (?:schreiben|schreibt|kontaktieren"
            r"|anschreiben|senden|schicken"
            r"|belastigen|anrufen|simsen|kontaktiert)",
            r"(?:schreiben|schreibt|schreib|schicken|senden|kontaktieren|kontaktiert|sende"
            r"|schick)(?: \w+){0,3}"
            r" (?:nicht mehr|nie wieder|nie mehr|nichts mehr|keine)",
            r"(?:horen sie|hort|hor)(?: bitte| endlich| jetzt)* (?:mit|damit)? ?(?:\w+ ){0,4}(?:auf)",
            rf"(?:stoppen|stoppt|stopp|beenden|einstellen)(?: sie)?{_FILL} {_SENT}",
            rf"{_SENT}(?: bitte)? (?:stoppen|abbestellen|beenden|einstellen|abstellen)",
            r"(?:mich|uns|nummer|abo|newsletter)(?: bitte| \w+){0,3} (?:abmelden|abbestellen|austragen"
            r"|streichen|loschen|entfernen)",
            r"(?:melden|tragen|streichen|nehmen|loschen|entfernen) sie (?:mich|uns|meine nummer"
            r"|diese nummer)",
            r"(?:melde|trage) mich(?: \w+){0,2} (?:ab|aus)",
            r"(?:lassen sie|lasst|lass) (?:mich|uns)(?: \w+){0,2} in ruhe",
            r"(?:will|mochte|wunsche)(?: \w+){0,2} (?:nichts|keine|nicht) (?:mehr|weiter)\b",
            r"widerrufe(?: ich)?(?: hiermit)? (?:meine )?(?:einwilligung|zustimmung)",
        ),
        "wrong-person": (
            r"falsche[nr]? (?:nummer|person|patient|patientin)",
            r"falsch verbunden",
            r"wohnt (?:hier nicht|nicht)(?: mehr)?(?: hier)?",
            r"kenne (?:keine|keinen|ich nicht)(?: \w+)?",
            r"hier (?:gibt es|wohnt) (?:keine|keinen|niemand)",
        ),
        "reschedule": (
            rf"(?:{_VISIT}(?: \w+){{0,3}} )?(?:verschieben|verlegen|umbuchen|andern|verschieb)",
            r"(?:anderen|neuen|spateren|fruheren|anderer|ein anderer) (?:termin|tag|zeitpunkt)",
            r"andere (?:zeit|uhrzeit|woche)",
        ),
        "cancel": (
            rf"{_VISIT}(?: \w+){{0,3}} (?:absagen|stornieren|abgesagt|loschen)",
            r"(?:muss|mochte|will|wurde|kann)(?: \w+){0,3} absagen",
            rf"(?:sage|sagen)(?: ich| wir){_OWN} {_VISIT}? ?(?:\w+ )?ab",
            r"kann(?: \w+){0,4} nicht (?:kommen|wahrnehmen|teilnehmen|da sein|einhalten)",
            r"(?:ich|wir) (?:komme|kommen|schaffe|schaffen)(?: \w+){0,2} nicht",
            r"(?:bin|sind)(?: \w+){0,2} verhindert",
        ),
        "confirm": (
            rf"(?:bestatige|bestatigen){_OWN} {_VISIT}",
            r"(?:ich werde|wir werden) (?:\w+ ){0,2}(?:da sein|kommen)$",
            r"^ja (?:ich|wir) (?:komme|kommen)(?: \w+){0,2}$",
        ),
        "start": (r"(?:wieder|erneut) (?:nachrichten|sms|anmelden|schreiben|erhalten)",),
        "who": (r"^(?:\w+ ){0,2}wer (?:sind|ist|bist|schreibt|seid)\b.{0,20}$",),
    },
    negated=(
        r"nicht (?:\w+ ){0,2}(?:aufhoren|abmelden|absagen|stoppen|abbestellen|loschen|verschieben"
        r"|stornieren|auf|austragen"
        r"|verlegen|beenden)$",
        r"nicht (?:aufhoren|abmelden|absagen|stoppen|abbestellen|verschieben|stornieren)",
        r"(?:warum|wurde|ist|haben sie) (?:\w+ ){0,3}(?:abgesagt|storniert|verschoben)",
    ),
    courtesies="""
        abend bitte dank danke doch doktor endlich entschuldigung frau freundliche geehrte grüße guten
        hallo herr jetzt leider lieb mal moin morgen ok schön sehr sofort sorry tag vielen
    """,
    numbers="null eins|ein|eine zwei|zwo drei vier fünf sechs sieben acht neun zehn",
    number_words="nummer antwort nr option die",
    fold=unmarked,
)
