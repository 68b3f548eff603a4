// SPDX-License-Identifier: MIT
//
// What `ctr_run *` points to, and the half of the host's table that is used while a plan runs. The functions that are
// legal in the child are marked CTR_CHILD here too, because one implementation serves all contexts.
#pragma once

#include "base/result.hpp"
#include "launch/block.hpp"
#include "plugin/callback.hpp"

#include <deque>

namespace core::launch {

/// An error in fixed memory, so that the child can fill it in and send it without allocating.
struct WireError {
    std::uint32_t error_class = CTR_E_SYSTEM;
    std::int32_t errno_value = 0;
    char message[512] = "", hint[512] = "", syscall[64] = "", path[1024] = "";
};

Error to_error(const WireError &wire);

/// Called for log lines of plugins and of the core; the program sets it.
extern void (*log_sink)(int level, const char *plugin, const char *message);
/// The most detailed level that log_sink wants (CTR_LOG_...).
extern int log_threshold;
inline bool log_wanted(int level) { return log_sink != nullptr && level <= log_threshold; }

} // namespace core::launch

struct ctr_run {
    unsigned context = 0; // CTR_IN_*
    core::launch::Packed *block = nullptr;
    std::uint32_t step = 0;
    bool failed = false;
    core::launch::WireError error;
    std::size_t scratch_used = 0;
    int root_fd = -1;                 // child
    int death_signal = 0;             // child
    int interrupt = -1;               // parent and undo: readable when the command shall end (sys::Interruption)
    std::uint32_t found = UINT32_MAX; // index of the argument that was asked for last
    std::size_t found_index = 0;      // its number among the arguments of that name
};

struct ctr_shell {
    std::string text;
    std::string indent;
};

namespace core::launch {

/// The host's table, the same for all plugins of this process.
const ctr_host *host_table();

/// Positions `run` on a step and expands its templates. CTR_CHILD: used on both sides.
CTR_CHILD void begin_step(ctr_run *run, std::uint32_t step);
/// Exists while a step's function is called, which may then call the host's functions with this `run` (and `shell`).
plugin::Calling calling(ctr_run &run, const ctr_shell *shell = nullptr);
/// The same for the child, from here to execve. CTR_CHILD.
CTR_CHILD void begin_child(ctr_run *run);
/// Fills run->error; the first error counts. Returns -1. CTR_CHILD.
CTR_CHILD int report(ctr_run *run, const ctr_error *error);
/// The same from errno. CTR_CHILD.
CTR_CHILD void fail_with_errno(ctr_run *run, const char *syscall, const char *path, const char *hint);

/// In the shell context a value appears in strings as \x01name\x02. Turns a word with such marks into quoted shell
/// text.
std::string shell_quote(std::string_view word);
/// The same for lines of shell: marks become "${name}", nothing else changes.
std::string shell_text(std::string_view lines);
/// The shell variable of a value: "bridge_address" for "bridge.address".
std::string shell_variable(std::string_view value);

} // namespace core::launch
