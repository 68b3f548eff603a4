#!/bin/sh
# SPDX-License-Identifier: MIT
#
# All sources are as .clang-format says, by clang-format 14 (others differ in details); repair: clang-format-14 -i FILE.
# It leaves comments alone, so their lines are looked at besides: at most 120 columns, in scripts too.
. "$(dirname "$0")/lib.sh"

tool=""
for name in clang-format-14 clang-format; do
    if command -v "$name" >/dev/null && "$name" --version | grep -q 'version 14\.'; then
        tool=$name
        break
    fi
done
[ -n "$tool" ] || skip "clang-format 14 is not installed (Debian package clang-format-14)"
for file in $(sources core plugins sdk tests); do
    "$tool" --dry-run -Werror "$file" >/dev/null 2>&1 || offence "$file:1: not formatted; $tool -i $file"
done
# A line with a string may be one that cannot be broken.
# shellcheck disable=SC2046 # a list of names
awk 'length($0) > 120 && !/"/ { print FILENAME ":" FNR ": " length($0) " columns" }' $(sources core plugins sdk tests) >>"$offences"
# shellcheck disable=SC2046
awk 'length($0) > 120 && /^[[:space:]]*#/ { print FILENAME ":" FNR ": " length($0) " columns" }' \
    $(find core plugins sdk tests -name '*.sh' -o -name '*.cmake' -o -name CMakeLists.txt) >>"$offences"
# Tests have names of one form (docs/STYLE.md).
# shellcheck disable=SC2046
grep -nE '^TEST(_F|_P)?\([A-Za-z0-9]+, *([a-z]|[A-Za-z0-9]*_)' $(sources tests sdk) /dev/null |
    while read -r line; do offence "$line: CamelCase"; done
finish format
