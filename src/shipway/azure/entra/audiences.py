"""Whom a token is for: the resources that clients ask tokens for, each in all its spellings.

Source: https://learn.microsoft.com/entra/identity-platform/scopes-oidc (the .default scope) and
what the official clients send.
"""

from shipway.base.errors import BadInput

ARM = "https://management.azure.com"
STORAGE = "https://storage.azure.com"
GRAPH = "https://graph.microsoft.com"
ML = "https://ml.azure.com"
VAULT = "https://vault.azure.net"
DEVOPS = "499b84ac-1321-427f-aa17-267ca6975798"
TOKEN_EXCHANGE = "api://AzureADTokenExchange"  # noqa: S105  # an audience, not a secret

_SPELLINGS = {
    ARM: (
        "https://management.azure.com",
        "https://management.core.windows.net",
        "797f4846-ba00-4fd7-ba43-dac1f8f63013",
    ),
    STORAGE: ("https://storage.azure.com", "e406a681-f3d4-42a8-90b6-c2b029497af1"),
    GRAPH: (
        "https://graph.microsoft.com",
        "00000003-0000-0000-c000-000000000000",
        "https://graph.windows.net",
    ),
    ML: ("https://ml.azure.com", "https://aml.azure.com", "18a66f5f-dbdf-4c17-9dd7-1634712a9cbe"),
    VAULT: ("https://vault.azure.net", "cfa8b339-82a2-471a-a3c9-0fc0be7a4093"),
    DEVOPS: (DEVOPS, "https://app.vssps.visualstudio.com"),
}
_BY_SPELLING = {spelling: name for name, all_ in _SPELLINGS.items() for spelling in all_}
_BLOB_SUFFIX = ".blob.core.windows.net"


def canonical(audience: str) -> str:
    """The one name of a resource, whatever the spelling; an unknown one stays as it is."""
    plain = audience.rstrip("/")
    if plain.lower().endswith(_BLOB_SUFFIX):
        return STORAGE
    return _BY_SPELLING.get(plain.lower(), plain)


def of_scope(scope: str) -> str:
    """The audience that a v2.0 scope asks for: `https://management.azure.com/.default`.

    Other scopes in the list that name no resource (`openid profile offline_access`) are left out.
    Raises `BadInput` with Entra's code when no resource is named or one is unknown.
    """
    for word in scope.split():
        if word.endswith("/.default"):
            return of_resource(word.removesuffix("/.default"))
    raise BadInput(
        f"AADSTS1002012: The provided value for scope {scope} is not valid. Client credential flows"
        " must have a scope value with /.default suffixed to the resource identifier",
        code="invalid_scope",
        where="scope",
    )


def of_resource(resource: str) -> str:
    """The audience of a v1.0 resource, in the client's spelling. Raises `BadInput`."""
    if canonical(resource) not in _SPELLINGS and resource != TOKEN_EXCHANGE:
        raise BadInput(
            f"AADSTS500011: The resource principal named {resource} was not found in the tenant",
            code="invalid_resource",
            where="resource",
            hint=f"Known here: {', '.join(_SPELLINGS)}.",
        )
    return resource
