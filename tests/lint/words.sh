#!/bin/sh
# SPDX-License-Identifier: MIT
#
# The engine knows phases, steps, the clone and the exec, values, journals and plugins, not what a container is made of:
# no string in it is a kind of step that a plugin has, a plugin's id, or a field of the description that a plugin
# carries out. (/process/args, env and cwd are the exec's own.)
. "$(dirname "$0")/lib.sh"
engine="core/base core/sys core/config core/plugin core/plan core/launch core/container"

# Kinds and ids as the manifests have them, and the names of fields in claims: "/linux/seccomp/defaultAction" gives
# seccomp and defaultAction. Left out: plain English that means something else here, the slots, /ctr's words for the
# engine, file systems and questions of plan.ask().
own="args|env|cwd|process|linux|root|path|type|user|options|source|destination|mounts|size|limit|name|ctr|image|import|remove|layers|kinds|none|host|rm|\
cgroup|cgroups|network|storage|config|parent|allow|access|major|minor|secs|flags|data|terminal|hooks|pivot|unmount|rootfs|str|btrfs|overlay|namespaces|cpus"
{
    sed -nE 's/.*"id": *"([^"]+)".*/\1/p' plugins/*/manifest.json
    tr -d '\n' <plugins/kinds/manifest.json | grep -oE '"[a-z0-9_]+\.[a-z0-9_.]+"' | tr -d '"'
    cat plugins/*/manifest.json | tr -d '\n' | grep -oE '"kinds": *\{[^}]*\}' | grep -oE '"[a-z0-9_]+\.[a-z0-9_]+"' | tr -d '"'
    cat plugins/*/manifest.json | grep -oE '"/(linux|process|ctr|root|mounts|hooks|hostname|domainname)[^"]*"' | tr -d '"' | tr '/' '\n'
} | grep -E '^[A-Za-z]' | grep -vxE "$own" | LC_ALL=C sort -u >"$offences.words"
trap 'rm -f "$offences" "$offences".*' EXIT
[ "$(wc -l <"$offences.words")" -gt 100 ] || offence "plugins: their manifests name only $(wc -l <"$offences.words") words"

# Strings of the code: without comments, escapes of no interest.
# shellcheck disable=SC2046,SC2086 # lists of names
awk '{ line = $0; sub(/^[[:space:]]*\/\/.*/, "", line); while (match(line, /"([^"\\]|\\.)*"/)) { print FILENAME ":" FNR " " substr(line, RSTART + 1, RLENGTH - 2)
        if (index(substr(line, 1, RSTART), "//")) break; line = substr(line, RSTART + RLENGTH) } }' $(sources $engine) >"$offences.strings"
awk 'FNR == NR { word[$1] = 1; next } {
        where = $1; text = substr($0, length($1) + 2); n = split(text, parts, "/")
        if (text in word) print where ": \"" text "\" is a word of the plugins"
        else if (text ~ /^\/[A-Za-z]/ && text !~ /^\/(proc|sys|dev|run|etc|var|usr|tmp|lib|bin|containers|operations|files|meta)/) for (i = 2; i <= n; i++) if (parts[i] in word) { print where ": \"" text "\" names what a plugin carries out"; break }
    }' "$offences.words" "$offences.strings" >>"$offences"
finish words
