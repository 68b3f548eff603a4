#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Every header of the SDK and of the core compiles alone and without a warning: .h as C11 and as C++20, .hpp as C++20,
# with each compiler that is there.
. "$(dirname "$0")/lib.sh"

check() { # LANGUAGE STANDARD COMPILER HEADER
    printf '%s %s %s %s\n' "$1" "$2" "$3" "$4"
}
jobs=$(
    for compiler in g++ clang++; do
        command -v "$compiler" >/dev/null || continue
        for header in $(cd sdk/include && sources ctr) $(cd sdk/testing/include && sources ctr) $(cd core && find . -name '*.hpp' | sed 's|^\./||' | LC_ALL=C sort); do check c++ c++20 "$compiler" "$header"; done
    done
    for compiler in gcc clang; do
        command -v "$compiler" >/dev/null || continue
        for header in $(cd sdk/include && find ctr -name '*.h' | LC_ALL=C sort); do check c c11 "$compiler" "$header"; done
    done
)
[ -n "$jobs" ] || skip "neither g++ nor clang++ is installed"
# shellcheck disable=SC2016 # the inner shell's own $
printf '%s\n' "$jobs" | xargs -P "$(nproc)" -L 1 sh -c '
    printf "#include <%s>\ntypedef int a_declaration;\n" "$3" | "$2" -x "$0" -std="$1" -fsyntax-only -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Werror -Isdk/include -Isdk/testing/include -Icore - 2>&1 |
        sed "s|^|$2 as $1, $3: |"' >>"$offences" || offence "xargs failed"
echo "checked: $(printf '%s\n' "$jobs" | wc -l) times one header with one compiler"
finish headers_alone
