// SPDX-License-Identifier: MIT
//
// The program is written from its end to its beginning. Jumps of the filter machine lead forward only, so every target
// already has its place when the jump to it is written. A label is the distance from the end.
//
//   ld arch; jeq X86_64 -> A; jeq I386 -> B; ret KILL_PROCESS
//   A: ld nr; binary search over the runs of equal answers: jge 200 ? right half : left half ...
//      leaf: ret ACTION, or the conditions of a system call and then ret
#include "bpf.hpp"

#include "syscalls.hpp"

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <linux/seccomp.h>
#include <map>
#include <utility>

namespace seccomp {
namespace {

constexpr std::uint32_t x32_bit = 0x40000000;
/// A tracer sets the number to -1 to skip a system call, so -1 is not an unknown call.
constexpr std::uint32_t skipped = 0xffffffff;

/// What happens to one system call: conditional actions, tried in order, then the unconditional one.
struct Decision {
    struct Branch {
        Action action;
        std::vector<Condition> conditions;
        bool operator==(const Branch &) const = default;
    };
    std::vector<Branch> branches;
    Action otherwise = 0;
    bool wide = true;     // arguments have 64 bits
    bool covered = false; // a rule without conditions was seen: later ones change nothing
    bool operator==(const Decision &other) const {
        return branches == other.branches && otherwise == other.otherwise && (branches.empty() || wide == other.wide);
    }
};

/// The decisions of one ABI by number.
using Decisions = std::map<std::uint32_t, Decision>;

void decide(Decision &decision, Action action, const std::vector<Condition> &conditions) {
    if (decision.covered) return;
    if (!conditions.empty()) {
        decision.branches.push_back({action, conditions});
        return;
    }
    decision.branches.clear();
    decision.otherwise = action;
    decision.covered = true;
}

/// True if the number may count as the newest call that the profile's author knew; below that number a missing rule
/// means "forbidden", above it "unknown". Special ranges far above the others (ARM's private calls, x32's own variants
/// from 512 on) do not count, because their numbers tell nothing about age.
bool counts_as_known(const Abi &abi, std::uint32_t number) {
    const std::uint32_t plain = number & ~x32_bit;
    return plain < 0xf0000 && !(abi.audit_arch != abi.token && plain >= 512);
}

struct AbiRules {
    const Abi *abi;
    Decisions decisions;
    std::uint32_t highest = 0;
    bool any = false;
};

AbiRules rules_for(const Abi &abi, const Profile &profile) {
    AbiRules all{&abi, {}, 0, false};
    Table table(abi);
    const auto at = [&](std::uint32_t number) -> Decision & {
        return all.decisions.try_emplace(number, Decision{{}, profile.default_action, abi.wide, false}).first->second;
    };
    const auto note = [&](std::uint32_t number) {
        if (!counts_as_known(abi, number)) return;
        all.highest = std::max(all.highest, number);
        all.any = true;
    };
    for (const auto &rule : profile.rules) {
        for (const auto &name : rule.names) {
            const Resolved found = table.resolve(name);
            if (found.number) {
                decide(at(*found.number), rule.action, rule.conditions);
                note(*found.number);
            }
            // In the multiplexed form the arguments are behind a pointer, so rules with conditions cannot be applied to
            // them.
            if (found.multiplexer && rule.conditions.empty())
                decide(at(*found.multiplexer), rule.action, {Condition{0, Compare::eq, found.selector, 0}});
        }
    }
    for (const auto &name : profile.known)
        if (const auto number = table.resolve(name).number) note(*number);
    return all;
}

bool wants_enosys(Action default_action) {
    switch (default_action & SECCOMP_RET_ACTION_FULL) {
    case SECCOMP_RET_ALLOW:
    case SECCOMP_RET_LOG:
    case SECCOMP_RET_TRACE: return false; // the tracer decides
    default: return default_action != (SECCOMP_RET_ERRNO | ENOSYS);
    }
}

/// From `start` up to the next run's start.
struct Run {
    std::uint32_t start;
    Decision decision;
};

class Runs {
public:
    explicit Runs(Action default_action) : default_(default_action) {}
    /// Everything from `from` on; calls must come in rising order.
    void from(std::uint32_t start, const Decision &decision) {
        if (!all_.empty() && all_.back().start == start) all_.pop_back();
        if (all_.empty() || !(all_.back().decision == decision)) all_.push_back({start, decision});
    }
    void from(std::uint32_t start, Action action) { from(start, Decision{{}, action, true, false}); }
    void from_default(std::uint32_t start) { from(start, default_); }
    /// The decisions of one ABI for the numbers from `start` to before `last`.
    void add(const AbiRules &rules, std::uint32_t start, std::uint32_t last, bool enosys) {
        const std::uint32_t unknown = enosys && rules.any ? rules.highest + 1 : last; // unknown from here on
        std::uint32_t next = start;
        const auto gap = [&](std::uint32_t until) { // [next, until) has no rule
            if (next < std::min(until, unknown)) from_default(next);
            if (std::max(next, unknown) < until) from(std::max(next, unknown), SECCOMP_RET_ERRNO | ENOSYS);
        };
        for (const auto &[number, decision] : rules.decisions) {
            gap(number);
            from(number, decision);
            next = number + 1;
        }
        gap(last);
    }
    std::vector<Run> take() { return std::move(all_); }

private:
    Action default_;
    std::vector<Run> all_;
};

/// Writes instructions from the last to the first.
class Writer {
public:
    /// The distance from the end of the instruction written last.
    using Label = std::size_t;

    Label here() const { return code_.size(); }
    Label plain(std::uint16_t code, std::uint32_t k) { return code_.push_back({code, 0, 0, k}), here(); }
    Label ret(Action action) {
        const auto known = returns_.find(action);
        if (known != returns_.end() && here() - known->second < reach) return known->second;
        return returns_[action] = plain(BPF_RET | BPF_K, action);
    }
    /// A conditional jump. A target that 8 bits cannot reach gets an unconditional jump right after this one.
    Label jump(std::uint16_t op, std::uint32_t k, Label yes, Label no) {
        yes = near(yes, 1);
        no = near(no, 0);
        code_.push_back({static_cast<std::uint16_t>(BPF_JMP | op | BPF_K), distance(yes), distance(no), k});
        return here();
    }
    Program take() { return {code_.rbegin(), code_.rend()}; }

private:
    static constexpr std::size_t reach = 250;
    std::uint8_t distance(Label target) const { return static_cast<std::uint8_t>(here() - target); }
    Label near(Label target, std::size_t more) {
        if (here() - target + more <= reach) return target;
        const sock_filter &there = code_[target - 1];
        if (there.code == (BPF_RET | BPF_K)) return plain(there.code, there.k);
        return plain(BPF_JMP | BPF_JA, static_cast<std::uint32_t>(here() - target));
    }
    Program code_;
    std::map<Action, Label> returns_;
};

constexpr std::uint32_t low_half(unsigned index) {
    const auto at = static_cast<std::uint32_t>(offsetof(seccomp_data, args)) + index * 8;
    return __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? at : at + 4;
}
constexpr std::uint32_t high_half(unsigned index) { return low_half(index) ^ 4; }
constexpr std::uint16_t load = BPF_LD | BPF_W | BPF_ABS;

using Label = Writer::Label;

/// Goes to `yes` if (half & mask) compares equal to `value`.
Label equal_half(Writer &out, std::uint32_t offset, std::uint32_t mask, std::uint32_t value, Label yes, Label no) {
    if (mask == 0) return value == 0 ? yes : no;
    out.jump(BPF_JEQ, value, yes, no);
    if (mask != 0xffffffff) out.plain(BPF_ALU | BPF_AND | BPF_K, mask);
    return out.plain(load, offset);
}

/// An ordered comparison of 64 bits: the high halves decide unless they are equal.
Label ordered(Writer &out, const Condition &c, std::uint16_t low_op, bool wide, Label yes, Label no) {
    const auto value_low = static_cast<std::uint32_t>(c.value), value_high = static_cast<std::uint32_t>(c.value >> 32);
    out.jump(low_op, value_low, yes, no);
    const Label low = out.plain(load, low_half(c.index));
    if (!wide) return low;
    const Label same = out.jump(BPF_JEQ, value_high, low, no);
    out.jump(BPF_JGT, value_high, yes, same);
    return out.plain(load, high_half(c.index));
}

Label test(Writer &out, const Condition &c, bool wide, Label yes, Label no) {
    switch (c.compare) {
    case Compare::lt: return ordered(out, c, BPF_JGE, wide, no, yes);
    case Compare::le: return ordered(out, c, BPF_JGT, wide, no, yes);
    case Compare::ge: return ordered(out, c, BPF_JGE, wide, yes, no);
    case Compare::gt: return ordered(out, c, BPF_JGT, wide, yes, no);
    case Compare::ne: return test(out, Condition{c.index, Compare::eq, c.value, 0}, wide, no, yes);
    case Compare::eq: return test(out, Condition{c.index, Compare::masked_eq, UINT64_MAX, c.value}, wide, yes, no);
    case Compare::masked_eq: break;
    }
    const std::uint64_t value = c.value_two & c.value; // bits outside the mask do not count
    const Label low = equal_half(out, low_half(c.index), static_cast<std::uint32_t>(c.value),
                                 static_cast<std::uint32_t>(value), yes, no);
    if (!wide) return low;
    return equal_half(out, high_half(c.index), static_cast<std::uint32_t>(c.value >> 32),
                      static_cast<std::uint32_t>(value >> 32), low, no);
}

Label leaf(Writer &out, const Decision &decision) {
    Label next = out.ret(decision.otherwise);
    for (auto branch = decision.branches.rbegin(); branch != decision.branches.rend(); ++branch) {
        Label yes = out.ret(branch->action);
        for (auto condition = branch->conditions.rbegin(); condition != branch->conditions.rend(); ++condition)
            yes = test(out, *condition, decision.wide, yes, next);
        next = yes;
    }
    return next;
}

/// Binary search over runs [from, to): the number is in the accumulator.
Label search(Writer &out, const std::vector<Run> &runs, std::size_t from, std::size_t to) {
    if (to - from == 1) return leaf(out, runs[from].decision);
    const std::size_t middle = from + (to - from) / 2;
    const Label right = search(out, runs, middle, to);
    const Label left = search(out, runs, from, middle);
    return out.jump(BPF_JGE, runs[middle].start, right, left);
}

/// True if a second ABI (x32) has the same audit architecture; a bit of the number tells them apart.
bool has_x32(std::uint32_t audit_arch) {
    for (const auto &abi : native_family())
        if (abi.audit_arch == audit_arch && abi.token != audit_arch) return true;
    return false;
}

std::vector<Run> runs_for(std::uint32_t audit_arch, const std::vector<AbiRules> &group, Action default_action) {
    const bool enosys = wants_enosys(default_action);
    const bool shared = has_x32(audit_arch);
    const AbiRules *plain = nullptr, *x32 = nullptr;
    for (const auto &each : group)
        (each.abi->token == audit_arch ? plain : x32) = &each;
    Runs runs(default_action);
    if (plain != nullptr)
        runs.add(*plain, 0, shared ? x32_bit : skipped, enosys);
    else
        runs.from(0, SECCOMP_RET_KILL_PROCESS);
    if (x32 != nullptr)
        runs.add(*x32, x32_bit, skipped, enosys);
    else if (shared)
        runs.from(x32_bit, SECCOMP_RET_KILL_PROCESS);
    runs.from_default(skipped);
    return runs.take();
}

} // namespace

ctr::Result<Program> compile(const Profile &profile, std::vector<std::string> &unknown) {
    const auto unsupported = [](std::string message) {
        ctr::Error error = ctr::failure(CTR_E_UNSUPPORTED, std::move(message), "use fewer conditions");
        error.path = "seccomp profile";
        return error;
    };
    for (const auto &rule : profile.rules)
        for (const auto &name : rule.names)
            if (!is_known(name)) unknown.push_back(name);

    std::vector<std::pair<std::uint32_t, std::vector<AbiRules>>>
        groups; // by audit architecture, in the profile's order
    for (const auto &name : profile.architectures) {
        const Abi *abi = find_abi(name);
        if (abi == nullptr) return unsupported(name + " is no architecture of this machine");
        auto at = std::find_if(groups.begin(), groups.end(),
                               [&](const auto &group) { return group.first == abi->audit_arch; });
        if (at == groups.end()) at = groups.insert(at, {abi->audit_arch, {}});
        at->second.push_back(rules_for(*abi, profile));
    }

    Writer out;
    std::vector<Label> entries;
    for (const auto &[audit_arch, group] : groups) {
        const auto runs = runs_for(audit_arch, group, profile.default_action);
        const Label first = search(out, runs, 0, runs.size());
        if (first != out.here()) out.plain(BPF_JMP | BPF_JA, static_cast<std::uint32_t>(out.here() - first));
        entries.push_back(out.plain(load, offsetof(seccomp_data, nr)));
    }
    Label otherwise = out.ret(SECCOMP_RET_KILL_PROCESS);
    for (std::size_t i = groups.size(); i-- > 0;)
        otherwise = out.jump(BPF_JEQ, groups[i].first, entries[i], otherwise);
    out.plain(load, offsetof(seccomp_data, arch));
    if (out.here() > BPF_MAXINSNS)
        return unsupported("the filter needs " + std::to_string(out.here()) + " instructions, the kernel takes 4096");
    return out.take();
}

} // namespace seccomp
