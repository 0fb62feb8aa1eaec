"""Every error that redink raises on purpose: one small tree.

Each class is also a built-in exception, so callers may catch either. A message says what was
wrong, where (file, row, field), and ends with what to do. The command line prints the message
alone and exits with `exit_code`.
"""


class RedinkError(Exception):
    """Root of the tree; never raised itself."""

    exit_code = 1


class UsageError(RedinkError, ValueError):
    """A wrong option, setting or recipe (exit code 2)."""

    exit_code = 2


class RecipeError(UsageError):
    """A recipe that cannot be run: unknown verb, missing input, cycle, wrong type."""


class DataError(RedinkError, ValueError):
    """A data file or record that cannot be used; names the file and row or field."""

    exit_code = 2


class MissingExtraError(RedinkError, ImportError):
    """An optional package or the embedded model is not installed."""


class ModelError(RedinkError, RuntimeError):
    """A model that cannot be found, loaded or trained."""


class BudgetError(RedinkError, RuntimeError):
    """Stopped at a limit of money or tokens; what is done is kept (exit code 3)."""

    exit_code = 3


class RunBusyError(RedinkError, RuntimeError):
    """Another process is working in the same run directory."""


class StorageError(RedinkError, OSError):
    """A file could not be written or read back (full disk, permissions)."""
