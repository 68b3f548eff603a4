// SPDX-License-Identifier: MIT
//
// Which sets a container gets, and where in `confine` they are set.
//
//   /process/capabilities   the five lists of the runtime-spec, as they are
//   /ctr/capabilities       add and drop: relative to those lists, or without them to docker's default
//   neither                 no capability at all, as the runtime-spec has it
#include "child.hpp"
#include "sets.hpp"

#include <algorithm>

namespace capabilities {
namespace {

using ctr::Node;
using ctr::Plan;
using ctr::Result;
using ctr::Run;
using ctr::Shell;

struct Wanted {
    Sets sets;
    std::string lost; // what was asked for and cannot be given; goes into the note of caps.bound
};

Result<Sets> from_lists(Plan plan, std::vector<std::string> &unknown) {
    Sets sets;
    const std::pair<const char *, Mask *> lists[] = {{"bounding", &sets.bounding},
                                                     {"effective", &sets.effective},
                                                     {"permitted", &sets.permitted},
                                                     {"inheritable", &sets.inheritable},
                                                     {"ambient", &sets.ambient}};
    for (const auto &[name, mask] : lists) {
        const std::string path = std::string("/process/capabilities/") + name;
        const Node list = plan.spec(path);
        if (list && list.type() != CTR_NODE_ARRAY && list.type() != CTR_NODE_NULL)
            return ctr::invalid(path, "is no list of capability names");
        *mask = parse_oci(list.strings(), unknown);
    }
    return sets;
}

Result<Sets> from_default(Plan plan) {
    Mask mask = default_mask();
    if (const Node own = plan.config("/default")) {
        CTR_ASSIGN(mask, parse_list("capabilities/default", own.strings()));
    }
    return Sets{mask, mask, mask, 0, 0};
}

/// Adding gives a capability to the program that starts (not to what it executes later: inheritable and ambient stay);
/// dropping takes it out of every set.
void apply_change(Sets &sets, Change change) {
    for (Mask *mask : {&sets.bounding, &sets.effective, &sets.permitted})
        *mask = changed(*mask, change);
    for (Mask *mask : {&sets.inheritable, &sets.ambient})
        *mask &= sets.bounding;
}

/// A warning in runc's words, because the container runs with less than was asked for.
void warn_of(Plan plan, std::vector<std::string> unknown) {
    if (unknown.empty()) return;
    std::sort(unknown.begin(), unknown.end()); // most stand in several lists
    unknown.erase(std::unique(unknown.begin(), unknown.end()), unknown.end());
    std::string names;
    for (const auto &name : unknown)
        names += (names.empty() ? "" : " ") + name;
    plan.log(CTR_LOG_WARN, "ignoring unknown or unavailable capabilities: [" + names + "]");
}

/// Warns of what the kernel would refuse, for each set.
void warn_of_lost(Plan plan, const Sets &asked, const Sets &given) {
    const auto warn = [&](const char *set, Mask lost, const char *why) {
        if (lost != 0)
            plan.log(CTR_LOG_WARN, std::string("ignoring ") + set + " capabilities that are not " + why + ": [CAP_" +
                                       names_of(lost, " CAP_") + "]");
    };
    warn("effective", asked.effective & ~given.effective, "permitted");
    warn("inheritable", asked.inheritable & ~given.inheritable, "in the bounding set");
    warn("ambient", asked.ambient & ~given.ambient, "permitted and inheritable");
}

Result<Wanted> wanted(Plan plan) {
    const Node lists = plan.spec("/process/capabilities");
    const Node change = plan.spec("/ctr/capabilities");
    std::vector<std::string> unknown;
    CTR_ASSIGN(Sets sets, lists ? from_lists(plan, unknown) : change ? from_default(plan) : Sets{});
    if (change) {
        CTR_ASSIGN(const Change parsed, parse_change(change.get("/add").strings(), change.get("/drop").strings()));
        apply_change(sets, parsed);
    }
    Wanted result;
    warn_of(plan, unknown);
    const Sets asked = sets;
    if (const Mask lost = make_consistent(sets)) {
        result.lost += "; inconsistent between the sets, so not given: " + names_of(lost);
        warn_of_lost(plan, asked, sets);
    }
    if (!unknown.empty()) result.lost += "; unknown, so not given:";
    for (const auto &name : unknown)
        result.lost += " " + name;
    result.sets = sets;
    return result;
}

int plan_steps(Plan plan) {
    const auto all = wanted(plan);
    if (!all.ok()) return plan.fail(all.error());
    const Sets &sets = all.value().sets;
    const bool no_new_privs = plan.spec("/process/noNewPrivileges").boolean();

    if (plan.step("caps.bound", CTR_CONFINE)
            .arg("bounding", hex(sets.bounding))
            .note("keeps " + names_of(sets.bounding) + all.value().lost)
            .gives(CTR_TOKEN_CAPS_BOUNDED)
            .add() != 0)
        return -1;
    // With no_new_privs a filter needs no SYS_ADMIN: the final sets come first and seccomp is the last call before
    // execve.
    if (!no_new_privs && plan.step("caps.interim", CTR_CONFINE)
                                 .arg("permitted", hex(sets.permitted))
                                 .arg("inheritable", hex(sets.inheritable))
                                 .arg("ambient", hex(sets.ambient))
                                 .note("keeps SYS_ADMIN until seccomp is loaded")
                                 .after(CTR_TOKEN_CAPS_BOUNDED)
                                 .after(CTR_TOKEN_IDS_SET)
                                 .gives(CTR_TOKEN_CAPS_INTERIM)
                                 .add() != 0)
        return -1;
    auto last = plan.step("caps.final", CTR_CONFINE);
    last.arg("effective", hex(sets.effective))
        .arg("permitted", hex(sets.permitted))
        .arg("inheritable", hex(sets.inheritable));
    if (no_new_privs)
        last.arg("ambient", hex(sets.ambient));
    else
        last.after(CTR_TOKEN_CAPS_INTERIM).after(CTR_TOKEN_SECCOMP_LOADED);
    return last
        .note("effective " + names_of(sets.effective) +
              (sets.ambient != 0 ? "; ambient " + names_of(sets.ambient) : ""))
        .after(CTR_TOKEN_CAPS_BOUNDED)
        .after(CTR_TOKEN_IDS_SET)
        .gives(CTR_TOKEN_CAPS_FINAL)
        .add();
}

/// "-all,+chown,+kill" for setpriv(1), which knows the three sets that survive execve.
std::string for_setpriv(const std::string &hexadecimal) {
    const Mask mask = std::stoull(hexadecimal, nullptr, 16);
    if (mask == everything) return "+all";
    std::string text = "-all";
    if (mask != 0) text += ",+" + names_of(mask, ",+");
    for (char &c : text)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    return text;
}

// A shell cannot lower its own sets. The script starts the program by setpriv(1); its options are collected in
// $setpriv, as the shared kinds do.
int bound_in_shell(Run run, Shell shell) {
    return shell.text("setpriv=\"${setpriv:-setpriv} --bounding-set=" + for_setpriv(run.str("bounding")) + "\"");
}
int interim_in_shell(Run run, Shell shell) {
    const std::string ambient = for_setpriv(run.str("ambient"));
    return shell.text("# ctr keeps CAP_SYS_ADMIN here until seccomp is loaded; in this script nothing is to be kept\n"
                      "setpriv=\"${setpriv:-setpriv} --ambient-caps=" +
                      ambient + "\"");
}
int final_in_shell(Run run, Shell shell) {
    const std::string inheritable = for_setpriv(run.str("inheritable"));
    const std::string ambient = run.has("ambient") ? " --ambient-caps=" + for_setpriv(run.str("ambient")) : "";
    return shell.text("setpriv=\"${setpriv:-setpriv} --inh-caps=" + inheritable + ambient +
                      "\"  # execve makes effective and permitted of these and the bounding set");
}

constexpr ctr_step_kind bound = ctr::child_kind<bound_in_shell>("caps.bound", bound_in_child);
constexpr ctr_step_kind interim = ctr::child_kind<interim_in_shell>("caps.interim", interim_in_child);
constexpr ctr_step_kind last = ctr::child_kind<final_in_shell>("caps.final", final_in_child);

} // namespace
} // namespace capabilities

CTR_PLUGIN("capabilities", "0.1.0", capabilities::plan_steps, &capabilities::bound, &capabilities::interim,
           &capabilities::last);
