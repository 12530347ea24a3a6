"""Schema of PostgreSQL: brings a database up to the shape that this program knows, forward only, however many servers start at once."""

from __future__ import annotations

from collections.abc import Sequence

from podium.store.postgres_connection import Connection
from podium.store.schema import refuse_newer

_LOCK = 0x706F6469756D  # an advisory lock of the database, held until the end of the transaction
_PATIENCE_SECONDS = 3600


async def version(connection: Connection) -> int:
    """The schema's version; 0 for an empty database."""
    # Read from the table: names that were looked up before the wait for the lock are remembered as they were.
    present = "SELECT count(*) FROM pg_class WHERE relname = 'meta' AND relnamespace = current_schema()::regnamespace"
    if not await connection.fetchval(present):
        return 0
    number: int = await connection.fetchval("SELECT schema_version FROM meta")
    return number


async def migrate(connection: Connection, scripts: Sequence[str]) -> None:
    """Run the scripts that this database has not seen, inside of the caller's transaction. Raises NewerDatabase when it has seen more."""
    known = len(scripts)
    present = await version(connection)
    refuse_newer(present, known)
    if present == known:
        return
    await connection.execute(f"SELECT pg_advisory_xact_lock({_LOCK})", timeout=_PATIENCE_SECONDS)
    present = await version(connection)
    refuse_newer(present, known)
    for script in scripts[present:]:
        await connection.execute(script, timeout=_PATIENCE_SECONDS)
    if present < known:
        await connection.execute("UPDATE meta SET schema_version = $1", known)
