// SPDX-License-Identifier: MIT
//
// The process itself: terminal, session, keyring, limits, user, working directory. Mostly shared kinds; this file
// decides the order:
//
//   clone     oom_score_adj
//   isolate   keyring, session
//   mounts    the working directory is made, while the root is still writable; the terminal (of that session)
//   confine   working directory, scheduling, limits, umask: while still root | ids | no_new_privs
//
// The working directory is entered before the ids change: because a root file system may have directories that only
// root may pass (`-u 1000 -w /root/app` works with docker). The kind checks that it is inside the container.
#include "child.hpp"
#include "limits.hpp"
#include "placing.hpp"
#include "scheduling.hpp"
#include "user.hpp"

namespace process {
namespace {

using ctr::Node;
using ctr::Plan;
using ctr::Step;

int plan_session(Plan plan) {
    if (plan.config("/keyring").boolean(true) && plan.spec("/ctr/keyring").boolean(true)) {
        const int made = plan.step(CTR_KIND_KEYRING_JOIN, CTR_ISOLATE)
                             .arg("name", "_ses." + plan.id())
                             .note("its caller's keys stay out of reach")
                             .add();
        if (made != 0) return -1;
    }
    if (plan.step(CTR_KIND_SESSION_NEW, CTR_ISOLATE).add() != 0) return -1;
    if (!plan.spec("/process/terminal").boolean()) return 0;
    Step console = plan.step(CTR_KIND_CONSOLE_OPEN, CTR_MOUNTS);
    // /dev/console is the terminal of the container's first process. Also, the mount of an exec would stay after its
    // process has ended.
    if (plan.operation() == CTR_OP_EXEC) console.arg("console", std::int64_t{0});
    if (!plan.spec("/ctr/onlcr").boolean(true)) console.arg("onlcr", std::int64_t{0});
    for (const char *side : {"width", "height"}) {
        const std::string path = std::string("/process/consoleSize/") + side;
        const Node size = plan.spec(path);
        if (!size) continue;
        const auto value = size.uinteger();
        if (!value || *value > 65535) return plan.invalid(path, "must be a whole number up to 65535");
        console.arg(side, static_cast<std::int64_t>(*value));
    }
    return console.output("master", CTR_TYPE_FD, "console.master")
        .after(CTR_TOKEN_DEV_MOUNTED)
        .after(CTR_TOKEN_MOUNTS_DONE)
        .gives(CTR_TOKEN_CONSOLE_READY)
        .add();
}

int plan_oom_score(Plan plan) {
    const Node node = plan.spec("/process/oomScoreAdj");
    if (!node) return 0;
    const auto value = node.integer();
    if (!value || *value < -1000 || *value > 1000)
        return plan.invalid("/process/oomScoreAdj", "must be a whole number from -1000 to 1000");
    return plan.step(CTR_KIND_OOM_SCORE_ADJ, CTR_CLONE).arg("oom_score_adj", *value).add();
}

int plan_cwd(Plan plan) {
    const std::string cwd = plan.spec("/process/cwd").str("/");
    if (cwd.empty() || cwd[0] != '/')
        return plan.invalid("/process/cwd", "\"" + cwd + "\" is no absolute path", "it is a path inside the container");
    if (cwd != "/" && plan.operation() == CTR_OP_CREATE) {
        const int made = plan.step(CTR_KIND_ROOT_MKDIR, CTR_MOUNTS)
                             .arg("target", cwd)
                             .note("the working directory, if it is missing")
                             .after(CTR_TOKEN_ROOT_ATTACHED)
                             .after(CTR_TOKEN_MOUNTS_DONE)
                             .add();
        if (made != 0) return -1;
    }
    return plan.step(CTR_KIND_CWD_SET, CTR_CONFINE).arg("path", cwd).add();
}

int plan_umask(Plan plan) {
    const Node node = plan.spec("/process/user/umask");
    const auto mask = node ? node.integer() : 0022; // independent of the caller's umask
    if (!mask || *mask < 0 || *mask > 0777)
        return plan.invalid("/process/user/umask", "must be a whole number from 0 to 511 (octal 777)");
    return plan.step(CTR_KIND_UMASK, CTR_CONFINE).arg("mask", *mask).add();
}

/// The id at `path`, 0 if there is none; nothing: the plan was refused.
std::optional<std::int64_t> id_at(Plan plan, const std::string &path) {
    const Node node = plan.spec(path);
    if (!node) return 0;
    const auto id = node.integer();
    if (id && *id >= 0 && *id <= id_max) return id;
    plan.invalid(path, "is no id", "a whole number from 0 to " + std::to_string(id_max));
    return std::nullopt;
}

std::optional<std::vector<std::int64_t>> more_groups(Plan plan) {
    const std::string path = "/process/user/additionalGids";
    std::vector<std::int64_t> groups;
    for (std::size_t i = 0; i < plan.spec(path).size(); ++i) {
        const auto gid = id_at(plan, path + "/" + std::to_string(i));
        if (!gid) return std::nullopt;
        groups.push_back(*gid);
    }
    return groups;
}

/// crun's annotation, which `podman --group-add keep-groups` writes: the process keeps its caller's groups, and other
/// settings of groups are ignored.
bool keeps_groups(Plan plan) { return bool(plan.spec("/annotations/run.oci.keep_original_groups")); }

/// /ctr/user (from the command line or the image) takes precedence over /process/user/uid and gid.
int plan_ids(Plan plan) {
    Step step = plan.step(CTR_KIND_IDS_SET, CTR_CONFINE);
    const auto groups = more_groups(plan);
    if (!groups) return -1;
    const Node named = plan.spec("/ctr/user");
    std::optional<User> user;
    if (named) {
        user = parse_user(named.str());
        if (!user)
            return plan.invalid("/ctr/user", "\"" + named.str() + "\" is no user",
                                "NAME or UID, then, if wanted, : and GROUP or GID");
    } else {
        const auto uid = id_at(plan, "/process/user/uid"), gid = id_at(plan, "/process/user/gid");
        if (!uid || !gid) return -1;
        user = User{true, *uid, *gid, {}};
    }
    if (user->numeric) {
        step.arg("uid", user->uid).arg("gid", user->gid).args("groups", *groups);
    } else {
        step.arg("user", user->text).note("looked up in the container when it runs");
        for (const auto gid : *groups)
            step.arg("add_groups", std::to_string(gid));
    }
    if (keeps_groups(plan)) step.arg("keep_groups", std::int64_t{1});
    return step.arg("keep_caps", std::int64_t{1})
        .after(CTR_TOKEN_CAPS_BOUNDED)
        .after(CTR_TOKEN_LABEL_SET)
        .gives(CTR_TOKEN_IDS_SET)
        .add();
}

int plan_no_new_privs(Plan plan) {
    if (!plan.spec("/process/noNewPrivileges").boolean()) return 0;
    return plan.step(CTR_KIND_NO_NEW_PRIVS, CTR_CONFINE)
        .note("set-user-ID and file capabilities give nothing")
        .after(CTR_TOKEN_CAPS_FINAL)
        .after(CTR_TOKEN_LABEL_SET)
        .gives(CTR_TOKEN_NO_NEW_PRIVS_SET)
        .add();
}

int plan_steps(Plan plan) {
    for (const auto part : {plan_session, plan_oom_score, plan_cwd, plan_affinity, plan_scheduler, plan_ioprio,
                            plan_personality, plan_memory_policy, plan_limits, plan_umask, plan_ids, plan_no_new_privs})
        if (part(plan) != 0) return -1;
    return 0;
}

constexpr ctr_step_kind scheduler = ctr::child_kind<scheduler_in_shell>("process.scheduler", scheduler_in_child);
constexpr ctr_step_kind ioprio = ctr::child_kind<ioprio_in_shell>("process.ioprio", ioprio_in_child);
constexpr ctr_step_kind personality =
    ctr::child_kind<personality_in_shell>("process.personality", personality_in_child);
constexpr ctr_step_kind mempolicy = ctr::child_kind<mempolicy_in_shell>("process.mempolicy", mempolicy_in_child);
constexpr ctr_step_kind affinity = ctr::child_kind<affinity_in_shell>("process.affinity", affinity_in_child);
constexpr ctr_step_kind parent_affinity =
    ctr::parent_kind<affinity_in_parent, affinity_in_shell>("process.parent_affinity");

} // namespace
} // namespace process

CTR_PLUGIN("process", "0.1.0", process::plan_steps, &process::scheduler, &process::ioprio, &process::personality,
           &process::mempolicy, &process::affinity, &process::parent_affinity);
