"""`actprof` and `python -m actprof`: the one way in."""

# What `signal` is made of: in the time that `signal` itself takes to import, Ctrl-C may come.
import _signal  # type: ignore[import-not-found]
import gc

ALLOCATIONS = 50_000  # objects between two searches for garbage in circles; imports make many, and none of it


def main() -> None:
    """Run the program. Until it can answer Ctrl-C itself, the system does: Python would show where it was importing."""
    if _signal.getsignal(_signal.SIGINT) is _signal.default_int_handler:
        _signal.signal(_signal.SIGINT, _signal.SIG_DFL)
    gc.set_threshold(ALLOCATIONS)
    from actprof import program

    try:
        program.main()
    finally:
        gc.freeze()  # at its end Python would look through all that is left, which takes as long as bare Python does


if __name__ == "__main__":
    main()
