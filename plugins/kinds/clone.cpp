// SPDX-License-Identifier: MIT
//
// The kinds of the clone. The host reads their arguments itself (core/launch). Here is only their form in the script,
// which unshare(1) and nsenter(1) start with these namespaces.
#include "shell.hpp"
#include "table.hpp"

namespace kinds {
namespace {

/// The option of unshare(1) and nsenter(1).
std::string option(const std::string &type) { return "--" + (type == "network" ? std::string("net") : type); }

int shell_new(ctr::Run run, ctr::Shell shell) {
    std::string line = "# unshare";
    for (const std::string &type : run.strings("type"))
        line += " " + option(type);
    for (const char *clock : {"monotonic", "boottime"})
        if (run.has(clock)) line += std::string(" --") + clock + " " + run.str(clock);
    return shell.text(line);
}

int shell_join(ctr::Run run, ctr::Shell shell) {
    const std::string where = run.has("path") ? "=" + run.str("path") : "";
    return shell.text("# nsenter " + option(run.str("type")) + where);
}

int shell_cgroup(ctr::Run, ctr::Shell shell) {
    return shell.text("# the child is born in its cgroup (CLONE_INTO_CGROUP)");
}

int shell_oom(ctr::Run run, ctr::Shell shell) {
    return shell.text("echo " + std::to_string(run.integer("oom_score_adj")) +
                      " > /proc/self/oom_score_adj # the child inherits it");
}

constexpr ctr_step_kind clone_kind(const char *name, int (*shell)(ctr_run *, ctr_shell *)) {
    return {sizeof(ctr_step_kind), CTR_PROCESS_CLONE, name, nullptr, nullptr, shell, nullptr};
}

} // namespace

constinit const ctr_step_kind ns_new = clone_kind(CTR_KIND_NS_NEW, ctr::detail::shell_trampoline<shell_new>);
constinit const ctr_step_kind ns_join = clone_kind(CTR_KIND_NS_JOIN, ctr::detail::shell_trampoline<shell_join>);
constinit const ctr_step_kind oom_score_adj =
    clone_kind(CTR_KIND_OOM_SCORE_ADJ, ctr::detail::shell_trampoline<shell_oom>);
constinit const ctr_step_kind clone_cgroup =
    clone_kind(CTR_KIND_CLONE_CGROUP, ctr::detail::shell_trampoline<shell_cgroup>);

} // namespace kinds
