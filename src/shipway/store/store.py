"""All stores of one home in one hand: what the server and each worker open once and pass on."""

from dataclasses import dataclass

from shipway.base.clock import Clock
from shipway.base.home import Home
from shipway.store import doorbell
from shipway.store.database import Database
from shipway.store.documents import Documents
from shipway.store.files import Files
from shipway.store.growing import Growing
from shipway.store.journal import Journal
from shipway.store.queue import Queue
from shipway.store.secrets import Secrets
from shipway.store.timers import Timers


@dataclass(frozen=True, slots=True, kw_only=True)
class Store:
    """Rows and bytes of one home. Many threads and processes may each have one open."""

    home: Home
    clock: Clock
    database: Database
    documents: Documents
    files: Files
    growing: Growing
    journal: Journal
    queue: Queue
    secrets: Secrets
    timers: Timers


def open_store(home: Home, clock: Clock) -> Store:
    """Open (and create or migrate) the stores of `home`."""
    home.create()
    database = Database(home.database)
    database.migrate()
    home.database.chmod(0o600)

    def ring(name: str) -> None:
        doorbell.ring(home.sockets, name)

    return Store(
        home=home,
        clock=clock,
        database=database,
        documents=Documents(database, clock),
        files=Files(home.files),
        growing=Growing(database, clock),
        journal=Journal(database, ring),
        queue=Queue(database, clock, ring),
        secrets=Secrets(database, home.secrets_key),
        timers=Timers(database, ring),
    )
