#!/bin/sh
# SPDX-License-Identifier: MIT
#
# The contexts in which a host function is legal stand in three places, which must say the same:
# sdk/include/ctr/contexts.h (what the host enforces), the brackets in host.h, and the table in docs/PLUGINS.md. What
# host.h marks [any] stands in no table.
. "$(dirname "$0")/lib.sh"

enforced() {
    sed -nE 's/^ *F\(([a-z_]+), ([^)]*)\).*/\1 \2/p' sdk/include/ctr/contexts.h | sed -E 's/CTR_IN_//g; s/ \|//g' | tr '[:upper:]' '[:lower:]'
}
brackets() {
    awk '
        match($0, /\/\* \[[a-z ]+\]/) { contexts = substr($0, RSTART + 4, RLENGTH - 5) }
        match($0, /\(\*[a-z_]+\)\(/)  { if (contexts != "any") print substr($0, RSTART + 2, RLENGTH - 4), contexts }' sdk/include/ctr/host.h
}
documented() {
    sed -nE '/<!-- contexts -->/,/<!-- end of contexts -->/ s/^\| `([a-z_]+)` \| ([a-z ]+[a-z]) *\|.*/\1 \2/p' docs/PLUGINS.md
}
# Words in one order.
sorted() { while read -r name words; do printf '%s' "$name"; for word in plan parent child undo shell call; do case " $words " in *" $word "*) printf ' %s' "$word" ;; esac; done; echo; done | LC_ALL=C sort; }
compare() {
    printf '%s\n' "$truth" >"$offences.a"
    printf '%s\n' "$3" >"$offences.b"
    diff "$offences.a" "$offences.b" | sed -n "s|^<|$1: should have (contexts.h):|p; s|^>|$1: has $2:|p" >>"$offences"
    rm -f "$offences.a" "$offences.b"
}
truth=$(enforced | sorted)
[ "$(printf '%s\n' "$truth" | wc -l)" -gt 20 ] || offence "sdk/include/ctr/contexts.h: the table cannot be read by this rule"
compare sdk/include/ctr/host.h "in brackets" "$(brackets | sorted)"
compare docs/PLUGINS.md "in its table" "$(documented | sorted)"
finish contexts
