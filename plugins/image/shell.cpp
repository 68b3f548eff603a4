// SPDX-License-Identifier: MIT
//
// The steps as shell commands.
#include "path.hpp"
#include "steps.hpp"

#include <ctr/cpp/text.hpp>

namespace image {

namespace {

const char *const extract =
    "tar --numeric-owner --same-permissions --xattrs --xattrs-include='user.*' --xattrs-include=security.capability";

// A command that prints the layer's uncompressed tar.
std::string tar_stream(ctr::Run run) {
    const std::string source = ctr::shell_word(run.str("source"));
    if (!run.has("member")) return "zstd -dcfq " + source;
    return "tar --no-anchored -xOf " + source + " " + ctr::shell_word(run.str("member")) + " | zstd -dcfq";
}

// The directory shows the lower layers: delete what this one hides, before its own content comes.
std::string applied_whiteouts(ctr::Run run, const std::string &directory) {
    return tar_stream(run) +
           " | tar -tf - | while IFS= read -r entry; do\n"
           "    parent=" +
           directory +
           "/$(dirname \"$entry\") name=$(basename \"$entry\")\n"
           "    case $name in\n"
           "    .wh..wh..opq) [ ! -d \"$parent\" ] || find \"$parent\" -mindepth 1 -delete ;;\n"
           "    .wh..wh.*) ;;\n"
           "    .wh.*) rm -rf -- \"$parent/${name#.wh.}\" ;;\n"
           "    esac\n"
           "done\n";
}

int write_text(ctr::Run run, ctr::Shell shell, const std::string &text) {
    const std::string path = run.str("path");
    std::string line = text;
    if (line.ends_with('\n')) line.pop_back();
    return shell.text("mkdir -p -m 700 " + ctr::shell_word(split_path(path).first) + "\nprintf '%s\\n' " +
                      ctr::shell_word(line) + " > " + ctr::shell_word(path + ".new") + "\nmv " +
                      ctr::shell_word(path + ".new") + " " + ctr::shell_word(path) + "\n");
}

} // namespace

int unpack_shell(ctr::Run run, ctr::Shell shell) {
    const std::string directory = run.str("directory");
    const bool lowest = !run.has("parent"); // hides nothing
    std::string text = "[ \"$(" + tar_stream(run) +
                       " | sha256sum)\" = " + ctr::shell_word(run.str("diff_id").substr(sizeof "sha256:" - 1) + "  -") +
                       " ]\n";
    if (!lowest) text += applied_whiteouts(run, directory);
    text += tar_stream(run) + " | " + extract + " --exclude='.wh.*' -xf - -C " + directory + "\n";
    if (shell.text(text) != 0) return -1;
    return shell.set(run.output_value("bytes"), {"echo", "0"});
}

int record_shell(ctr::Run run, ctr::Shell shell) { return write_text(run, shell, run.str("content")); }

int record_shell_undo(ctr::Run run, ctr::Shell shell) {
    return run.has("previous") ? write_text(run, shell, run.str("previous")) : shell.cmd({"rm", "-f", run.str("path")});
}

int forget_shell(ctr::Run run, ctr::Shell shell) { return shell.cmd({"rm", "-f", run.str("path")}); }

int forget_shell_undo(ctr::Run, ctr::Shell shell) { return shell.text("# a removal goes forward only"); }

} // namespace image
