"""Tables of the reference that are made from the code.

python -m tests.docs.generated      write them into their pages
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from podium.api.resources import all_routes
from podium.settings import PREFIX, Row, table
from tests.docs.pages import ROOT

BEGIN = "<!-- made by tests/docs/generated.py -->"
END = "<!-- end -->"


def settings_table() -> str:
    """All settings, as the manual shows them."""
    lines = ["| Setting | Variable | Type | Default | |", "| --- | --- | --- | --- | --- |"]
    return "\n".join([*lines, *(_setting(row) for row in table())])


def _setting(row: Row) -> str:
    default = ",".join(row.default) if isinstance(row.default, tuple) else str(row.default)
    shown = f"`{default}`{' ' + row.unit if row.unit else ''}" if default else "none"
    kind = row.type.replace("|", "\\|")
    return f"| `{row.name.replace('_', '-')}` | `{PREFIX}{row.name.upper()}` | {kind} | {shown} | {row.help} |"


def endpoint_list() -> str:
    """All endpoints under the headings of the server's own reference."""
    headings: dict[str, list[str]] = {}
    for route in all_routes():
        heading = route.tag or route.path.split("/")[1]
        query = ", ".join(f"`{parameter.name}`{'*' if parameter.required else ''}" for parameter in route.query)
        headings.setdefault(heading, []).append(f"| `{route.method} {route.full_path}` | {route.summary} | {query} |")
    tables = [f"### {heading}\n\n| | | Query |\n| --- | --- | --- |\n" + "\n".join(rows) for heading, rows in headings.items()]
    return "\n\n".join(tables)


GENERATED: dict[Path, Callable[[], str]] = {
    ROOT / "docs" / "reference" / "settings.md": settings_table,
    ROOT / "docs" / "reference" / "rest.md": endpoint_list,
}


def renewed(page: Path) -> str:
    """The page's text with its table as it must be."""
    before, _, rest = page.read_text(encoding="utf-8").partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n\n{GENERATED[page]()}\n\n{END}{after}"


if __name__ == "__main__":
    for each in GENERATED:
        each.write_text(renewed(each), encoding="utf-8")
