"""What a run published, copied to a folder: the caller is on this machine too."""

from pathlib import Path

from shipway.base.errors import BadInput
from shipway.devops import artifacts
from shipway.store.store import Store
from shipway.wire.http import Request, Response, json_response
from shipway.wire.owner import people
from shipway.wire.owner.runs import run_of


def copy(store: Store, request: Request) -> Response:
    """`POST /api/v1/runs/{run}/artifacts`: into `folder`, each artifact in a folder of its name."""
    run = run_of(store, request)
    folder = Path(people.text(request, "folder"))
    if not folder.is_absolute():
        raise BadInput(f"'{folder}' is not an absolute path", where="folder",
                       hint="Give the folder from the root of the disk.")  # fmt: skip
    copied = []
    for one in artifacts.list_of(store, run_id=run.run_id):
        if one.location:  # only a link to something elsewhere
            continue
        files = artifacts.copy_to(store, one, folder / one.name)
        copied.append({"name": one.name, "files": files, "path": str(folder / one.name)})
    return json_response({"value": copied})
