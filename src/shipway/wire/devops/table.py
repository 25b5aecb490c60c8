"""Every route of Azure DevOps, in the order of the journey: code, pipelines, runs, approvals."""

from shipway.store.store import Store
from shipway.wire.chain import WireProtocol
from shipway.wire.devops import (
    agent_pools,
    annotated_tags,
    approvals,
    artifacts,
    build_settings,
    build_tags,
    builds,
    checks,
    commits,
    definitions,
    entitlements,
    environments,
    features,
    git,
    github_git,
    graph_memberships,
    graph_subjects,
    identities,
    identity,
    items,
    locations,
    logs,
    oidc_tokens,
    pipeline_permissions,
    pipelines,
    policies,
    policy_evaluations,
    projects,
    pull_request_reviewers,
    pull_request_threads,
    pull_requests,
    pushes,
    repositories,
    security,
    service_connections,
    stages,
    task_callbacks,
    teams,
    timelines,
    variable_groups,
)
from shipway.wire.http import Route, RouteTable


def routes(store: Store) -> tuple[Route, ...]:
    """Git's come first because a repository may be called anything; `pipelines/{id}` last of
    those that begin with `pipelines/`."""
    return (
        *git.routes(store),
        *github_git.routes(store),
        *locations.routes(store),
        *identities.routes(store),
        *graph_subjects.routes(store),
        *graph_memberships.routes(store),
        *entitlements.routes(store),
        *security.routes(store),
        *features.routes(store),
        *teams.routes(store),
        *projects.routes(store),
        *repositories.routes(store),
        *commits.routes(store),
        *items.routes(store),
        *pushes.routes(store),
        *annotated_tags.routes(store),
        *policies.routes(store),
        *pull_requests.routes(store),
        *pull_request_reviewers.routes(store),
        *pull_request_threads.routes(store),
        *policy_evaluations.routes(store),
        *build_settings.routes(store),
        *definitions.routes(store),
        *agent_pools.routes(store),
        *variable_groups.routes(store),
        *service_connections.routes(store),
        *environments.routes(store),
        *checks.routes(store),
        *pipeline_permissions.routes(store),
        *builds.routes(store),
        *build_tags.routes(store),
        *stages.routes(store),
        *timelines.routes(store),
        *logs.routes(store),
        *artifacts.routes(store),
        *oidc_tokens.routes(store),
        *task_callbacks.routes(store),
        *approvals.routes(store),
        *pipelines.routes(store),
    )


def protocol(store: Store) -> WireProtocol:
    """Azure DevOps as one of the front door's protocols."""
    return WireProtocol(
        name="devops",
        table=RouteTable(routes(store)),
        authenticate=identity.authenticator(store),
        authorize=identity.authorizer(store),
        envelope=identity.envelope,
    )
