"""The files are Bicep, as two parsers of others say, and our reader reads them, and what is hard to read."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pycep
import pytest
import tree_sitter
import tree_sitter_bicep

from tests.infra.bicep.lexing import Unreadable
from tests.infra.bicep.parsing import File, parse
from tests.infra.bicep.syntax import (
    Binary,
    Call,
    Choice,
    Declared,
    Expr,
    Fields,
    If,
    Items,
    Lambda,
    Literal,
    Loop,
    Member,
    Module,
    Name,
    Nullable,
    Output,
    Param,
    Resource,
    Shape,
    Text,
    Var,
)
from tests.infra.conftest import BICEP

FILES = sorted([*BICEP.rglob("*.bicep"), *BICEP.rglob("*.bicepparam")])
_TREES = tree_sitter.Parser(tree_sitter.Language(tree_sitter_bicep.language()))
_KINDS = {"parameters": Param, "variables": Var, "resources": Resource, "modules": Module, "outputs": Output}


def name_of(path: Path) -> str:
    return path.relative_to(BICEP).as_posix()


def as_bicep(path: Path) -> str:
    """Neither parser knows files of parameters: their assignments are read as variables."""
    text = path.read_text()
    if path.suffix == ".bicep":
        return text
    return re.sub(r"^param (\w+ =)", r"var \1", text, flags=re.MULTILINE).replace("using ", "// using ")


def bad_nodes(node: tree_sitter.Node) -> Iterator[str]:
    if node.is_error or node.is_missing:
        yield f"line {node.start_point.row + 1}: {node.type}"
    for child in node.children:
        yield from bad_nodes(child)


@pytest.mark.parametrize("path", FILES, ids=name_of)
class TestEveryFile:
    """What holds for every file of Bicep and of parameters."""

    def test_tree_sitter_reads_it_whole(self, path: Path) -> None:
        assert list(bad_nodes(_TREES.parse(as_bicep(path).encode()).root_node)) == []

    def test_pycep_and_our_reader_see_the_same_declarations(self, path: Path) -> None:
        theirs = pycep.BicepParser().parse(text=as_bicep(path))
        ours = parse(as_bicep(path))
        for key, kind in _KINDS.items():
            assert list(theirs.get(key, {})) == [each.name for each in ours.all(kind)], key

    def test_it_is_written_evenly(self, path: Path) -> None:
        """Two blanks a level, no tabs, nothing at ends of lines, one newline at the end."""
        lines = path.read_text().split("\n")
        assert [line for line in lines if line != line.rstrip() or "\t" in line] == []
        assert [line for line in lines if (len(line) - len(line.lstrip(" "))) % 2] == []
        assert lines[-1] == ""
        assert lines[-2] != ""


def test_there_is_a_file_for_each_stage_and_one_for_azd() -> None:
    names = {path.name for path in FILES if path.suffix == ".bicepparam"}
    assert names == {"main.bicepparam", "dev.bicepparam", "test.bicepparam", "prod.bicepparam"}


def value(text: str) -> Expr:
    """Read one expression."""
    (var,) = parse(f"var x = {text}\n").all(Var)
    return var.value


class TestExpressions:
    """What others read wrongly, or we might."""

    def test_a_member_belongs_to_the_body_of_a_lambda(self) -> None:
        call = value("map(all, each => each.name)")
        assert isinstance(call, Call)
        assert call.arguments[1] == Lambda(("each",), Member(Name("each", 1), "name", 1))

    def test_a_lambda_may_take_two(self) -> None:
        call = value("reduce(all, 0, (sum, each) => sum + each)")
        assert isinstance(call, Call)
        assert isinstance(call.arguments[2], Lambda)
        assert call.arguments[2].names == ("sum", "each")

    def test_parentheses_may_hold_what_is_no_lambda(self) -> None:
        assert value("(a)") == Name("a", 1)
        assert value("(a).b") == Member(Name("a", 1), "b", 1)

    def test_a_promise_that_it_is_not_null_changes_nothing(self) -> None:
        found = value("a ?? b!.c")
        assert found == Binary("??", Name("a", 1), Member(Name("b", 1), "c", 1))

    def test_operators_bind_as_in_bicep(self) -> None:
        assert value("a || b && c == 1 + 2 * 3") == Binary(
            "||",
            Name("a", 1),
            Binary(
                "&&",
                Name("b", 1),
                Binary(
                    "==",
                    Name("c", 1),
                    Binary("+", Literal(1), Binary("*", Literal(2), Literal(3))),
                ),
            ),
        )

    def test_a_choice_goes_over_lines_and_on_to_the_right(self) -> None:
        found = value("a\n  ? b\n  : c ? d : e")
        assert isinstance(found, Choice)
        assert isinstance(found.no, Choice)

    def test_texts_escape_and_interpolate(self) -> None:
        assert value(r"'a\'b\${c}\n${d.e}${f}'") == Text(
            ("a", "'", "b", "$", "{c}", "\n", Member(Name("d", 1), "e", 1), Name("f", 1))
        )

    def test_a_text_in_a_text(self) -> None:
        found = value("'${a ? '${b}}' : 'c'}'")
        assert isinstance(found, Text)
        assert isinstance(found.parts[0], Choice)

    def test_a_verbatim_text_takes_all_as_it_is(self) -> None:
        assert value("'''\na ${b} \\ 'c'\n'''") == Text(("a ${b} \\ 'c'\n",))

    def test_lists_and_objects_end_items_by_lines_or_commas(self) -> None:
        assert value("[1, 2]") == value("[\n  1\n  2 // two\n]") == Items((Literal(1), Literal(2)))
        one, other = value("{ a: 1, 'b-c': 2 }"), value("{\n  a: 1\n  'b-c': 2\n}")
        assert one == other
        assert isinstance(one, Fields)
        assert one.keys == ("a", "b-c")

    def test_a_loop_has_items_an_index_and_a_condition(self) -> None:
        loop = value("[for (each, i) in all: if (i > 1) { a: each }]")
        assert isinstance(loop, Loop)
        assert (loop.item, loop.index) == ("each", "i")
        assert isinstance(loop.body, If)

    @pytest.mark.parametrize(
        "text",
        [
            "'it",
            "'it's'",
            "[1 2]",
            "{ a: 1 b: 2 }",
            "{ a 1 }",
            "a +",
            "(a",
            "a b",
            "'a\\q'",
            "{ a: 1",
            "~a",
            "[for a b: c]",
        ],
    )
    def test_what_is_no_bicep_is_refused(self, text: str) -> None:
        with pytest.raises(Unreadable):
            value(text)


class TestDeclarations:
    """Parameters, types, resources and modules."""

    def test_types_are_lists_literals_shapes_and_may_be_null(self) -> None:
        file: File = parse(
            "type Pair = {\n  a: string\n  b: int?\n}\nparam p Pair[]?\nparam q 'a' | 'b' = 'a'\n"
        )
        (pair,), (p, q) = file.all(Declared), file.all(Param)
        assert isinstance(pair.kind, Shape)
        assert [name for name, _ in pair.kind.fields] == ["a", "b"]
        assert isinstance(p.kind, Nullable)
        assert q.default == Text(("a",))

    def test_a_resource_may_exist_and_have_others_inside(self) -> None:
        (resource,) = parse(
            "resource a 'X.Y/b@2025-01-01' existing = {\n  name: 'n'\n"
            "  resource c 'd' = {\n    name: 'm'\n  }\n}\n"
        ).all(Resource)
        assert (resource.type, resource.version, resource.existing) == ("X.Y/b", "2025-01-01", True)
        assert isinstance(resource.body, Fields)
        assert [child.name for child in resource.body.resources] == ["c"]

    def test_decorators_belong_to_what_follows(self) -> None:
        (module,) = parse("@batchSize(1)\nmodule a 'b.bicep' = if (c) {\n  name: 'a'\n}\n").all(Module)
        assert [call.name for call in module.decorators] == ["batchSize"]
        assert isinstance(module.body, If)
