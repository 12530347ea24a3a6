"""Templates fill in expressions by the rules of Conductor."""

import copy
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from podium.engine.template import DocumentScope, TemplateTooDeep, check_expression, compile_template, expressions
from podium.model.json import Json

DOCUMENT: Final[dict[str, Json]] = {
    "workflow": {
        "input": {
            "i": 1,
            "f": 1.0,
            "b": True,
            "n": None,
            "s": "text",
            "l": [1, "a", None, 2.5],
            "o": {"k": "v", "z": {"q": []}},
            "items": [{"id": 1, "n": "x"}, {"id": 2, "n": "y"}],
            "a.b": "dot",
            "key": "k1",
            "keys": ["k1", "k2"],
            "map": {"k1": {"deep": 1}, "k2": "two"},
            "json": '{"a": 1}',
            "tricky": "$${x} ${workflow.input.i} {",
            "url": "a/b",
        },
        "status": "RUNNING",
        "version": 1,
        "output": {},
    },
    "ref": {"output": {"result": 5}, "status": "COMPLETED", "taskId": "t1"},
    "my-ref": {"output": {"x": 1}},
}
VARIABLES: Final = {"CPEWF_TASK_ID": "t9", "HOME": "/root", "NETFLIX_ENV": None, "user.name": "me"}
ENV: Final = {"NAME": "value", "CONF": '{"a": {"b": [1, 2]}}', "BROKEN": "{"}
SCOPE: Final = DocumentScope(DOCUMENT, VARIABLES, ENV.get)


def fill(value: Json) -> Json:
    return compile_template(value)(SCOPE)


def same(left: Json, right: Json) -> bool:
    return left == right and type(left) is type(right)


@pytest.mark.parametrize(
    ("template", "value"),
    [
        ("${workflow.input.i}", 1),
        ("${workflow.input.f}", 1.0),
        ("${workflow.input.b}", True),
        ("${workflow.input.n}", None),
        ("${workflow.input.s}", "text"),
        ("${workflow.input.l}", [1, "a", None, 2.5]),
        ("${workflow.input.o}", {"k": "v", "z": {"q": []}}),
        ("${workflow.input['a.b']}", "dot"),
        ("${workflow['input'].i}", 1),
        ("${$.workflow.input.i}", 1),
        ("${@.workflow.input.i}", 1),
        ("${workflow.input.l[1]}", "a"),
        ("${workflow.input.l[-1]}", 2.5),
        ("${workflow.input.l[9]}", None),
        ("${workflow.input.s[0]}", None),
        ("${workflow.input.o[0]}", None),
        ("${workflow.input.l.id}", None),
        ("${workflow.input.s.length}", None),
        ("${workflow.input.json.a}", None),
        ("${workflow.status}", "RUNNING"),
        ("${workflow.nofield}", None),
        ("${workflow.nofield.x}", None),
        ("${later.output.x}", None),
        ("${later}", None),
        ("${ref}", {"output": {"result": 5}, "status": "COMPLETED", "taskId": "t1"}),
        ("${ref.output}", {"result": 5}),
        ("${my-ref.output.x}", 1),
        ("${ref['output','status']}", {"output": {"result": 5}, "status": "COMPLETED"}),
        ("${workflow.input.items[*].id}", [1, 2]),
        ("${workflow.input.items[?(@.id==2)].n}", ["y"]),
        ("${workflow.input.items[?(@.id==9)]}", []),
        ("${workflow.input.none[*]}", []),
        ("${later.output[*]}", []),
        ("${later.*}", []),
        ("${ref.output.*}", [5]),
        ("${workflow.input.l.length()}", 4),
        ("${workflow.input.l.sum()}", 3.5),
        ("${workflow.input.map.keys()}", ["k1", "k2"]),
        ("${$..id}", [1, 2]),
        ("${workflow.input.items[?(@.id == $.workflow.input.i)].n}", ["x"]),
        ("${ workflow.input.i }", None),
        ("${workflow.input.}", None),
        ("${workflow.input.l[(@.length-1)]}", None),
        ("${a b}", None),
        ("${}", ""),
        ("${  }", ""),
        ("${\n}", ""),
    ],
)
def test_a_string_that_is_one_expression_keeps_the_type(template: str, value: Json) -> None:
    assert same(fill(template), value)


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("<${workflow.input.i}>", "<1>"),
        ("<${workflow.input.f}>", "<1.0>"),
        ("<${workflow.input.b}>", "<true>"),
        ("<${workflow.input.n}>", "<null>"),
        ("<${workflow.input.l}>", "<[1, a, null, 2.5]>"),
        ("<${workflow.input.o}>", "<{k=v, z={q=[]}}>"),
        ("<${workflow.input.nope}>", "<null>"),
        ("<${workflow.input.items[*].id}>", "<[1,2]>"),
        ("<${workflow.input.items[?(@.id==1)]}>", '<[{"id":1,"n":"x"}]>'),
        ("<${workflow.input[?(@.url)].url}>", '<["a\\/b"]>'),
        ("<${workflow.input.items}>", "<[{id=1, n=x}, {id=2, n=y}]>"),
        ("<${workflow.input.l.sum()}>", "<3.5>"),
        ("<${bad path}>", "<null>"),
        ("<${}>", "<>"),
        (" ${workflow.input.i}", " 1"),
        ("${workflow.input.i}${workflow.input.b}", "1true"),
        ("a ${workflow.input.i} b ${ref.output.result} c", "a 1 b 5 c"),
        ('{"k":"${workflow.input.s}"}', '{"k":"text"}'),
        ("line\n${workflow.input.i}\nline", "line\n1\nline"),
        ("${workflow.input.i} $$ {}", "1 $$ {}"),
    ],
)
def test_embedded_expressions_become_text(template: str, text: str) -> None:
    assert fill(template) == text


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("$${workflow.input.i}", "${workflow.input.i}"),
        ("v=$${workflow.input.i} and ${workflow.input.i}", "v=${workflow.input.i} and 1"),
        ("$$${workflow.input.i}", "$${workflow.input.i}"),
        ("$workflow.input.i", "$workflow.input.i"),
        ("cost: $5", "cost: $5"),
        ("}{", "}{"),
        ("${workflow.input.i", "${workflow.input.i"),
        ("${workflow.input['a{b']}", "${workflow.input['a{b']}"),
        ("${a ${workflow.input.i}", "${a 1"),
        ("${a} } ${workflow.input.i}", "null } 1"),
        ("t ${workflow.input.tricky}", "t ${x} ${workflow.input.i} {"),
        ("${workflow.input.tricky}", "$${x} ${workflow.input.i} {"),
    ],
)
def test_what_is_no_expression_stays_and_a_doubled_dollar_escapes(template: str, text: str) -> None:
    assert fill(template) == text


@pytest.mark.parametrize(
    ("template", "value"),
    [
        ("${workflow.input.map.${workflow.input.key}}", {"deep": 1}),
        ("${workflow.input.l[${workflow.input.i}]}", "a"),
        ("${workflow.input.map.${workflow.input.keys[${workflow.input.i}]}}", "two"),
        ("pre ${workflow.input.map.${workflow.input.key}} post", "pre {deep=1} post"),
        ("${workflow.input.items[${later.x}]}", None),
        ("${${workflow.input.s}}", None),
        ("${${later.x}}", None),
        ("${${}}", ""),
        ("${workflow.input.${workflow.input.s}x}", None),
        ("${workflow.${ref.output.none}}", None),
        ("x${workflow.input.items[${workflow.input.i},0].id}", "x[2,1]"),
    ],
)
def test_inner_expressions_are_filled_in_first(template: str, value: Json) -> None:
    assert same(fill(template), value)


@pytest.mark.parametrize(
    ("template", "value"),
    [
        ("${CPEWF_TASK_ID}", "t9"),
        ("id ${CPEWF_TASK_ID}", "id t9"),
        ("${user.name}", "me"),
        ("${HOME} ${HOME.x}", "/root null"),
        ("${NETFLIX_ENV}", "${NETFLIX_ENV}"),
        ("<${NETFLIX_ENV}> ${workflow.input.i}", "<${NETFLIX_ENV}> 1"),
        ("${${workflow.none}HOME}", None),
        ("${UNKNOWN}", None),
        ("${workflow.env.NAME}", "value"),
        ("${workflow.env.NONE}", None),
        ("<${workflow.env.NONE}>", "<null>"),
        ("${workflow.env.CONF}", '{"a": {"b": [1, 2]}}'),
        ("${workflow.env.CONF.a.b}", [1, 2]),
        ("${workflow.env.CONF.a.b[1]}", 2),
        ("<${workflow.env.CONF.a}>", "<{b=[1, 2]}>"),
        ("${workflow.env.CONF.none}", None),
        ("${workflow.env.BROKEN.a}", None),
        ("${workflow.env.NAME.a}", None),
        ("${workflow.env.NONE.a}", None),
        ("${workflow.secrets.token}", "${workflow.secrets.token}"),
        ("Bearer ${workflow.secrets.token} ${workflow.input.i}", "Bearer ${workflow.secrets.token} 1"),
        ("${workflow.secrets.${workflow.input.s}}", "${workflow.secrets.${workflow.input.s}}"),
        ("${workflow.secretsx}", None),
    ],
)
def test_system_names_environment_and_secrets(template: str, value: Json) -> None:
    assert same(fill(template), value)


def test_maps_and_lists_are_filled_in_and_keys_are_not() -> None:
    template: Json = {
        "${workflow.input.s}": "${workflow.input.i}",
        "l": ["${workflow.input.i}", {"y": ["a${workflow.input.i}"]}, 3, None, True],
    }
    before = copy.deepcopy(template)
    assert fill(template) == {"${workflow.input.s}": 1, "l": [1, {"y": ["a1"]}, 3, None, True]}
    assert template == before
    assert list(fill({"b": "${workflow.input.i}", "a": 1})) == ["b", "a"]  # type: ignore[arg-type]


def test_values_are_shared_with_the_source_and_each_call_gives_a_new_container() -> None:
    template = compile_template({"o": "${workflow.input.o}"})
    first, second = template(SCOPE), template(SCOPE)
    assert first == second
    assert first is not second
    assert isinstance(first, dict)
    assert first["o"] is DOCUMENT["workflow"]["input"]["o"]  # type: ignore[index, call-overload]


class Lazy(dict[str, Json]):
    """A map that finds a member when it is asked for it, as the output of an open loop does."""

    def __contains__(self, key: object) -> bool:
        return key == "1"

    def __missing__(self, key: str) -> Json:
        return {"x": 7}

    def get(self, key: str, default: Json = None) -> Json:  # type: ignore[override]
        return {"x": 7} if key == "1" else default


@pytest.mark.parametrize(
    ("path", "text"),
    [("1.x", "7"), ("2.x", "null"), ("1['x']", "7"), ("1[?(@.x)].x", "[7]"), ("1['x','y']", "{x=7}"), ("1.x[0]", "null")],
)
def test_a_map_may_find_its_members_when_asked(path: str, text: str) -> None:
    scope = DocumentScope({"loop": {"output": Lazy()}})
    assert compile_template(f"<${{loop.output.{path}}}>")(scope) == f"<{text}>"


@pytest.mark.parametrize(
    "value", [None, 1, "plain", "$ {a} {b}", "${open", "${workflow.secrets.x}", {"a": [1, {"b": "c"}]}, [], {"${a}": 1}]
)
def test_a_constant_template_gives_the_very_value(value: Json) -> None:
    template = compile_template(value)
    assert template.constant
    assert template.roots == frozenset()
    assert template(SCOPE) is value


@pytest.mark.parametrize(
    ("template", "roots"),
    [
        ({"a": "${workflow.input.i}", "b": ["x ${ref.output.y}"]}, {"workflow", "ref"}),
        ("${my-ref.output[?(@.x)]}", {"my-ref"}),
        ("${HOME}", {"HOME"}),
        ("${$..id}", {"*"}),
        ("${ref.output[?(@.x == $.workflow.input.i)]}", {"*"}),
        ("${ref.output.l.concat($.workflow.input.s)}", {"*"}),
        ("${ref.output[${workflow.input.i}]}", {"*"}),
        ("$${ref.output}", set()),
        ("${workflow.env.X}", set()),
        ("${}", set()),
    ],
)
def test_a_template_knows_what_it_depends_on(template: Json, roots: set[str]) -> None:
    compiled = compile_template(template)
    assert compiled.roots == roots
    assert not compiled.constant


def test_expressions_are_listed_with_their_places() -> None:
    value: Json = {"a": "x ${r.output} ${}", "b": [1, {"c": "${w.${r.x}.${s.y[${t.z}]}}"}], "d": "$${no} ${open"}
    found = [(list(expression.location), expression.text) for expression in expressions(value)]
    assert found == [(["a"], "r.output"), (["a"], ""), (["b", 1, "c"], "r.x"), (["b", 1, "c"], "t.z")]


@pytest.mark.parametrize(
    "text", ["workflow.input.x", "a['b c']", "$.a.b", "CPEWF_TASK_ID", "l[?(@.x == 1)]", "l.length()", "workflow.secrets.x", "a.nosuch()"]
)
def test_a_path_may_be_registered(text: str) -> None:
    assert check_expression(text) is None


@pytest.mark.parametrize(
    "text", ["", "  ", "\n", " workflow.input.x ", "workflow.input.b.", "workflow.input.l[(@.length-1)]", "a b", "l[?(@.x =~ /(?=a)/)]"]
)
def test_what_is_no_path_may_not_be_registered(text: str) -> None:
    assert check_expression(text)


def test_expressions_that_are_too_deep_are_refused() -> None:
    deep: Json = "${workflow.input.i}"
    for _ in range(10_000):
        deep = [deep]
    with pytest.raises(TemplateTooDeep):
        compile_template(deep)
    with pytest.raises(TemplateTooDeep):
        compile_template("${" * 10_000 + "}" * 10_000)


def test_a_constant_of_any_depth_stands_beside_an_expression() -> None:
    deep: Json = "plain"
    for _ in range(10_000):
        deep = [deep]
    filled = fill({"deep": deep, "i": "${workflow.input.i}"})
    assert isinstance(filled, dict)
    assert filled["deep"] is deep
    assert filled["i"] == 1


def test_expressions_may_be_a_hundred_deep() -> None:
    deep: Json = "${" * 100 + "workflow.input.s" + "}" * 100
    for _ in range(100):
        deep = {"k": deep}
    filled = fill(deep)
    while isinstance(filled, dict):
        filled = filled["k"]
    assert filled is None


@pytest.mark.parametrize(
    "text", ["${" * 100_000, "${a ${" * 50_000, "$${" * 100_000, "${" + "." * 200_000 + "}", "${a" + "[0]" * 100_000 + "}", "}{" * 100_000]
)
def test_long_strings_are_scanned_once(text: str) -> None:
    fill(text)
    expressions(text)


pieces = [*"${}.[]'?@()*, 0i", "${", "workflow.input", ".items", ".l", "ref.output", "HOME", "$${"]
texts = st.lists(st.sampled_from(pieces), max_size=25).map("".join)
values = st.recursive(
    st.none() | st.integers() | st.floats(allow_nan=False) | texts,
    lambda inner: st.lists(inner) | st.dictionaries(texts, inner),
    max_leaves=8,
)


@given(values)
def test_any_value_compiles_and_is_filled_in_without_change_to_it(value: Json) -> None:
    before, document = copy.deepcopy(value), copy.deepcopy(DOCUMENT)
    template = compile_template(value)
    template(SCOPE)
    assert value == before
    assert document == DOCUMENT
    for expression in expressions(value):
        check_expression(expression.text)


@given(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text()
    | st.lists(st.integers())
    | st.dictionaries(st.text(), st.integers())
)
def test_one_expression_gives_what_was_put_in(value: Json) -> None:
    scope = DocumentScope({"workflow": {"input": {"x": value, "l": [value]}}})
    assert compile_template("${workflow.input.x}")(scope) is value
    assert compile_template("${workflow.input.l[0]}")(scope) is value
