"""The engine's threads are the only ones, as in the program, set before NumPy is first imported; and Ctrl-C is answered
by the programs under test though a runner in the background may ignore it."""

import signal

from actprof.machine import one_blas_thread

one_blas_thread()
signal.signal(signal.SIGINT, signal.default_int_handler)
