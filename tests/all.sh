#!/bin/sh
# SPDX-License-Identifier: MIT
#
# The second command of README.md: installs what the tests need, builds everything, runs all tests, says which were
# skipped and why. Exit status: 0 if no test failed. Arguments go to ctest, for example `tests/all.sh -L unit`.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
. "$root/tests/support/setup.sh"
become_root "$root/tests/all.sh" "$@"

section "1  packages"
# shellcheck disable=SC2086 # lists of names
install_packages $build_packages $test_packages

section "2  build"
build_ctr -DCTR_BUILD_TESTS=ON -DCTR_WERROR=ON
for module in overlay bridge veth nf_tables nft_masq nft_chain_nat btrfs loop; do modprobe -q "$module" 2>/dev/null || true; done

section "3  tests"
log=$build/tests.log
# System tests share the machine's links and cgroups: one at a time. Half an hour is far more than any one of them
# takes.
{
    status=0
    (cd "$build" && ctest --output-on-failure --test-output-size-passed 10000000 --timeout 1800 "$@" </dev/null) || status=$?
    echo "$status" >"$log.status"
} 2>&1 | tee "$log"
status=$(cat "$log.status")
rm -f "$log.status"

section "4  skipped"
# ctest keeps what each test printed; a skip says its reason there.
detail=$build/Testing/Temporary/LastTest.log
reasons=$(awk '
    / Testing: /            { test = $3 }
    /^.*: Skipped$/         { getline; sub(/^[ \t]+/, ""); print test ": " $0; next }
    /^((SKIP|skipped): |vmrun: skipped: )/ { print test ": " $0 }' "$detail" 2>/dev/null || true)
if [ -n "$reasons" ]; then printf '%s\n' "$reasons"; else say "none"; fi

section "5  result"
grep -E '^[0-9]+% tests passed|^Total Test time|^The following tests|^[[:space:]]+[0-9]+ - ' "$log" || say "ctest did not finish; see $log"
exit "$status"
