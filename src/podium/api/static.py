"""Static: the pages for people, from the package itself (spec/api.md §1.1)."""

from __future__ import annotations

from importlib.resources import files
from pathlib import PurePosixPath

from podium.api.answer import Answer

MEDIA_TYPES = {
    ".html": b"text/html;charset=UTF-8",
    ".css": b"text/css;charset=UTF-8",
    ".js": b"text/javascript;charset=UTF-8",
    ".svg": b"image/svg+xml",
}
START_PAGE = "/index.html"
PAGES = {"/": START_PAGE, "/docs": "/docs.html", "/favicon.ico": "/icon.svg"}  # `/swagger-ui/…` leads to /docs, too
POLICY = (
    b"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    b"frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
)


class Assets:
    """Files in memory, by their path from the root of the server."""

    def __init__(self, contents: dict[str, bytes]) -> None:
        self._answers = {path: _answer(path, body) for path, body in contents.items()}

    @classmethod
    def packaged(cls) -> Assets:
        """Those that come with the package."""
        folder = files("podium.api") / "static"
        return cls({f"/{entry.name}": entry.read_bytes() for entry in folder.iterdir() if PurePosixPath(entry.name).suffix in MEDIA_TYPES})

    def answer(self, path: str) -> Answer:
        """The file at a path; the start page for every path that has none, because its links are made in the browser."""
        page = "/docs.html" if path.startswith("/swagger-ui") else PAGES.get(path, path)
        return self._answers.get(page) or self._answers[START_PAGE]


def _answer(path: str, body: bytes) -> Answer:
    headers = ((b"content-security-policy", POLICY), (b"x-content-type-options", b"nosniff"), (b"cache-control", b"no-cache"))
    return Answer(200, body, MEDIA_TYPES[PurePosixPath(path).suffix], headers)
