#!/bin/sh
# SPDX-License-Identifier: MIT
#
# links.sh SOURCES BUILD: which layer's functions each layer's objects need. layers.sh sees includes only: a function
# that is declared by hand, or whose namespace is opened again in another layer, is a use of that layer all the same.
. "$(dirname "$0")/lib.sh"
objects=$(cd "$2" && pwd)/core/CMakeFiles/ctr_core.dir || exit 2
[ -d "$objects" ] || skip "$objects is not there: nothing was built"

# Lines "LAYER KIND SYMBOL FILE": U needs it, T has it. What several objects may have (inline functions, templates: W,
# V, u) is nobody's.
for folder in core/*/; do
    layer=$(basename "$folder")
    # Of a source that has gone an object may be left.
    (cd "$objects" && find "$layer" -name '*.o') | while read -r object; do [ ! -e "core/${object%.o}" ] || printf '%s\n' "$objects/$object"; done |
        xargs nm -A -P 2>/dev/null |
        sed -nE "s|^$objects/(.*\\.cpp)\\.o: ([^ ]+) ([UTDBR])( .*)?\$|$layer \\3 \\2 core/\\1|p"
done >"$offences.symbols"
trap 'rm -f "$offences" "$offences".*' EXIT
[ -s "$offences.symbols" ] || offence "$objects: no symbols: is nm there?"
# shellcheck disable=SC2046 # words
LC_ALL=C awk -v allowed="$(for folder in core/*/; do printf '%s:%s;' $(basename "$folder") "$(may_use "$(basename "$folder")" | tr ' ' ',')"; done)" '
    BEGIN { n = split(allowed, rows, ";"); for (i = 1; i < n; i++) { split(rows[i], row, ":"); m = split(row[2], names, ","); for (j = 1; j <= m; j++) may[row[1], names[j]] = 1 } }
    FNR == NR { if ($2 != "U") home[$3] = $1; next }
    $2 == "U" && ($3 in home) && !(($1, home[$3]) in may) { print $4 ":1: " $1 " may not use " home[$3] ": " $3 }
' "$offences.symbols" "$offences.symbols" | LC_ALL=C sort -u | { if command -v c++filt >/dev/null; then c++filt; else cat; fi; } >>"$offences"
finish links
