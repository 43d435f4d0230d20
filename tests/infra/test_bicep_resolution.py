"""What a compiler would refuse is found: by small samples of each mistake, and none in the real files."""

from __future__ import annotations

import pytest

from tests.infra.bicep.fitting import fit_problems, parameter_problems
from tests.infra.bicep.project import Project
from tests.infra.bicep.resolving import problems
from tests.infra.bicep.starting import start_problems
from tests.infra.samples import project_of

_NAMED = "param name string\nparam size int = 1\noutput id string = '${name}${size}'"
_STORE = "resource store 'Microsoft.Storage/storageAccounts@2025-06-01' = {\n  name: 'store'\n}\n"


def resource(*lines: str, name: str = "other", kind: str = "X.Y/z@2025-01-01", when: str = "") -> str:
    inside = "".join(f"  {line}\n" for line in lines)
    return f"resource {name} '{kind}' = {when}{{\n{inside}}}\n"


def module(*params: str, path: str = "inner.bicep", key: str = "params") -> str:
    inside = "".join(f"    {line}\n" for line in params)
    return f"module inner '{path}' = {{\n  name: 'inner'\n  {key}: {{\n{inside}  }}\n}}\n"


MISTAKES = {
    "nothing is called b": "output a string = b",
    "nothing is called each": "output a array = map([1], other => each)",
    "a is declared twice": "var a = 1\nvar a = 2\noutput b int = a",
    "nothing uses a": "param a string",
    "nothing uses other": "resource other 'X.Y/z@2025-01-01' existing = {\n  name: 'z'\n}",
    "lower is no function": "output a string = lower('A')",
    "toLower gets 2 arguments": "output a string = toLower('A', 'B')",
    "note is no decorator": "@note('x')\nparam a string\noutput b string = a",
    "loads missing.kql": "output a string = loadTextContent('missing.kql')",
    "takes string and is given int": "output a string = 1",
    "takes int and is given string": "param a int = '1'\noutput b int = a",
    "does not allow 'c'": "@allowed(['a', 'b'])\nparam a string = 'c'\noutput b string = a",
    "does not allow 'd'": "param a 'a' | 'b' = 'd'\noutput b string = a",
    "takes minLength 3": "@minLength(3)\nparam a string = 'ab'\noutput b string = a",
    "takes maxValue 5": "@maxValue(5)\nparam a int = 6\noutput b int = a",
    "Stringg is no type": "param a Stringg\noutput b string = a",
    "its parent nobody is no resource": f"var nobody = 1\n{resource('parent: nobody')}",
    "and its parent store is": f"{_STORE}{resource('parent: store', kind='X.Y/z/q@2025-01-01')}",
    "its scope is neither": resource("scope: 'here'"),
    "is no type with a version": resource("name: 'z'", kind="X.Y/z"),
    "store has no resource blobs": f"{_STORE}output a string = store::blobs.name",
    "module inner is gone.bicep": module("name: 'n'", path="gone.bicep"),
    "must get name": module("size: 1"),
    "takes no nmae": module("name: 'n'", "nmae: 'n'"),
    "gets name twice": module("name: 'n'", "name: 'm'"),
    "name takes string": module("name: true"),
    "has no parameters": module("name: 'n'", key="parameters").replace(
        "name: 'inner'", "params: { name: 'n' }"
    ),
    "has no output adress": f"{module("name: 'n'")}output a string = inner.outputs.adress",
    "a module has no id": f"{module("name: 'n'")}output a string = inner.id",
    "resourceGroup says no group": "targetScope = 'subscription'\noutput a string = resourceGroup().name",
    "the name of other needs store.properties": f"{_STORE}{resource('name: guid(store.properties.id)')}",
    "the condition of other needs inner.outputs": (
        f"{module("name: 'n'")}{resource("name: 'z'", when="if (inner.outputs.id == '') ")}"
    ),
    "a loop of a needs store.properties": f"{_STORE}output a array = [for b in store.properties.c: b]",
    "a loop of keys needs listKeys()": (
        f"{_STORE}var keys = [for i in [1]: store.listKeys()]\noutput b array = keys"
    ),
}
"""Each mistake, by what is said of it."""


def found(project: Project) -> list[str]:
    return [
        *problems(project),
        *fit_problems(project),
        *parameter_problems(project),
        *start_problems(project),
    ]


@pytest.mark.parametrize("said", MISTAKES)
def test_each_mistake_is_found_and_nothing_else_is(said: str) -> None:
    lines = found(project_of(MISTAKES[said], inner=_NAMED))
    assert len(lines) == 1, lines
    assert said in lines[0]


def test_what_is_right_is_left_alone() -> None:
    main = f"""
targetScope = 'resourceGroup'

type Pair = {{
  left: string
}}

@description('A name.')
@minLength(2)
param name string = 'ab'
param pairs Pair[] = []

func twice(text string) string => '${{text}}${{text}}'

var lefts = [for (pair, i) in pairs: '${{i}}${{pair.left}}']

{_STORE}
resource blobs 'Microsoft.Storage/storageAccounts/blobServices@2025-06-01' = {{
  parent: store
  name: 'default'
}}

module inner 'inner.bicep' = [for i in range(0, 2): if (!empty(name)) {{
  name: 'inner${{i}}'
  params: {{
    name: store.name
  }}
  dependsOn: [blobs]
}}]

output id string = inner[0].outputs.id
output all array = map(lefts, each => sys.concat(each, twice(name), resourceGroup().location, store.id))
"""
    assert found(project_of(main, inner=_NAMED)) == []


class TestParameterFiles:
    """A file of parameters sets what its main file takes, and all that it must have."""

    main = (
        "param name string\n@allowed(['a'])\nparam kind string = 'a'\noutput id string = '${name}${kind}'\n"
    )

    @pytest.mark.parametrize(
        ("text", "said"),
        [
            ("using 'main.bicep'\n", "name must be set"),
            ("using 'main.bicep'\nparam name = 1\n", "name takes string and is given int"),
            ("using 'main.bicep'\nparam name = 'n'\nparam nmae = 'n'\n", "nmae is no parameter"),
            ("using 'main.bicep'\nparam name = 'n'\nparam kind = 'b'\n", "kind does not allow 'b'"),
            ("using 'gone.bicep'\nparam name = 'n'\n", "uses gone.bicep, which is not there"),
        ],
    )
    def test_each_mistake_is_found(self, text: str, said: str) -> None:
        lines = list(parameter_problems(Project({"main.bicep": self.main, "a.bicepparam": text})))
        assert lines == [f"a.bicepparam: {said}"]

    def test_a_variable_of_the_environment_is_a_text(self) -> None:
        text = "using 'main.bicep'\nparam name = readEnvironmentVariable('NAME')\n"
        assert list(parameter_problems(Project({"main.bicep": self.main, "a.bicepparam": text}))) == []


@pytest.mark.parametrize("rule", [problems, fit_problems, parameter_problems, start_problems])
def test_the_real_files_have_none(project: Project, rule: object) -> None:
    assert list(rule(project)) == []  # type: ignore[operator]
