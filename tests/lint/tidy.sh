#!/bin/sh
# SPDX-License-Identifier: MIT
#
# tidy.sh SOURCES BUILD [--deep]: clang-tidy 14 over every source of core/ and plugins/ with the commands of
# BUILD/compile_commands.json.
#
# A file in which nothing was found leaves a stamp, BUILD/tidy/SUM, the sum of the file, of the headers of this tree
# that it includes, and of .clang-tidy: what did not change since is not looked at again. A fresh tree takes about
# thirteen minutes on two processors, files of the last commits first. After CTR_TIDY_MINUTES (8) no other file is
# begun: those left are counted, the rule counts as skipped, and the next run goes on with them. --deep: the static
# analyser too, which takes four times as long, in core/, plugins/ and tests/, without a limit. By hand:
#   sh tests/lint/tidy.sh . build --deep
. "$(dirname "$0")/lib.sh"
build=$(cd "$2" && pwd) || exit 2
command -v clang-tidy-14 >/dev/null || skip "clang-tidy 14 is not installed (Debian package clang-tidy-14)"
[ -e "$build/compile_commands.json" ] || skip "$build has no compile_commands.json (CMake writes it for Ninja and for make)"

deep="" minutes=${CTR_TIDY_MINUTES:-8} folders="core|plugins"
if [ "${3:-}" = --deep ]; then deep=deep minutes=100000 folders="core|plugins|tests"; fi
mkdir -p "$build/tidy"
until=$(($(date +%s) + minutes * 60))
list=$offences.list
trap 'rm -f "$offences" "$offences".*' EXIT

# One line for each source: how it is preprocessed, without what is written where, then a tab, then its path. Of a
# source that several targets compile one.
sed -nE 's/^ *"command": "(.*)",$/\1/p' "$build/compile_commands.json" | sed -E 's/\\(.)/\1/g; s/ -o [^ ]+ -c / /' |
    awk -v root="$PWD/" -v folders="^($folders)/" '{ path = $NF; if (index(path, root) != 1) next; path = substr(path, length(root) + 1)
        if (path ~ folders && path ~ /\.cpp$/ && !seen[path]++) print $0 "\t" path }' >"$list"
git -c safe.directory='*' log -40 --format= --name-only >"$offences.recent" 2>/dev/null
awk -F '\t' 'FNR == 1 { ++file } file == 1 { if (!($0 in at)) at[$0] = FNR; next } { print (($2 in at) ? at[$2] : 999999) "\t" $0 }' \
    "$offences.recent" "$list" | LC_ALL=C sort -sn -k1,1 | cut -f 2- >"$list.sorted"
[ ! -s "$list.sorted" ] || mv "$list.sorted" "$list"
[ -s "$list" ] || offence "$build/compile_commands.json: names no source of $PWD"

# Lines are handed to as many of these as there are processors. $1: preprocessing, $2: path.
cat >"$offences.one" <<'SH'
IFS='	' read -r command path <<EOF
$1
EOF
headers=$(cd "$build" && CCACHE_DISABLE=1 sh -c "$command -MM -MT x -w" 2>/dev/null | tr -d '\\' | tr ' ' '\n' | grep -E '\.hpp$|\.h$|\.cpp$' |
    while read -r each; do case $each in /*) printf '%s\n' "$each" ;; *) printf '%s/%s\n' "$build" "$each" ;; esac; done | grep -E "^$root/|/\.\./" | LC_ALL=C sort)
[ -n "$headers" ] || { echo "$path:1: cannot be preprocessed: $command" >>"$offences"; exit 0; }
# shellcheck disable=SC2086 # a list of names
sum=$(cat $headers "$root/.clang-tidy" 2>/dev/null | sha256sum | cut -c1-32)$deep
if [ -e "$build/tidy/$sum" ] || { [ -z "$deep" ] && [ -e "$build/tidy/${sum}deep" ]; }; then echo same >>"$offences.done"; exit 0; fi
if [ "$(date +%s)" -ge "$until" ]; then echo "$path" >>"$offences.left"; exit 0; fi
checks=--checks=-clang-analyzer-*
[ -z "$deep" ] || checks=--quiet
said=$(clang-tidy-14 --quiet "$checks" --extra-arg=-Wno-unknown-warning-option -p "$build" "$root/$path" 2>"$offences.$$.err")
status=$?
said=$(printf '%s\n' "$said" | grep -E '(warning|error): ')
[ "$status" -eq 0 ] || [ -n "$said" ] || said="$path:1: clang-tidy failed with status $status: $(tail -1 "$offences.$$.err")"
if [ -z "$said" ]; then : >"$build/tidy/$sum"; else printf '%s\n' "$said" | sed "s|^$root/||" >>"$offences"; fi
echo looked >>"$offences.done"
SH
root=$PWD
export build root deep until offences
: >"$offences.done"
: >"$offences.left"
tr '\n' '\0' <"$list" | xargs -0 -n 1 -P "$(nproc)" sh "$offences.one"
printf '%s files: %s looked at, %s as they were when nothing was found, %s left\n' "$(wc -l <"$list")" \
    "$(grep -c looked "$offences.done")" "$(grep -c same "$offences.done")" "$(wc -l <"$offences.left")"
LC_ALL=C sort -u -o "$offences" "$offences"
if [ ! -s "$offences" ] && [ -s "$offences.left" ]; then skip "$(wc -l <"$offences.left") files were not begun within $minutes minutes; run it again"; fi
finish tidy
