#!/bin/sh
# SPDX-License-Identifier: MIT
#
# A plugin sees the SDK (<ctr/...>), its own files and libraries; nothing of the core and nothing of other plugins. What
# plugins share is in plugins/NAME-common, headers alone. Besides, cgroup-systemd compiles cgroup-v1 and cgroup-v2, and
# bridge compiles the name files (hosts, resolv.conf, hostname) of host.
. "$(dirname "$0")/lib.sh"

for folder in plugins/*/; do
    name=$(basename "$folder")
    grep -nE '^[[:space:]]*#[[:space:]]*include' $(sources "$folder") /dev/null |
        sed -E 's/^([^:]+:[0-9]+):[^<"]*([<"])([^>"]+)[>"].*/\1 \2 \3/' |
        while read -r where mark header; do
            if [ "$mark" = '<' ]; then
                # In brackets: not what is found only in the core's or another plugin's folder.
                case $header in
                ctr/*) [ -e "sdk/include/$header" ] || offence "$where: <$header> is not in the SDK" ;;
                *) [ ! -e "core/$header" ] || offence "$where: <$header> is the core's" ;;
                esac
                continue
            fi
            case $name:$header in
            *:../*-common/* | cgroup-systemd:../cgroup-v[12]/*) [ -e "$folder$header" ] || offence "$where: \"$header\" is missing" ;;
            bridge:name_files.hpp) ;;
            *:*/*) offence "$where: \"$header\" is outside of $folder" ;;
            *) [ -e "$folder$header" ] || offence "$where: \"$header\" is not in $folder" ;;
            esac
        done
done
finish plugin_includes
