#!/bin/sh
# SPDX-License-Identifier: MIT
#
# The engine, core/{base,sys,config,plugin,plan,launch,container}: each may include those to its left. Beside it
# core/spec, the fields of OCI's config.json, which the engine does not know; and above both core/front, the command
# lines.
. "$(dirname "$0")/lib.sh"

for folder in core/*/; do
    name=$(basename "$folder")
    allowed=$(may_use "$name")
    if [ "$allowed" = "?" ]; then
        offence "$folder: no layer of that name; docs/ARCHITECTURE.md and this rule say which there are"
        continue
    fi
    # Without a folder: a header beside the file. In <>: a library or the SDK.
    grep -nE '^[[:space:]]*#[[:space:]]*include[[:space:]]*"' $(sources "$folder") /dev/null |
        sed -E 's/^([^:]+:[0-9]+):.*"([^"]+)".*/\1 \2/' |
        while read -r where header; do
            layer=${header%%/*}
            case $header in
            ../*) offence "$where: includes \"$header\": name it from core/" ;;
            */*) case " $allowed " in *" $layer "*) ;; *) offence "$where: $name may not use $layer (\"$header\"); it may use: $allowed" ;; esac ;;
            *) [ -e "$folder$header" ] || offence "$where: \"$header\" is not in $folder" ;;
            esac
        done
done
grep -nE '#[[:space:]]*include[[:space:]]*"front/oci/' $(sources core/front/cli) /dev/null |
    while read -r line; do offence "$line: front/cli may not use front/oci"; done
grep -nE '#[[:space:]]*include[[:space:]]*[<"][^>"]*plugins/' $(sources core sdk) /dev/null |
    while read -r line; do offence "$line: the core and the SDK know no plugin"; done
grep -nE '#[[:space:]]*include[[:space:]]*[<"]ctr/testing/' $(sources core plugins sdk/include) /dev/null |
    while read -r line; do offence "$line: ctr::testing is for tests"; done
grep -nE '#[[:space:]]*include[[:space:]]*"' $(sources sdk/include sdk/testing) /dev/null |
    while read -r line; do offence "$line: the SDK includes its own headers as <ctr/...>, and nothing else of this tree"; done
finish layers
