"""`python -m actprof` is the same program as `actprof`."""

from actprof.program import main

if __name__ == "__main__":
    main()
