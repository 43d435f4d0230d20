"""The routes behind links, called as the host calls them: clicks, one click, forms of any kind, no oracle."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from email.parser import BytesParser
from typing import Any
from urllib.parse import urlencode

import azure.functions as func
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from functions import pages, public
from functions.forms import MOST
from shared.adapters.memory import MemoryIndexes
from shared.errors import Unavailable
from shared.fhir.choice import ANY
from shared.fhir.instants import DAY
from shared.message.links import TOKEN_LENGTH
from shared.pages.frame import HEADERS
from shared.pages.words import LANGUAGES, Words
from shared.usecases.jobs import Chosen, Report
from shared.usecases.services import Services
from tests.pages.pages_kit import FORM, KEY, Mail, Site

TARGET = "https://riverside.example/plan?a=1&b=2"
ONE_CLICK = b"List-Unsubscribe=One-Click"
MULTIPART = (
    b'--b\r\nContent-Disposition: form-data; name="List-Unsubscribe"\r\n\r\nOne-Click\r\n--b--\r\n',
    {"Content-Type": "multipart/form-data; boundary=b"},
)
KINDS = {"l": public.link, "u": public.unsubscribing, "p": public.preferences}


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch) -> Site:
    made = Site()
    served(made, monkeypatch)
    return made


def served(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    async def found() -> Services:
        return site.services

    monkeypatch.setattr(pages, "services", found)


def text(answer: func.HttpResponse) -> str:
    return answer.get_body().decode()


def get(site: Site, path: str, **headers: str) -> func.HttpResponse:
    return site.ask(KINDS[path[1]], path, headers={k.replace("_", "-"): v for k, v in headers.items()})


def post(site: Site, path: str, body: bytes, headers: Mapping[str, str] = FORM) -> func.HttpResponse:
    return site.ask(KINDS[path[1]], path, "POST", body, headers)


class TestClicks:
    """A link leads on and is counted, whatever else is broken."""

    def test_it_leads_on_and_is_reported(self, site: Site) -> None:
        answer = get(site, site.link("click", TARGET))
        assert (answer.status_code, answer.headers["Location"]) == (302, TARGET)
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert site.reports() == [Report("m1", KEY, "clicked", site.clock.now())]

    def test_a_head_is_not_counted(self, site: Site) -> None:
        answer = site.ask(public.link, site.link("click", TARGET), "HEAD")
        assert (answer.status_code, answer.headers["Location"]) == (302, TARGET)
        assert site.reports() == []

    def test_who_clicks_is_let_through_while_the_queue_is_away(
        self, site: Site, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        async def away(*_: object, **__: object) -> None:
            raise Unavailable("down")

        path = site.link("click", TARGET)
        monkeypatch.setattr(site.queue, "send", away)
        assert get(site, path).headers["Location"] == TARGET

    def test_after_400_days_it_leads_nowhere(self, site: Site) -> None:
        path = site.link("click", TARGET)
        site.passes(400 * DAY)
        assert get(site, path).status_code == 404


class TestUnsubscribe:
    """A GET asks; the button and one click do it (RFC 8058)."""

    @pytest.mark.parametrize(
        ("body", "headers", "source"),
        [
            (ONE_CLICK, FORM, "one-click"),
            (ONE_CLICK, {"content-type": "application/x-www-form-urlencoded; charset=UTF-8"}, "one-click"),
            (*MULTIPART, "one-click"),
            (b"unsubscribe=yes", FORM, "page"),
            (b"x=1&unsubscribe=yes&unsubscribe=no&=&%zz", FORM, "page"),
        ],
    )
    def test_a_post_ends_that_purpose_by_that_channel(
        self, site: Site, body: bytes, headers: Mapping[str, str], source: str
    ) -> None:
        answer = post(site, site.link("unsubscribe"), body, headers)
        assert answer.status_code == 200
        (job,) = site.jobs()
        assert isinstance(job, Chosen)
        (no,) = job.denials
        assert (job.key, job.permits) == (KEY, ())
        assert (no.purpose, no.channel, no.source, no.topic, no.address) == (
            "marketing",
            "email",
            source,
            ANY,
            "",
        )
        assert no.since == site.clock.now()
        assert no.wording
        assert no.evidence
        assert "Set-Cookie" not in answer.headers

    @pytest.mark.parametrize(
        ("purpose", "ended"),
        [("care", ANY), ("", ANY), ("operations", "operations"), ("research", "research")],
    )
    def test_of_care_the_channel_ends(self, site: Site, purpose: str, ended: str) -> None:
        path = site.link("unsubscribe", message=Mail(purpose=purpose, channel="sms", party="RelatedPerson/1"))
        post(site, path, ONE_CLICK)
        (job,) = site.jobs()
        assert isinstance(job, Chosen)
        assert [(no.purpose, no.channel, no.party) for no in job.denials] == [
            (ended, "sms", "RelatedPerson/1")
        ]

    def test_each_time_counts_as_one_may_have_come_back_between(self, site: Site) -> None:
        path = site.link("unsubscribe")
        for _ in range(2):
            post(site, path, ONE_CLICK)
            site.passes(DAY)
        one, other = (job for job in site.jobs() if isinstance(job, Chosen))
        assert one.chosen_id != other.chosen_id

    def test_it_works_for_years_and_then_without_the_way_to_the_preferences(self, site: Site) -> None:
        path = site.link("unsubscribe")
        assert "/p/" in text(post(site, path, ONE_CLICK))
        site.passes(5_000 * DAY)
        assert "/p/" not in text(post(site, path, ONE_CLICK))
        assert len(site.jobs()) == 2

    def test_while_the_queue_is_away_it_says_so(self, site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
        async def away(*_: object, **__: object) -> None:
            raise Unavailable("down")

        path = site.link("unsubscribe")
        monkeypatch.setattr(site.queue, "send", away)
        answer = post(site, path, ONE_CLICK)
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "60")
        assert Words("en")("busy-title") in text(answer)


@pytest.mark.parametrize("kind", ["u", "p"])
@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        (b"a=" + b"x" * MOST, FORM, 413),
        (b"{}", {"Content-Type": "application/json"}, 400),
        (b"unsubscribe=yes", {}, 400),
        (b"unsubscribe=\xff", FORM, 400),
        (b"a=%ff", FORM, 400),
        (b"&".join([b"a=1"] * 600), FORM, 400),
        (b"unsubscribe=yes", {"Content-Type": "multipart/form-data"}, 400),
        (b"", {"Content-Type": "multipart/form-data; boundary=b"}, 400),
    ],
)
def test_a_form_that_cannot_be_read_changes_nothing(
    site: Site, kind: str, body: bytes, headers: Mapping[str, str], status: int
) -> None:
    path = site.link("unsubscribe" if kind == "u" else "preferences")
    answer = post(site, path, body, headers)
    assert answer.status_code == status
    assert answer.mimetype == "text/html"
    assert site.jobs() == []


@settings(max_examples=100, deadline=None)
@given(
    st.binary(max_size=400),
    st.sampled_from(["", "; boundary=b", '; boundary="', "; boundary=--", "\r\nX: y"]),
)
def test_no_multipart_is_too_strange(body: bytes, more: str) -> None:
    site = Site()
    with pytest.MonkeyPatch.context() as patch:
        served(site, patch)
        headers = {"Content-Type": f"multipart/form-data{more}"}
        answer = post(site, site.link("unsubscribe"), b"--b\r\n" + body + b"\r\n--b--\r\n", headers)
    assert answer.status_code in (200, 400)
    assert (answer.status_code == 200) == bool(site.jobs())


class TestNothingBehindIt:
    """Whether a link ever was cannot be told: one page for all."""

    @pytest.mark.parametrize("kind", KINDS)
    def test_the_same_page_whatever_the_reason(self, site: Site, kind: str) -> None:
        others = {"l": "preferences", "u": "preferences", "p": "unsubscribe"}
        foreign = site.link(others[kind]).rpartition("/")[2]  # type: ignore[arg-type]
        old = site.link("click" if kind == "l" else "preferences", TARGET if kind == "l" else "")
        site.passes(500 * DAY)
        tokens = ["A" * TOKEN_LENGTH, "", "x", "é" * 22, old.rpartition("/")[2], "../../x", "x" * 10_000]
        if kind != "l":
            tokens.append(site.link("click", TARGET, Mail("other")).rpartition("/")[2])
        tokens.append(foreign)
        pages = {text(get(site, f"/{kind}/{token}", accept_language="es")) for token in tokens}
        assert len(pages) == 1
        assert Words("es")("lost-title") in pages.pop()
        answer = get(site, f"/{kind}/{tokens[0]}")
        assert answer.status_code == 404

    def test_a_guess_is_not_even_looked_up(self, site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
        async def looked(*_: object) -> None:
            raise AssertionError("looked up")

        monkeypatch.setattr(site.services.indexes, "link", looked)
        assert get(site, f"/p/{'A' * TOKEN_LENGTH}").status_code == 404

    def test_a_post_to_it_changes_nothing(self, site: Site) -> None:
        for kind in ("u", "p"):
            assert post(site, f"/{kind}/{'A' * TOKEN_LENGTH}", ONE_CLICK).status_code == 404
        assert site.jobs() == []

    def test_of_a_patient_without_a_record(self, site: Site) -> None:
        path = site.link("preferences")
        asyncio.run(_forget(site))
        assert get(site, path).status_code == 404


async def _forget(site: Site) -> None:
    assert isinstance(site.services.indexes, MemoryIndexes)
    for token, (_, link) in list(site.services.indexes._links.items()):
        site.services.indexes._links[token] = ("nobody", link)


class TestEveryAnswer:
    """What all have in common."""

    @pytest.mark.parametrize("kind", ["preferences", "unsubscribe", "lost"])
    def test_headers(self, site: Site, kind: Any) -> None:
        path = f"/l/{'A' * TOKEN_LENGTH}" if kind == "lost" else site.link(kind)
        answer = get(site, path, accept_language="de")
        assert HEADERS.items() <= dict(answer.headers).items()
        assert (answer.mimetype, answer.charset) == ("text/html", "utf-8")
        assert answer.headers["Content-Language"] == ("de" if kind == "lost" else "en")
        assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]

    @pytest.mark.parametrize("language", LANGUAGES)
    def test_the_language_is_the_one_asked_for(self, site: Site, language: str) -> None:
        assert Words(language)("preferences-title") in text(
            get(site, f"{site.link('preferences')}?lang={language}")
        )

    @pytest.mark.parametrize(
        ("message", "browser", "language"),
        [("de", "es", "de"), ("fr", "de", "es"), ("", "de", "es"), ("pt-BR", "", "es")],
    )
    def test_else_the_messages_then_the_persons(
        self, site: Site, message: str, browser: str, language: str
    ) -> None:
        path = site.link("preferences", message=Mail(language=message))
        assert get(site, path, accept_language=browser).headers["Content-Language"] == language

    def test_nothing_says_who_it_is(self, site: Site, caplog: pytest.LogCaptureFixture) -> None:
        """No name, number or address in the page; in the log the route and the opaque key."""
        caplog.set_level("INFO", "hearthline")
        path = site.link("preferences")
        shown = text(get(site, path))
        for secret in ("Lopez", "Ana", "2125550142", "ana@example", 'p1"', KEY):
            assert secret not in shown
        assert [record.getMessage() for record in caplog.records] == [f"page p shown for {KEY}"]
        assert path.rpartition("/")[2] not in caplog.text


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(["click", "preferences", "unsubscribe"]),
    st.dictionaries(
        st.sampled_from(["lang", "on", "action", "unsubscribe", "stamp"]), st.text("abyes", max_size=9)
    ),
    st.dictionaries(st.sampled_from(["Accept-Language", "Cookie", "Referer"]), st.text("ab,;", max_size=9)),
)
def test_a_get_changes_nothing(kind: Any, query: dict[str, str], headers: dict[str, str]) -> None:
    """Whatever a scanner follows, nothing changes but that a link was followed."""
    site = Site()
    path = site.link(kind, TARGET if kind == "click" else "")
    before = state(site)
    with pytest.MonkeyPatch.context() as patch:
        served(site, patch)
        site.ask(KINDS[path[1]], f"{path}?{urlencode(query)}", headers=headers)
    assert state(site) == before
    assert site.jobs() == []
    assert len(site.reports()) == (kind == "click")


def state(site: Site) -> object:
    """Return all that is stored of a site."""
    held, indexes = site.services.patients, site.services.indexes
    parts = (held._chunks, held._etags, held._messages, held._timeline, indexes._links, indexes._rows)  # type: ignore[attr-defined]
    return repr(parts)


def test_the_multipart_of_this_test_is_one() -> None:
    body, headers = MULTIPART
    head = f"Content-Type: {headers['Content-Type']}\r\n\r\n".encode()
    assert BytesParser().parsebytes(head + body).is_multipart()
