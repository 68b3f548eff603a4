// SPDX-License-Identifier: MIT
#include "scheduling.hpp"

#include "ioprio.hpp"

#include <linux/sched.h>
#include <sys/personality.h>

namespace process {
namespace {

using ctr::Node;
using ctr::Plan;

struct NamedPolicy {
    std::string_view name;
    std::int64_t value;
};

constexpr NamedPolicy policies[] = {{"SCHED_OTHER", SCHED_NORMAL}, {"SCHED_FIFO", SCHED_FIFO},
                                    {"SCHED_RR", SCHED_RR},        {"SCHED_BATCH", SCHED_BATCH},
                                    {"SCHED_IDLE", SCHED_IDLE},    {"SCHED_DEADLINE", SCHED_DEADLINE}};
// Not SCHED_FLAG_UTIL_CLAMP_MIN and _MAX: the runtime-spec has no place for the values that they announce.
constexpr NamedPolicy flags[] = {{"SCHED_FLAG_RESET_ON_FORK", SCHED_FLAG_RESET_ON_FORK},
                                 {"SCHED_FLAG_RECLAIM", SCHED_FLAG_RECLAIM},
                                 {"SCHED_FLAG_DL_OVERRUN", SCHED_FLAG_DL_OVERRUN},
                                 {"SCHED_FLAG_KEEP_POLICY", SCHED_FLAG_KEEP_POLICY},
                                 {"SCHED_FLAG_KEEP_PARAMS", SCHED_FLAG_KEEP_PARAMS}};
constexpr NamedPolicy io_classes[] = {{"IOPRIO_CLASS_RT", ioprio_class_rt},
                                      {"IOPRIO_CLASS_BE", ioprio_class_be},
                                      {"IOPRIO_CLASS_IDLE", ioprio_class_idle}};
constexpr NamedPolicy domains[] = {{"LINUX", PER_LINUX}, {"LINUX32", PER_LINUX32}};

template <std::size_t N> std::optional<std::int64_t> value_of(const NamedPolicy (&words)[N], std::string_view name) {
    for (const auto &each : words)
        if (each.name == name) return each.value;
    return std::nullopt;
}

template <std::size_t N> std::string name_of(const NamedPolicy (&words)[N], std::int64_t value) {
    for (const auto &each : words)
        if (each.value == value) return std::string(each.name);
    return std::to_string(value);
}

/// A number of the scheduler object within a range; nothing: the plan was refused. Missing is `fallback`.
std::optional<std::int64_t> number(Plan plan, const std::string &path, std::int64_t low, std::int64_t high,
                                   std::int64_t fallback) {
    const Node node = plan.spec(path);
    if (!node) return fallback;
    const auto value = node.integer();
    if (value && *value >= low && *value <= high) return value;
    plan.invalid(path, "must be a whole number from " + std::to_string(low) + " to " + std::to_string(high));
    return std::nullopt;
}

std::optional<std::int64_t> scheduler_flags(Plan plan) {
    const Node list = plan.spec("/process/scheduler/flags");
    std::int64_t all = 0;
    for (std::size_t i = 0; i < list.size(); ++i) {
        const std::string name = list.at(i).str();
        const auto flag = value_of(flags, name);
        if (!flag) {
            plan.invalid(
                "/process/scheduler/flags/" + std::to_string(i), "the flag \"" + name + "\" cannot be carried out",
                "known are RESET_ON_FORK, RECLAIM, DL_OVERRUN, KEEP_POLICY and KEEP_PARAMS, each after SCHED_FLAG_");
            return std::nullopt;
        }
        all |= *flag;
    }
    return all;
}

/// A member that has no meaning for the policy is refused, not ignored.
int refuse_meaningless(Plan plan, bool real_time, bool deadline) {
    for (const char *name : {"runtime", "deadline", "period"})
        if (!deadline && plan.spec(std::string("/process/scheduler/") + name).integer(0) != 0)
            return plan.invalid(std::string("/process/scheduler/") + name, "only SCHED_DEADLINE has it");
    if (!real_time && plan.spec("/process/scheduler/priority").integer(0) != 0)
        return plan.invalid("/process/scheduler/priority", "only SCHED_FIFO and SCHED_RR have it",
                            "the others have nice");
    return 0;
}

} // namespace

int plan_scheduler(Plan plan) {
    const Node scheduler = plan.spec("/process/scheduler");
    if (!scheduler) return 0;
    const std::string name = scheduler.get("/policy").str();
    const auto policy = value_of(policies, name);
    if (!policy)
        return plan.invalid("/process/scheduler/policy", "\"" + name + "\" is no scheduling policy of this kernel",
                            "SCHED_OTHER, SCHED_FIFO, SCHED_RR, SCHED_BATCH, SCHED_IDLE or SCHED_DEADLINE");
    const bool real_time = *policy == SCHED_FIFO || *policy == SCHED_RR;
    if (refuse_meaningless(plan, real_time, *policy == SCHED_DEADLINE) != 0) return -1;
    const auto nice = number(plan, "/process/scheduler/nice", -20, 19, 0);
    const auto priority = number(plan, "/process/scheduler/priority", real_time ? 1 : 0, 99, real_time ? 1 : 0);
    const auto runtime = number(plan, "/process/scheduler/runtime", 0, INT64_MAX, 0);
    const auto deadline = number(plan, "/process/scheduler/deadline", 0, INT64_MAX, 0);
    const auto period = number(plan, "/process/scheduler/period", 0, INT64_MAX, 0);
    const auto all_flags = scheduler_flags(plan);
    if (!nice || !priority || !runtime || !deadline || !period || !all_flags) return -1;
    return plan.step("process.scheduler", CTR_CONFINE)
        .arg("policy", *policy)
        .arg("flags", *all_flags)
        .arg("nice", *nice)
        .arg("priority", *priority)
        .arg("runtime", *runtime)
        .arg("deadline", *deadline)
        .arg("period", *period)
        .note(name)
        .add();
}

int plan_ioprio(Plan plan) {
    const Node node = plan.spec("/process/ioPriority");
    if (!node) return 0;
    const std::string name = node.get("/class").str();
    const auto io_class = value_of(io_classes, name);
    if (!io_class)
        return plan.invalid("/process/ioPriority/class", "\"" + name + "\" is no class",
                            "IOPRIO_CLASS_RT, IOPRIO_CLASS_BE or IOPRIO_CLASS_IDLE");
    const auto priority = number(plan, "/process/ioPriority/priority", 0, 7, *io_class == ioprio_class_idle ? 0 : 4);
    if (!priority) return -1;
    return plan.step("process.ioprio", CTR_CONFINE).arg("class", *io_class).arg("priority", *priority).note(name).add();
}

int plan_personality(Plan plan) {
    const Node node = plan.spec("/linux/personality");
    if (!node) return 0;
    const std::string name = node.get("/domain").str();
    const auto domain = value_of(domains, name);
    if (!domain) return plan.invalid("/linux/personality/domain", "\"" + name + "\" is no domain", "LINUX or LINUX32");
    if (node.get("/flags").size() != 0)
        return plan.invalid("/linux/personality/flags", "the runtime-spec defines no flag", "leave the list empty");
    return plan.step("process.personality", CTR_CONFINE).arg("persona", *domain).note(name).add();
}

int scheduler_in_shell(ctr::Run run, ctr::Shell shell) {
    const auto policy = run.integer("policy");
    std::string text = "chrt";
    if ((run.integer("flags") & SCHED_FLAG_RESET_ON_FORK) != 0) text += " --reset-on-fork";
    switch (policy) {
    case SCHED_FIFO: text += " --fifo"; break;
    case SCHED_RR: text += " --rr"; break;
    case SCHED_BATCH: text += " --batch"; break;
    case SCHED_IDLE: text += " --idle"; break;
    case SCHED_DEADLINE:
        text += " --deadline --sched-runtime " + run.str("runtime") + " --sched-deadline " + run.str("deadline") +
                " --sched-period " + run.str("period");
        break;
    default: text += " --other"; break;
    }
    text += " --pid " + run.str("priority") + " $$";
    if (run.integer("nice") != 0) text += "\nrenice --priority " + run.str("nice") + " --pid $$ >/dev/null";
    return shell.text(text);
}

int ioprio_in_shell(ctr::Run run, ctr::Shell shell) {
    const std::string level = run.integer("class") == ioprio_class_idle ? "" : " --classdata " + run.str("priority");
    return shell.text("ionice --class " + run.str("class") + level + " --pid $$  # " +
                      name_of(io_classes, run.integer("class")));
}

int personality_in_shell(ctr::Run run, ctr::Shell shell) {
    const std::string domain = run.integer("persona") == PER_LINUX32 ? "linux32" : "linux64";
    return shell.text("setpriv=\"setarch " + domain + " ${setpriv:-setpriv}\"");
}

} // namespace process
