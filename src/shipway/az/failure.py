"""How a command fails: the words of the Azure CLI, its exit codes."""


class CommandFailed(Exception):
    """The command ends with `code` (1 for an error, 2 for wrong usage, 3 for a missing resource).

    `message` goes to standard error behind `ERROR: `.
    """

    def __init__(self, message: str, *, code: int = 1) -> None:
        super().__init__(message)
        self.message = message
        self.code = code


def usage(message: str) -> CommandFailed:
    """Wrong usage, as the Azure CLI says it."""
    return CommandFailed(message, code=2)
