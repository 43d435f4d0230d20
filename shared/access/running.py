"""Operations on the running system: sources, what was given up, long work, settings, health, switches."""

from shared.access.operation import Operation
from shared.access.roles import ADMINISTRATORS, EVERYBODY, READERS, SYNC, Role

_SWITCHERS = ADMINISTRATORS | {Role.SUPERVISOR}
_SOURCE = "/sources/{source}"
_DEAD_LETTER = "/dead-letters/{dead_letter}"

OPERATIONS = (
    Operation("getMe", "GET", "/me", EVERYBODY, "Say who you are and what you may do"),
    Operation("listSources", "GET", "/sources", SYNC, "List who may notify us"),
    Operation("getSource", "GET", _SOURCE, SYNC, "Say how a source stands"),
    Operation("createSource", "POST", "/sources", SYNC, "Configure a source", "change", starts=True),
    Operation("putSource", "PUT", _SOURCE, SYNC, "Change a source", "change", edits=True),
    Operation("deleteSource", "DELETE", _SOURCE, SYNC, "Remove a source", "change", edits=True),
    Operation(
        "rotateSecret",
        "POST",
        f"{_SOURCE}/secrets",
        SYNC,
        "Make a new secret; the former one holds for a while",
        "change",
        starts=True,
        shown_once=True,
    ),
    Operation("listGaps", "GET", f"{_SOURCE}/gaps", SYNC, "List notifications that never came"),
    Operation(
        "reconcile", "POST", "/reconciliations", SYNC, "Search the FHIR server now", "change", starts=True
    ),
    Operation("listRejections", "GET", "/rejections", SYNC, "List what was rejected"),
    Operation("listDeadLetters", "GET", "/dead-letters", SYNC, "List what Event Grid gave up"),
    Operation("getDeadLetter", "GET", _DEAD_LETTER, SYNC, "Say what is in a file of dead letters"),
    Operation(
        "replayDeadLetter",
        "POST",
        f"{_DEAD_LETTER}/replay",
        SYNC,
        "Take in what Event Grid gave up",
        "change",
        starts=True,
    ),
    Operation(
        "takeDeadLetters",
        "POST",
        "/dead-letters/replay",
        SYNC,
        "Take in events that Event Grid gave up, as they are sent along",
        "change",
        starts=True,
    ),
    Operation(
        "purgeDeadLetter",
        "POST",
        f"{_DEAD_LETTER}/purge",
        SYNC,
        "Throw a file of dead letters away",
        "change",
        starts=True,
    ),
    Operation("listPoison", "GET", "/poison", SYNC, "Count what each queue gave up"),
    Operation("listPoisonOf", "GET", "/poison/{queue}", SYNC, "List what a queue gave up", "read"),
    Operation(
        "replayPoison",
        "POST",
        "/poison/{queue}/replay",
        SYNC,
        "Have it done again",
        "change",
        starts=True,
    ),
    Operation(
        "purgePoison", "POST", "/poison/{queue}/purge", SYNC, "Throw it away for good", "change", starts=True
    ),
    Operation("listOperations", "GET", "/operations", EVERYBODY, "List your long work"),
    Operation("getOperation", "GET", "/operations/{operation}", EVERYBODY, "Say how far long work is"),
    Operation(
        "cancelOperation", "POST", "/operations/{operation}/cancel", EVERYBODY, "Cancel long work", "change"
    ),
    Operation("getSettings", "GET", "/settings", SYNC, "Read the settings in force, without secrets"),
    Operation(
        "getHealth", "GET", "/health", READERS | SYNC | {Role.AUDITOR}, "Say what is well and what not"
    ),
    Operation("getSwitches", "GET", "/switches", READERS, "Say what is switched"),
    Operation("listSwitchings", "GET", "/switches/history", READERS, "List who switched what, when and why"),
    Operation(
        "switchSending",
        "PUT",
        "/switches/sending",
        _SWITCHERS,
        "Stop, or start, all sending",
        "change",
        edits=True,
    ),
)
