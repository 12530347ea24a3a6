"""The sandbox: real processes, hostile scripts, nobody waits for another."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from podium.engine.evaluators import ScriptCall, ScriptOutcome
from podium.errors import Busy
from podium.runtime.sandbox import Sandbox

LATE = ScriptOutcome(error="Script not evaluated within 0.3 seconds, interrupted.", timed_out=True)
ENDLESS = ScriptCall("javascript", "for (;;) {}", b"{}")


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    sandbox = Sandbox(limit_ms=300, memory_bytes=32 << 20)
    yield sandbox
    await sandbox.close()


async def value(sandbox: Sandbox, language: str, source: str, document: bytes = b"{}") -> bytes | None:
    return (await sandbox.run(ScriptCall(language, source, document))).value


async def test_values_come_back_as_json(sandbox: Sandbox) -> None:
    assert await value(sandbox, "javascript", "class A { constructor() { this.x = $.x } }; new A()", b'{"x":1}') == b'{"x":1}'
    assert await value(sandbox, "jq", "[range(3)], .f, .i", b'{"f":1.0,"i":9007199254740993}') == b"[[0,1,2],1.0,9007199254740993]"
    assert await value(sandbox, "python", "if n > 3:\n  return {'a': (1, n)}", b'{"n":5}') == b'{"a": [1, 5]}'


async def test_nothing_of_one_script_is_seen_by_the_next(sandbox: Sandbox) -> None:
    await value(sandbox, "javascript", "leak = 1; Array.prototype.leak = 2; Array.prototype.map = 3")

    assert await value(sandbox, "javascript", "typeof leak + typeof [].leak + typeof [].map") == b'"undefinedundefinedfunction"'


@pytest.mark.parametrize(
    "call",
    [
        ENDLESS,
        ScriptCall("javascript", "/^(a+)+$/.test('aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!')", b"{}"),
        ScriptCall("javascript", "let a = []; a.length = 4294967295; a.sort()", b"{}"),
        ScriptCall("jq", "def f: f; f", b"{}"),
        ScriptCall("python", "while True: pass", b'{"n":1}'),
    ],
)
async def test_a_script_without_end_is_interrupted(sandbox: Sandbox, call: ScriptCall) -> None:
    assert await sandbox.run(call) == LATE
    assert await value(sandbox, "javascript", "1") == b"1"


HOSTILE = [
    ("javascript", "new ArrayBuffer(1 << 30)", "out of memory"),
    ("javascript", "'x'.repeat(1e9)", "out of memory"),
    ("javascript", "(function f() { return f() })()", "RangeError"),
    ("javascript", "JSON.parse('['.repeat(1e5) + ']'.repeat(1e5))", "RangeError"),
    ("javascript", "var o = {}; o.o = o; o", "contains itself"),
    ("jq", "'x' * 1", "jq: error"),
    ("jq", '"x" * 1000000000 | length', "ended its process"),
    ("jq", "env", "'env' is not available"),
    ("jq", "input", "'input' is not available"),
    ("jq", "halt", "'halt' is not available"),
    ("jq", 'import "a" as a; 1', "not available"),
    ("python", "return 'x' * (1 << 30)", "MemoryError"),
    ("python", "return open('/etc/hostname').read()", "NameError"),
    ("python", "import os", "not available"),
    ("python", "return ().__class__.__base__.__subclasses__()", "not available"),
    ("python", "return '{0.__class__}'.format(1)", "not available"),
    ("python", "def f(): return f()\nreturn f()", "RecursionError"),
    ("python", "return (", "SyntaxError"),
]


@pytest.mark.parametrize(("language", "source", "fragment"), HOSTILE)
async def test_a_hostile_script_ends_with_an_error(sandbox: Sandbox, language: str, source: str, fragment: str) -> None:
    outcome = await sandbox.run(ScriptCall(language, source, b'{"n":1}'))

    assert outcome.value is None
    assert fragment in (outcome.error or "")


async def test_the_environment_is_empty(sandbox: Sandbox) -> None:
    assert await value(sandbox, "jq", "$ENV") == b"[{}]"


async def test_a_slow_script_does_not_hold_up_another(sandbox: Sandbox) -> None:
    slow = asyncio.create_task(sandbox.run(ENDLESS))

    assert await value(sandbox, "javascript", "1") == b"1"
    assert not slow.done()
    assert await slow == LATE


async def test_a_process_that_died_is_replaced(sandbox: Sandbox) -> None:
    await value(sandbox, "javascript", "1")
    child = sandbox._idle[0].process
    child.kill()
    await child.wait()

    assert await value(sandbox, "javascript", "2") == b"2"


async def test_close_leaves_no_process_and_answers_nobody(sandbox: Sandbox) -> None:
    await value(sandbox, "javascript", "1")
    processes = [child.process for child in sandbox._idle]
    running = asyncio.create_task(sandbox.run(ENDLESS))
    await asyncio.sleep(0)

    await sandbox.close()

    assert all(process.returncode is not None for process in processes)
    with pytest.raises(asyncio.CancelledError):
        await running
    with pytest.raises(Busy):
        await sandbox.run(ENDLESS)
