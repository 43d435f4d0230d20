"""What somebody with access to storage can do to stored rows of the audit trail, at random."""

from __future__ import annotations

import random

from shared.access.chain import LANES

type Rows = dict[tuple[int, str], dict[str, object]]


def edit(rows: Rows, chance: random.Random) -> None:
    """Change one property of one row."""
    place = chance.choice(sorted(rows))
    row = dict(rows[place])
    name = chance.choice(sorted(row))
    value = row[name]
    if isinstance(value, bytes):
        at = chance.randrange(len(value))
        row[name] = value[:at] + bytes([value[at] ^ 1 << chance.randrange(8)]) + value[at + 1 :]
    elif isinstance(value, int):
        row[name] = value + chance.choice((-1, 1))
    else:
        row[name] = f"{value}x" if chance.random() < 0.5 or not value else str(value)[:-1]
    rows[place] = row


def remove(rows: Rows, chance: random.Random) -> None:
    """Take one row away."""
    del rows[chance.choice(sorted(rows))]


def remove_some(rows: Rows, chance: random.Random) -> None:
    """Take the latest entries of a lane away, with all rows of them, and leave the head."""
    lane = chance.choice(sorted({lane for lane, _ in rows}))
    latest = sorted(row for number, row in rows if number == lane and row.startswith("e-"))
    for row in latest[: chance.randrange(1, len(latest) + 1)]:
        stamp = row.rpartition("-")[2]
        for place in [place for place in rows if place[0] == lane and place[1].endswith(stamp)]:
            del rows[place]


def insert(rows: Rows, chance: random.Random) -> None:
    """Put a row in that repeats another under another instant, lane or index."""
    lane, row = chance.choice([place for place in sorted(rows) if not place[1].startswith("0-")])
    kind, _, stamp = row.rpartition("-")
    later = (chance.randrange(LANES), f"{kind}-{int(stamp) + chance.choice((-3, -1, 0, 1, 5)):019d}")
    if later in rows or later == (lane, row):
        later = (lane, f"{kind}-{int(stamp) + 10**6:019d}")
    rows[later] = rows[lane, row]


def swap(rows: Rows, chance: random.Random) -> None:
    """Let two rows change places."""
    entries = [place for place in sorted(rows) if place[1].startswith(("e-", "i-"))]
    one, other = chance.sample(entries, 2)
    while rows[one] == rows[other]:
        one, other = chance.sample(entries, 2)
    rows[one], rows[other] = rows[other], rows[one]


def swap_lanes(rows: Rows, chance: random.Random) -> None:
    """Let two lanes change places."""
    one, other = chance.sample(sorted({lane for lane, _ in rows}), 2)
    turned = {one: other, other: one}
    moved = {(turned.get(lane, lane), row): value for (lane, row), value in rows.items()}
    rows.clear()
    rows.update(moved)


def remove_lane(rows: Rows, chance: random.Random) -> None:
    """Take a whole lane away."""
    lane = chance.choice(sorted({lane for lane, _ in rows}))
    for place in [place for place in rows if place[0] == lane]:
        del rows[place]


def forge_foot(rows: Rows, chance: random.Random) -> None:
    """Take the oldest entries away, and pretend that retention did."""
    lane, row = chance.choice([place for place in sorted(rows) if place[1].startswith("e-")])
    stamp = int(row.rpartition("-")[2])
    source = rows[lane, row]
    rows[lane, "0-foot"] = {
        **{name: source[name] for name in ("number", "digest", "key")},
        "stamp": 10**18 - stamp,
        "seal": rows[lane, "0-head"]["seal"],
    }
    for place in [place for place in rows if place[0] == lane and place[1][:2] in ("e-", "i-")]:
        if int(place[1].rpartition("-")[2]) >= stamp:
            del rows[place]


TAMPERINGS = (edit, remove, remove_some, insert, swap, swap_lanes, remove_lane, forge_foot)
