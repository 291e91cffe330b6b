"""`actprof` and `python -m actprof`: the one way in."""

# What `signal` is made of: in the time that `signal` itself takes to import, Ctrl-C may come.
import _signal  # type: ignore[import-not-found]


def main() -> None:
    """Run the program. Until it can answer Ctrl-C itself, the system does: Python would show where it was importing."""
    if _signal.getsignal(_signal.SIGINT) is _signal.default_int_handler:
        _signal.signal(_signal.SIGINT, _signal.SIG_DFL)
    from actprof import program

    program.main()


if __name__ == "__main__":
    main()
