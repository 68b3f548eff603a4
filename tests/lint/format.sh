#!/bin/sh
# SPDX-License-Identifier: MIT
#
# All sources are as .clang-format says, by clang-format 14 (others differ in details). Repair: clang-format-14 -i FILE...
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
finish format
