#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Shell scripts parse; where shellcheck is installed, it has nothing to say.
. "$(dirname "$0")/lib.sh"

for script in .ci/run $(find tests docs sdk plugins -name '*.sh' | LC_ALL=C sort); do
    shell="sh"
    case $(head -1 "$script") in *bash*) shell="bash" ;; esac
    "$shell" -n "$script" 2>>"$offences" || offence "$script: does not parse"
    if [ "$(head -c 2 "$script")" = '#!' ] && [ ! -x "$script" ] && [ "${script#tests/lint/}" = "$script" ]; then offence "$script: not executable"; fi
    if command -v shellcheck >/dev/null; then
        # SC1091, SC2154: sourced files are looked at by themselves. SC2046: lists of file names, none with spaces.
        shellcheck -s "$shell" -S warning -e SC1091,SC2046,SC2154 "$script" >>"$offences" 2>&1
    fi
done
command -v shellcheck >/dev/null || echo "note: shellcheck is not installed; the scripts were only parsed"
finish scripts
