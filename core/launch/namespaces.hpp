// SPDX-License-Identifier: MIT
//
// What the plan's steps of phase `clone` mean for clone3: which namespaces are new, which are joined and by which
// process, and in which cgroup the child is born. The rules of the kernel that decide this are in namespaces.cpp.
#pragma once

#include "base/fd.hpp"
#include "base/result.hpp"
#include "launch/child.hpp"
#include "sys/process.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace core::launch {

class NamespaceSetup {
public:
    /// Reads the plan and opens the namespaces to join. For an exec, `init_pid` and `init_pidfd` are the container's
    /// first process; else 0 and -1.
    static Result<NamespaceSetup> from(const plan::Plan &plan, Block &block, int init_pid, int init_pidfd);

    std::uint64_t new_flags() const { return new_flags_; }
    int cgroup_fd() const { return cgroup_fd_; }

    /// Writes into `child` what it must join and which step maps its ids.
    Result<void> fill(ChildPlan &child) const;
    /// What must be entered before the clone.
    sys::Between between() const;
    /// The score that the child is to inherit; std::nullopt: the caller's.
    std::optional<std::int64_t> oom_score_adj() const { return oom_score_adj_; }
    /// True if CLONE_INTO_CGROUP was refused with an errno for which writing the pid to cgroup.procs may work.
    bool cgroup_fallback(int errno_value);
    Result<void> join_cgroup_by_pid(int pid) const;

private:
    struct Opened {
        Fd fd;
        int type = 0;
        std::string path;
    };
    Result<void> add_new(const plan::Step &step);
    Result<void> add_join(const plan::Step &step, Block &block);
    Result<void> join_all_of(int init_pid, int init_pidfd);
    void join_user_first(int init_pidfd);
    void divide();

    std::uint64_t new_flags_ = 0;
    bool new_time_ = false;
    std::string time_offsets_;
    std::vector<Opened> child_joins_, between_;
    std::optional<std::int64_t> oom_score_adj_;
    int cgroup_fd_ = -1;
    bool join_by_pid_ = false, enters_user_ = false;
    std::uint32_t mapped_by_ = plan::no_wait;
};

/// The CLONE_NEW* flag for a namespace type of the runtime-spec ("network"); 0 for an unknown name.
int namespace_flag(std::string_view type);

} // namespace core::launch
