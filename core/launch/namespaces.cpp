// SPDX-License-Identifier: MIT
//
// The kernel's rules (namespaces(7), pid_namespaces(7), time_namespaces(7), user_namespaces(7)), and who therefore
// joins what:
// - A process enters a pid or time namespace only for its children. The offsets of a new time namespace are written
//   between unshare and the clone.
// - A new user namespace owns only the namespaces that are made with it. A joined namespace belongs to another user
//   namespace, and after the clone the child would have no rights over it.
// - New namespaces belong to the user namespace of the process that makes them. So a user namespace that is joined
//   must be entered before the clone.
// All this is done by a process in between (sys/process.hpp): it enters the namespaces, clones the child as its own
// sibling and ends. So ctr itself never leaves its namespaces. The child joins the remaining ones, before anything
// else.
// - An unprivileged user has rights only in the container's user namespace, so the process in between joins that first.
// - The root of a cgroup namespace is the cgroup in which the process is when it makes the namespace. So the child
//   unshares it itself after it has joined its cgroup: this is a step of the plan, not a flag here.
#include "launch/namespaces.hpp"

#include "sys/files.hpp"

#include <algorithm>
#include <fcntl.h>
#include <sched.h>
#include <unistd.h>

#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x80
#endif

namespace core::launch {
namespace {

bool only_children_enter(int type) { return type == CLONE_NEWPID || type == CLONE_NEWTIME; }

struct Name {
    const char *type;
    const char *file;
    int flag;
};

constexpr Name names[] = {{"mount", "mnt", CLONE_NEWNS},         {"uts", "uts", CLONE_NEWUTS},
                          {"ipc", "ipc", CLONE_NEWIPC},          {"pid", "pid", CLONE_NEWPID},
                          {"network", "net", CLONE_NEWNET},      {"user", "user", CLONE_NEWUSER},
                          {"cgroup", "cgroup", CLONE_NEWCGROUP}, {"time", "time", CLONE_NEWTIME}};

const Name *find_name(std::string_view type) {
    for (const Name &each : names)
        if (type == each.type) return &each;
    return nullptr;
}

std::string link_text(const std::string &path) {
    char target[64];
    const ssize_t length = ::readlink(path.c_str(), target, sizeof target);
    return length < 0 ? std::string() : std::string(target, static_cast<std::size_t>(length));
}

} // namespace

int namespace_flag(std::string_view type) {
    const Name *name = find_name(type);
    return name == nullptr ? 0 : name->flag;
}

Result<NamespaceSetup> NamespaceSetup::from(const plan::Plan &plan, Block &block, int init_pid, int init_pidfd) {
    NamespaceSetup setup;
    for (std::size_t i = 0; i < plan.steps.size(); ++i) {
        const plan::Step &step = plan.steps[i];
        // Steps of the clone have no code. Their arguments say what they want of clone3(2); the names of their kinds do
        // not matter.
        if (step.process == CTR_PROCESS_CLONE) {
            const bool joins = step.arg("path") != nullptr || step.arg("ns") != nullptr;
            if (step.arg("type") != nullptr) CTR_TRY(joins ? setup.add_join(step, block) : setup.add_new(step));
            if (const plan::Arg *value = step.arg("oom_score_adj"); value != nullptr)
                setup.oom_score_adj_ = value->integer;
            if (const plan::Arg *cgroup = step.arg("cgroup"); cgroup != nullptr) {
                const Value *value = block.value(cgroup->text);
                if (value == nullptr || value->type != CTR_TYPE_FD || !value->known)
                    return failure(CTR_E_INTERNAL, step.kind + ": the argument cgroup is no descriptor",
                                   "this is a bug of " + step.plugin);
                setup.cgroup_fd_ = value->fd;
            }
        }
        for (const std::string &token : step.gives)
            if (token == "userns.mapped" && step.process == CTR_PROCESS_PARENT)
                setup.mapped_by_ = static_cast<std::uint32_t>(i);
    }
    if (init_pidfd >= 0) CTR_TRY(setup.join_all_of(init_pid, init_pidfd));
    if ((setup.new_flags_ & CLONE_NEWUSER) == 0) {
        setup.mapped_by_ = plan::no_wait;
    } else if (setup.mapped_by_ == plan::no_wait) {
        return failure(CTR_E_INVALID, "a new user namespace, but no step gives \"userns.mapped\"",
                       "give uid and gid mappings");
    } else {
        block.steps[setup.mapped_by_].announce = true;
    }
    if (init_pidfd >= 0 && ::geteuid() != 0) setup.join_user_first(init_pidfd);
    setup.divide();
    return setup;
}

Result<void> NamespaceSetup::add_new(const plan::Step &step) {
    for (const plan::Arg &arg : step.args) {
        if (arg.name == "monotonic" || arg.name == "boottime") time_offsets_ += arg.name + " " + arg.text + "\n";
        if (arg.name != "type") continue;
        const int flag = namespace_flag(arg.text);
        if (flag == 0) return invalid(step.kind, "unknown namespace type \"" + arg.text + "\"");
        if (flag == CLONE_NEWTIME)
            new_time_ = true;
        else if (flag != CLONE_NEWCGROUP) // that one is unshared by a step of the child
            new_flags_ |= static_cast<std::uint64_t>(flag);
    }
    return {};
}

Result<void> NamespaceSetup::add_join(const plan::Step &step, Block &block) {
    const std::string type = step.arg_text("type");
    const int flag = namespace_flag(type);
    if (flag == 0) return invalid(step.kind, "unknown namespace type \"" + type + "\"");
    Opened opened;
    opened.type = flag;
    opened.path = step.arg_text("path");
    if (const plan::Arg *ns = step.arg("ns"); ns != nullptr) {
        const Value *value = block.value(ns->text);
        if (value == nullptr || value->type != CTR_TYPE_FD || !value->known)
            return failure(CTR_E_INTERNAL, step.kind + ": the argument ns is no descriptor");
        opened.fd.reset(::fcntl(value->fd, F_DUPFD_CLOEXEC, 0));
    } else {
        opened.fd.reset(::open(opened.path.c_str(), O_RDONLY | O_CLOEXEC));
    }
    if (!opened.fd.valid())
        return system_error("open", opened.path, "the " + type + " namespace to join does not exist (any more)");
    child_joins_.push_back(std::move(opened));
    return {};
}

/// Joins only the namespaces that differ from our own, because joining one's own user namespace is EINVAL. One setns on
/// the pidfd joins all of them but the pid and time namespaces.
Result<void> NamespaceSetup::join_all_of(int init_pid, int init_pidfd) {
    int flags = 0;
    const std::string theirs = "/proc/" + std::to_string(init_pid) + "/ns/";
    for (const Name &each : names) {
        const std::string target = link_text(theirs + each.file);
        if (target.empty() || target == link_text(std::string("/proc/self/ns/") + each.file)) continue;
        if (each.flag != CLONE_NEWPID && each.flag != CLONE_NEWTIME) {
            flags |= each.flag;
            continue;
        }
        Opened opened{Fd(::open((theirs + each.file).c_str(), O_RDONLY | O_CLOEXEC)), each.flag, theirs + each.file};
        if (!opened.fd.valid()) return system_error("open", opened.path, "the container's first process is gone");
        child_joins_.push_back(std::move(opened));
    }
    if (flags == 0) return {};
    Opened all{Fd(::fcntl(init_pidfd, F_DUPFD_CLOEXEC, 0)), flags, theirs};
    if (!all.fd.valid()) return system_error("fcntl", theirs);
    child_joins_.push_back(std::move(all));
    return {};
}

/// The user namespace is joined before all others, because an unprivileged caller has rights only there.
void NamespaceSetup::join_user_first(int init_pidfd) {
    const auto user = std::find_if(child_joins_.begin(), child_joins_.end(),
                                   [](const Opened &each) { return (each.type & CLONE_NEWUSER) != 0; });
    if (user == child_joins_.end()) return;
    between_.push_back({Fd(::fcntl(init_pidfd, F_DUPFD_CLOEXEC, 0)), CLONE_NEWUSER, "user"});
    user->type &= ~CLONE_NEWUSER;
    std::erase_if(child_joins_, [](const Opened &each) { return each.type == 0; });
}

/// Decides which process enters which namespace, by the rules at the top of this file.
void NamespaceSetup::divide() {
    const bool new_user = (new_flags_ & CLONE_NEWUSER) != 0;
    const bool joins_user = std::any_of(child_joins_.begin(), child_joins_.end(),
                                        [](const Opened &each) { return each.type == CLONE_NEWUSER; });
    const bool all = joins_user && (new_flags_ != 0 || new_time_);
    std::vector<Opened> child;
    for (Opened &each : child_joins_) {
        const bool before = all || only_children_enter(each.type) || (new_user && each.type != CLONE_NEWNS);
        (before ? between_ : child).push_back(std::move(each));
    }
    child_joins_ = std::move(child);
    enters_user_ = all;
}

sys::Between NamespaceSetup::between() const {
    sys::Between out;
    for (const Opened &each : between_)
        out.entered.push_back({each.fd.get(), each.type});
    out.new_time = new_time_;
    out.time_offsets = time_offsets_;
    return out;
}

Result<void> NamespaceSetup::fill(ChildPlan &child) const {
    if (child_joins_.size() > sizeof child.joins / sizeof child.joins[0])
        return failure(CTR_E_INVALID, "more joined namespaces than there are types");
    child.n_joins = child_joins_.size();
    for (std::size_t i = 0; i < child_joins_.size(); ++i)
        child.joins[i] = {child_joins_[i].fd.get(), child_joins_[i].type};
    child.mapped_by = mapped_by_;
    child.becomes_root = enters_user_ || mapped_by_ != plan::no_wait;
    return {};
}

bool NamespaceSetup::cgroup_fallback(int errno_value) {
    // ENOSYS, EINVAL, E2BIG: no CLONE_INTO_CGROUP in this kernel (before 5.7); EOPNOTSUPP: a threaded cgroup.
    join_by_pid_ = errno_value == ENOSYS || errno_value == EINVAL || errno_value == E2BIG || errno_value == EOPNOTSUPP;
    return join_by_pid_;
}

Result<void> NamespaceSetup::join_cgroup_by_pid(int pid) const {
    if (!join_by_pid_) return {};
    const Fd procs(::openat(cgroup_fd_, "cgroup.procs", O_WRONLY | O_CLOEXEC));
    if (!procs.valid()) return system_error("open", "cgroup.procs");
    return sys::write_all(procs.get(), std::to_string(pid), "cgroup.procs");
}

} // namespace core::launch
