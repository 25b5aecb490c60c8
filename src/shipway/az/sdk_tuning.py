"""Where the SDK does the same work once per node or once per client, do it once per command.

What is sent stays the same to the byte; `tests/unit/az/test_sdk_tuning.py` compares it. Measured on
a job of 52 nodes: building the same schema 222 times, reading one label 52 times and six TLS
handshakes were most of a submission.
"""

import functools
import os
from pathlib import Path
from typing import Any

import requests
import yaml
from azure.ai.ml import MLClient, load_job
from azure.ai.ml.constants._common import BASE_PATH_CONTEXT_KEY
from azure.ai.ml.entities._validation.path_aware_schema import PathAwareSchemaValidatableMixin
from azure.core.pipeline.transport import RequestsTransport

_SAMPLE = """\
type: pipeline
settings: {default_compute: azureml:any}
inputs: {text: a, file: {type: uri_file, path: azureml:a:1}}
jobs:
  one:
    type: command
    component:
      type: command
      environment: azureml:any:1
      command: x
      inputs: {text: {type: string}, file: {type: uri_file}}
      outputs: {out: {type: uri_folder}}
    inputs: {text: "${{parent.inputs.text}}", file: "${{parent.inputs.file}}"}
    outputs: {out: {mode: rw_mount}}
"""


def keep_schemas() -> None:
    """Let entities share the schemas that they are dumped and validated with.

    The SDK builds one for every dump of every node. They hold nothing of the entity; what they do
    hold, the folder that paths count from, is set anew at every use. Loading keeps its own.
    """
    kept: dict[tuple[type, str], Any] = {}

    def schema_of(entity: Any) -> Any:  # noqa: ANN401  # the SDK's own types
        context = entity._default_context()
        if set(context) != {BASE_PATH_CONTEXT_KEY}:
            return entity._create_schema_for_validation(context=context)
        base = context[BASE_PATH_CONTEXT_KEY]
        key = (type(entity), os.fspath(base))
        if key not in kept:
            kept[key] = entity._create_schema_for_validation(context=context)
        schema = kept[key]
        schema.context[BASE_PATH_CONTEXT_KEY] = base
        return schema

    PathAwareSchemaValidatableMixin._schema_for_validation = property(schema_of)


def read_yaml_fast() -> None:
    """Let the SDK read YAML with libyaml, ten times as fast; what it refuses is read again.

    The second reading is for its words: the messages are then those that people know.
    """
    read_slowly = yaml.safe_load

    def read(stream: Any) -> Any:  # noqa: ANN401  # text or file, and what it holds
        is_text = isinstance(stream, str | bytes)
        if not is_text and not stream.seekable():
            return read_slowly(stream)
        begin = 0 if is_text else stream.tell()
        try:
            return yaml.load(stream, Loader=yaml.CSafeLoader)  # it is the safe loader
        except yaml.YAMLError:
            if not is_text:
                stream.seek(begin)
            return read_slowly(stream)

    if yaml.__with_libyaml__:
        yaml.safe_load = read


def warm_up(folder: Path) -> None:
    """Load a job from YAML once, so that what the SDK builds at first use is there for every fork.

    Opens no connection and starts no thread.
    """
    sample = folder / "sample.yml"
    sample.write_text(_SAMPLE)
    try:
        job: Any = load_job(source=sample)
        job._validate(raise_error=False)
    finally:
        sample.unlink()


def shared_transport() -> RequestsTransport:
    """One connection pool for all of the SDK's clients: one TLS handshake per host."""
    return RequestsTransport(session=requests.Session(), session_owner=False)


def ask_labels_once(client: MLClient) -> None:
    """Within one command `name@latest` means one version: look it up once per name."""
    for operations in (client.environments, client.components, client.data, client.models):
        resolvers = operations._managed_label_resolver
        for label, resolve in list(resolvers.items()):
            resolvers[label] = functools.cache(resolve)
