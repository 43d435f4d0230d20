"""Routes, constraints, keys and settings of the functions host: the pure parts."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.functions_host.host_json import load_host_settings
from sandbox.functions_host.keys import Keys, load_keys, presented
from sandbox.functions_host.routes import Router, compile_template, decode_path
from sandbox.functions_host.settings import MissingSetting, apply_settings_file, expand
from sandbox.functions_host.specs import FunctionSpec, HttpTrigger


def match(template: str, raw_path: str) -> dict[str, str] | None:
    return compile_template(template).match(decode_path(raw_path))


@pytest.mark.parametrize(
    ("template", "path", "expected"),
    [
        ("api/x", "/api/x", {}),
        ("api/x", "/API/X/", {}),
        ("api/x", "/api/x/y", None),
        ("api/{a}/{b}", "/api/1/two%20words", {"a": "1", "b": "two words"}),
        ("api/{a}/{b}", "/api/1", None),
        ("api/{a}/{b?}", "/api/1", {"a": "1"}),
        ("api/{a}/{b=7}", "/api/1", {"a": "1", "b": "7"}),
        ("api/{a}", "/api/x%2Fy", {"a": "x%2Fy"}),
        ("api/{*rest}", "/api/a/b/", {"rest": "a/b/"}),
        ("api/{*rest}", "/api", {}),
        ("api/{**rest}", "/api/../etc", {"rest": "../etc"}),
        ("api/{type}/{id}.json", "/api/Patient/1.2.json", {"type": "Patient", "id": "1.2"}),
        ("{n:int}", "/2147483647", {"n": "2147483647"}),
        ("{n:int}", "/2147483648", None),
        ("{n:long}", "/2147483648", {"n": "2147483648"}),
        ("{n:int:min(5)}", "/4", None),
        ("{n:range(1,3)?}", "/3", {"n": "3"}),
        ("{n:range(1,3)?}", "/", {}),
        ("{n:guid}", "/00000000-0000-0000-0000-000000000001", {"n": "00000000-0000-0000-0000-000000000001"}),
        ("{n:guid}", "/x", None),
        ("{n:bool}", "/TRUE", {"n": "TRUE"}),
        ("{n:decimal}", "/1e5", None),
        ("{n:double}", "/1e5", {"n": "1e5"}),
        ("{n:datetime}", "/2024-01-01", {"n": "2024-01-01"}),
        ("{n:alpha}", "/a1", None),
        ("{n:length(2,3)}", "/ab", {"n": "ab"}),
        ("{n:minlength(3)}", "/ab", None),
        ("{n:maxlength(1)}", "/ab", None),
        (r"{n:regex(^\d{{3}}:=$)}", "/123:=", {"n": "123:="}),
    ],
)
def test_templates(template: str, path: str, expected: dict[str, str] | None) -> None:
    assert match(template, path) == expected


@pytest.mark.parametrize("template", ["{a", "a}", "{a:nonsense}", "{a:min(x)}", "{1a}", "x{}"])
def test_what_is_no_template(template: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        compile_template(template)


@given(st.text(max_size=60))
def test_no_path_is_too_odd(path: str) -> None:
    found = match("api/{a:int}/{b?}", "/" + path)
    assert found is None or "a" in found


def route(name: str, template: str, *methods: str) -> FunctionSpec:
    return FunctionSpec(name, name, HttpTrigger("req", template, frozenset(methods), "anonymous"), {})


def test_the_first_function_by_name_wins_and_methods_pass_on() -> None:
    router = Router([route("b_own", "x"), route("a_all", "{*rest}", "GET"), route("c_put", "x", "PUT")], "")
    found = [router.find(method, "/x") for method in ("GET", "POST", "PUT")]
    assert [each and each.spec.name for each in found] == ["a_all", "b_own", "b_own"]
    assert router.find("DELETE", "/y") is None


@pytest.mark.parametrize("words", ["admin/v1/{*rest}", "/Admin", "administration/x", "runtime/x"])
def test_routes_of_the_host_itself_cannot_be_had(words: str) -> None:
    """Azure refuses them by their text, also where a prefix stands before them; a constraint says it too."""
    with pytest.raises(ValueError, match="conflicts with one or more built in routes"):
        Router([route("mine", words)], "api")
    found = Router([route("mine", "{api:regex(^admin$)}/v1/{*rest}")], "api").find("GET", "/api/admin/v1/me")
    assert found is not None
    assert found.parameters["rest"] == "me"


def test_which_key_opens_what() -> None:
    keys = Keys("m", {"default": "h"}, {"f": {"k": "own"}})
    opened = {
        level: [key for key in ("m", "h", "own", "", "x") if keys.may_call("f", level, key)]
        for level in ("anonymous", "function", "admin")
    }
    assert opened == {"anonymous": ["m", "h", "own", "", "x"], "function": ["m", "h", "own"], "admin": ["m"]}
    assert not keys.may_call("g", "function", "own")
    assert not Keys("").is_master("")


def test_the_header_key_wins_over_the_query() -> None:
    assert presented({"x-functions-key": "wrong"}, {"code": "right"}) == "wrong"
    assert presented({}, {"code": "right"}) == "right"


def test_a_keys_file_is_made_once_for_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    made = load_keys(path)
    assert load_keys(path) == made
    assert path.stat().st_mode & 0o077 == 0
    path.write_text('{"master": 1}')
    with pytest.raises(ValueError, match="master"):
        load_keys(path)


def test_app_settings(tmp_path: Path) -> None:
    (tmp_path / "local.settings.json").write_text(
        '{"IsEncrypted": false, "Values": {"A": "new", "B": "2", "N": 3}}'
    )
    environ = {"A": "kept"}
    apply_settings_file(tmp_path / "local.settings.json", environ)
    assert environ == {"A": "kept", "B": "2", "N": "3"}
    assert expand("x-%A%-%N%", environ) == "x-kept-3"
    with pytest.raises(MissingSetting, match="'C'"):
        expand("%C%", environ)


def test_host_json_defaults_and_overrides(tmp_path: Path) -> None:
    plain = load_host_settings(tmp_path, {}).extensions
    queues = plain.queues
    assert (queues.batch_size, queues.threshold, queues.retry_seconds, queues.longest_poll_seconds) == (
        16,
        8,
        0,
        60,
    )
    assert plain.http.route_prefix == "api"
    (tmp_path / "host.json").write_text('{"extensions": {"queues": {"batchSize": 2}, "other": {}}}')
    environ = {"AzureFunctionsJobHost__Extensions__queues__visibilityTimeout": "00:00:07"}
    queues = load_host_settings(tmp_path, environ).extensions.queues
    assert (queues.batch_size, queues.threshold, queues.retry_seconds) == (2, 1, 7)


@pytest.mark.parametrize("member", ['"batchSize": 33', '"maxDequeueCount": 0', '"messageEncoding": "hex"',
                                    '"maxPollingInterval": "soon"'])  # fmt: skip
def test_a_wrong_host_json_names_the_member(tmp_path: Path, member: str) -> None:
    (tmp_path / "host.json").write_text(f'{{"extensions": {{"queues": {{{member}}}}}}}')
    with pytest.raises(ValueError, match=r"host\.json: .*extensions\.queues"):
        load_host_settings(tmp_path, {})
