#!/bin/sh
# SPDX-License-Identifier: MIT
#
# build.sh KIND SOURCES BUILD: builds in another way than the build that it is called from, warnings are errors, and
# runs what that way is good for.
#
#   clang      program and plugins with clang++, optimised as they are shipped: its warnings, its code between clone and
#              exec. No tests, which `sanitized` compiles with the same compiler. The program lists all its plugins.
#   sanitized  everything, tests too, with clang++, AddressSanitizer and UndefinedBehaviorSanitizer, not optimised (with
#              them a file takes no longer than its parsing). Runs all unit tests, mutations of hostile inputs among
#              them; each libFuzzer target for FUZZ_SECONDS (15); and real containers with a sanitized program: the
#              system tests in `containers` below. The other system tests measure times or look at the program's own
#              mappings, which sanitizers change, or take minutes.
set -eu
kind=$1 sources=$2 build=$3
containers="view limits image layers fields hooks order oci_life oci_exec oci_limits oci_log oci_fds"

skip() {
    printf 'SKIP: %s\n' "$*"
    exit 77
}
# step WHAT COMMAND...: one line if it succeeds, the end of what it said if not. The output of another ctest must not
# look like that of the outer one.
step() {
    what=$1 begun=$(date +%s) status=0
    shift
    "$@" >"$build/log" 2>&1 </dev/null || status=$?
    if [ "$status" -ne 0 ]; then
        grep -nE 'error:|runtime error|ERROR: |SUMMARY:|FAILED|\(Failed\)|Failure$' "$build/log" | head -40 | sed 's/^/  | /'
        tail -60 "$build/log" | sed 's/^/  | /'
        printf '%s: %s: failed with status %s after %s s\n' "$kind" "$what" "$status" "$(($(date +%s) - begun))"
        exit 1
    fi
    printf '%s: %s: %s s\n' "$kind" "$what" "$(($(date +%s) - begun))"
}

clang=$(command -v clang++-14 || command -v clang++) || skip "clang++ is not installed (Debian package clang-14)"
mkdir -p "$build"
generator=""
if [ ! -e "$build/CMakeCache.txt" ] && command -v ninja >/dev/null; then generator="-G Ninja"; fi
configure() {
    # shellcheck disable=SC2086 # empty, or two words
    step configure cmake -S "$sources" -B "$build" $generator -DCMAKE_CXX_COMPILER="$clang" -DCMAKE_C_COMPILER="$(echo "$clang" | sed 's/clang++/clang/')" \
        -DCTR_WERROR=ON "$@"
}

case $kind in
clang)
    configure -DCTR_BUILD_TESTS=OFF -DCMAKE_BUILD_TYPE=Release
    step build cmake --build "$build" -j "$(nproc)"
    chmod go-w "$build/lib/ctr/plugins" "$build"/lib/ctr/plugins/*.so
    for plugin in $(cd "$sources/plugins" && grep -l '"id"' ./*/manifest.json); do
        step "lists $(basename "$(dirname "$plugin")")" "$build/bin/ctr" plugin show "$(sed -nE 's/.*"id": *"([^"]+)".*/\1/p' "$sources/plugins/$plugin" | head -1)"
    done
    ;;
sanitized)
    echo 'int main() {}' >"$build/empty.cpp"
    "$clang" -fsanitize=address,undefined "$build/empty.cpp" -o "$build/empty" 2>/dev/null || skip "clang's sanitizers are not installed (Debian package libclang-rt-14-dev)"
    configure -DCTR_BUILD_TESTS=ON -DCTR_FUZZ=ON -DCTR_SANITIZE="address;undefined" -DCMAKE_BUILD_TYPE=Debug -DCMAKE_C_FLAGS_DEBUG="-O0 -g1" -DCMAKE_CXX_FLAGS_DEBUG="-O0 -g1"
    step build cmake --build "$build" -j "$(nproc)"
    step "build of the fuzzers" cmake --build "$build" -j "$(nproc)" --target fuzzers
    chmod go-w "$build/lib/ctr/plugins" "$build"/lib/ctr/plugins/*.so
    export UBSAN_OPTIONS=print_stacktrace=1
    step "unit tests" ctest --test-dir "$build" -L unit -j "$(nproc)" --output-on-failure --timeout 900
    for fuzzer in "$build"/tests/fuzz/fuzz_*; do
        [ ! -x "$fuzzer" ] || step "$(basename "$fuzzer")" "$fuzzer" -max_total_time="${FUZZ_SECONDS:-15}" -timeout=10 -artifact_prefix="$build/"
    done
    if [ "$(id -u)" -ne 0 ]; then
        echo "SKIP: containers with a sanitized program: not root"
        exit 0
    fi
    # Leaks are looked for by ptrace, of processes that the program has made unreachable for it.
    export ASAN_OPTIONS=detect_leaks=0
    for name in $containers; do
        step "containers: $name" "$build/tests/system/system_${name}_test" --gtest_brief=1
    done
    ;;
*)
    echo "build.sh: no kind $kind" >&2
    exit 2
    ;;
esac
