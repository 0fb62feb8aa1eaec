"""What every training does around its work: a folder, a clear error, memory given back."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from redink.errors import StorageError
from redink.models.memory import release_memory


@contextmanager
def stored(out: Path) -> Iterator[None]:
    """Makes `out` for the work within; whatever happens, memory is given back at its end.

    Raises StorageError where the folder cannot be made or the work cannot be stored.
    """
    try:
        out.mkdir(parents=True, exist_ok=True)
        yield
    except StorageError:
        raise
    except OSError as error:
        raise StorageError(
            f"{out}: training cannot be stored there ({error.strerror or error}); free disk "
            "space, then run the same command again: it goes on from the last checkpoint"
        ) from error
    finally:
        release_memory()
