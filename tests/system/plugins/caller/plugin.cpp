// SPDX-License-Identifier: MIT
//
// Every callback keeps its handle, and the one that the config names calls the function that the config names. All say
// that it went well: what was wrong, the host must have noticed.
#include "calls.hpp"

#include <ctr/ext/update.h>
#include <unistd.h>

namespace caller {
namespace {

using namespace ctr;

void call_if(Run run, const char *context) {
    handles.run = run.raw();
    if (run.str("context") == context) call_by_name(run.str("function").c_str());
}

int in_parent(Run run) { return call_if(run, "parent"), 0; }

/// An undo that failed comes again; the second time all goes well, so that nothing is left.
int in_undo(Run run) {
    const std::string mark = run.str("mark");
    const int fd = open(mark.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0) return 0;
    close(fd);
    call_if(run, "undo");
    return 0;
}

int idle(Run) { return 0; }

int in_shell(ctr_run *run, ctr_shell *shell) {
    handles.shell = shell;
    call_if(Run{run}, "shell");
    return 0;
}
int idle_in_shell(Run, Shell) { return 0; }

int update(ctr_run *run, const ctr_node *) { return call_if(Run{run}, "call"), 0; }

int plan_calls(Plan plan) {
    handles.plan = plan.raw();
    const std::string function = plan.config("/function").str(), context = plan.config("/context").str();
    const auto add = [&](const char *kind, ctr_phase phase, const std::string &prefix) {
        return plan.step(kind, phase)
            .arg("function", function)
            .arg("context", context)
            .arg("mark", plan.name("data_root") + "/caller-undone-" + plan.id())
            .arg("number", std::int64_t{1})
            .output("number", CTR_TYPE_INT, prefix + "number")
            .output("text", CTR_TYPE_STRING, prefix + "text")
            .output("fd", CTR_TYPE_FD, prefix + "fd")
            .add();
    };
    if (add("caller.parent", CTR_PREPARE, "caller.") != 0 || add("caller.child", CTR_CONFINE, "caller.child.") != 0)
        return -1;
    if (context == "plan") call_by_name(function.c_str());
    return 0;
}

constexpr ctr_step_kind parent_step = {
    sizeof(ctr_step_kind),           CTR_PROCESS_PARENT, "caller.parent", detail::run_trampoline<in_parent>,
    detail::run_trampoline<in_undo>, in_shell,           in_shell};
constexpr ctr_step_kind child_step = ctr::child_kind<idle_in_shell>("caller.child", in_child);
constexpr ctr_step_kind idle_step = ctr::parent_kind<idle, idle_in_shell>("caller.idle");

constexpr ctr_update_v1 updating = {sizeof(ctr_update_v1), "caller.parent", "/linux/intelRdt", update};

const void *extension(const char *id) { return std::strcmp(id, CTR_EXT_UPDATE) == 0 ? &updating : nullptr; }

} // namespace
} // namespace caller

CTR_PLUGIN_WITH_EXTENSION("caller", "0.1.0", caller::plan_calls, caller::extension, &caller::parent_step,
                          &caller::child_step, &caller::idle_step);
