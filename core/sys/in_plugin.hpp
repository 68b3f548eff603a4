// SPDX-License-Identifier: MIT
//
// While a plugin's function runs in this process, the end of the process is no end of ours: exit(0) in a plan() or an
// apply would look as if all had been done. Whoever calls such a function says so here; then exit(3), quick_exit(3) and
// _exit(2) name the plugin and end with a failure. What was begun stays in the journal. (The undo of other processes'
// containers runs in a process of its own, which must say that it is through: container/undo_apart.cpp.)
#pragma once

#include <string>

namespace core::sys {

class InPlugin {
public:
    /// Both texts must outlive this: "saboteur", "plan()".
    InPlugin(const char *plugin, const char *function);
    ~InPlugin();
    InPlugin(const InPlugin &) = delete;
    InPlugin &operator=(const InPlugin &) = delete;

private:
    const char *outer_plugin_, *outer_function_;
};

/// What is done then: tells the user, and gives the exit status. The program sets it; without it: standard error, and
/// 125.
extern int (*on_exit_in_plugin)(const std::string &message);

/// Called on the way out, by exit(3) and by whoever stands before _exit(2). Does not return if a plugin's function is
/// running in this very process.
void check_exit();

} // namespace core::sys
