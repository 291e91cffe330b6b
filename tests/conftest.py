"""The engine's threads are the only ones, as in the program: set before NumPy is first imported."""

from actprof.parallel import one_blas_thread

one_blas_thread()
