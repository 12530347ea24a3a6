"""`python -m bench.floor PORT DATABASE`: runs the floor."""

from __future__ import annotations

import sys

import uvicorn

from bench.floor.application import Application
from bench.floor.store import Store


def main() -> None:
    """Serve until a signal comes."""
    port, database = int(sys.argv[1]), sys.argv[2]
    application = Application(Store(database))
    uvicorn.run(application, host="127.0.0.1", port=port, log_level="warning", access_log=False, loop="uvloop", http="httptools")


if __name__ == "__main__":
    main()
