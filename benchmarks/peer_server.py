"""The peer, as it is served while it is measured: run by an environment of its own.

``.venv-peer/bin/python benchmarks/peer_server.py PORT STORE WAITING FOLDER`` serves NHS England's
``mesh-sandbox`` with its ``memory`` or ``file`` store, ``WAITING`` accepted messages in the
recipient's mailbox. They are laid there through its own store's methods before it listens: through
its door each would count the whole mailbox twice. Their bytes are left out: nobody takes them. It
runs as well as we could make it: one process (its store lives in one), uvloop and httptools as the
axis has them, no log, no authorisation.
"""

from __future__ import annotations

import asyncio
import logging
import os
import sys

import uvicorn

SENDER, RECIPIENT = "X26ABC1", "X26ABC2"


async def _fill(waiting: int) -> None:
    from mesh_sandbox.dependencies import get_store
    from mesh_sandbox.models.message import Message, MessageMetadata, MessageParty, MessageType

    store = get_store()
    for number in range(waiting):
        message = Message(
            message_id=f"{number:032X}",
            sender=MessageParty(mailbox_id=SENDER),
            recipient=MessageParty(mailbox_id=RECIPIENT),
            message_type=MessageType.DATA,
            workflow_id="BENCHMARK",
            metadata=MessageMetadata(file_name=f"{number}.dat"),
        )
        await store.save_message(message)
        await store.add_to_inbox(message)
        await store.add_to_outbox(message)


def main() -> None:
    port, store, waiting, folder = sys.argv[1:]
    os.environ |= {"AUTH_MODE": "none", "STORE_MODE": store, "MAILBOXES_DATA_DIR": folder}
    # Reads the environment when it is imported.
    from mesh_sandbox.api import app

    # It would write two lines for each request.
    logging.disable(logging.WARNING)
    asyncio.run(_fill(int(waiting)))
    uvicorn.run(
        app,
        host="127.0.0.1",
        port=int(port),
        loop="uvloop",
        http="httptools",
        access_log=False,
        log_level="warning",
    )


if __name__ == "__main__":
    main()
