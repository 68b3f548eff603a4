// SPDX-License-Identifier: MIT
//
// A plugin's function must return and not end the process: exit(0) in a plan() or an apply would look as if all had
// been done. The caller of such a function makes an InPlugin. While it exists, exit(3), quick_exit(3) and _exit(2) name
// the plugin and end the process with a failure. What was begun stays in the journal. (The undo of containers that
// other processes made runs in a worker process, which must report that it is done: container/undo_apart.cpp.)
#pragma once

#include <string>

namespace core::sys {

class InPlugin {
public:
    /// For example "saboteur" and "plan()". Both texts must outlive this object.
    InPlugin(const char *plugin, const char *function);
    ~InPlugin();
    InPlugin(const InPlugin &) = delete;
    InPlugin &operator=(const InPlugin &) = delete;

private:
    const char *outer_plugin_, *outer_function_;
};

/// Called when a plugin ends the process: tells the user and returns the exit status. The program sets it; the default
/// writes to standard error and returns 125.
extern int (*on_exit_in_plugin)(const std::string &message);

/// Called by exit(3) and before _exit(2). Does not return if a plugin's function is running in this process.
void check_exit();

} // namespace core::sys
