// SPDX-License-Identifier: MIT
//
// The six lists of OCI hooks, and where in the plan each stands (runtime-spec, runtime.md "Lifecycle"):
//
//   prestart         parent, mounts     everything that the container needs exists; the child waits before pivot_root
//   createRuntime    parent, mounts     after prestart
//   createContainer  child, mounts      after createRuntime: in the container's namespaces, with the machine's files
//                                       still visible
//   (gate)
//   startContainer   child, confine     the container's files; as the program's user, with its capabilities and limits
//   poststart        parent, started    the program runs
//   poststop         undo, prepare      the first step of the plan, so the last to be undone
//
// The shared kinds run a hook (plugins/kinds/hooks.cpp), because no plugin makes processes.
#include "state.hpp"

namespace hooks {
namespace {

using ctr::Node;
using ctr::Plan;
using ctr::Step;

/// The limit of plugins/kinds/hooks.cpp.
constexpr std::size_t max_words = 4096;

struct List {
    const char *name, *kind;
    ctr_phase phase;
    const char *status; // of the container, as the hook is told
    /// The environment of a hook without `env`, as with runc and crun: that of the process that runs the hook, which is
    /// the container's process for hooks inside.
    const char *env_of = "caller";
};

/// crun's annotations: the files to which all hooks write.
constexpr const char *outputs[] = {"stdout", "stderr"};
Node output_of(Plan plan, const char *which) {
    return plan.spec("/annotations").get((std::string("/run.oci.hooks.") + which).c_str());
}

/// These files cannot be opened inside the container, so the hooks there get descriptors.
int open_outputs(Plan plan) {
    const bool inside = plan.spec("/hooks/createContainer").size() + plan.spec("/hooks/startContainer").size() != 0;
    for (const char *each : outputs) {
        const Node file = output_of(plan, each);
        if (!file) continue;
        const std::string path = file.str();
        if (path.empty() || path[0] != '/')
            return plan.invalid(std::string("/annotations/run.oci.hooks.") + each,
                                "\"" + path + "\" is no absolute path");
        if (inside && plan.step(CTR_KIND_MACHINE_OPEN, CTR_PREPARE)
                              .arg("path", path)
                              .arg("flags", "append")
                              .output("fd", CTR_TYPE_FD, std::string("hooks.") + each)
                              .add() != 0)
            return -1;
    }
    return 0;
}

/// The step of one hook, without its order among the others; -1 if the hook is refused.
int add_hook(Plan plan, const List &list, std::size_t index, const std::string &bundle, Step &step) {
    const std::string where = std::string("/hooks/") + list.name + "/" + std::to_string(index);
    const Node hook = plan.spec(where);
    const auto args = hook.get("/args").strings(), env = hook.get("/env").strings();
    if (args.size() + env.size() > max_words)
        return plan.invalid(where, "args and env have more than " + std::to_string(max_words) + " entries",
                            "hand them over in a file");
    step.arg("hook", where).arg("path", hook.get("/path").str()).args("arg", args).args("env", env);
    if (const Node given = hook.get("/env"); !given || given.type() == CTR_NODE_NULL) step.arg("env_of", list.env_of);
    if (list.kind == std::string_view(CTR_KIND_OCI_HOOK_RUN_INSIDE)) {
        if (list.phase == CTR_MOUNTS) step.arg("target", "/"); // else where the program will be
    } else {
        step.arg("cwd", bundle);
    }
    for (const char *each : outputs)
        if (const Node file = output_of(plan, each)) {
            if (list.kind == std::string_view(CTR_KIND_OCI_HOOK_RUN_INSIDE))
                step.value(each, std::string("hooks.") + each);
            else
                step.arg(std::string(each) + "_path", file.str());
        }
    step.format("state", state_of(plan, bundle, list.status));
    if (const Node timeout = hook.get("/timeout")) step.arg("timeout", timeout.integer().value_or(0));
    return step.add();
}

/// The hook runs when the container is made as the spec asks for it, except for pivot_root and what follows it.
void stand_behind_creation(Step &step) {
    for (const char *token :
         {CTR_TOKEN_USERNS_MAPPED, CTR_TOKEN_CGROUP_JOINED, CTR_TOKEN_NETWORK_READY, CTR_TOKEN_MOUNTS_DONE,
          CTR_TOKEN_DEV_MOUNTED, CTR_TOKEN_CGROUP_MOUNTED, CTR_TOKEN_CONSOLE_READY})
        step.after(token);
}

/// The hook runs after the program's user and capabilities are set, so that this file of the image gets no more than
/// the program. It runs before the seccomp filter is loaded, which could forbid what running a hook needs.
void stand_before_filter(Plan plan, Step &step) {
    step.after(CTR_TOKEN_CAPS_BOUNDED).after(CTR_TOKEN_IDS_SET);
    if (plan.spec("/process/noNewPrivileges").boolean())
        step.after(CTR_TOKEN_CAPS_FINAL).after(CTR_TOKEN_NO_NEW_PRIVS_SET);
    else
        step.after(CTR_TOKEN_CAPS_INTERIM);
}

int add_list(Plan plan, const List &list, const std::string &bundle) {
    const std::string name = list.name;
    const std::size_t n = plan.spec("/hooks/" + name).size();
    for (std::size_t at = 0; at < n; ++at) {
        const std::size_t i = name == "poststop" ? n - 1 - at : at; // undos go backwards
        Step step = plan.step(list.kind, list.phase);
        if (list.phase == CTR_MOUNTS) stand_behind_creation(step);
        if (name == "prestart" || name == "createRuntime") step.gives(CTR_TOKEN_HOOKS_RUNTIME);
        if (name == "createContainer") step.after(CTR_TOKEN_HOOKS_RUNTIME).gives(CTR_TOKEN_HOOKS_CONTAINER);
        if (name == "startContainer") {
            stand_before_filter(plan, step);
            step.gives(CTR_TOKEN_HOOKS_START);
        }
        if (name == "poststop") step.until(CTR_UNTIL_DELETE).gives(CTR_TOKEN_UNDONE_LAST);
        if (add_hook(plan, list, i, bundle, step) != 0) return -1;
    }
    return 0;
}

int plan_steps(Plan plan) {
    const Node bundle = plan.spec("/ctr/bundle");
    if (!bundle.is_string())
        return plan.invalid("/hooks", "OCI hooks are told the path of the bundle, and there is none",
                            "run the container from a bundle: --bundle DIR");
    constexpr List lists[] = {{"prestart", CTR_KIND_OCI_HOOK_RUN, CTR_MOUNTS, "creating"},
                              {"createRuntime", CTR_KIND_OCI_HOOK_RUN, CTR_MOUNTS, "creating"},
                              {"createContainer", CTR_KIND_OCI_HOOK_RUN_INSIDE, CTR_MOUNTS, "creating", "program"},
                              {"startContainer", CTR_KIND_OCI_HOOK_RUN_INSIDE, CTR_CONFINE, "created", "program"},
                              {"poststart", CTR_KIND_OCI_HOOK_RUN, CTR_STARTED, "running"}};
    if (open_outputs(plan) != 0) return -1;
    for (const List &list : lists)
        if (add_list(plan, list, bundle.str()) != 0) return -1;
    const List last = {"poststop", CTR_KIND_OCI_HOOK_AT_DELETE, CTR_PREPARE, "stopped"};
    return add_list(plan, last, bundle.str());
}

} // namespace
} // namespace hooks

CTR_PLUGIN("hooks", "0.1.0", hooks::plan_steps);
