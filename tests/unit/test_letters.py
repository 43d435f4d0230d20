"""Letters: set on the right paper, readable in the window, refused where they would come out wrong."""

from __future__ import annotations

import csv
import hashlib
import io
import uuid
import zipfile
from datetime import UTC, date
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from pypdf import PdfReader
from reportlab.pdfbase.pdfmetrics import stringWidth

from shared.adapters.blobs_memory import MemoryBlobs
from shared.adapters.letters_pdf import Letter, Unsettable, set_letter, typeface
from shared.adapters.letters_sheet import A4, US_LETTER, Sheet, sheet_of
from shared.adapters.letters_store import LetterChannel, Letterhead, country_of
from shared.errors import Rejected, Unavailable
from shared.fhir.instants import parse_instant
from shared.message.failures import FAILURES
from shared.message.outbound import Accepted, Deferred, OutboundMessage, Refused, Unknown
from shared.usecases.letters import drop_letters, erase_letters, make_batch, write_batch

LETTER = Letter(
    address=("Frau Maria Müller", "Hauptstraße 12", "10115 Berlin"),
    title="Ihre Vorsorge",
    text="Guten Tag,\n\nbitte rufen Sie uns an.\n\nIhre Praxis",
    language="de",
    sender="Praxis am Ring",
    return_address="Ring 1, 10115 Berlin",
    day=date(2026, 3, 2),
    region="DE",
)
HEAD = Letterhead("Care", "1 Care Way, Springfield, IL 62701", "US", UTC)
ADDRESS = "Maria Garcia\n123 Main Street\nSpringfield, IL 62701"


def pages(letter: Letter) -> list[list[tuple[float, float, str]]]:
    """Set a letter; for each page what stands where: left, top in points, text."""
    pdf, count = set_letter(letter, typeface())
    reader = PdfReader(io.BytesIO(pdf))
    assert len(reader.pages) == count
    height = sheet_of(letter.region).height
    found: list[list[tuple[float, float, str]]] = []
    for page in reader.pages:
        placed: list[tuple[float, float, str]] = []

        def visit(text: str, cm: list[float], tm: list[float], *_: object, placed=placed) -> None:
            if text.strip():
                placed.append((tm[4], height - tm[5], text.strip()))

        page.extract_text(visitor_text=visit)
        found.append(placed)
    return found


def words(letter: Letter) -> str:
    return "\n".join(text for page in pages(letter) for _, _, text in page)


class TestSheets:
    """Each country's paper, and the address where its envelope has the window."""

    @pytest.mark.parametrize(
        ("region", "sheet"), [("US", US_LETTER), ("CA", US_LETTER), ("DE", A4), ("GB", A4)]
    )
    def test_paper(self, region: str, sheet: Sheet) -> None:
        (page,) = PdfReader(io.BytesIO(set_letter(replace(LETTER, region=region), typeface())[0])).pages
        assert float(page.mediabox.width) == pytest.approx(sheet.width, abs=0.01)
        assert float(page.mediabox.height) == pytest.approx(sheet.height, abs=0.01)

    @pytest.mark.parametrize("region", ["US", "DE"])
    def test_the_whole_address_is_in_the_window_and_nothing_else_is(self, region: str) -> None:
        sheet = sheet_of(region)
        address = tuple(f"Line {number}" for number in range(sheet.lines))
        (placed,) = pages(replace(LETTER, region=region, address=address))
        first, last = sheet.window
        inside = {text for left, top, text in placed if first <= top <= last and left < sheet.left + 80 * 2.8}
        assert set(address) <= inside
        assert inside - set(address) <= {"Praxis am Ring · Ring 1, 10115 Berlin"}

    def test_the_date_is_in_the_language(self) -> None:
        assert "2. März 2026" in words(LETTER)
        assert "2 de marzo de 2026" in words(replace(LETTER, language="es-US"))
        assert "March 2, 2026" in words(replace(LETTER, language="no such language"))

    def test_the_letter_says_its_language(self) -> None:
        reader = PdfReader(io.BytesIO(set_letter(LETTER, typeface())[0]))
        assert reader.root_object["/Lang"] == "de"


class TestText:
    """What was written is set, all of it."""

    def test_all_of_it_over_as_many_pages_as_it_takes(self) -> None:
        long = replace(LETTER, text="\n".join(f"Zeile {number} von vielen." for number in range(150)))
        found = pages(long)
        assert len(found) == 4
        for number in range(150):
            assert f"Zeile {number} von vielen." in words(long)
        assert found[1][0][2] == "2 / 4"
        assert all(top <= A4.bottom + 14 for page in found for _, top, _ in page)

    @settings(max_examples=25, deadline=None, derandomize=True)
    @given(st.text(alphabet="abc äß é-,. \n", max_size=1500))
    def test_never_beyond_the_margin_and_nothing_lost(self, text: str) -> None:
        found = pages(replace(LETTER, title="", text=text))
        face = typeface().plain
        first = [line for line in found[0] if line[1] >= A4.body_top - 1]
        body = first + [line for page in found[1:] for line in page if "/" not in line[2]]
        assert "".join("".join(line.split()) for *_, line in body) == "".join(text.split())
        assert all(left + stringWidth(line, face, 10.5) <= A4.right + 0.1 for left, _, line in body)

    def test_a_word_wider_than_the_page_is_broken(self) -> None:
        assert words(replace(LETTER, text="q" * 500)).count("q") == 500

    def test_the_same_letter_is_the_same_file(self) -> None:
        assert set_letter(LETTER, typeface()) == set_letter(LETTER, typeface())

    def test_decomposed_letters_are_composed(self) -> None:
        assert "Müller" in words(replace(LETTER, text="Mu\u0308ller"))


class TestRefused:
    """A letter that would come out wrong is not set."""

    @pytest.mark.parametrize("text", ["Źródło", "مرحبا", "नमस्ते", "你好", "👋"])
    def test_what_the_font_has_not(self, text: str) -> None:
        with pytest.raises(Unsettable) as caught:
            set_letter(replace(LETTER, text=text), typeface())
        assert caught.value.code == "content"
        assert text not in caught.value.reason

    @pytest.mark.parametrize(
        "address",
        [(), ("Maria",), ("a", "b", "c", "d", "e", "f", "g"), ("Maria", "x" * 80), ("Maria", " ", "")],
    )
    def test_an_address_that_does_not_fit(self, address: tuple[str, ...]) -> None:
        with pytest.raises(Unsettable) as caught:
            set_letter(replace(LETTER, address=address), typeface())
        assert caught.value.code == "invalid-address"

    def test_a_return_address_that_is_too_long(self) -> None:
        with pytest.raises(Unsettable, match="return address"):
            set_letter(replace(LETTER, return_address="x" * 200), typeface())

    def test_a_font_that_is_none(self, tmp_path) -> None:
        path = tmp_path / "font.ttf"
        path.write_bytes(b"nothing")
        with pytest.raises(Unsettable, match="font"):
            typeface(str(path))


def a_letter(**changes: object) -> OutboundMessage:
    fields = {
        "message_id": str(uuid.uuid4()),
        "channel": "letter",
        "to": ADDRESS,
        "text": "Please call us.",
        "subject": "Your visit",
        "language": "en-US",
        "first_sent": parse_instant("2026-03-02T09:00:00Z"),
    }
    return OutboundMessage(**{**fields, **changes})  # type: ignore[arg-type]


class Failing(MemoryBlobs):
    """Fails the writes of names that end so, `times` times."""

    def __init__(self, end: str, times: int) -> None:
        super().__init__()
        self.end, self.times = end, times

    async def put(self, name: str, body: bytes, media_type: str, *, new: bool = False) -> None:
        if name.endswith(self.end) and self.times:
            self.times -= 1
            raise Unavailable("storage did not answer")
        await super().put(name, body, media_type, new=new)


class TestChannel:
    """A letter is accepted once it is stored with its line of the manifest."""

    async def test_stored_under_the_day_of_the_organisation(self) -> None:
        blobs = MemoryBlobs()
        head = replace(HEAD, zone=ZoneInfo("America/Los_Angeles"))
        message = a_letter(first_sent=parse_instant("2026-03-02T07:00:00Z"))
        result = await LetterChannel(blobs, head).send(message)
        assert result == Accepted(message.message_id)
        assert sorted(blobs.files) == [
            f"letters/2026-03-01/{message.message_id}{end}" for end in (".json", ".pdf")
        ]

    async def test_the_same_letter_twice_is_one(self) -> None:
        blobs, message = MemoryBlobs(), a_letter()
        for _ in range(2):
            assert isinstance(await LetterChannel(blobs, HEAD).send(message), Accepted)
        assert len((await make_batch(blobs, "2026-03-02")).letters) == 1

    async def test_the_line_says_nothing_of_the_patient(self) -> None:
        blobs, message = MemoryBlobs(), a_letter()
        await LetterChannel(blobs, HEAD).send(message)
        line = blobs.files[f"letters/2026-03-02/{message.message_id}.json"][0]
        assert b"Maria" not in line
        assert b"Springfield" not in line

    @pytest.mark.parametrize(
        ("changes", "code"),
        [({"to": "Maria"}, "invalid-address"), ({"text": "你好"}, "content")],
    )
    async def test_refused_by_a_known_code(self, changes: dict[str, str], code: str) -> None:
        result = await LetterChannel(MemoryBlobs(), HEAD).send(a_letter(**changes))
        assert isinstance(result, Refused)
        assert result.code == code
        assert result.code in FAILURES

    async def test_not_stored_is_deferred_and_may_be_tried_another_day(self) -> None:
        blobs, message = Failing(".pdf", 1), a_letter()
        channel = LetterChannel(blobs, HEAD)
        assert isinstance(await channel.send(message), Deferred)
        again = a_letter(message_id=message.message_id, first_sent=parse_instant("2026-03-03T09:00:00Z"))
        assert isinstance(await channel.send(again), Accepted)
        with pytest.raises(Rejected):
            await make_batch(blobs, "2026-03-02")
        assert len((await make_batch(blobs, "2026-03-03")).letters) == 1

    @pytest.mark.parametrize(("times", "outcome"), [(2, Accepted), (3, Unknown)])
    async def test_a_line_that_may_have_been_written_is_not_known(self, times: int, outcome: type) -> None:
        assert isinstance(await LetterChannel(Failing(".json", times), HEAD).send(a_letter()), outcome)

    @pytest.mark.parametrize(
        ("lines", "country"),
        [
            (("Maria", "Rue 1", "75001 PARIS"), "US"),
            (("Maria", "Rue 1", "75001 Paris", "FRANCE"), "FRANCE"),
            (("MARIA", "RUE"), "US"),
            ((), "US"),
        ],
    )
    def test_the_country_is_the_last_line_in_capitals(self, lines: tuple[str, ...], country: str) -> None:
        assert country_of(lines, "US") == country


class TestBatches:
    """Every letter of a day is in one batch, and a batch is the same file whenever it is made."""

    async def stored(self, blobs: MemoryBlobs, count: int) -> set[str]:
        messages = [a_letter() for _ in range(count)]
        for message in messages:
            await LetterChannel(blobs, HEAD).send(message)
        return {message.message_id for message in messages}

    async def test_a_file_with_every_letter_and_a_manifest(self) -> None:
        blobs = MemoryBlobs()
        ids = await self.stored(blobs, 3)
        batch = await make_batch(blobs, "2026-03-02")
        assert (batch.number, batch.again) == (1, False)
        with zipfile.ZipFile(io.BytesIO(await write_batch(blobs, batch))) as archive:
            assert set(archive.namelist()) == {"manifest.csv", *(f"{one}.pdf" for one in ids)}
            rows = list(csv.DictReader(io.StringIO(archive.read("manifest.csv").decode())))
            assert list(rows[0]) == ["id", "pages", "country", "file", "sha256"]
            for row in rows:
                assert hashlib.sha256(archive.read(row["file"])).hexdigest() == row["sha256"]
                assert (row["pages"], row["country"]) == ("1", "US")

    async def test_made_again_it_is_the_same(self) -> None:
        blobs = MemoryBlobs()
        await self.stored(blobs, 2)
        first = await write_batch(blobs, await make_batch(blobs, "2026-03-02"))
        again = await make_batch(blobs, "2026-03-02")
        assert again.again
        assert await write_batch(blobs, again) == first

    async def test_what_comes_later_goes_into_the_next(self) -> None:
        blobs = MemoryBlobs()
        first = await self.stored(blobs, 2)
        await make_batch(blobs, "2026-03-02")
        later = await self.stored(blobs, 1)
        second = await make_batch(blobs, "2026-03-02")
        assert second.number == 2
        assert {letter.id for letter in second.letters} == later
        assert {letter.id for letter in (await make_batch(blobs, "2026-03-02", 1)).letters} == first

    async def test_two_at_once_make_one_batch(self) -> None:
        blobs = MemoryBlobs()
        await self.stored(blobs, 2)

        class Slow(MemoryBlobs):
            """Has somebody else make the batch right before it is written."""

            async def put(self, name: str, body: bytes, media_type: str, *, new: bool = False) -> None:
                if new:
                    await make_batch(blobs, "2026-03-02")
                await blobs.put(name, body, media_type, new=new)

        slow = Slow()
        slow.files = blobs.files
        mine = await make_batch(slow, "2026-03-02")
        assert (mine.number, mine.again) == (1, True)
        assert [name for name in blobs.files if "batch-" in name] == ["letters/2026-03-02/batch-001.json"]

    async def test_a_changed_letter_is_not_printed(self) -> None:
        blobs = MemoryBlobs()
        (one,) = await self.stored(blobs, 1)
        batch = await make_batch(blobs, "2026-03-02")
        await blobs.put(f"letters/2026-03-02/{one}.pdf", b"%PDF other", "application/pdf")
        with pytest.raises(Rejected, match="not stored as it was set"):
            await write_batch(blobs, batch)

    @pytest.mark.parametrize("number", [None, 0, 2])
    async def test_where_there_is_none(self, number: int | None) -> None:
        blobs = MemoryBlobs()
        with pytest.raises(Rejected):
            await make_batch(blobs, "2026-03-02", number)
        await self.stored(blobs, 1)
        await make_batch(blobs, "2026-03-02")
        if number is not None:
            with pytest.raises(Rejected):
                await make_batch(blobs, "2026-03-02", number)

    async def test_what_was_printed_can_be_dropped_and_nothing_else(self) -> None:
        blobs = MemoryBlobs()
        printed = await self.stored(blobs, 2)
        await make_batch(blobs, "2026-03-02")
        later = await self.stored(blobs, 1)
        assert await drop_letters(blobs, "2026-03-02") == (0, 0)
        assert await drop_letters(blobs, "2026-03-03") == (2, 1)
        assert await drop_letters(blobs, "2026-03-03") == (0, 1)
        ids = {name.rpartition("/")[2].partition(".")[0] for name in blobs.files}
        assert ids == {*later, "batch-001"}
        assert not printed & ids

    async def test_who_is_erased_is_in_no_file_any_more(self) -> None:
        blobs = MemoryBlobs()
        gone, *others = sorted(await self.stored(blobs, 3))
        batch = await make_batch(blobs, "2026-03-02")
        assert await erase_letters(blobs, [gone, "some other message"]) == 1
        assert not any(gone in name for name in blobs.files)
        with zipfile.ZipFile(io.BytesIO(await write_batch(blobs, batch))) as archive:
            assert set(archive.namelist()) == {"manifest.csv", *(f"{one}.pdf" for one in others)}
            assert gone not in archive.read("manifest.csv").decode()

    async def test_a_letter_that_is_lost_stops_the_file(self) -> None:
        """Only one whose line is gone, too, was removed on purpose."""
        blobs = MemoryBlobs()
        (one,) = await self.stored(blobs, 1)
        batch = await make_batch(blobs, "2026-03-02")
        await blobs.delete(f"letters/2026-03-02/{one}.pdf")
        with pytest.raises(Rejected, match="not stored as it was set"):
            await write_batch(blobs, batch)
