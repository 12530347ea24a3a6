"""Checks that files and functions stay short: 400 lines a file, 40 lines of code a function, nine in ten of them 25.

A bound may be broken with a sentence: a comment `bounds: <why>` above the `def`, or in the first ten lines of a file.
"""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
FILE_LINES, FUNCTION_LINES, MOST_FUNCTIONS = 400, 40, 25
FOLDERS = ("src", "tests", "examples", "tools", "bench")


def main() -> int:
    """Print what is too long; 1 if anything is."""
    problems: list[str] = []
    lengths: list[int] = []
    for path in _sources():
        text = path.read_text()
        lines = text.splitlines()
        name = path.relative_to(ROOT)
        if len(lines) > FILE_LINES and not any("bounds: " in line for line in lines[:10]):
            problems.append(f"{name}: {len(lines)} lines")
        for function in _functions(ast.parse(text)):
            length = _length(function)
            if str(name).startswith("src"):
                lengths.append(length)
            if length > FUNCTION_LINES and "# bounds: " not in lines[function.lineno - 2]:
                problems.append(f"{name}:{function.lineno} {function.name}: {length} lines")
    lengths.sort()
    median, p90 = (lengths[len(lengths) // 2], lengths[len(lengths) * 9 // 10]) if lengths else (0, 0)
    if p90 > MOST_FUNCTIONS:
        problems.append(f"nine in ten functions have up to {p90} lines, more than {MOST_FUNCTIONS}")
    print(f"{len(lengths)} functions in src: median {median} lines, nine in ten up to {p90}, longest {lengths[-1] if lengths else 0}")
    print("\n".join(problems) if problems else "all within bounds")
    return 1 if problems else 0


def _sources() -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", *FOLDERS],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return [ROOT / name for name in sorted(set(listed.stdout.split())) if name.endswith(".py") and (ROOT / name).exists()]


def _functions(tree: ast.AST) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    return [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]


def _length(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines of code, without the docstring and the decorators."""
    first = function.body[0]
    documented = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str)
    total = (function.end_lineno or function.lineno) - function.lineno + 1
    return total - ((first.end_lineno or first.lineno) - first.lineno + 1 if documented else 0)


if __name__ == "__main__":
    sys.exit(main())
