# What the demo scripts share; each of them sources it.
#
#     sh scripts/NAME.sh [--interactive] [FOLDER]
#
# Figures (NAME.png) and numbers (NAME.json) go into FOLDER, ./demo-out by default; with --interactive each step waits
# for the Enter key. actprof is $ACTPROF, else that of this checkout's .venv, which is made if it is not there yet.
# DEMO_SIZE=small takes small networks and fewer inputs and draws no figures, for tests.

set -eu
checkout=$(cd "$(dirname "$0")/.." && pwd)
out=./demo-out
interactive=
for argument in "$@"; do
  case $argument in
    --interactive) interactive=yes ;;
    -*) echo "Usage: sh $0 [--interactive] [FOLDER]" >&2; exit 2 ;;
    *) out=$argument ;;
  esac
done
mkdir -p "$out"
actprof=${ACTPROF:-$checkout/.venv/bin/actprof}
if [ ! "${ACTPROF:-}" ] && [ ! -x "$actprof" ]; then
  echo "Installing actprof into $checkout/.venv, once." >&2
  python3 -m venv "$checkout/.venv"
  "$checkout/.venv/bin/pip" install --quiet "$checkout"
fi
trap 'rm -f "$out/.unfinished.json"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# size FULL SMALL: a size of the lecture, or that of the test
size() {
  if [ "${DEMO_SIZE:-}" = small ]; then echo "$2"; else echo "$1"; fi
}

title() {
  printf '\n━━━ %s ━━━\n' "$1"
}

pause() {
  if [ "$interactive" ]; then
    printf '    [Enter] '
    read -r _ || interactive=
  fi
}

# step NAME LOOK ARGUMENT…: says what to look at, and runs actprof for the audience and once more for the numbers
step() {
  name=$1
  printf '\n→ %s\n' "$2"
  shift 2
  printf '  $ actprof %s -o %s\n' "$*" "$out/$name.png"
  pause
  case ${DEMO_SIZE:-}:$*: in
    small:*" --data "*|small:*" --batch-size "*) ;;
    small:train*) set -- "$@" --data glyphs:train=1000,test=500 ;;
    small:histogram*|small:sweep*) set -- "$@" --batch-size 100 ;;
    small:*) ;;
    *) "$actprof" "$@" -o "$out/$name.png" ;;
  esac
  "$actprof" "$@" --json --quiet --no-figure >"$out/.unfinished.json"
  mv "$out/.unfinished.json" "$out/$name.json"
}

# seen TEXT [TRUTH]: says what was to be seen, with numbers of the last step's JSON in braces as in Python's f"…"; its
# arms (or schemes, or activations) are A, B, C and D. A story whose TRUTH this run does not show ends with code 1.
seen() {
  python3 - "$out/$name.json" "$1" "${2:-True}" <<'END'
import json, sys
from types import SimpleNamespace

path, text, truth = sys.argv[1:]
with open(path, encoding="utf-8") as file:
    result = json.load(file, object_hook=lambda fields: SimpleNamespace(**fields))
listed = next(vars(result)[key] for key in ("arms", "schemes", "activations", "diagrams", "axes") if hasattr(result, key))
names = {"result": result, **dict(zip("ABCD", listed))}
if not eval(truth, names):
    sys.exit(f"Error: {path} does not show this: {truth}")
print("✓ " + eval(f'f"""{text}"""', names))
END
}
