#!/bin/sh
# SPDX-License-Identifier: MIT
#
# What stands at the top of the tree, the first line of each source, and the length of text lines.
. "$(dirname "$0")/lib.sh"

for entry in *; do
    case $entry in
    CMakeLists.txt | CMakePresets.json | CMakeUserPresets.json | core | plugins | sdk | tests | docs | Vagrantfile | README.md | LICENSE | CONTRIBUTING.md | SECURITY.md | CHANGELOG.md) ;;
    build* | compile_commands.json) ;; # not in the repository
    *) offence "$entry: does not belong at the top" ;;
    esac
done
for file in $(sources core plugins sdk tests); do
    head -1 "$file" | grep -qE '^(//|/\*) SPDX-License-Identifier: MIT' || offence "$file:1: begins without // SPDX-License-Identifier: MIT"
done
for folder in plugins/*/; do
    if [ ! -e "${folder}README.md" ]; then offence "$folder: has no README.md"; fi
    if [ -e "${folder}CMakeLists.txt" ] && [ ! -e "${folder}manifest.json" ]; then offence "$folder: has no manifest.json"; fi
done
finish tree
