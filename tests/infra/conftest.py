"""What tests of the infrastructure share: the files as they are, read once."""

from __future__ import annotations

import pytest

from tests.infra.bicep.project import Project, read_project
from tests.infra.policy.cases import Case, cases
from tests.unit.docs.pages import ROOT

BICEP = ROOT / "infra" / "bicep"


@pytest.fixture(scope="session")
def project() -> Project:
    """Return the Bicep files, their parameters and what they load."""
    return read_project(BICEP)


@pytest.fixture(scope="session")
def deployed(project: Project) -> list[Case]:
    """Return every deployment that is judged, worked out."""
    found = list(cases(project))
    assert [problem for problem in found if isinstance(problem, str)] == []
    return [case for case in found if isinstance(case, Case)]
