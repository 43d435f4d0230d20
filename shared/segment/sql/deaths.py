"""When the patient died as a condition on the column of `patients`; it is never NULL."""

from __future__ import annotations

from shared.segment.criteria.death import DeathCriterion
from shared.segment.edge import Hung
from shared.segment.sql.edges import placed, sources
from shared.segment.sql.query import Build, Env
from shared.segment.sql.text import all_of, moment


def died(criterion: DeathCriterion, build: Build) -> str:
    """See DeathCriterion."""
    lower, upper = criterion.died.edges(build.context.wall)
    if not isinstance(lower, Hung) and not isinstance(upper, Hung):
        low, high = moment(lower.at(build.now)), moment(upper.at(build.now))
        return f"(p.died IS NOT NULL AND p.died >= {low} AND p.died < {high})"
    places, joins = sources(criterion.died.named, build, Env())
    dead = build.table("SELECT patient, died FROM patients WHERE died IS NOT NULL")
    edges = [placed(edge, build, places, dead, joins) for edge in (lower, upper)]
    every = " ".join([f"FROM {dead} c", *joins, *(join for edge in edges for join in edge.joins)])
    tests = all_of([f"c.died >= {edges[0].expression}", f"c.died < {edges[1].expression}"])
    return f"(p.patient IN (SELECT c.patient {every} WHERE {tests}))"
