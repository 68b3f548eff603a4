// SPDX-License-Identifier: MIT
//
// What the shell forms of the kinds share. In the script the child's shell runs in the new namespaces; `$root` is the
// directory on which the root is attached, and empty after pivot_root: "$root/proc" is right before and after it.
#pragma once

#include <ctr/cpp/text.hpp>
#include <ctr/plugin.hpp>
#include <string>

namespace kinds {

/// The step's target as a path for the script.
inline std::string inside(const std::string &target) {
    const std::string path = target.empty() || target[0] != '/' ? "/" + target : target;
    const std::string word = ctr::shell_word(path);
    return word == path ? "\"$root" + path + "\"" : "\"$root\"" + word;
}

/// For a step with several targets: the index of the argument's value for target `at`. An argument that stands once
/// holds for all targets. (The child's version is in child.hpp.)
inline std::size_t nth(ctr::Run run, const char *name, std::size_t at) { return run.count(name) > 1 ? at : 0; }

/// The results of `text(at)` for all targets of the step, one line after the other.
template <class Text> std::string for_each_target(ctr::Run run, Text text) {
    std::string all;
    for (std::size_t at = 0, n = run.count("target"); at < n; ++at)
        all += (at == 0 ? "" : "\n") + text(at);
    return all;
}

inline std::string joined(const std::vector<std::string> &words, const char *between = ",") {
    std::string out;
    for (const auto &word : words)
        out += (out.empty() ? "" : between) + word;
    return out;
}

/// A mode as chmod(1) takes it: "0755".
inline std::string octal(std::int64_t mode) {
    std::string out;
    for (auto rest = static_cast<std::uint64_t>(mode); rest != 0; rest /= 8)
        out.insert(out.begin(), static_cast<char>('0' + rest % 8));
    return "0" + out;
}

} // namespace kinds
