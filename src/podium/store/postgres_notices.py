"""Notices: words that servers on one database call to each other, on a connection of its own.

They belong to no commit: a word inside of a transaction would make all commits of the database wait for each other. A word may get lost;
whoever listens looks for itself now and then.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

import asyncpg

from podium.errors import Busy
from podium.store.postgres_connection import LOST, Connection

CHANNEL = "podium"
LONGEST_BYTES = 7_900  # the database refuses 8,000

_TELL = "SELECT pg_notify($1, word) FROM unnest($2::text[]) AS word"
# A word is worth no wait for the disk.
_BEGIN = f"SET synchronous_commit = off; LISTEN {CHANNEL}"


class Notices:
    """The ear and the mouth of one server."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._connection: Connection | None = None  # as long as somebody listens
        self.listening = asyncio.Event()

    async def listen(self, hear: Callable[[str], None]) -> None:
        """Call `hear` with every word of others, until cancelled. Raises Busy when the connection is lost."""
        try:
            connection = await asyncpg.connect(self._url, server_settings={"application_name": "podium notices"})
        except LOST as error:
            raise Busy(f"The database cannot be listened to ({type(error).__name__}).") from error
        lost = asyncio.Event()
        connection.add_termination_listener(lambda _: lost.set())
        try:
            await connection.add_listener(CHANNEL, lambda _, sender, __, word: self._heard(sender, word, hear))
            await connection.execute(_BEGIN)
            self._connection = connection
            self.listening.set()
            await lost.wait()
        finally:
            self._connection = None
            self.listening.clear()
            connection.terminate()
        raise Busy("The connection that listens to other servers is lost.")

    def _heard(self, sender: int, word: str, hear: Callable[[str], None]) -> None:
        if self._connection is None or sender != self._connection.get_server_pid():
            hear(word)

    async def tell(self, words: Sequence[str]) -> None:
        """Call these words; nothing happens while this server does not listen. Raises Busy."""
        if self._connection is None:
            return
        short = [word for word in words if len(word.encode()) <= LONGEST_BYTES and "\0" not in word]
        try:
            await self._connection.execute(_TELL, CHANNEL, short)
        except LOST as error:
            raise Busy(f"Other servers cannot be told ({type(error).__name__}).") from error
