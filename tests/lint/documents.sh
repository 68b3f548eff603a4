#!/bin/sh
# SPDX-License-Identifier: MIT
#
# In the documents every relative link leads somewhere, to a heading too, and every path of the tree in `backticks`
# exists.
. "$(dirname "$0")/lib.sh"

slugs() { grep -E '^#+ ' "$1" | sed -E 's/^#+ +//' | tr '[:upper:]' '[:lower:]' | sed -E 's/[^a-z0-9 _-]//g; s/ /-/g'; }
for file in $(find README.md CONTRIBUTING.md SECURITY.md docs plugins sdk tests -name '*.md' | LC_ALL=C sort); do
    folder=$(dirname "$file")
    # Fenced blocks are examples.
    awk '/^ *```/ { fenced = !fenced; print ""; next } { print fenced ? "" : $0 }' "$file" >"$offences.text"
    grep -noE '\]\([^)]+\)' "$offences.text" | sed -E 's/^([0-9]+):\]\((.*)\)$/\1 \2/' | while read -r line link; do
        case $link in http:* | https:* | mailto:*) continue ;; esac
        path=${link%%#*}
        target=$file
        [ -z "$path" ] || target=$folder/$path
        if [ ! -e "$target" ]; then
            offence "$file:$line: the link $link leads nowhere"
        elif [ "${link#*#}" != "$link" ] && ! slugs "$target" | grep -qxF -- "${link#*#}"; then
            offence "$file:$line: $target has no heading for #${link#*#}"
        fi
    done
    grep -noE '`(core|plugins|sdk|tests|docs|\.ci)/[^` ]*`' "$offences.text" | tr -d '`' | sed 's/:/ /' | while read -r line path; do
        case $path in *[\*\<\{]*) continue ;; esac
        [ -e "${path%%:*}" ] || offence "$file:$line: there is no $path"
    done
    rm -f "$offences.text"
done
# SECURITY.md names the test of each defence.
grep -noE '`[A-Z][A-Za-z]+\.[A-Za-z_]+`' SECURITY.md | tr -d '`' | sed -E 's/^([0-9]+):([^.]+)\.(.*)$/\1 \2 \3/' | while read -r line suite test; do
    grep -rqE "^TEST(_F|_P)?\($suite, $test\)" tests/unit tests/system || offence "SECURITY.md:$line: there is no test $suite.$test"
done
finish documents
