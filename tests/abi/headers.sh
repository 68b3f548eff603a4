#!/bin/sh
# SPDX-License-Identifier: MIT
# Every header of the SDK alone, in every language that may use it, without a warning: headers.sh INCLUDE_DIRECTORY
set -u
include=$1 failed=0 checked=0
warnings="-Wall -Wextra -Wpedantic -Werror"

# A source file, since a header as the main file is warned about (#pragma once).
check() { # compiler language standard header extra-flags
    command -v "$1" >/dev/null || return 0
    checked=$((checked + 1))
    # shellcheck disable=SC2086
    if ! printf '#include <%s>\ntypedef int not_empty;\n' "${4#"$include"/}" | "$1" -x "$2" "-std=$3" $warnings ${5-} -I "$include" -fsyntax-only -; then
        echo "FAILED: $1 -std=$3 ${4#"$include"/}"
        failed=1
    fi
}

for header in $(find "$include" -name '*.h' | sort); do
    for compiler in gcc clang; do
        for standard in c11 c17; do check $compiler c $standard "$header"; done
    done
    for compiler in g++ clang++; do
        for standard in c++11 c++20; do check $compiler c++ $standard "$header" -Wold-style-cast; done
    done
done
for header in $(find "$include" -name '*.hpp' | sort); do
    for compiler in g++ clang++; do check $compiler c++ c++20 "$header" "-Wold-style-cast -Wshadow -Wconversion"; done
done
for compiler in gcc clang g++ clang++; do
    command -v $compiler >/dev/null || echo "skipped: $compiler is not installed"
done
echo "$checked combinations"
[ "$checked" -gt 0 ] && exit $failed
exit 1
