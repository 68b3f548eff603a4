// SPDX-License-Identifier: MIT
//
// /linux/intelRdt, by the kernel's resctrl file system, which the administrator mounts. The group is made before the
// child, the child is put into it before its program runs; what it forks is born there.
#include "group.hpp"
#include "schemata.hpp"

#include <ctr/ext/update.h>

namespace resctrl {
namespace {

using ctr::Node;
using ctr::Plan;

/// Where resctrl is mounted on the machine, from mountinfo; empty: nowhere.
std::string mount_point(const std::string &mountinfo) {
    for (const auto &line : lines_of(mountinfo)) {
        if (line.find(" - resctrl ") == std::string::npos) continue;
        std::size_t begin = 0;
        for (int field = 0; field < 4; ++field)
            begin = line.find(' ', begin) + 1;
        return line.substr(begin, line.find(' ', begin) - begin);
    }
    return {};
}

bool is_group_name(const std::string &name) {
    if (name.empty() || name == "." || name == ".." || name.find('/') != std::string::npos) return false;
    for (const char *own : {"info", "mon_groups", "mon_data"})
        if (name == own) return false;
    return true;
}

struct Wanted {
    std::string root, name, path;
    std::vector<std::string> lines;
    bool named = false, monitored = false;

    std::string monitor(const std::string &id) const { return path + "/mon_groups/" + id; }
};

int read_wanted(Plan plan, Wanted &wanted) {
    const Node node = plan.spec("/linux/intelRdt");
    wanted.root = mount_point(plan.ask("mounts").value_or(""));
    if (wanted.root.empty())
        return plan.fail({.error_class = CTR_E_UNSUPPORTED,
                          .message = "no resctrl file system is mounted on this machine",
                          .hint = "mount -t resctrl resctrl /sys/fs/resctrl, on a processor that has it",
                          .path = "/linux/intelRdt"});
    wanted.name = node.get("/closID").str();
    wanted.named = !wanted.name.empty();
    if (!wanted.named) wanted.name = plan.id();
    if (wanted.name != "/" && !is_group_name(wanted.name))
        return plan.invalid("/linux/intelRdt/closID", "\"" + wanted.name + "\" is no name of a group");
    // "/" is the default group, in which every process is at first.
    wanted.path = wanted.name == "/" ? wanted.root : wanted.root + "/" + wanted.name;
    wanted.lines =
        wanted_lines(node.get("/l3CacheSchema").str(), node.get("/memBwSchema").str(), node.get("/schemata").strings());
    for (const auto &line : wanted.lines)
        if (!is_line(line))
            return plan.invalid("/linux/intelRdt", "\"" + line + "\" is no schema", "for example L3:0=7f0;1=1f");
    wanted.monitored = node.get("/enableMonitoring").boolean();
    return 0;
}

int add_group(Plan plan, const Wanted &wanted) {
    ctr::Step step = plan.step("resctrl.group", CTR_PREPARE);
    step.arg("root", wanted.root).arg("path", wanted.path).args("line", wanted.lines);
    if (wanted.named) step.arg("shared", std::int64_t{1});
    if (wanted.named && wanted.lines.empty()) step.arg("must_exist", std::int64_t{1});
    if (step.output("made", CTR_TYPE_INT, "resctrl.made").add() != 0) return -1;
    if (!wanted.monitored) return 0;
    return plan.step("resctrl.monitor", CTR_PREPARE)
        .arg("path", wanted.monitor(plan.id()))
        .output("made", CTR_TYPE_INT, "resctrl.monitor.made")
        .add();
}

int plan_steps(Plan plan) {
    Wanted wanted;
    if (!plan.spec("/linux/intelRdt")) return 0;
    if (read_wanted(plan, wanted) != 0) return -1;
    if (plan.operation() == CTR_OP_CREATE && add_group(plan, wanted) != 0) return -1;
    ctr::Step step = plan.step("resctrl.join", CTR_ATTACH);
    step.arg("root", wanted.root).value("pid", "child.pid").arg("path", wanted.path);
    if (wanted.monitored) step.arg("path", wanted.monitor(plan.id()));
    return step.needs(CTR_TOKEN_CHILD_ALIVE).add();
}

int update_call(ctr_run *raw, const ctr_node *node) {
    const ctr::Run run{raw};
    try {
        const Node wanted{node};
        return update(run, wanted.get("/l3CacheSchema").str(), wanted.get("/memBwSchema").str());
    } catch (const std::exception &e) {
        return run.fail({.error_class = CTR_E_INTERNAL,
                         .message = e.what(),
                         .hint = "this is a bug of the plugin",
                         .syscall = "C++ exception"});
    }
}

constexpr ctr_update_v1 living = {sizeof(ctr_update_v1), "resctrl.group", "/linux/intelRdt", update_call};

const void *extension(const char *id) { return std::string_view(id) == CTR_EXT_UPDATE ? &living : nullptr; }

constexpr ctr_step_kind group_kind =
    ctr::parent_kind<group, group_undo, group_in_shell, remove_in_shell>("resctrl.group");
constexpr ctr_step_kind monitor_kind =
    ctr::parent_kind<monitor, monitor_undo, monitor_in_shell, remove_in_shell>("resctrl.monitor");
constexpr ctr_step_kind join_kind = ctr::parent_kind<join, join_in_shell>("resctrl.join");

} // namespace
} // namespace resctrl

CTR_PLUGIN_WITH_EXTENSION("resctrl", "0.1.0", resctrl::plan_steps, resctrl::extension, &resctrl::group_kind,
                          &resctrl::monitor_kind, &resctrl::join_kind);
