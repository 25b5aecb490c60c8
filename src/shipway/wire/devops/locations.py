"""Where the resources of the REST interface are, for clients that know only their ids.

A row stands here only if a route of `table.py` answers it. Ids, templates and versions are those
of dev.azure.com. Source: OPTIONS https://dev.azure.com/{organization}/_apis
"""

from dataclasses import dataclass

from shipway.store.store import Store
from shipway.wire.devops import shapes
from shipway.wire.http import Request, Response, Route, json_response


@dataclass(frozen=True, slots=True, kw_only=True)
class Location:
    """One resource: clients fill the template with area, resource and their own values."""

    location_id: str
    area: str
    resource: str
    template: str
    resource_version: int
    oldest: str
    released: str = "7.1"


def _at(row: str) -> Location:
    location_id, area, resource, template, version, oldest, released = row.split()
    return Location(
        location_id=location_id, area=area, resource=resource, template=template,
        resource_version=int(version), oldest=oldest, released=released,
    )  # fmt: skip


_PROJECT = "{project}/_apis"
_GIT = f"{_PROJECT}/{{area}}/repositories/{{repositoryId}}"
_PR = f"{_GIT}/pullRequests/{{pullRequestId}}"
_BUILD = f"{_PROJECT}/{{area}}/builds/{{buildId}}"
_RUN = f"{_PROJECT}/{{area}}/{{pipelineId}}/runs"
_TASK = f"{_PROJECT}/{{area}}/{{resource}}"

LOCATIONS = tuple(
    _at(row)
    for row in f"""\
603fe2ac-9723-48b9-88ad-09305aa6c6e1 core projects _apis/{{resource}}/{{*projectId}} 4 1.0 7.1
93878975-88c5-4e6a-8abb-7ddd77a8a7d8 core processes _apis/process/{{resource}}/{{*processId}} 1 1.0 7.1
9a1b74b4-2ca8-4a9f-8470-c2f2e6fdc949 operations operations _apis/{{resource}}/{{operationId}} 1 2.0 7.1
00d9565f-ed9c-4a06-9a50-00e7896ccab4 Location ConnectionData _apis/{{resource}} 1 1.0 0.0
e81700f7-3be2-46de-8624-2eb35882fcaa Location ResourceAreas _apis/{{resource}}/{{areaId}} 1 3.2 0.0
28010c54-d0c0-4c89-a5b0-1c9e188b9fb7 IMS Identities _apis/{{resource}}/{{identityId}} 1 1.0 7.1
225f7195-f9c7-4d14-ab28-a83f7ff77e1f git repositories {_PROJECT}/{{area}}/{{resource}}/{{repositoryId}} 1 1.0 7.1
2d874a60-a811-4f62-9c9f-963a6ea0a55b git refs {_GIT}/{{resource}}/{{*filter}} 2 1.0 7.1
ea98d07b-3c87-4971-8ede-a613694ffb55 git pushes {_GIT}/{{resource}}/{{pushId}} 3 1.0 7.1
c2570c3b-5b3f-41b8-98bf-5407bfde8d58 git commits {_GIT}/{{resource}}/{{commitId}} 2 1.0 7.1
5bf884f5-3e07-42e9-afb8-1b872267bf16 git changes {_GIT}/commits/{{commitId}}/{{resource}} 1 1.0 7.1
fb93c0db-47ed-4a31-8c20-47552878fb44 git items {_GIT}/{{resource}}/{{*path}} 1 1.0 7.1
d5b216de-d8d5-4d32-ae76-51df755b16d3 git branchStats {_GIT}/stats/branches 2 1.0 7.1
28e1305e-2afe-47bf-abaf-cbb0e6a91988 Pipelines pipelines {_PROJECT}/{{area}}/{{pipelineId}} 1 5.1 7.1
53df2d18-29ea-46a9-bee0-933540f80abf pipelines preview {_PROJECT}/{{area}}/{{pipelineId}}/{{resource}} 2 5.1 7.1
7859261e-d2e9-4a68-b820-a5d84cc5bb3d Pipelines runs {_PROJECT}/{{area}}/{{pipelineId}}/{{resource}}/{{runId}} 2 5.1 7.1
fb1b6d27-3957-43d5-a14b-a2d70403e545 Pipelines logs {_RUN}/{{runId}}/{{resource}}/{{logId}} 1 5.1 7.1
85023071-bd5e-4438-89b0-2a5bf362a19d Pipelines artifacts {_RUN}/{{runId}}/{{resource}} 1 5.2 7.1
dbeaf647-6167-421a-bda9-c9327b25e2e6 Build Definitions {_PROJECT}/build/{{resource}}/{{definitionId}} 7 1.0 7.1
0cd358e1-9217-4d94-8269-1c1ee6f93dcf Build Builds {_PROJECT}/build/{{resource}}/{{buildId}} 7 1.0 7.1
8baac422-4c6e-4de5-8532-db96d92acffa build Timeline {_BUILD}/{{resource}}/{{timelineId}} 3 2.0 7.1
35a80daf-7f30-45fc-86e8-6b813d9c90df build logs {_BUILD}/{{resource}}/{{logId}} 2 2.0 7.1
f2192269-89fa-4f94-baf6-8fb128c55159 build attachments {_BUILD}/{{resource}}/{{type}} 2 2.0 7.1
af5122d3-3438-485e-a25a-2dbbfde84ee6 build attachments {_BUILD}/{{timelineId}}/{{recordId}}/{{resource}}/{{type}}/{{name}} 2 2.0 7.1
1db06c96-014e-44e1-ac91-90b2d4b3e984 build artifacts {_BUILD}/{{resource}}/{{artifactName}} 5 2.0 7.1
6e6114b2-8161-44c8-8f6c-c5505782427f build tags {_BUILD}/{{resource}}/{{*tag}} 3 2.0 7.1
d84ac5c6-edc7-43d5-adc9-1b34be5dea09 build tags {_PROJECT}/{{area}}/{{resource}}/{{*tag}} 3 2.0 7.1
b8aac6c9-744b-46e1-88fc-3550969f9313 build stages {_BUILD}/{{resource}}/{{stageRefName}} 1 5.1 7.1
86c8381e-5aee-4cde-8ae4-25c0c7f5eaea PipelinesChecks configurations {_PROJECT}/pipelines/checks/{{resource}}/{{id}} 1 5.1 0.0
5f3d0e64-f943-4584-8811-77eb495e831e PipelinesChecks queryconfigurations {_PROJECT}/pipelines/checks/{{resource}} 1 5.2 0.0
91282c1d-c183-444f-9554-1485bfb3879d PipelinesChecks runs {_PROJECT}/pipelines/checks/{{resource}}/{{checkSuiteId}} 1 5.1 0.0
37794717-f36f-4d78-b2bf-4dc30d0cfbcd approval approvals {_PROJECT}/pipelines/{{resource}}/{{approvalId}} 2 5.1 7.1
b5b9a4a4-e6cd-4096-853c-ab7d8b0c4eb2 pipelinePermissions pipelinePermissions {_PROJECT}/pipelines/{{resource}}/{{resourceType}}/{{resourceId}} 1 5.1 0.0
8572b1fc-2482-47fa-8f74-7e3ed53ee54b distributedtask environments {_TASK}/{{environmentId}} 1 5.0 7.1
51bb5d21-4305-4ea6-9dbb-b7488af73334 distributedtask environmentdeploymentRecords {_PROJECT}/{{area}}/environments/{{environmentId}}/{{resource}} 1 5.0 7.1
ef5b7057-ffc3-4c77-bbad-c10b4a4abcc7 distributedtask variablegroups _apis/{{area}}/{{resource}}/{{groupId}} 2 5.2 7.1
f5b09dd5-9d54-45a1-8b5a-1c8287d634cc distributedtask variablegroups {_TASK}/{{groupId}} 2 3.1 7.1
a8c47e17-4d56-4a56-92bb-de7ea7dc65be distributedtask pools _apis/{{area}}/{{resource}}/{{poolId}} 1 1.0 7.1
900fa995-c559-4923-aae7-f8424fe4fbea distributedtask queues {_TASK}/{{queueId}} 1 2.0 7.1
14e48fdc-2c8b-41ce-a0c3-e26f6cc55bd0 serviceendpoint endpoints _apis/{{area}}/{{resource}}/{{endpointId}} 4 5.2 7.1
e85f1c62-adfc-4b74-b618-11a150fb195e serviceendpoint endpoints {_TASK}/{{endpointId}} 4 4.1 7.1
5a7938a4-655e-486c-b562-b78c54a7e87b serviceendpoint types _apis/{{area}}/{{resource}} 1 4.1 7.1
dad91cbe-d183-45f8-9c6e-9c1164472121 policy configurations {_TASK}/{{configurationId}} 1 2.0 7.1
44096322-2d3d-466a-bb30-d1b7de69f61f policy types {_TASK}/{{typeId}} 1 2.0 7.1
fe1e68a2-60d3-43cb-855b-85e41ae97c95 policy revisions {_PROJECT}/{{area}}/configurations/{{configurationId}}/{{resource}}/{{revisionId}} 1 2.0 7.1
2c420070-a0a2-49cc-9639-c9f271c5ff07 git policyConfigurations {_PROJECT}/{{area}}/policy/configurations 1 5.0 7.1
c23ddff5-229c-4d04-a80b-0fdce9f360c8 policy evaluations {_TASK} 1 2.0 0.0
46aecb7a-5d2c-4647-897b-0209505a9fe4 policy evaluations {_TASK}/{{evaluationId}} 1 2.0 0.0
9946fd70-0d40-406e-b686-b4744cbbcc37 git pullRequests {_GIT}/{{resource}}/{{pullRequestId}} 2 1.0 7.1
a5d28130-9cd2-40fa-9f08-902e7daa9efb git pullRequests {_PROJECT}/{{area}}/{{resource}} 2 1.0 7.1
01a46dea-7d46-4d40-bc84-319e7c260d99 git pullRequests {_PROJECT}/{{area}}/{{resource}}/{{pullRequestId}} 2 3.0 7.1
4b6702c7-aa35-4b89-9c96-b9abf6d3e540 git pullRequestReviewers {_PR}/reviewers/{{reviewerId}} 1 1.0 7.1
52823034-34a8-4576-922c-8d8b77e9e4c4 git pullRequestCommits {_PR}/commits 1 2.1 7.1
d43911ee-6958-46b0-a42b-8445b8a0d004 git pullRequestIterations {_PR}/iterations/{{iterationId}} 2 3.0 7.1
ab6e2e5d-a0b7-4153-b64a-a4efe0d49449 git pullRequestThreads {_PR}/threads/{{threadId}} 1 3.0 7.1
965a3ec7-5ed8-455a-bdcb-835a5ea7fe7b git pullRequestThreadComments {_PR}/threads/{{threadId}}/comments/{{commentId}} 1 3.0 7.1
048aee0a-7072-4cde-ab73-7af77b1e0b4e Graph Descriptors _apis/{{area}}/{{resource}}/{{storageKey}} 1 4.1 0.0
ebbe6af8-0b91-4c13-8cf1-777c14858188 Graph Groups _apis/{{area}}/{{resource}}/{{groupDescriptor}} 1 4.1 0.0
3fd2e6ca-fb30-443a-b579-95b19ed0934c Graph Memberships _apis/{{area}}/{{resource}}/{{subjectDescriptor}}/{{containerDescriptor}} 1 4.1 0.0
e34b6394-6b30-4435-94a9-409a5eef3e31 Graph Memberships _apis/{{area}}/{{resource}}/{{subjectDescriptor}} 1 4.1 0.0
1ffe5c94-1144-4191-907b-d0211cad36a8 Graph MembershipStates _apis/{{area}}/{{resource}}/{{subjectDescriptor}} 1 4.1 0.0
e1dbb0ae-49cb-4532-95a1-86cd89cfcab4 Graph ServicePrincipals _apis/{{area}}/{{resource}}/{{servicePrincipalDescriptor}} 1 4.1 0.0
eb85f8cc-f0f6-4264-a5b1-ffe2e4d4801f Graph StorageKeys _apis/{{area}}/{{resource}}/{{subjectDescriptor}} 1 4.1 0.0
4dd4d168-11f2-48c4-83e8-756fa0de027c Graph SubjectLookup _apis/{{area}}/{{resource}} 1 4.1 0.0
05942c89-006a-48ce-bb79-baeb8abf99c6 Graph SubjectQuery _apis/{{area}}/{{resource}} 1 5.1 0.0
005e26ec-6b77-4e4f-a986-b3827bf241f5 Graph Users _apis/{{area}}/{{resource}}/{{userDescriptor}} 1 4.1 0.0
8ba35978-138e-41f8-8963-7b1ea2c5f775 IMS Members _apis/identities/{{containerId}}/{{resource}}/{{memberId}} 1 1.0 0.0
387f832c-dbf2-4643-88e9-c1aa94dbb737 MemberEntitlementManagement UserEntitlements _apis/{{resource}}/{{userDescriptor}} 5 4.1 7.1
8480c6eb-ce60-47e9-88df-eca3c801638b MemberEntitlementManagement UserEntitlements _apis/{{resource}}/{{userId}} 5 4.1 7.1
f03dbf50-80f8-41b7-8ca2-65b6a178caba MemberEntitlementManagement ServicePrincipalEntitlements _apis/{{resource}} 1 7.1 0.0
1d491a66-190b-43ae-86b8-9c2688c55186 MemberEntitlementManagement ServicePrincipalEntitlements _apis/{{resource}}/{{servicePrincipalId}} 1 7.1 0.0
ac08c8ff-4323-4b08-af90-bcd018d380ce Security AccessControlEntries _apis/{{resource}}/{{securityNamespaceId}} 1 1.0 7.1
18a2ad18-7571-46ae-bec7-0c7da1495885 Security AccessControlLists _apis/{{resource}}/{{securityNamespaceId}} 1 1.0 7.1
ce7b9f95-fde9-4be8-a86d-83b366f0b87a Security SecurityNamespaces _apis/{{resource}}/{{securityNamespaceId}} 1 1.0 7.1
c4209f25-7a27-41dd-9f04-06080c7b6afd FeatureManagement Features _apis/{{area}}/{{resource}}/{{featureId}} 1 3.0 0.0
dd291e43-aa9f-4cee-8465-a93c78e414a4 FeatureManagement FeatureStates _apis/{{area}}/{{resource}}/{{userScope}}/{{scopeName}}/{{scopeValue}}/{{featureId}} 1 3.0 0.0
2b4486ad-122b-400c-ae65-17b6672c1f9d FeatureManagement FeatureStatesQuery _apis/{{area}}/{{resource}} 1 3.1 0.0
4976a71a-4487-49aa-8aab-a1eda469037a core properties _apis/projects/{{projectId}}/{{resource}} 1 3.2 0.0
d30a3dd1-f8ba-442a-b86a-bd0c0c383e59 core teams _apis/projects/{{projectId}}/{{resource}}/{{*teamId}} 3 1.0 7.1
7a4d9ee9-3433-4347-b47a-7a80f1cf307e core teams _apis/{{resource}} 3 4.1 0.0
294c494c-2600-4d7e-b76c-3dd50c3c95be core members _apis/projects/{{projectId}}/teams/{{teamId}}/{{resource}} 2 1.0 7.1
454b3e51-2e6e-48d4-ad81-978154089351 Dashboard Dashboards {{project}}/{{team}}/_apis/{{area}}/{{resource}}/{{dashboardId}} 3 3.0 0.0
07ced576-58ed-49e6-9c1e-5cb53ab8bf2a work teamfieldvalues {{project}}/{{team}}/_apis/{{area}}/teamsettings/{{resource}} 1 2.0 7.1
398c85bc-81aa-4822-947c-a194a05f0fef build authorizedresources {_PROJECT}/{{area}}/{{resource}} 1 5.0 0.0
c4aefd19-30ff-405b-80ad-aca021e7242a build generalSettings {_PROJECT}/{{area}}/{{resource}} 1 6.0 7.1
a906531b-d2da-4f55-bda7-f3e676cc50d9 build folders {_PROJECT}/{{area}}/{{resource}}/{{*path}} 2 3.0 0.0
69a319f4-28c1-4bfd-93e6-ea0ff5c6f1a2 distributedtask oidctoken {{scopeIdentifier}}/_apis/{{area}}/hubs/{{hubName}}/plans/{{planId}}/jobs/{{jobId}}/{{resource}} 1 7.1 7.1
557624af-b29e-4c20-8ab0-0399d2204f3f distributedtask events {{scopeIdentifier}}/_apis/{{area}}/hubs/{{hubName}}/plans/{{planId}}/{{resource}} 1 2.0 7.1
46f5667d-263a-4684-91b1-dff7fdcf64e2 distributedtask logs {{scopeIdentifier}}/_apis/{{area}}/hubs/{{hubName}}/plans/{{planId}}/{{resource}}/{{logId}} 1 1.0 7.1
8893bc5b-35b2-4be7-83cb-99e683551db4 distributedtask records {{scopeIdentifier}}/_apis/{{area}}/hubs/{{hubName}}/plans/{{planId}}/timelines/{{timelineId}}/{{resource}} 1 1.0 7.1
858983e4-19bd-4c5e-864c-507b59b58b12 distributedtask feed {{scopeIdentifier}}/_apis/{{area}}/hubs/{{hubName}}/plans/{{planId}}/timelines/{{timelineId}}/records/{{recordId}}/{{resource}} 1 1.0 7.1
5e8a8081-3851-4626-b677-9891cc04102e git annotatedTags {_GIT}/{{resource}}/{{objectId}} 1 3.1 7.1
01828ddc-3600-4a41-8633-99b3a73a0eb3 git importRequests {_GIT}/importRequests/{{importRequestId}} 1 3.0 7.1
""".splitlines()  # noqa: E501  # a table: one row, one resource
)


class Locations:
    """Handlers."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def options(self, request: Request) -> Response:
        """OPTIONS _apis: every resource that is served here."""
        area = request.arg("area").lower()
        return shapes.collection(
            [
                {
                    "id": one.location_id, "area": one.area, "resourceName": one.resource,
                    "routeTemplate": one.template, "resourceVersion": one.resource_version,
                    "minVersion": one.oldest, "maxVersion": "7.2",
                    "releasedVersion": one.released,
                }
                for one in LOCATIONS
                if area in ("", one.area.lower())
            ]
        )  # fmt: skip

    def areas(self, request: Request) -> Response:
        """GET ResourceAreas: none, which tells clients that one host serves everything."""
        del request
        return shapes.collection([])

    def area(self, request: Request) -> Response:
        """GET ResourceAreas/{id}: null, as for an area that has no host of its own."""
        del request
        return json_response(None)

    def elsewhere(self, request: Request) -> Response:
        """OPTIONS of the deployment: it has no resources of its own."""
        del request
        return shapes.collection([])


def routes(store: Store) -> tuple[Route, ...]:
    """What clients ask first."""
    noun = Locations(store)
    query = ("allHostTypes", "area")
    return (
        Route(method="OPTIONS", pattern="/{organization}/_apis", handler=noun.options,
              action="read", query=query, doc=shapes.DOC),
        Route(method="OPTIONS", pattern="/{organization}/_apis/{area}", handler=noun.options,
              action="read", query=query, doc=shapes.DOC),
        Route(method="OPTIONS", pattern="/_apis", handler=noun.elsewhere, action="read",
              query=query, doc=shapes.DOC),
        Route(method="OPTIONS", pattern="/", handler=noun.elsewhere, action="read",
              query=query, doc=shapes.DOC),
        Route(method="GET", pattern="/{organization}/_apis/resourceareas", handler=noun.areas,
              action="read", query=("enterpriseName", "organizationName"), doc=shapes.DOC),
        Route(method="GET", pattern="/{organization}/_apis/resourceareas/{area}",
              handler=noun.area, action="read", query=("enterpriseName", "organizationName"),
              doc=shapes.DOC),
    )  # fmt: skip
