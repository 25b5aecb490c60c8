"""What guards resources: every check, in the order of evaluation, and whether it counts.

Who administers a resource switches its checks; everybody may look.
"""

from shipway.base.errors import Forbidden, NotFound
from shipway.devops import checks, members, projects, resource_managers
from shipway.devops.checks import Check
from shipway.devops.projects import Project
from shipway.store.store import Store
from shipway.studio.contexts import ChecksContext
from shipway.studio.exchange import Answer, Page, Redirect, Visit
from shipway.studio.views import GuardView


def show_all(store: Store, visit: Visit) -> Answer:
    """GET /checks: those of the projects that the person may look at."""
    rows = [
        _view(store, visit, project, check)
        for project in projects.list_all(store)
        if members.may(store, visit.principal, "read", project_id=project.project_id)
        for check in sorted(checks.on(store, project_id=project.project_id), key=_order)
    ]
    context = ChecksContext(guards=tuple(rows))
    return Page(template="checks.html", title="Checks", context=context)


def enable(store: Store, visit: Visit) -> Answer:
    """POST /checks/{check}/enable. Raises `NotFound`, `Forbidden`."""
    return _switch(store, visit, is_disabled=False)


def disable(store: Store, visit: Visit) -> Answer:
    """POST /checks/{check}/disable. Raises `NotFound`, `Forbidden`."""
    return _switch(store, visit, is_disabled=True)


def _switch(store: Store, visit: Visit, *, is_disabled: bool) -> Answer:
    for project in projects.list_all(store):
        for check in checks.on(store, project_id=project.project_id):
            if check.check_id != visit.number("check"):
                continue
            if not _manages(store, visit, check):
                raise Forbidden(
                    f"{visit.principal.name} does not administer "
                    f"'{check.resource_name or check.resource_id}'",
                    code="AccessDeniedException", where=visit.path,
                    hint="Who made it can, and an administrator of the project or of its builds.",
                )  # fmt: skip
            checks.update(
                store, project_id=project.project_id, check_id=check.check_id,
                settings=check.settings, is_disabled=is_disabled,
            )  # fmt: skip
            return Redirect(location="/checks")
    raise NotFound("there is no such check", where=visit.path, hint="Look at /checks.")


def _view(store: Store, visit: Visit, project: Project, check: Check) -> GuardView:
    verb = "enable" if check.is_disabled else "disable"
    return GuardView(
        number=check.check_id, project=project.name, kind=check.resource_type,
        resource=check.resource_name or check.resource_id, name=checks.name_of(check),
        category=checks.category_of(check), timeout=_words(check.timeout_minutes),
        is_disabled=check.is_disabled,
        switch=f"/checks/{check.check_id}/{verb}" if _manages(store, visit, check) else "",
    )  # fmt: skip


def _manages(store: Store, visit: Visit, check: Check) -> bool:
    return resource_managers.may_manage(
        store, visit.principal, project_id=check.project_id, kind=check.resource_type,
        resource_id=check.resource_id,
    )  # fmt: skip


def _order(check: Check) -> tuple[str, str, int, int]:
    category = checks.CATEGORIES.index(checks.category_of(check))
    return check.resource_type, check.resource_name, category, check.check_id


def _words(minutes: int) -> str:
    if minutes % 1440 == 0:
        return f"{minutes // 1440} d"
    return f"{minutes // 60} h" if minutes % 60 == 0 else f"{minutes} min"
