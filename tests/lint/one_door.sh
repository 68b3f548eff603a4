#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Only core/sys/process.cpp (the container, the C library's fork) and core/sys/spawn.cpp (helper programs) make
# processes or replace one.
. "$(dirname "$0")/lib.sh"

files=$(sources core plugins sdk/include sdk/testing | grep -vxE 'core/sys/(process|spawn)\.cpp')
# clone alone is a word for many things: there only the C library's ::clone counts.
calls='(^|[^[:alnum:]_.>])(v?fork|execve?|execvp|execvpe|execveat|fexecve|execlp?|execle|posix_spawnp?|popen|system|wordexp|daemon)[[:space:]]*\('
numbers='(SYS|__NR)_(clone3?|v?fork|execve|execveat)([^[:alnum:]_]|$)'
global_clone='(^|[^[:alnum:]_>])::[[:space:]]*(__)?clone[23]?[[:space:]]*\('
# shellcheck disable=SC2086 # a list of names
code $files | grep -E "$calls|$numbers|$global_clone" | while read -r line; do offence "$line: makes a process; go through core/sys"; done

for door in core/sys/process.cpp core/sys/spawn.cpp; do
    [ -e "$door" ] || offence "$door: is missing; this rule names it"
done
finish one_door
