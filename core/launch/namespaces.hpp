// SPDX-License-Identifier: MIT
//
// What the plan's steps of phase `clone` mean for clone3: which namespaces are new, which are joined and by whom, and
// in which cgroup the child is born. The kernel's rules that decide who joins what stand in namespaces.cpp.
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
    /// Reads the plan and opens the namespaces to join. `init_pid` and `init_pidfd` are of an exec's container, or 0
    /// and -1.
    static Result<NamespaceSetup> from(const plan::Plan &plan, Block &block, int init_pid, int init_pidfd);

    std::uint64_t new_flags() const { return new_flags_; }
    int cgroup_fd() const { return cgroup_fd_; }

    /// Tells the child what to join and which step maps its ids.
    Result<void> fill(ChildPlan &child) const;
    /// What is entered before the clone.
    sys::Between between() const;
    /// What the child inherits; nothing: the caller's own.
    std::optional<std::int64_t> oom_score_adj() const { return oom_score_adj_; }
    /// CLONE_INTO_CGROUP was refused for a reason that cgroup.procs may get around.
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

/// CLONE_NEW* for "network", as the runtime-spec names it; 0 for an unknown name.
int namespace_flag(std::string_view type);

} // namespace core::launch
