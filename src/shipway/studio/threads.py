"""The bounded pool of threads in which pages are made."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

_Given = ParamSpec("_Given")
_Done = TypeVar("_Done")


class Threads:
    """A few threads; whoever comes when all are busy waits for one."""

    def __init__(self, number: int) -> None:
        self._executor = ThreadPoolExecutor(number, thread_name_prefix="studio")

    async def run(
        self, work: Callable[_Given, _Done], *given: _Given.args, **named: _Given.kwargs
    ) -> _Done:
        """Do `work` in a thread."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._executor, lambda: work(*given, **named))

    def close(self) -> None:
        """No more work; what has not begun is dropped."""
        self._executor.shutdown(wait=False, cancel_futures=True)
