"""A deployment is worked out as Azure would: loops, conditions, modules, and what only Azure knows."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from tests.infra.bicep.deploying import Deployment, deploy
from tests.infra.bicep.project import Project
from tests.infra.bicep.values import Broken
from tests.infra.samples import project_of

_STORE = "resource store 'X.Y/stores@2025-01-01' = {\n  name: 'store'\n  properties: { a: { b: 1 } }\n}"


def deployed(main: str, given: Mapping[str, object] | None = None, **others: str) -> Deployment:
    return deploy(project_of(main, **others), "main.bicep", given=given)


class TestValues:
    """What expressions come to."""

    @pytest.mark.parametrize(
        ("expression", "value"),
        [
            ("union({ a: { b: 1 } }, { a: { c: 2 } })", {"a": {"b": 1, "c": 2}}),
            ("union([1, 2], [2, 3])", [1, 2, 3]),
            ("map(filter(range(0, 5), n => n % 2 == 0), n => n * 10)", [0, 20, 40]),
            ("map(['a', 'b'], (each, i) => '${i}${each}')", ["0a", "1b"]),
            ("toObject(['a', 'b'], each => each, each => toUpper(each))", {"a": "A", "b": "B"}),
            ("reduce([1, 2, 3], 0, (sum, each) => sum + each)", 6),
            ("sort([1, 3, 2], (a, b) => a > b)", [3, 2, 1]),
            ("items({ b: 1, a: 2 })", [{"key": "a", "value": 2}, {"key": "b", "value": 1}]),
            ("{ ...{ a: 1 }, b: 2 }", {"a": 1, "b": 2}),
            ("[...[1], 2]", [1, 2]),
            ("{ a: 1 }.?b ?? 'none'", "none"),
            ("empty('') && !empty([1]) ? 'yes' : 'no'", "yes"),
            ("contains(['a'], 'a') && contains('abc', 'b') && contains({ k: 1 }, 'k')", True),
            ("'A' =~ 'a' && 'a' != 'b' && 3 / 2 == 1", True),
            ("format('{0}-{1}', 'a', 1)", "a-1"),
            ("json('{\"a\": [1]}').a[0]", 1),
            ("replace(join(split('a,b', ','), '-'), '-', '+')", "a+b"),
            ("'${true} ${1} ${[1]}'", "true 1 [1]"),
            ("uniqueString('a') == uniqueString('a') && uniqueString('a') != uniqueString('b')", True),
            ("length(uniqueString('a'))", 13),
            ("subscriptionResourceId('X.Y/z', 'n')", "/subscriptions/{}/providers/X.Y/z/n"),
        ],
    )
    def test_functions_and_operators(self, expression: str, value: object) -> None:
        found = deployed(f"var it = {expression}\noutput it object = {{ it: it }}").outputs["it"]["it"]
        if isinstance(value, str):
            value = value.replace("{}", "00000000-0000-0000-0000-000000000001")
        assert found == value
        assert type(found) is type(value)

    @pytest.mark.parametrize(
        "expression",
        [
            "'a' + 1",
            "{ a: 1 }.b",
            "[1][5]",
            "toLower(1)",
            "1 ? 2 : 3",
            "int('x')",
            "json('{')",
            "groupBy([], a => a)",
        ],
    )
    def test_what_has_no_value_is_told(self, expression: str) -> None:
        with pytest.raises(Broken, match=r"main\.bicep: it: "):
            deployed(f"var it = {expression}\noutput it object = {{ it: it }}")


class TestResources:
    """Which are made, with which names, and what others see of them."""

    def test_each_of_a_loop_is_made_where_its_condition_holds(self) -> None:
        found = deployed(
            "resource a 'X.Y/z@2025-01-01' = [for n in range(0, 4): if (n > 1) {\n  name: 'z${n}'\n}]"
        )
        assert [made.name for made in found.resources] == ["z2", "z3"]

    def test_ids_have_the_names_of_parents(self) -> None:
        child = "resource child 'X.Y/stores/parts@2025-01-01' = {\n  parent: store\n  name: 'part'\n}"
        found = deployed(f"{_STORE}\n{child}\noutput id string = child.id")
        assert found.outputs["id"].endswith("/resourceGroups/rg/providers/X.Y/stores/store/parts/part")

    def test_an_extension_is_below_its_scope(self) -> None:
        extra = "resource extra 'X.Y/extras@2025-01-01' = {\n  scope: store\n  name: 'e'\n}"
        (_, made) = deployed(f"{_STORE}\n{extra}").resources
        assert made.id.endswith("/providers/X.Y/stores/store/providers/X.Y/extras/e")

    def test_what_is_written_is_read_and_the_rest_is_for_later(self) -> None:
        found = deployed(
            f"{_STORE}\noutput a object = {{ known: store.properties.a.b, later: store.properties.c.d }}"
        )
        assert found.outputs["a"] == {"known": 1, "later": "<X.Y/stores/store.properties.c.d>"}

    def test_keys_show_wherever_they_go(self) -> None:
        found = deployed(f"{_STORE}\noutput a string = 'Key=${{store.listKeys().keys[0].value}}'")
        assert "<secret listKeys" in found.outputs["a"]


class TestModules:
    """Modules get parameters, give outputs, and are deployed to a place."""

    inner = """
@allowed(['a', 'b'])
param kind string
param many int[] = []
output kind string = '${kind}!${length(many)}'
"""

    def module(self, params: str, condition: str = "") -> str:
        inside = f"  name: 'inner'\n  params: {{\n    {params}\n  }}\n"
        return f"module inner 'inner.bicep' = {condition}{{\n{inside}}}\n"

    def test_outputs_come_back(self) -> None:
        main = f"{self.module("kind: 'a'")}output kind string = inner.outputs.kind"
        assert deployed(main, inner=self.inner).outputs == {"kind": "a!0"}

    @pytest.mark.parametrize("params", ["kind: toLower('C')", "kind: 'a'\n    many: ['1']"])
    def test_values_must_be_allowed_and_of_their_type(self, params: str) -> None:
        with pytest.raises(Broken, match=r"inner\.bicep: "):
            deployed(self.module(params), inner=self.inner)

    def test_what_is_not_deployed_gives_nothing(self) -> None:
        module = self.module("kind: 'a'", "if (false) ")
        assert deployed(
            f"{module}output a object = {{ it: inner.?outputs.?kind }}", inner=self.inner
        ).outputs == {"a": {"it": None}}
        with pytest.raises(Broken, match="not deployed here"):
            deployed(f"{module}output a string = inner.outputs.kind", inner=self.inner)

    def test_a_group_is_a_place(self) -> None:
        main = (
            "targetScope = 'subscription'\n"
            "resource group 'Microsoft.Resources/resourceGroups@2025-04-01' = {\n  name: 'mine'\n}\n"
            "module inner 'inner.bicep' = {\n  name: 'i'\n  scope: group\n}\n"
            "module other 'inner.bicep' = {\n  name: 'o'\n  scope: resourceGroup('theirs')\n}\n"
        )
        found = deployed(main, inner=_STORE).of("X.Y/stores")
        assert [made.place.group for made in found] == ["mine", "theirs"]


def test_what_needs_itself_is_told() -> None:
    with pytest.raises(Broken, match="needs itself"):
        deployed("var a = b\nvar b = a\noutput c string = a")


def test_files_of_parameters_read_the_environment() -> None:
    project = Project(
        {
            "main.bicep": "param name string\noutput it string = name\n",
            "a.bicepparam": "using 'main.bicep'\nparam name = readEnvironmentVariable('NAME')\n",
        }
    )
    found = deploy(project, "main.bicep", "a.bicepparam", environment={"NAME": "prod"})
    assert found.outputs == {"it": "prod"}
    with pytest.raises(Broken, match="the environment must have NAME"):
        deploy(project, "main.bicep", "a.bicepparam")
