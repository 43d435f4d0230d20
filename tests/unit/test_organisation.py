"""Scale and cost on paper: the counted operations, the simulation, the price, and the page that has them."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import settings as runs
from hypothesis import strategies as st

from benchmarks.organisation import day_tables, tables
from benchmarks.organisation.__main__ import patients_of, profile_of
from benchmarks.organisation.ceilings import ceilings
from benchmarks.organisation.cost import PRICES, bill, load_prices, totals, unknown, use
from benchmarks.organisation.day import MESSAGES, SOURCE, Day, Outcome, Scenario, rate_of
from benchmarks.organisation.demand import items
from benchmarks.organisation.limits import LIMITS
from benchmarks.organisation.line import Line, quantile
from benchmarks.organisation.memory_tables import MemoryTables, condition_of
from benchmarks.organisation.paths import Counted, bytes_of_a_patient, count_all
from benchmarks.organisation.profile import DAY, Means, Profile, changes_at, enough, wakeups_at
from benchmarks.organisation.scenarios import scenarios
from benchmarks.organisation.waiting import Work, erlang_wait, latencies, m_m_c
from shared.adapters.tables import Write
from shared.errors import Conflict

PROFILE = Profile()
HOUR = 3600


@cache
def counted() -> dict[str, Counted]:
    return asyncio.run(count_all())


@cache
def page() -> dict[str, str]:
    return tables.read(tables.PAGE.read_text())


def flat(rate: float, seconds: int = HOUR) -> Scenario:
    """Make a scenario of changes at the same rate all the time, and no wake-ups."""
    return Scenario("flat", "", seconds, {SOURCE: lambda _: rate})


def simulated(scenario: Scenario, means: Means, seed: int = 1) -> Outcome:
    return Day(scenario, items(counted(), PROFILE, means), PROFILE, means, seed).run()


class TestOperations:
    """What the paths ask for, counted from the product's own code."""

    def test_the_page_tells_what_the_code_does(self) -> None:
        """A path has changed if this fails: `python -m benchmarks.organisation --write` tells how."""
        assert page()["operations"] == tables.operations(counted())

    def test_a_change_that_adds_a_fact_costs_a_read_of_each_system_and_one_commit(self) -> None:
        fact = counted()["fact"].operations
        assert (fact["fhir_reads"], fact["table_reads"], fact["table_writes"]) == (1, 1, 1)
        assert fact["queue_puts"] == fact["provider_calls"] == 0

    def test_what_was_heard_before_writes_nothing(self) -> None:
        assert counted()["nothing"].operations["table_writes"] == 0
        assert counted()["nothing"].rows == {}

    def test_who_sends_calls_the_provider_once(self) -> None:
        assert counted()["sends"].operations["provider_calls"] == 1

    def test_many_wakeups_share_what_one_alone_pays_for(self) -> None:
        many, alone = counted()["wakeup_of_many"].operations, counted()["wakeup"].operations
        assert many["queue_puts"] < alone["queue_puts"] / 10
        assert many["table_queries"] < alone["table_queries"] / 10

    def test_rows_outside_a_patient_are_told_by_the_partition_that_they_share(self) -> None:
        assert counted()["segment"].rows["index: member"] == 1
        assert counted()["sends"].rows["index: roster"] >= 1


class TestMemoryTables:
    """The table service in memory does as the real one does; the contract test compares the counts."""

    async def test_a_merge_over_another_version_conflicts_and_writes_nothing(self) -> None:
        held = MemoryTables()
        await held.create("t")
        etag = await held.write("t", Write("insert", "p", "a", {"x": 1}))
        await held.write("t", Write("merge", "p", "a", {"y": 2}, etag))
        with pytest.raises(Conflict):
            await held.transact("t", [Write("upsert", "p", "b"), Write("merge", "p", "a", {"x": 3}, etag)])
        found = await held.get("t", "p", "a")
        assert found is not None
        assert (found[0]["x"], found[0]["y"], await held.get("t", "p", "b")) == (1, 2, None)

    @given(st.integers(-5, 5), st.integers(-5, 5), st.booleans())
    def test_conditions_mean_what_they_say(self, a: int, b: int, flag: bool) -> None:
        row = {"a": a, "b": b, "flag": flag, "name": "it's"}
        holds = condition_of("flag eq true or (a gt 0L and b lt 3L) and name eq 'it''s'")
        assert holds(row) == (flag or (a > 0 and b < 3))

    def test_what_is_no_condition_is_refused(self) -> None:
        for text in ("(a eq 1", "a eq 1)", "a like 1"):
            with pytest.raises((ValueError, KeyError)):
                condition_of(text)


class TestLine:
    """A queue of cohorts."""

    @given(st.lists(st.tuples(st.integers(0, 50), st.integers(0, 60)), max_size=40))
    def test_whoever_came_is_done_or_waits_and_the_oldest_go_first(
        self, steps: list[tuple[int, int]]
    ) -> None:
        line, left = Line(), []
        for now, (come, go) in enumerate(steps):
            line.add(now, come)
            left += [since for since, part in line.take(go) for _ in range(part)]
        assert line.arrived == line.done + line.waiting == sum(come for come, _ in steps)
        assert len(left) == line.done
        assert left == sorted(left)

    def test_quantiles_are_ages_that_occurred(self) -> None:
        ages = Counter({0: 98, 7: 1, 30: 1})
        assert [quantile(ages, share) for share in (0.5, 0.98, 0.99, 1.0)] == [0, 0, 7, 30]
        assert quantile(Counter(), 0.5) == 0


class TestDay:
    """The simulation of days."""

    def test_the_same_seed_gives_the_same_day(self) -> None:
        first, again, other = (simulated(flat(20), Means(), seed) for seed in (1, 1, 9))
        assert (first.ages, first.backlog) == (again.ages, again.backlog)
        assert first.lines[SOURCE].arrived != other.lines[SOURCE].arrived

    @runs(max_examples=15, deadline=None)
    @given(
        st.floats(1, 3000), st.integers(1, 3), st.integers(10, 300), st.floats(50, 5000), st.integers(0, 99)
    )
    def test_nothing_is_lost_and_nothing_is_made_up(
        self, rate: float, accounts: int, cores: int, fhir: float, seed: int
    ) -> None:
        means = Means(accounts=accounts, cores=cores, fhir=fhir)
        lines = simulated(flat(rate, seconds=600), means, seed).lines
        for line in lines.values():
            assert line.arrived == line.done + line.waiting
        assert lines["notifications"].arrived == lines[SOURCE].done
        assert lines["changes"].arrived == lines["notifications"].done
        assert lines["reports"].arrived == lines[MESSAGES].done

    @runs(max_examples=12, deadline=None)
    @given(st.floats(10, 2000), st.floats(20, 1500), st.floats(1.05, 4))
    def test_more_capacity_makes_nobody_wait_longer(self, rate: float, fhir: float, more: float) -> None:
        """Of the FHIR service, everything else being plenty."""
        plenty = Means(
            accounts=100, cores=5000, always_ready=100, changes_ready=100, bus_units=99, short_codes=1000
        )
        few, many = (
            simulated(flat(rate, seconds=900), replace(plenty, fhir=each)) for each in (fhir, fhir * more)
        )
        assert many.lines["changes"].done >= few.lines["changes"].done
        assert many.oldest <= few.oldest
        assert many.backlog["changes"] <= few.backlog["changes"]

    def test_no_limit_is_ever_exceeded(self) -> None:
        means = Means(fhir=300.0)
        outcome = simulated(flat(900), means)
        slack = 1.01  # part of a message is carried from one step to the next
        assert outcome.peaks["fhir"] <= 300 * slack
        assert outcome.bound["fhir"] > 0
        assert outcome.instances <= means.cores

    def test_what_waits_for_an_outage_is_done_after_it(self) -> None:
        scenario = replace(flat(5, seconds=4 * HOUR), away=(HOUR, 2 * HOUR))
        outcome = simulated(scenario, Means())
        assert HOUR - 60 <= outcome.oldest <= HOUR + 60
        assert outcome.lines["changes"].waiting < 100
        assert outcome.first == (HOUR, "fhir")

    def test_instances_come_when_there_is_a_backlog_and_go_when_there_is_none(self) -> None:
        scenario = Scenario("burst", "", 2 * HOUR, {SOURCE: lambda at: 900.0 if at < 600 else 0.1})
        means = Means(fhir=1e6)
        day = Day(scenario, items(counted(), PROFILE, means), PROFILE, means)
        outcome = day.run()
        left = sum(day._instances.values())
        assert means.changes_ready <= left <= 7 < outcome.instances

    def test_sessions_that_are_waited_for_hold_an_instance_up(self) -> None:
        """Each change is a session of its own: an instance waits for more of it before it takes another."""
        patient = Means(sessions=8, session_idle=60.0)
        quick = Means(sessions=128, session_idle=0.1)
        slow, fast = (
            rate_of("changes", items(counted(), PROFILE, m)["changes"], m) for m in (patient, quick)
        )
        assert slow < 0.14
        assert fast > 200

    def test_instances_are_as_host_json_has_them(self) -> None:
        host = json.loads((tables.PAGE.parents[1] / "host.json").read_text())["extensions"]
        queues, bus = host["queues"], host["serviceBus"]
        assert Means().concurrency == queues["batchSize"] + queues["newBatchThreshold"]
        assert LIMITS["scale_target"].value == queues["batchSize"]
        assert Means().sessions == bus["maxConcurrentSessions"]
        assert Means().concurrency == bus["maxConcurrentCalls"]
        hours, minutes, seconds = map(float, bus["sessionIdleTimeout"].split(":"))
        assert Means().session_idle == pytest.approx(hours * 3600 + minutes * 60 + seconds)

    def test_a_day_has_the_changes_of_a_year_in_it(self) -> None:
        for patients in (1_000_000, 100_000_000):
            day = sum(changes_at(PROFILE, patients, at) for at in range(0, DAY, 60)) * 60
            assert day == pytest.approx(patients * PROFILE.changes / 365 * PROFILE.weekday * 1.1, rel=0.01)
            woken = sum(wakeups_at(PROFILE, patients, at) for at in range(0, DAY, 60)) * 60
            assert woken == pytest.approx(patients * PROFILE.wakeups / 365, rel=0.01)


class TestWaiting:
    """Milliseconds, message by message."""

    @pytest.mark.parametrize(("rate", "servers"), [(0.5, 1), (0.7, 1), (3.5, 5), (8.0, 10)])
    def test_it_agrees_with_erlang(self, rate: float, servers: int) -> None:
        assert m_m_c(rate, 1.0, servers, 40_000) == pytest.approx(erlang_wait(rate, 1.0, servers), rel=0.1)

    def test_erlang_for_one_server_is_the_formula_of_the_books(self) -> None:
        assert erlang_wait(0.5, 1.0, 1) == pytest.approx(0.5 / (1 - 0.5))

    def test_latency_at_fifty_a_second_is_what_the_page_holds_against_the_measured_one(self) -> None:
        found = latencies(Work(4.1, 9 * 2.0, 9), 50, 1, 32)
        assert [round(found[int(len(found) * share)]) for share in (0.5, 0.99)] == [23, 31]

    def test_nobody_is_faster_than_the_work_and_more_load_is_slower(self) -> None:
        work = Work(3.0, 40.0, 4)
        idle, busy = (latencies(work, rate, 1, 32, 3000) for rate in (20, 280))
        assert idle[0] > work.cpu_ms
        assert all(a <= b * 1.02 for a, b in zip(idle[::100], busy[::100], strict=True))


class TestPrice:
    """The month's price."""

    def lines(self, prices: dict[str, float | None], profile: Profile = PROFILE):
        held = asyncio.run(bytes_of_a_patient())
        used = use(counted(), held, profile, Means(), 1_000_000)
        return bill(used, prices, profile, Means())

    def test_a_price_that_is_not_known_leaves_its_component_out_and_is_named(self) -> None:
        lines = self.lines(dict.fromkeys(load_prices()))
        assert totals(lines) == (0.0, 0.0)
        assert unknown(lines) == [line.component for line in lines]

    def test_twice_the_prices_are_twice_the_price(self) -> None:
        given_ = load_prices()
        doubled = {name: None if price is None else 2 * price for name, price in given_.items()}
        once, twice = totals(self.lines(given_)), totals(self.lines(doubled))
        assert twice == (pytest.approx(2 * once[0]), pytest.approx(2 * once[1]))
        assert once[0] < once[1]

    def test_no_messages_cost_nothing(self) -> None:
        silent = replace(PROFILE, mix={"fact": 1.0, "sends": 0.0}, wakeups_send=0.0, campaign=0.0)
        own, total = totals(self.lines(load_prices(), silent))
        assert own == total > 0

    def test_a_file_of_prices_that_lacks_one_is_refused_by_name(self, tmp_path: Path) -> None:
        told = json.loads(PRICES.read_text())
        del told["prices"]["sms_part"]
        wrong = tmp_path / "prices.json"
        wrong.write_text(json.dumps(told))
        with pytest.raises(ValueError, match="sms_part"):
            load_prices(wrong)
        told["prices"]["sms_part"] = {"price": "cheap"}
        wrong.write_text(json.dumps(told))
        with pytest.raises(ValueError, match="sms_part"):
            load_prices(wrong)

    def test_each_price_says_where_it_is_from(self) -> None:
        for name, told in json.loads(PRICES.read_text())["prices"].items():
            assert told["source"], name
            assert told["per"], name


class TestCommand:
    """What the command is told."""

    def test_numbers_of_patients(self) -> None:
        assert [patients_of(text) for text in ("10M", "250k", "123")] == [10_000_000, 250_000, 123]
        for text in ("", "M", "0", "5G", "many"):
            with pytest.raises(ValueError, match=r"1000M|invalid literal"):
                patients_of(text)

    def test_a_profile_names_what_is_otherwise(self, tmp_path: Path) -> None:
        told = tmp_path / "profile.json"
        told.write_text('{"changes": 40}')
        assert profile_of(told) == replace(PROFILE, changes=40)
        told.write_text('{"chnages": 40}')
        with pytest.raises(ValueError, match="chnages"):
            profile_of(told)
        for wrong in ('{"changes": "many"}', '{"mix": {"fact": 1}}', '{"hours": [1]}', '{"outage": -1}'):
            told.write_text(wrong)
            with pytest.raises(ValueError, match="no such value"):
                profile_of(told)


class TestPage:
    """docs/scale.md is what the program makes."""

    def test_every_mark_of_the_page_has_a_table(self) -> None:
        marks = {
            "limits",
            "operations",
            "code",
            "instance",
            "sessions",
            "transports",
            "days",
            "accounts",
            "compared",
            "waits",
        }
        assert set(page()) == marks | {"prices", "sensitivity"}

    def test_tables_that_are_quick_to_make_are_as_made(self) -> None:
        made = {
            "limits": tables.limits(),
            "code": tables.code(counted(), PROFILE),
            "instance": tables.instance(counted(), PROFILE),
            "sessions": tables.sessions(counted(), PROFILE),
            "transports": tables.transports(counted(), PROFILE),
            "compared": day_tables.compared(),
            "waits": day_tables.waits(counted(), PROFILE),
            "prices": tables.prices(counted(), asyncio.run(bytes_of_a_patient()), PROFILE),
        }
        assert {name: page()[name] for name in made} == made

    @pytest.mark.parametrize(("size", "name", "given"), [
        ("10 M", "ordinary", False), ("100 M", "publication", False), ("100 M", "ordinary", True),
    ])  # fmt: skip
    def test_days_are_as_simulated(self, size: str, name: str, given: bool) -> None:
        chosen = next(s for s in scenarios(PROFILE, tables.SIZES[size]) if s.name == name)
        row = day_tables.run(counted(), PROFILE, size, chosen, given)
        assert f"| {' | '.join(row)} |" in page()["days"].splitlines()

    def test_writing_puts_tables_between_their_marks_and_leaves_the_rest(self) -> None:
        text = "a\n<!-- made: x -->\nold\n<!-- made -->\nb\n"
        assert tables.written(text, {"x": "new"}) == "a\n<!-- made: x -->\nnew\n<!-- made -->\nb\n"
        assert tables.read(tables.written(text, {"x": "new"})) == {"x": "new"}

    def test_limits_have_a_source_and_ceilings_a_remedy(self) -> None:
        assert all(limit.source.startswith("https://learn.microsoft.com/") for limit in LIMITS.values())
        assert all(each.patients > 0 and each.remedy for each in ceilings(counted(), PROFILE))

    def test_more_patients_never_get_less(self) -> None:
        small, large = enough(1_000_000), enough(100_000_000)
        assert large.accounts >= small.accounts
        assert large.short_codes >= small.short_codes
