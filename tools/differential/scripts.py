"""The scripts and conditions that generated definitions choose from: each is there for a rule about what an evaluator answers."""

from __future__ import annotations

from typing import Final

JAVASCRIPT: Final = (
    *("$.p1", "({a:$.p1,n:1})", "[1,2.0,0.5]", "$.p1 + 1", "'s' + $.p1", "$.x === undefined", "null", "undefined", "true", "'a'"),
    *("$.p1 == null ? {a:null,u:undefined} : [$.p1]", "(function(){return {n: $.x, a: [$.y]};})()", "throw 'bad'", "nope.x"),
    *("1/0", "7/2", "-0", "NaN", "1e21", "9007199254740993", "typeof $.p1", "$.p1 && $.p1.k", "$.p1 ? 1 : 2", "var q = $.p1; q"),
    *("$.x.y.z", "function f(){ return {result: 5, a: 'x'}; } f();", "JSON.stringify({a:1,b:[true,null]})", "'${workflow.input.a}'"),
    *("$.p1 > 0", "String($.p1)", "''+$.x", "$.p1 == $.x", "Object.keys({a:1,b:2})", "new Date(0).getTime()", "parseInt('12')"),
    *("[[1],[2]].map(function(x){return x[0]*2})", "$.p1.length", "({result: {a: 5}})"),
)
JQ: Final = (
    *(".p1", '.p1 // "none"', "{a: .p1, n: 1}", "[.p1, .x]", ".p1 | type", ".p1, .x", "empty", ".p1 | length", "[.l[]? | .+1]"),
    *("if .p1 then 1 else 2 end", ".a.b.c", "1/2", "4/2", "[1,2,3] | map(.*2) | add", "{(.x|tostring): 1}", 'error("x")', ".["),
    *("with_entries(.value |= tostring)", ".p1[0]?", '"a,b" | split(",")', "[range(3)]", "[3,1,2]|sort", "1.0", ".x|not"),
    *("{a:1} * {b:{c:2}}", "map_values(.)", 'has("x")', 'ltrimstr("a")', '"abc"[1:]', "[1,[2]]|flatten", "1 as $x | $x + 1"),
    *("reduce range(4) as $i (0; . + $i)", "10 % 3", '"5"|tonumber'),
)
SWITCHES: Final = (
    *("$.sv == 1 ? 'a' : 'b'", "$.sv", "$.sv.k", "$.sv > 0", "typeof $.sv", "'a'", "1", "1.5", "null", "$.sv ? 'a':'1'", "switchx"),
    *("$.o", "undefined", "true", "[1]", "({a:1})", "2/2", "if ($.sv) { 'a' } else { 'b' }"),
)
DECISIONS: Final = ("$.sv == 1 ? 'a' : 'b'", "$.sv", "'a'", "1", "null", "$.sv ? 'a' : '1'", "true")
CASES: Final = ("a", "1", "true", "null", "b", "2", "false", "text", "COMPLETED", "x", "0", "1.5")


def loop_conditions(loop: str, first: str, times: int) -> tuple[str, ...]:
    """Conditions of a loop that ends after a few iterations; `first` is a task of its body."""
    turn = f"$.{loop}.iteration"
    return (
        f"if ($.{loop}['iteration'] < {times}) {{ true }} else {{ false }}",
        f"$.{loop}['iteration'] < $.n",
        f"{turn} < {times}",
        f"{turn} < {times} && $.{first} != null",
        f"{times} - {turn}",
        f"{turn} < {times} ? 'true' : false",
        "false",
        f"$.{first} == null && {turn} < 2",
        f"{turn} < {times} && $.{first}['n'] != 77",
        "nope.x",
    )
