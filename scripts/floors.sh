#!/usr/bin/env bash
# Do the floors of pyproject.toml hold? The suite with exactly the lowest versions that it allows, on the lowest Python
# that is here, or with the newest ones:
#
#     scripts/floors.sh lowest|newest [ARGUMENTS OF pytest …]
set -euo pipefail
cd "$(dirname "$0")/.."
which=${1:?lowest or newest}
shift
floor=$(sed -n 's/^requires-python = ">=\(.*\)"/\1/p' pyproject.toml)
pythons=()
for minor in $(seq "${floor#3.}" 30); do
    ! "python3.$minor" -c "" 2>/dev/null || pythons+=("python3.$minor")
done
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
grep -oE '"(click|numpy|rich|matplotlib|pytest|hypothesis|pytest-xdist)>=[0-9.]+"' pyproject.toml | tr -d '"' > "$folder/floors"
case $which in
    lowest) python=${pythons[0]} && sed 's/>=/==/' "$folder/floors" > "$folder/versions" ;;
    newest) python=${pythons[-1]} && cp "$folder/floors" "$folder/versions" ;;
    *) echo "lowest or newest, not $which" >&2 && exit 2 ;;
esac
"$python" -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q --upgrade --upgrade-strategy eager -r "$folder/versions" -e '.[test]'
"$folder/venv/bin/python" --version
"$folder/venv/bin/pip" list --format=freeze | grep -iE "^($(sed 's/>=.*//' "$folder/floors" | paste -sd'|'))="
"$folder/venv/bin/python" -m pytest "$@"
