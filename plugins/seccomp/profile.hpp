// SPDX-License-Identifier: MIT
//
// A filter as a value, in the terms of the runtime-spec, and its text. The same lines are the step's arguments in the
// plan, what a person reads there, and the key of the cache.
//
//   default  ERRNO(1)
//   arch     SCMP_ARCH_X86_64
//   rule     ALLOW read write personality if arg0 == 0x8
//   rule     ALLOW clone if arg0 & 0x7e020000 == 0x0 and arg1 != 0x0
//   known    mseal                            (see `known`)
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace seccomp {

/// A SECCOMP_RET_* value with its data (errno, trace message).
using Action = std::uint32_t;

enum class Compare { ne, lt, le, eq, ge, gt, masked_eq };

/// One condition on an argument: `arg OP value`; for masked_eq `(arg & value) == value_two`.
struct Condition {
    unsigned index = 0;
    Compare compare = Compare::eq;
    std::uint64_t value = 0;
    std::uint64_t value_two = 0;
    bool operator==(const Condition &) const = default;
};

/// The action for system calls of those names; with conditions, only if all of them hold.
struct Rule {
    Action action = 0;
    std::vector<std::string> names;
    std::vector<Condition> conditions;
};

struct Profile {
    Action default_action = 0;
    /// OCI names (SCMP_ARCH_...), the machine's own first.
    std::vector<std::string> architectures;
    /// SECCOMP_FILTER_FLAG_*, for the load.
    unsigned flags = 0;
    /// A rule has SCMP_ACT_NOTIFY.
    bool notifies = false;
    std::vector<Rule> rules;
    /// Names that the author knew though no rule of this profile has them (a rule for another capability or kernel): a
    /// call newer than everything that the author knew gets ENOSYS, a call that the author knew and did not allow gets
    /// the default action.
    std::vector<std::string> known;
};

std::string text_of(Action action);
std::optional<Action> parse_action_text(std::string_view text);

std::string text_of(const Rule &rule);
std::optional<Rule> parse_rule(std::string_view text);

/// "read", "process_vm_readv": what a system call's name can look like.
bool is_syscall_name(std::string_view name);

/// The whole as lines. Two profiles with the same text make the same program.
std::string text_of(const Profile &profile);

} // namespace seccomp
