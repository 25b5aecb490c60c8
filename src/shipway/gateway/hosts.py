"""Host name -> protocol: one table, read from the top."""

from shipway.base.front_door import is_azure_name, normal_name

UNSUPPORTED = "unsupported"

# (pattern, family); `*.` stands for one or more labels
HOSTS: tuple[tuple[str, str], ...] = (
    ("management.azure.com", "arm"),
    ("login.microsoftonline.com", "entra"),
    ("login.microsoft.com", "entra"),
    ("login.windows.net", "entra"),
    ("sts.windows.net", "entra"),
    ("graph.microsoft.com", "graph"),
    ("*.blob.core.windows.net", "blob"),
    ("*.queue.core.windows.net", "storage"),
    ("*.table.core.windows.net", "storage"),
    ("*.file.core.windows.net", "storage"),
    ("*.vault.azure.net", "vault"),
    ("*.inference.ml.azure.com", "inference"),
    ("*.api.azureml.ms", "ml"),
    ("*.experiments.azureml.net", "ml"),
    ("vstoken.dev.azure.com", "assertions"),
    ("dev.azure.com", "devops"),
    ("*.dev.azure.com", "devops"),
    ("*.visualstudio.com", "devops"),
)


def family_of(host: str) -> str:
    """Which protocol answers for a host name, with or without a port.

    `unsupported` for the rest of Azure; empty for a name that is not Azure's.
    """
    name = normal_name(host.rpartition(":")[0] if ":" in host else host)
    if not is_azure_name(name):
        return ""
    for pattern, family in HOSTS:
        if name == pattern or (pattern.startswith("*.") and name.endswith(pattern[1:])):
            return family
    return UNSUPPORTED
