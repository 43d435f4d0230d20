"""Operations on journeys, campaigns and enrolments."""

from shared.access.operation import Operation
from shared.access.roles import AUTHORS, CARE, PLANNERS, READERS, Role

_RUNNING = AUTHORS | {Role.SUPERVISOR}
_ROSTER = frozenset({Role.CLINICAL_USER, Role.NON_CLINICAL_USER, Role.SUPERVISOR})

_JOURNEY = "/journeys/{journey}"
_CAMPAIGN = "/campaigns/{campaign}"
_ENROLMENT = "/patients/{patient}/enrolments/{enrolment}"

OPERATIONS = (
    Operation("listJourneys", "GET", "/journeys", READERS, "List journeys"),
    Operation("getJourney", "GET", _JOURNEY, READERS, "Read a journey"),
    Operation("listJourneyVersions", "GET", f"{_JOURNEY}/versions", READERS, "List a journey's versions"),
    Operation("getJourneyDiagram", "GET", f"{_JOURNEY}/diagram", READERS, "Draw a journey as SVG"),
    Operation(
        "simulateJourney",
        "POST",
        "/journeys/simulate",
        PLANNERS | {Role.APPROVER},
        "Play a journey for the whole population, sending nothing",
        starts=True,
    ),
    *(
        Operation(
            f"{verb}Journey",
            "POST",
            f"{_JOURNEY}/{verb}",
            _RUNNING,
            f"{verb.capitalize()} a journey for everybody",
            "change",
            starts=True,
        )
        for verb in ("pause", "resume", "stop")
    ),
    Operation(
        "migrateJourney",
        "POST",
        f"{_JOURNEY}/migrate",
        AUTHORS,
        "Move those who are in one version to another",
        "change",
        starts=True,
    ),
    Operation(
        "setWinner",
        "POST",
        f"{_JOURNEY}/winners",
        AUTHORS,
        "End an A/B test with one way",
        "change",
        starts=True,
    ),
    Operation(
        "listJourneyEnrolments",
        "GET",
        f"{_JOURNEY}/enrolments",
        _ROSTER,
        "List who is and was in a journey",
        "read",
    ),
    Operation(
        "explainJourney",
        "GET",
        f"{_JOURNEY}/enrolments/{{patient}}",
        CARE,
        "Say what would happen to a patient in a journey, and why",
        "read",
        glass=CARE,
    ),
    Operation("listCampaigns", "GET", "/campaigns", READERS, "List campaigns"),
    Operation("getCampaign", "GET", _CAMPAIGN, READERS, "Say how a campaign stands"),
    Operation(
        "previewCampaign",
        "POST",
        f"{_CAMPAIGN}/preview",
        PLANNERS | {Role.APPROVER},
        "Count who would get what and when",
        starts=True,
    ),
    *(
        Operation(
            f"{verb}Campaign",
            "POST",
            f"{_CAMPAIGN}/{verb}",
            frozenset({Role.APPROVER}) if verb in ("approve", "reject") else PLANNERS,
            f"{verb.capitalize()} a campaign",
            "change",
            starts=True,
            edits=True,
        )
        for verb in ("submit", "approve", "reject", "start", "pause", "resume", "cancel")
    ),
    Operation(
        "listPatientEnrolments",
        "GET",
        "/patients/{patient}/enrolments",
        CARE,
        "List the journeys that a patient is in, and was in",
        "read",
        glass=CARE,
    ),
    Operation("getEnrolment", "GET", _ENROLMENT, CARE, "Read one enrolment", "read", glass=CARE),
    Operation(
        "enrolPatient",
        "POST",
        "/patients/{patient}/enrolments",
        CARE,
        "Bring a patient into a journey",
        "change",
        starts=True,
    ),
    *(
        Operation(
            f"{verb}Enrolment",
            "POST",
            f"{_ENROLMENT}/{verb}",
            CARE,
            f"{verb.capitalize()} one enrolment",
            "change",
            starts=True,
        )
        for verb in ("pause", "resume", "stop", "retry", "move")
    ),
)
