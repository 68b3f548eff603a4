# SPDX-License-Identifier: MIT
# shellcheck shell=sh
#
# What the rules share. A rule prints each offence as FILE:LINE: what, and ends by `finish`. Only sh, awk, sed, grep,
# find: a fresh machine has no more.
set -u
cd "$1" || exit 2
offences=$(mktemp)
trap 'rm -f "$offences"' EXIT

offence() { printf '%s\n' "$*" >>"$offences"; }
skip() {
    printf 'SKIP: %s\n' "$*"
    exit 77
}
finish() {
    if [ -s "$offences" ]; then
        cat "$offences"
        printf '%s: %s offences\n' "$1" "$(wc -l <"$offences")"
        exit 1
    fi
    printf '%s: ok\n' "$1"
    exit 0
}
sources() { find "$@" -name '*.hpp' -o -name '*.cpp' -o -name '*.h' -o -name '*.c' | LC_ALL=C sort; }
# The code of the files, as FILE:LINE:text, without comments and with empty strings.
code() {
    awk '
        FNR == 1 { comment = 0 }
        {
            line = $0; out = ""
            while (line != "") {
                if (comment) {
                    end = index(line, "*/")
                    if (!end) break
                    line = substr(line, end + 2); comment = 0
                } else if (match(line, /"([^"\\]|\\.)*"|\/\/|\/\*/)) {
                    out = out substr(line, 1, RSTART - 1)
                    found = substr(line, RSTART, RLENGTH); rest = substr(line, RSTART + RLENGTH)
                    if (found == "//") break
                    if (found == "/*") comment = 1
                    else out = out "\"\""
                    line = rest
                } else { out = out line; break }
            }
            print FILENAME ":" FNR ":" out
        }' "$@"
}
# The layers of core/ that one of them may use. Order: docs/ARCHITECTURE.md.
may_use() {
    case $1 in
    base) echo "base" ;;
    sys) echo "base sys" ;;
    config) echo "base sys config" ;;
    plugin) echo "base sys config plugin" ;;
    plan) echo "base sys config plugin plan" ;;
    launch) echo "base sys config plugin plan launch" ;;
    container) echo "base sys config plugin plan launch container" ;;
    spec) echo "base sys spec" ;;
    front) echo "base sys config plugin plan launch container spec front" ;;
    *) echo "?" ;;
    esac
}
