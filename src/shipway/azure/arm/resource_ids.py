"""ARM resource ids: `/subscriptions/.../resourceGroups/.../providers/<namespace>/<type>/<name>...`.

Pure text. Ids compare without regard to letter case, as on Azure.
Source: https://learn.microsoft.com/azure/azure-resource-manager/management/resource-name-rules
"""

from dataclasses import dataclass

from shipway.base.errors import BadInput


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourceId:
    """The parts of an id. What the id does not reach is empty.

    `types` and `names` pair up: `("workspaces", "computes")` and `("w", "cpu-cluster")`.
    """

    subscription_id: str
    resource_group: str = ""
    namespace: str = ""
    types: tuple[str, ...] = ()
    names: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The last name."""
        return self.names[-1] if self.names else self.resource_group or self.subscription_id

    @property
    def full_type(self) -> str:
        """`Microsoft.MachineLearningServices/workspaces/computes`."""
        return "/".join((self.namespace, *self.types))

    @property
    def parent(self) -> "ResourceId":
        """The id one level up; a subscription is its own parent."""
        if len(self.names) > 1:
            return ResourceId(
                subscription_id=self.subscription_id, resource_group=self.resource_group,
                namespace=self.namespace, types=self.types[:-1], names=self.names[:-1],
            )  # fmt: skip
        if self.names:
            return ResourceId(
                subscription_id=self.subscription_id, resource_group=self.resource_group
            )
        return ResourceId(subscription_id=self.subscription_id)

    def child(self, type_: str, name: str) -> "ResourceId":
        """The id of a child: `workspace_id.child("computes", "cpu-cluster")`."""
        return ResourceId(
            subscription_id=self.subscription_id, resource_group=self.resource_group,
            namespace=self.namespace, types=(*self.types, type_), names=(*self.names, name),
        )  # fmt: skip

    def __str__(self) -> str:
        text = f"/subscriptions/{self.subscription_id}"
        if self.resource_group:
            text += f"/resourceGroups/{self.resource_group}"
        if self.namespace:
            text += f"/providers/{self.namespace}"
            text += "".join(f"/{t}/{n}" for t, n in zip(self.types, self.names, strict=True))
        return text


def resource(
    subscription_id: str, resource_group: str, namespace: str, type_: str, name: str
) -> ResourceId:
    """The id of a top-level resource."""
    return ResourceId(
        subscription_id=subscription_id,
        resource_group=resource_group,
        namespace=namespace,
        types=(type_,),
        names=(name,),
    )


def parse(text: str) -> ResourceId:
    """Read an id. Raises `BadInput` (LinkedInvalidPropertyId) that says what is wrong with it."""
    parts = text.strip().strip("/").split("/")
    if len(parts) < 2 or parts[0].lower() != "subscriptions" or not all(parts):
        raise _invalid(text, "it must start with '/subscriptions/<id>' and have no empty part")
    subscription, rest = parts[1], parts[2:]
    group = ""
    if rest and rest[0].lower() == "resourcegroups":
        if len(rest) < 2:
            raise _invalid(text, "the name of the resource group is missing")
        group, rest = rest[1], rest[2:]
    if not rest:
        return ResourceId(subscription_id=subscription, resource_group=group)
    if rest[0].lower() != "providers" or len(rest) < 2:
        raise _invalid(text, f"'providers/<namespace>' is expected where '{rest[0]}' stands")
    namespace, pairs = rest[1], rest[2:]
    if len(pairs) % 2:
        raise _invalid(text, f"the type '{pairs[-1]}' has no name after it")
    return ResourceId(
        subscription_id=subscription,
        resource_group=group,
        namespace=namespace,
        types=tuple(pairs[0::2]),
        names=tuple(pairs[1::2]),
    )


def same(left: str, right: str) -> bool:
    """Whether two ids name the same resource."""
    return left.strip("/").lower() == right.strip("/").lower()


def contains(scope: str, resource_id: str) -> bool:
    """Whether `resource_id` is `scope` or lies below it; `/` contains everything."""
    wide, narrow = scope.strip("/").lower(), resource_id.strip("/").lower()
    return not wide or narrow == wide or narrow.startswith(f"{wide}/")


def scope_of_path(path: str) -> str:
    """The ARM scope that a request's path names: its longest part that reads as a resource id.

    `/history/v1.0/subscriptions/S/.../workspaces/W/jobs` gives the id of `W`: of what follows
    the namespace only whole (type, name) pairs count. Roles act on what stands before their own
    `/providers/Microsoft.Authorization`.
    """
    lowered = path.lower()
    start = lowered.find("/subscriptions/")
    if start < 0:
        return "/"
    end = lowered.rfind("/providers/microsoft.authorization")
    parts = path[start : end if end > start else None].strip("/").split("/")
    length = 4 if len(parts) >= 4 and parts[2].lower() == "resourcegroups" else min(2, len(parts))
    if len(parts) >= length + 4 and parts[length].lower() == "providers":
        length = len(parts) - (len(parts) - length) % 2
    return "/" + "/".join(parts[:length])


def _invalid(text: str, why: str) -> BadInput:
    return BadInput(
        f"the resource id '{text}' is not valid: {why}", code="LinkedInvalidPropertyId", where=text
    )
