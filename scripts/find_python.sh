#!/bin/sh
# Prints the path of a Python >= 3.11. The first argument, where it is not empty, is the only one that is tried.
set -u
try() {
    "$1" -c 'import sys; sys.version_info >= (3, 11) or sys.exit(1); print(sys.executable)' 2>/dev/null
}
if [ -n "${1:-}" ]; then
    try "$1" || {
        echo "poolviz: $1 is not a Python >= 3.11: set PYTHON to one that is" >&2
        exit 1
    }
    exit 0
fi
for name in python3 python3.14 python3.13 python3.12 python3.11 python; do
    try "$name" && exit 0
done
echo "poolviz: no Python >= 3.11 was found: install one, or run make PYTHON=/path/to/python3" >&2
exit 1
