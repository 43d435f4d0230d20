"""Backups: every row comes back as it was, what is damaged is refused before anything is written."""

from __future__ import annotations

from pathlib import Path

import pytest
from storage_kit import fresh

from shared.adapters import table_backup
from shared.adapters.table_backup import MANIFEST, TableBackups
from shared.adapters.tables import Property, TableService, Write
from shared.errors import Rejected, Unavailable

type Rows = list[dict[str, Property]]


class Deployment:
    """Two tables with rows of all kinds, and another pair to put them back into."""

    def __init__(self, tables: TableService, folder: Path) -> None:
        self.tables = tables
        self.folder = folder
        self.names = (fresh("rows"), fresh("rows"))
        self.told: list[str] = []

    @property
    def backups(self) -> TableBackups:
        return TableBackups(self.tables, self.names, lambda: "2026-03-02T09:00:00+00:00")

    async def make(self) -> None:
        for name in self.names:
            await self.tables.create(name)

    async def fill(self, rows: int = 7) -> None:
        for number in range(rows):
            properties: dict[str, Property] = {
                "text": f"Núñez '{number}' 日本語 \n\"quoted\"",
                "count": number * 10**12,
                "due": number,
                "pending": number % 2 == 0,
                "head__0": bytes(range(256)) * number,
                "empty": b"",
            }
            row = Write("upsert", f"key-{number // 3}", f"row'{number}", properties)
            await self.tables.write(self.names[0], row)

    async def rows(self) -> list[Rows]:
        return [
            [row async for row, _ in self.tables.query(name, "PartitionKey ge ''")] for name in self.names
        ]

    async def elsewhere(self) -> None:
        """Go to empty tables, with the same backup at hand."""
        self.backups_of = self.names
        self.names = tuple(fresh("rows") for _ in self.names)  # type: ignore[assignment]
        await self.make()
        manifest = self.folder / MANIFEST
        text = manifest.read_text(encoding="utf-8")
        for old, new in zip(self.backups_of, self.names, strict=True):
            text = text.replace(f'"table": "{old}"', f'"table": "{new}"')
        manifest.write_text(text, encoding="utf-8")

    def tell(self, part: object) -> None:
        self.told.append(str(part))


@pytest.fixture
async def deployment(tables: TableService, tmp_path: Path) -> Deployment:
    made = Deployment(tables, tmp_path / "backup")
    await made.make()
    return made


@pytest.mark.parametrize("part", [2, 3, 1000], ids=["small", "even", "one"])
async def test_every_row_comes_back_as_it_was(
    deployment: Deployment, part: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever kind its properties are of, and however many files it took."""
    monkeypatch.setattr(table_backup, "PART", part)
    await deployment.fill()
    before = await deployment.rows()
    saved = await deployment.backups.save(deployment.folder, deployment.tell)
    assert dict(saved.rows) == {deployment.names[0]: 7}
    assert len(deployment.told) == len(saved.parts) == -(-7 // part)
    await deployment.elsewhere()
    await deployment.backups.restore(deployment.folder, deployment.tell)
    assert await deployment.rows() == before


async def test_tables_with_rows_are_left_alone(deployment: Deployment) -> None:
    """What is in them would be mixed up; only a restore that did not end may go on."""
    await deployment.fill()
    await deployment.backups.save(deployment.folder, deployment.tell)
    with pytest.raises(Rejected, match="is not empty"):
        await deployment.backups.restore(deployment.folder, deployment.tell)
    before = await deployment.rows()
    await deployment.backups.restore(deployment.folder, deployment.tell, go_on=True)
    assert await deployment.rows() == before


async def test_a_folder_that_is_in_use_is_left_alone(deployment: Deployment) -> None:
    await deployment.backups.save(deployment.folder, deployment.tell)
    with pytest.raises(Rejected, match="is not empty"):
        await deployment.backups.save(deployment.folder, deployment.tell)


@pytest.mark.parametrize("damage", ["cut", "gone", "another", "no manifest", "rubbish"])
async def test_a_damaged_backup_is_refused_before_anything_is_written(
    deployment: Deployment, damage: str
) -> None:
    await deployment.fill()
    saved = await deployment.backups.save(deployment.folder, deployment.tell)
    await deployment.elsewhere()
    part, manifest = deployment.folder / saved.parts[0].name, deployment.folder / MANIFEST
    match damage:
        case "cut":
            part.write_bytes(part.read_bytes()[:-1])
        case "gone":
            part.unlink()
        case "another":
            manifest.write_text(manifest.read_text().replace(saved.parts[0].name, "../elsewhere"))
        case "no manifest":
            manifest.unlink()
        case "rubbish":
            manifest.write_text("rubbish")
    with pytest.raises(Rejected):
        await deployment.backups.restore(deployment.folder, deployment.tell)
    assert await deployment.rows() == [[], []]


async def test_a_save_that_breaks_off_is_no_backup(deployment: Deployment, tmp_path: Path) -> None:
    """The manifest comes last."""
    backups = TableBackups(deployment.tables, (deployment.names[0], "nosuchtable"), lambda: "now")
    await deployment.fill()
    with pytest.raises(Unavailable):
        await backups.save(tmp_path / "half", deployment.tell)
    with pytest.raises(Rejected, match="holds no backup"):
        await backups.restore(tmp_path / "half", deployment.tell)
