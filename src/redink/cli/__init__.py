"""The command line."""

import sys

INTERRUPTED = 130


def main() -> None:
    """Entry point of `redink`: runs a command, prints errors without a traceback.

    Exit codes: 0 done, 1 failed, 2 wrong usage or recipe, 3 stopped at the budget, 130 interrupted
    (resumable).
    """
    from redink.cli.app import app
    from redink.errors import RedinkError
    from redink.progress import shown

    try:
        app(prog_name="redink")
    except RedinkError as error:
        print(f"redink: {shown(str(error))}", file=sys.stderr)
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        _say_interrupted()
        sys.exit(INTERRUPTED)
    except SystemExit as ended:  # typer turns an interrupt into this and says nothing
        if ended.code == INTERRUPTED:
            _say_interrupted()
        raise
    except OSError as error:
        print(f"redink: {_disk_error(error)}", file=sys.stderr)
        sys.exit(1)


def _say_interrupted() -> None:
    print("\nredink: interrupted; the same command goes on from here", file=sys.stderr)


def _disk_error(error: OSError) -> str:
    place = f"{error.filename}: " if error.filename else ""
    return (
        f"{place}{error.strerror or error}; check the path, its permissions and the free disk "
        "space, then run the same command again: finished stages are kept"
    )
