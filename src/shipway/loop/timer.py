"""A due time fires: the table of timer kinds, and how one is fired exactly once."""

from collections.abc import Callable, Mapping

from shipway.base.errors import ShipwayError
from shipway.devops import approvals
from shipway.loop import (
    alert,
    checkpoint,
    checkpoint_checks,
    checkpoint_phases,
    pipeline_schedule,
    schedule,
)
from shipway.store.store import Store
from shipway.store.timers import Timer

Firing = Callable[[Store, Timer], None]

# timer kind -> what happens when it is due; the functions stand in the stations beside this file
TIMERS: Mapping[str, Firing] = {
    alert.TIMER: alert.fire,
    approvals.TIMER_KIND: checkpoint.on_timer,
    approvals.EFFECT_TIMER_KIND: checkpoint.on_effect_timer,
    checkpoint_phases.LOCK_TIMER: checkpoint.on_lock_timer,
    checkpoint_phases.PERMISSION_TIMER: checkpoint.on_permission_timer,
    checkpoint_checks.AGAIN_TIMER: checkpoint.on_check_again,
    checkpoint_checks.DUE_TIMER: checkpoint.on_check_due,
    schedule.TIMER: schedule.fire,
    pipeline_schedule.TIMER: pipeline_schedule.fire,
}


class UnknownTimer(ShipwayError):
    """A timer of a kind that the table does not have."""

    default_code = "UnknownTimer"


def fire(store: Store, timer: Timer, table: Mapping[str, Firing] = TIMERS) -> None:
    """Take the timer away and do what it was set for, in one transaction.

    The timer goes first, so that the function may set it again under the same name. Nothing
    happens when it was moved or cancelled meanwhile. Raises `UnknownTimer`.
    """
    with store.database.transaction():
        if store.timers.find(timer.name) != timer:
            return
        firing = table.get(timer.kind)
        if firing is None:
            raise UnknownTimer(f"no station fires timers of kind '{timer.kind}'", where=timer.name)
        store.timers.cancel(timer.name)
        firing(store, timer)
