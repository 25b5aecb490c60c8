"""Who is in which group.

Source: https://learn.microsoft.com/rest/api/azure/devops/graph/memberships
"""

from typing import Any

from shipway.base.errors import BadInput, NotFound, NotSupported
from shipway.devops import members, security_groups, subjects
from shipway.devops.security_groups import SecurityGroup
from shipway.devops.subjects import Subject
from shipway.store.store import Store
from shipway.wire.devops import rights, shapes
from shipway.wire.devops.shapes import in_organization
from shipway.wire.http import Request, Response, Route, json_response


class GraphMemberships:
    """Handlers."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def list_of(self, request: Request) -> Response:
        """GET graph/memberships/{subject}?direction=up|down: direct ones."""
        found = self._subject(request.params["subject"])
        direction = request.arg("direction", "up").lower()
        if direction not in ("up", "down"):
            raise BadInput(
                f"The value '{direction[:40]}' is not valid for parameter 'direction'",
                code="InvalidArgumentValueException", where="direction", hint="Known: up, down.",
            )  # fmt: skip
        if request.arg("depth", "1") != "1":
            raise NotSupported(
                f"the depth {request.arg('depth')[:20]} of memberships is not supported",
                code="GraphDepthNotSupportedException", status=400, where="depth",
                hint="Direct memberships are told; ask again for the containers.",
            )  # fmt: skip
        if direction == "up":
            pairs = [
                (found.descriptor, subjects.of_group(self._store, g).descriptor)
                for g in security_groups.list_of(self._store)
                if found.subject_id in security_groups.members_of(self._store, g)
            ]
        else:
            inside = [subjects.find(self._store, i) for i in self._members(found)]
            pairs = [(one.descriptor, found.descriptor) for one in inside if one is not None]
        return shapes.collection([_shape(request, *pair) for pair in pairs])

    def get(self, request: Request) -> Response:
        """GET graph/memberships/{subject}/{container}."""
        subject, container = self._pair(request)
        return json_response(_shape(request, subject.descriptor, container.descriptor))

    def exists(self, request: Request) -> Response:
        """HEAD graph/memberships/{subject}/{container}."""
        self._pair(request)
        return Response(status=200)

    def add(self, request: Request) -> Response:
        """PUT graph/memberships/{subject}/{container}."""
        subject = self._subject(request.params["subject"])
        group = self._group(request)
        security_groups.add_member(
            self._store, group_id=group.group_id, member_id=subject.subject_id
        )
        container = subjects.of_group(self._store, group)
        return json_response(_shape(request, subject.descriptor, container.descriptor), status=201)

    def remove(self, request: Request) -> Response:
        """DELETE graph/memberships/{subject}/{container}."""
        subject = self._subject(request.params["subject"])
        group = self._group(request)
        gone = security_groups.remove_member(
            self._store, group_id=group.group_id, member_id=subject.subject_id
        )
        if not gone:
            raise _absent(request)
        return shapes.no_content()

    def state(self, request: Request) -> Response:
        """GET graph/membershipstates/{subject}: whether it belongs to the organization."""
        found = self._subject(request.params["subject"])
        return json_response(
            {"active": members.given_role(self._store, found.subject_id) != "Gone"}
        )

    def _subject(self, descriptor: str) -> Subject:
        return subjects.by_descriptor(self._store, descriptor)

    def _group(self, request: Request) -> SecurityGroup:
        """The container that the path names, which the caller may change."""
        found = self._subject(request.params["container"])
        group = security_groups.get(self._store, found.subject_id)
        rights.require_group_manager(self._store, request, group)
        return group

    def _members(self, container: Subject) -> tuple[str, ...]:
        group = security_groups.find(self._store, container.subject_id)
        return security_groups.members_of(self._store, group) if group else ()

    def _pair(self, request: Request) -> tuple[Subject, Subject]:
        subject = self._subject(request.params["subject"])
        container = self._subject(request.params["container"])
        if subject.subject_id not in self._members(container):
            raise _absent(request)
        return subject, container


def routes(store: Store) -> tuple[Route, ...]:
    """Memberships."""
    noun = GraphMemberships(store)
    one = "graph/memberships/{subject}/{container}"
    return (
        in_organization("GET", "graph/memberships/{subject}", noun.list_of,
                        query=("direction", "depth")),
        in_organization("GET", one, noun.get),
        in_organization("HEAD", one, noun.exists),
        # a team's own administrators may as well, whatever else they are
        in_organization("PUT", one, noun.add),
        in_organization("DELETE", one, noun.remove),
        in_organization("GET", "graph/membershipstates/{subject}", noun.state),
    )  # fmt: skip


def _absent(request: Request) -> NotFound:
    subject, container = request.params["subject"][:80], request.params["container"][:80]
    return NotFound(
        f"VS860056: The subject '{subject}' is no member of '{container}'.",
        code="GraphMembershipNotFoundException", where=subject,
    )  # fmt: skip


def _shape(request: Request, member: str, container: str) -> dict[str, Any]:
    place = f"{shapes.base_url(request)}/_apis/Graph"
    return {
        "memberDescriptor": member, "containerDescriptor": container,
        "_links": {
            "self": {"href": f"{place}/Memberships/{member}/{container}"},
            "member": {"href": f"{place}/Users/{member}"},
            "container": {"href": f"{place}/Groups/{container}"},
        },
    }  # fmt: skip
