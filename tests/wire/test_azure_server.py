"""The same clients through the running server: TLS, proxy, sockets, bodies that go to disk."""

import sys
from collections.abc import Iterator

import pytest
from tests.support.running_server import RunningServer, running_server

PROGRAM = """
import hashlib, os, sys, requests
from azure.core.exceptions import HttpResponseError
from azure.identity import DefaultAzureCredential
from azure.storage.blob import BlobServiceClient, ContainerClient

credential = DefaultAzureCredential()
arm = {'Authorization': 'Bearer ' + credential.get_token('https://management.azure.com/.default').token}
base = 'https://management.azure.com/subscriptions/' + os.environ['AZURE_SUBSCRIPTION_ID']
group = base + '/resourceGroups/blobs'

def call(method, url, version, **how):
    answer = requests.request(method, f'{url}?api-version={version}', headers=arm, **how)
    assert answer.status_code < 300, answer.text
    return answer.json() if answer.text else None

call('PUT', group, '2021-04-01', json={'location': 'westeurope'})
account = group + '/providers/Microsoft.Storage/storageAccounts/served1'
made = call('PUT', account, '2023-01-01', json={
    'location': 'westeurope', 'sku': {'name': 'Standard_LRS'}, 'kind': 'StorageV2'})
url = made['properties']['primaryEndpoints']['blob']
key = call('POST', account + '/listKeys', '2023-01-01')['keys'][0]['value']

for proof in (credential, key):
    service = BlobServiceClient(url, credential=proof, max_single_put_size=8 << 20,
                                max_block_size=4 << 20)
    name = 'c' + hashlib.sha256(repr(type(proof)).encode()).hexdigest()[:8]
    container = service.create_container(name)
    content = os.urandom(20 << 20)
    blob = container.upload_blob('dir/large', content, max_concurrency=2)
    assert blob.download_blob(max_concurrency=2).readall() == content
    small = container.upload_blob('a b#é?', b'x', metadata={'k': 'v'})
    assert small.get_blob_properties().metadata == {'k': 'v'}
    assert small.get_blob_properties().size == 1
    assert small.download_blob().readall() == b'x'
    empty = container.upload_blob('empty', b'')
    assert empty.download_blob().readall() == b''
    assert [b.name for b in container.list_blobs()] == ['a b#é?', 'dir/large', 'empty']
    assert small.exists() and not container.get_blob_client('absent').exists()
    small.delete_blob()
try:
    ContainerClient(url, name, credential='A' * 86 + '==').get_container_properties()
except HttpResponseError as error:
    assert error.status_code == 403, error
else:
    raise SystemExit('a wrong key was taken')
print('done')
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """A server that the program has used."""
    with running_server(tmp_path_factory.mktemp("azure") / "h") as running:
        done = running.run("exec", "--", sys.executable, "-c", PROGRAM)
        assert done.stdout.strip().endswith("done")
        yield running


def test_an_unchanged_program_keeps_blobs_through_the_door(server: RunningServer) -> None:
    assert server.refusals() == []


def test_uploads_leave_no_temporary_file(server: RunningServer) -> None:
    assert list((server.home / "tmp").iterdir()) == []
    assert [p for p in (server.home / "files").iterdir() if p.name.startswith(".incoming")] == []


def test_a_path_that_climbs_stays_a_name(server: RunningServer) -> None:
    token = server.token("https://storage.azure.com/.default")
    host = "served1.blob.core.windows.net"
    made = server.azure("PUT", host, "/climb?restype=container", token=token)
    assert made.status == 201, made.body
    before = {p for p in server.home.parent.rglob("*") if "files" not in p.parts}
    path = "/climb/../../../../etc/passwd"
    put = server.azure(
        "PUT", host, path, token=token, body=b"climber", headers={"x-ms-blob-type": "BlockBlob"}
    )
    assert put.status == 201, put.body
    assert server.azure("GET", host, path, token=token).body == b"climber"
    listed = server.azure("GET", host, "/climb?restype=container&comp=list", token=token)
    assert b"<Name>../../../../etc/passwd</Name>" in listed.body
    assert {p for p in server.home.parent.rglob("*") if "files" not in p.parts} == before


def test_a_secret_is_nowhere_on_disk(server: RunningServer) -> None:
    secret = server.variables()["AZURE_CLIENT_SECRET"]
    files = [p for p in server.home.rglob("*") if p.is_file()]
    assert not [p for p in files if secret.encode() in p.read_bytes()]
