"""The program inside the sandbox: it takes one script after the other from its standard input and answers on its standard output.

It stands alone: the server starts it by its path, and tells it where modules are and how much memory a script may have. Frames are
four bytes of length and the content. An answer begins with V (a value, JSON follows), E or X (a JavaScript error), F (a final message).
"""

from __future__ import annotations

import ast
import builtins
import contextlib
import json
import os
import resource
import struct
import sys
from typing import Any, Final

JAVASCRIPT_STACK = 6 << 20
FORBIDDEN_WORDS: Final = """
    open __import__ exec eval compile input breakpoint exit quit help copyright credits license print
    getattr setattr delattr vars globals locals dir __build_class__ __loader__ __spec__ memoryview
    """
FORBIDDEN = frozenset(FORBIDDEN_WORDS.split())
INNER = ("_", "gi_", "cr_", "ag_", "f_", "tb_", "co_", "func_")  # attributes that lead out of the script into its interpreter


def read_frame(stream: int) -> bytes | None:
    """The next frame, None at the end of the stream."""
    head = _read(stream, 4)
    return None if head is None else _read(stream, struct.unpack(">I", head)[0])


def _read(stream: int, size: int) -> bytes | None:
    parts = bytearray()
    while len(parts) < size:
        part = os.read(stream, min(size - len(parts), 1 << 20))
        if not part:
            return None
        parts += part
    return bytes(parts)


def write_frame(stream: int, content: bytes) -> None:
    """Writes one frame whole."""
    rest = memoryview(struct.pack(">I", len(content)) + content)
    while rest:
        rest = rest[os.write(stream, rest) :]


def javascript(source: str, document: str, prelude: str, memory: int) -> str:
    """The answer to a JavaScript call: in a realm that nobody used before."""
    import _quickjs

    context = _quickjs.Context()
    run = context.eval(prelude)
    context.set_memory_limit(memory)
    context.set_max_stack_size(JAVASCRIPT_STACK)
    try:
        answer: str = run(source, document, context.globalThis)
    except _quickjs.JSException as error:
        words = str(error)
        return "X" + ("InternalError: out of memory" if words.startswith("null") else words)
    except ValueError:
        return "XSyntaxError: the script has a character that no script can have"
    return answer


def jq_results(query: str, document: str) -> str:
    """The answer to a jq call: `query` is already framed so that every result is JSON text."""
    import jq

    try:
        return f"V[{','.join(jq.compile(query).input_text(document).all())}]"
    except ValueError as error:
        return f"F{error}"


def python(source: str, document: str) -> str:
    """The answer to a python call: the text is the body of a function, the input's keys are its globals."""
    inputs = json.loads(document)
    body = "\n".join(f"    {line}" for line in source.splitlines()) or "    return None"
    program = f"def evaluate():\n    global {', '.join(inputs)}\n{body}\n"
    allowed = {name: value for name, value in vars(builtins).items() if name not in FORBIDDEN}
    names: dict[str, Any] = {"__builtins__": allowed, "__name__": "script", **inputs}
    try:
        tree = ast.parse(program)
        if any(_leads_out(node) for node in ast.walk(tree)):
            return "FNameError: names and attributes that begin with an underscore, imports and classes are not available"
        exec(compile(tree, "<script>", "exec"), names)  # noqa: S102 - what this process is for
        return "V" + json.dumps(_plain(names["evaluate"]()))
    except SyntaxError as error:
        return f"FSyntaxError: {error.msg}"
    except BaseException as error:  # noqa: BLE001 - also SystemExit and KeyboardInterrupt are only the script's result
        return f"F{type(error).__name__}: {error}"


def _leads_out(node: ast.AST) -> bool:
    """Whether a piece of the program reaches for its interpreter; defence in depth, the bounds of the process are the wall."""
    if isinstance(node, (ast.Import, ast.ImportFrom, ast.ClassDef, ast.MatchClass)):
        return True
    if isinstance(node, ast.Attribute):
        return node.attr.startswith(INNER) or node.attr in ("format", "format_map", "mro")
    return isinstance(node, ast.Name) and node.id.startswith("__")


def _plain(value: Any) -> Any:
    """The value in JSON's types: sets and tuples become lists, keys texts, what is not a number its name, anything else its text."""
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_plain(item) for item in value]
    if isinstance(value, float) and (value != value or value in (float("inf"), float("-inf"))):  # noqa: PLR0124
        return {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}[str(value)]
    return value if value is None or isinstance(value, (bool, int, float, str)) else str(value)


def confine(memory: int, *, strictly: bool) -> None:
    """Bounds this process for good: memory over what it has now, no core dumps; `strictly` also no files and no children."""
    _limit(resource.RLIMIT_CORE, 0)
    _limit(resource.RLIMIT_DATA, _data_now() + memory)
    _limit(resource.RLIMIT_FSIZE, 0)
    if strictly:
        _limit(resource.RLIMIT_NPROC, 0)
        _limit(resource.RLIMIT_NOFILE, 0)


def _limit(what: int, value: int) -> None:
    with contextlib.suppress(ValueError, OSError):  # a system that already allows less, or does not know this limit
        resource.setrlimit(what, (value, value))


def _data_now() -> int:
    """Bytes of private memory this process holds; 0 where the system does not tell."""
    with contextlib.suppress(OSError), open("/proc/self/status", encoding="ascii") as status:  # noqa: PTH123 - pathlib is slow to import
        for line in status:
            if line.startswith("VmData:"):
                return int(line.split()[1]) << 10
    return 0


def serve(requests: int, answers: int) -> None:
    """Answers calls until the stream ends; the first frame says how: where modules are, the prelude, bytes of memory, the language."""
    first = read_frame(requests)
    if first is None:
        return
    settings = json.loads(first)
    sys.path[:] = settings["path"]
    memory, prelude = settings["memory"], settings["prelude"]
    if settings["language"] == "python":
        confine(memory, strictly=True)
    else:
        import _quickjs  # noqa: F401 - loaded before memory is bounded
        import jq  # noqa: F401

        confine(memory + (memory >> 1), strictly=False)
    write_frame(answers, b"ready")
    while (language := read_frame(requests)) is not None:
        source, document = read_frame(requests), read_frame(requests)
        if source is None or document is None:
            return
        answer = answer_to(language.decode(), source.decode("utf-8", "surrogatepass"), document.decode(), prelude, memory)
        write_frame(answers, answer.encode("utf-8", "replace"))


def answer_to(language: str, source: str, document: str, prelude: str, memory: int) -> str:
    """The answer to one call, whatever happens in it."""
    try:
        if language == "javascript":
            return javascript(source, document, prelude, memory)
        return jq_results(source, document) if language == "jq" else python(source, document)
    except MemoryError:
        return "FThe script needs more memory than it may have"
    except (RecursionError, UnicodeError, ValueError) as error:
        return f"F{type(error).__name__}: {error}"


if __name__ == "__main__":
    output = os.dup(1)
    os.dup2(2, 1)
    serve(0, output)
    os._exit(0)
