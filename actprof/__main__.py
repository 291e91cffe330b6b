"""`actprof` and `python -m actprof`: the one way in."""

from __future__ import annotations

import signal
from typing import NoReturn


def main() -> NoReturn:
    """Run the program. Until it can answer Ctrl-C itself, the system does: Python would show where it was importing."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    from actprof import program

    program.main()


if __name__ == "__main__":
    main()
