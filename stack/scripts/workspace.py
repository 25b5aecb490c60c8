"""The workspace that a script works on, through the SDK: arguments, client, storage."""

from __future__ import annotations

import argparse
import logging

from azure.ai.ml import MLClient
from azure.storage.blob import ContainerClient, ContentSettings

import arm

# Loading any file says that some classes are experimental, whether the file uses them or not.
logging.getLogger("azure.ai.ml._utils._experimental").setLevel(logging.ERROR)

__all__ = [
    "ContentSettings",
    "add_arguments",
    "blobstore_container",
    "client",
    "storage_container",
]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The three names that every script takes."""
    parser.add_argument("--subscription", required=True)
    parser.add_argument("--resource-group", required=True)
    parser.add_argument("--workspace", required=True)


def client(args: argparse.Namespace) -> MLClient:
    """A client with the identity at hand: the pipeline's service connection, or your az login."""
    return MLClient(
        arm.credential(),
        subscription_id=args.subscription,
        resource_group_name=args.resource_group,
        workspace_name=args.workspace,
        enable_telemetry=False,
    )


def blobstore_container(ml: MLClient) -> ContainerClient:
    """The container of the workspace's default blob store."""
    store = ml.datastores.get("workspaceblobstore")
    return storage_container(store.account_name, store.container_name)


def storage_container(account: str, container: str) -> ContainerClient:
    """A container, reached with the identity at hand and never with an account key."""
    return ContainerClient(
        f"https://{account}.blob.core.windows.net", container, credential=arm.credential()
    )
