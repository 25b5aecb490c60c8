"""Ids of ARM resources: filled in, and taken apart with errors that show where they differ.

Source of the words: go-azure-helpers, resourcemanager/resourceids (errors.go).
"""

from dataclasses import dataclass

from shipway.terraform.resource import AtAttribute

_EXAMPLES = {
    "subscription": "12345678-1234-9876-4563-123456789012",
    "group": "example-resource-group",
}
_GROUP = "/subscriptions/{subscription}/resourceGroups/{group}"


@dataclass(frozen=True, slots=True)
class IdShape:
    """The shape of a kind of id: its name in messages, and a path with {named} parts."""

    word: str
    template: str

    def fill(self, **parts: str) -> str:
        """The id with these parts."""
        return self.template.format(**parts)

    def parts_of(self, text: str, *, exact: bool = False) -> dict[str, str] | None:
        """The named parts, or None when the text is not such an id.

        With `exact`, fixed parts have to be in the provider's own case.
        """
        wanted, given = self.template.strip("/").split("/"), text.strip("/").split("/")
        if not text.startswith("/") or len(wanted) != len(given) or "" in given:
            return None
        parts = {}
        for want, got in zip(wanted, given, strict=True):
            if want.startswith("{"):
                parts[want.strip("{}")] = got
            elif want != got and (exact or want.lower() != got.lower()):
                return None
        return parts

    def parse(self, text: str, path: str = "id", *, exact: bool = False) -> dict[str, str]:
        """The named parts. Raises `AtAttribute` at `path`."""
        parts = self.parts_of(text, exact=exact)
        if parts is None:
            raise AtAttribute(path, *self.complaint(text))
        return parts

    def complaint(self, text: str) -> tuple[str, str]:
        """Summary and detail of what is wrong with an id."""
        count = len(self.template.strip("/").split("/"))
        given = [part for part in text.split("/") if part]
        differs = next(
            (
                f"The parsed Resource ID was missing a value for the segment at position {n}"
                f'\n(which should be for the literal value "{want}").'
                for n, want in enumerate(self.template.strip("/").split("/"))
                if not want.startswith("{") and (n >= len(given) or given[n] != want)
            ),
            "",
        )
        why = "the number of segments didn't match" if len(given) != count else "segments differ"
        detail = (
            f"Expected a {self.word} ID that matched (containing {count} segments):\n\n"
            f"> {self.example}\n\nHowever this value was provided (which was parsed into "
            f"{len(given)} segments):\n\n> {text}\n\n{differs}"
        )
        return f'parsing "{text}": parsing the {self.word} ID: {why}', detail.rstrip()

    @property
    def example(self) -> str:
        """An id of this shape."""
        names = [part.strip("{}") for part in self.template.split("/") if part.startswith("{")]
        return self.template.format(**{n: _EXAMPLES.get(n, f"{n}Value") for n in names})


def in_group(word: str, full_type: str) -> IdShape:
    """The shape of a resource that lies in a resource group."""
    return IdShape(word, f"{_GROUP}/providers/{full_type}/{{name}}")


SUBSCRIPTION = IdShape("Subscription", "/subscriptions/{subscription}")
RESOURCE_GROUP = IdShape("ResourceGroup", _GROUP)
STORAGE_ACCOUNT = in_group("StorageAccount", "Microsoft.Storage/storageAccounts")
STORAGE_CONTAINER = IdShape(
    "StorageContainer", f"{STORAGE_ACCOUNT.template}/blobServices/default/containers/{{container}}"
)
KEY_VAULT = in_group("KeyVault", "Microsoft.KeyVault/vaults")
COMPONENT = in_group("Component", "Microsoft.Insights/components")
LOG_WORKSPACE = in_group("Workspace", "Microsoft.OperationalInsights/workspaces")
REGISTRY = in_group("Registry", "Microsoft.ContainerRegistry/registries")
ML_WORKSPACE = in_group("Workspace", "Microsoft.MachineLearningServices/workspaces")
ML_COMPUTE = IdShape("Compute", f"{ML_WORKSPACE.template}/computes/{{child}}")
ML_DATASTORE = IdShape("DataStore", f"{ML_WORKSPACE.template}/dataStores/{{child}}")
IDENTITY = in_group("UserAssignedIdentity", "Microsoft.ManagedIdentity/userAssignedIdentities")
FEDERATED_CREDENTIAL = IdShape(
    "FederatedIdentityCredential", f"{IDENTITY.template}/federatedIdentityCredentials/{{child}}"
)
ACTION_GROUP = in_group("ActionGroup", "Microsoft.Insights/actionGroups")
METRIC_ALERT = in_group("MetricAlert", "Microsoft.Insights/metricAlerts")
