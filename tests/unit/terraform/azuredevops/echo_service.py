"""Azure DevOps as far as CRUD needs it: it keeps what it is told and tells it again.

Every call is kept, so that a test can say what a change of an attribute sends. Secrets are told as
null, as the service does.
"""

import json
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from shipway.terraform.calls import ApiError, Calls

PROJECT = "11111111-1111-1111-1111-111111111111"
REPOSITORY = "22222222-2222-2222-2222-222222222222"
_SECRETS = ("serviceprincipalkey", "servicePrincipalCertificate", "AccessToken", "password")
_GUIDS = re.compile(
    r"/(projects|git/repositories|serviceendpoint/endpoints|teams|userentitlements)$"
)
Query = dict[str, str]


class EchoService(Calls):
    """Calls that stay here. `calls` are method, path and body of each."""

    def __init__(self) -> None:
        self.organization = "https://dev.azure.com/shipway"
        self.tenant_id = "tenant"
        self.calls: list[tuple[str, str, Any]] = []
        self.kept: dict[str, dict[str, Any]] = {
            f"/_apis/projects/{PROJECT}/teams/T": {"id": "T", "name": "a team"},
            f"/_apis/git/repositories/{REPOSITORY}": {
                "id": REPOSITORY,
                "name": "stack",
                "project": {"id": PROJECT},
            },
        }
        self.features: dict[str, Any] = {}
        self.permissions: dict[str, dict[str, Any]] = {}
        self.authorized: set[str] = set()
        self.members: dict[str, list[str]] = {"vssgp.9": []}
        self.files: dict[str, dict[str, Any]] = {}
        self.refs: dict[str, str] = {}
        self.areas: dict[str, Any] = {}
        self.administrators: dict[str, list[str]] = {}

    def sent(self) -> list[str]:
        """What was written, as text."""
        return [
            json.dumps([method, path, body], sort_keys=True)
            for method, path, body in self.calls
            if method != "GET"
        ]

    def devops(self, method: str, path: str, **options: Any) -> Any:
        body = options.get("body")
        self.calls.append((method, path, body))
        parts = urlsplit(path)
        query = {key: found[0] for key, found in parse_qs(parts.query).items()}
        for pattern, handler in self._routes():
            if found := re.fullmatch(pattern, parts.path):
                words = [unquote(word or "") for word in found.groups()]
                answer = handler(method, words, query, body)
                if answer is None and method == "GET" and not options.get("missing_ok"):
                    raise ApiError(404, "NotFound", f"there is no {path}")
                return answer
        raise ApiError(501, "NotSupported", f"{method} {path}")

    def _routes(self) -> list[tuple[str, Callable[[str, list[str], Query, Any], Any]]]:
        one = r"/_apis/git/repositories/([^/]+)"
        return [
            (r"/_apis/connectiondata", self._connection),
            (r"/_apis/process/processes(?:/([^/]+))?", self._processes),
            (r"/_apis/operations/([^/]+)", lambda *_: {"id": "o", "status": "succeeded"}),
            (r"/_apis/FeatureManagement/FeatureStates/host/project/([^/]+)/([^/]+)", self._feature),
            (r"/_apis/FeatureManagement/FeatureStatesQuery", self._features),
            (r"/([^/]+)/_apis/pipelines/pipelinePermissions/([^/]+)/([^/]+)", self._permission),
            (r"/([^/]+)/_apis/pipelines/([^/]+)/runs", lambda *_: {"id": 1}),
            (r"/[^/]+/_apis/build/authorizedresources", self._authorized),
            (r"/([^/]+)/_apis/build/folders", self._folders),
            (r"/_apis/graph/(descriptors|storagekeys)/([^/]+)", self._key),
            (r"/_apis/graph/memberships/([^/]+)(?:/([^/]+))?", self._membership),
            (r"/_apis/identities/([^/]+)/members(?:/([^/]+))?", self._team_member),
            (r"/_apis/identities", self._identities),
            (r"/_apis/accesscontrol(lists|entries)/([^/]+)", self._access),
            (r"/[^/]+/([^/]+)/_apis/work/teamsettings/teamfieldvalues", self._fields),
            (rf"(?:/[^/]+)?{one}/pushes", self._push),
            (rf"(?:/[^/]+)?{one}/(items|commits|refs)", self._content),
            (r"(?:/[^/]+)?(/_apis/userentitlements)(?:/([^/]+))?", self._entitlement),
            (r"(?:/[^/]+)?(/_apis/projects/[^/]+/teams)(?:/([^/]+))?", self._any),
            (r"(?:/[^/]+)?(/_apis/(?:\w+/)*\w+?s)(?:/([^/]+))?", self._any),
        ]

    def _any(self, method: str, words: list[str], query: Query, body: Any) -> Any:
        """Collections that need no more than keeping."""
        base, key = words
        if method == "POST":
            number = len(self.kept) + 1
            made = f"{number:08}-0000-0000-0000-000000000000" if _GUIDS.search(base) else number
            if base.endswith("graph/groups"):
                made = f"vssgp.{number}"
            self.kept[f"{base}/{made}"] = {**body, "id": made, "revision": 1, "version": 1}
            told = self._told(base, str(made))
            return {"id": "o", "status": "succeeded"} if base.endswith("projects") else told
        if method == "GET" and not key:
            wanted = query.get("endpointNames") or query.get("groupName") or query.get("name")
            found = [
                self._told(base, k.rpartition("/")[2]) for k in self.kept if k.startswith(base)
            ]
            return {"value": [one for one in found if wanted in (None, one.get("name"))]}
        return self._one(method, base, key, body)

    def _one(self, method: str, base: str, key: str, body: Any) -> Any:
        for name, one in self.kept.items():
            if name.startswith(base) and key == str(one.get("name")):
                key = str(one["id"])
        place = f"{base}/{key}"
        if place not in self.kept:
            return None
        if method == "DELETE":
            del self.kept[place]
            return {"id": "o", "status": "succeeded"}
        if method in ("PUT", "PATCH"):
            changes = (
                {change["path"][1:]: change["value"] for change in body}
                if isinstance(body, list)
                else body
            )
            self.kept[place] = {**self.kept[place], **changes, "id": self.kept[place]["id"]}
            if base.endswith("projects"):
                return {"id": "o", "status": "succeeded"}
        return self._told(base, key)

    def _told(self, base: str, key: str) -> dict[str, Any]:
        told: dict[str, Any] = json.loads(json.dumps(self.kept[f"{base}/{key}"]))
        for variable in (told.get("variables") or {}).values():
            if variable["isSecret"]:
                variable["value"] = None
        if base.endswith("endpoints"):
            parameters = told["authorization"]["parameters"]
            parameters |= {name: None for name in _SECRETS if name in parameters}
            told["isReady"] = True
        if base.endswith("repositories"):
            told["defaultBranch"] = told.get("defaultBranch") or self.refs.get(key)
            told["project"]["name"] = "flights"
        if base.endswith("environments"):
            told["project"] = {"id": PROJECT}
        if base.endswith("groups") and "graph" in base:
            told["displayName"] = told.get("displayName") or "by origin"
            told |= {"descriptor": key, "domain": f"vstfs:///Classification/TeamProject/{PROJECT}"}
        return told

    def _connection(self, *_: Any) -> Any:
        user = {"descriptor": "Microsoft.IdentityModel.Claims.ClaimsIdentity;tenant\\dana"}
        return {"instanceId": "organization", "authenticatedUser": user}

    def _processes(self, method: str, words: list[str], query: Query, body: Any) -> Any:
        del method, query, body
        known = [{"id": f"process-{name}", "name": name} for name in ("Agile", "Scrum")]
        if not words[0]:
            return {"value": known}
        return next((one for one in known if one["id"] == words[0]), None)

    def _feature(self, method: str, words: list[str], query: Query, body: Any) -> Any:
        del method, query
        self.features[words[1]] = {"state": body["state"]}
        return body

    def _features(self, method: str, words: list[str], query: Query, body: Any) -> Any:
        del method, words, query
        on = {"state": "enabled"}
        return {"featureStates": {one: self.features.get(one, on) for one in body["featureIds"]}}

    def _permission(self, method: str, words: list[str], query: Query, body: Any) -> Any:
        del query
        now = self.permissions.setdefault("/".join(words), {"everyone": False, "pipelines": []})
        if method == "PATCH":
            if "allPipelines" in body:
                now["everyone"] = body["allPipelines"]["authorized"]
            for one in body.get("pipelines", []):
                now["pipelines"] = [p for p in now["pipelines"] if p["id"] != one["id"]]
                now["pipelines"] += [one] if one["authorized"] else []
        return {
            "resource": {"type": words[1], "id": words[2]},
            "allPipelines": {"authorized": now["everyone"]},
            "pipelines": now["pipelines"],
        }

    def _authorized(self, method: str, words: list[str], query: Query, body: Any) -> Any:
        del words
        for one in body if method == "PATCH" else []:
            (self.authorized.add if one["authorized"] else self.authorized.discard)(one["id"])
        return {"value": [{"id": one, "authorized": True} for one in sorted(self.authorized)]}

    def _folders(self, method: str, words: list[str], query: Query, body: Any) -> Any:
        base = f"/folders/{words[0]}/"
        if method == "GET":
            return {"value": [one for key, one in self.kept.items() if key.startswith(base)]}
        self.kept.pop(base + query["path"], None)
        if method != "DELETE":
            self.kept[base + body["path"]] = body
        return body

    def _key(self, method: str, words: list[str], query: Query, body: Any) -> Any:
        del method, query, body
        kind, key = words
        return {"value": f"aad.{key}" if kind == "descriptors" else key.removeprefix("aad.")}

    def _membership(self, method: str, words: list[str], query: Query, body: Any) -> Any:
        del query, body
        subject, group = words
        if method == "GET":
            if f"/_apis/graph/groups/{subject}" not in self.kept and subject not in self.members:
                return None
            return {"value": [{"memberDescriptor": m} for m in self.members.get(subject, [])]}
        _move(self.members.setdefault(group, []), method, subject)
        return {}

    def _team_member(self, method: str, words: list[str], query: Query, body: Any) -> Any:
        del query, body
        team, member = words
        now = self.members.setdefault(team, [])
        if method == "GET":
            return {"value": [f"claims;{one}" for one in now]}
        _move(now, method, member)
        return True

    def _identities(self, method: str, words: list[str], query: Query, body: Any) -> Any:
        del method, words, body
        subjects = [one for one in query.get("subjectDescriptors", "").split(",") if one]
        subjects += [
            f"aad.{one.removeprefix('claims;')}"
            for one in query.get("descriptors", "").split(",")
            if one
        ]
        if query.get("filterValue"):
            subjects = ["aad.dana"]
        return {
            "value": [
                {
                    "id": one.removeprefix("aad."),
                    "subjectDescriptor": one,
                    "descriptor": f"claims;{one.removeprefix('aad.')}",
                }
                for one in subjects
                if one.startswith("aad.")
            ]
        }

    def _access(self, method: str, words: list[str], query: Query, body: Any) -> Any:
        token = query.get("token") or body["token"]
        now = self.administrators.setdefault(token, [])
        if words[0] == "lists":
            aces = {one: {"descriptor": one, "allow": 31, "deny": 0} for one in now}
            return {"value": [{"token": token, "acesDictionary": aces}]}
        if method == "POST":
            now += [one["descriptor"] for one in body["accessControlEntries"]]
        else:
            for one in query["descriptors"].split(","):
                now.remove(one)
        return True

    def _fields(self, method: str, words: list[str], query: Query, body: Any) -> Any:
        del query
        if method == "PATCH":
            self.areas[words[0]] = body
        return self.areas.get(words[0], {"defaultValue": None, "values": []})

    def _push(self, method: str, words: list[str], query: Query, body: Any) -> Any:
        del method, query
        commit = body["commits"][0]
        branch = body["refUpdates"][0]["name"]
        self.refs.setdefault(words[0], branch)
        for change in commit["changes"]:
            path = change["item"]["path"]
            self.files.pop(path, None)
            if change["changeType"] != "delete":
                content = change["newContent"]["content"]
                self.files[path] = {"content": content, "commit": commit, "branch": branch}
        return {"pushId": 1}

    def _content(self, method: str, words: list[str], query: Query, body: Any) -> Any:
        del method, body
        kind = words[1]
        if kind == "refs":
            return {"value": [{"name": f"refs/{query['filter']}"}]}
        if kind == "items":
            found = self.files.get(query["path"])
            return found and {"content": found["content"], "commitId": "tip"}
        found = self.files.get(query.get("searchCriteria.itemPath", ""))
        return {"value": [{"commitId": "0" * 40, **(found["commit"] if found else {})}]}

    def _entitlement(self, method: str, words: list[str], query: Query, body: Any) -> Any:
        if method == "PATCH":
            body = {"accessLevel": body[0]["value"]}
        answer = self._any(method, words, query, body)
        if answer and "user" in answer:
            answer["user"]["descriptor"] = "aad.someone"
        if method == "GET" or not answer:
            return answer
        return {"isSuccess": True, "userEntitlement": answer}


def _move(members: list[str], method: str, one: str) -> None:
    if method == "PUT":
        members.append(one)
    elif one in members:
        members.remove(one)
