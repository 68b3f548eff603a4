// SPDX-License-Identifier: MIT
//
// The kernel runs the program for every open and mknod of a device by a process of the cgroup, with the type (block or
// character), the numbers, and the wanted accesses: a set of read, write and mknod. For each access the last rule about
// it decides. So the program goes through the rules from the last to the first, and keeps in r3 the accesses that are
// not decided yet:
//     an allow rule that matches takes its accesses out of r3; nothing left: allowed
//     a deny rule that matches denies if one of its accesses is still in r3
// A rule about everything is the end. What no rule decides is denied.
#include "device_program.hpp"

#include <cstddef>

namespace ctr::cgroup2 {
namespace {

enum : std::uint8_t {
    result = BPF_REG_0,
    context = BPF_REG_1,
    type = BPF_REG_2,
    wanted = BPF_REG_3,
    major_number = BPF_REG_4,
    minor_number = BPF_REG_5
};

class Assembler {
public:
    void load(std::uint8_t to, std::size_t offset) {
        emit(BPF_LDX | BPF_MEM | BPF_W, to, context, static_cast<std::int16_t>(offset), 0);
    }
    void alu(std::uint8_t operation, std::uint8_t to, std::int32_t value) {
        emit(static_cast<std::uint8_t>(BPF_ALU64 | BPF_K | operation), to, 0, 0, value);
    }
    void move(std::uint8_t to, std::uint8_t from) { emit(BPF_ALU64 | BPF_X | BPF_MOV, to, from, 0, 0); }
    /// Leaves this rule if the condition holds; bound later by end_rule().
    void leave_if(std::uint8_t condition, std::uint8_t reg, std::int32_t value) {
        leaving_.push_back(code_.size());
        emit(static_cast<std::uint8_t>(BPF_JMP | BPF_K | condition), reg, 0, 0, value);
    }
    void answer(bool allow) {
        alu(BPF_MOV, result, allow ? 1 : 0);
        emit(BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
    }
    void end_rule() {
        for (const std::size_t at : leaving_)
            code_[at].off = static_cast<std::int16_t>(code_.size() - at - 1);
        leaving_.clear();
    }
    std::vector<bpf_insn> take() { return std::move(code_); }

private:
    void emit(std::uint8_t code, std::uint8_t to, std::uint8_t from, std::int16_t offset, std::int32_t value) {
        bpf_insn instruction{};
        instruction.code = code;
        instruction.dst_reg = to & 0xf;
        instruction.src_reg = from & 0xf;
        instruction.off = offset;
        instruction.imm = value;
        code_.push_back(instruction);
    }
    std::vector<bpf_insn> code_;
    std::vector<std::size_t> leaving_;
};

std::int32_t access_bits(const cgroup::DeviceRule &rule) {
    return (rule.has('m') ? BPF_DEVCG_ACC_MKNOD : 0) | (rule.has('r') ? BPF_DEVCG_ACC_READ : 0) |
           (rule.has('w') ? BPF_DEVCG_ACC_WRITE : 0);
}

void one_rule(Assembler &to, const cgroup::DeviceRule &rule) {
    if (rule.type != 'a') to.leave_if(BPF_JNE, type, rule.type == 'b' ? BPF_DEVCG_DEV_BLOCK : BPF_DEVCG_DEV_CHAR);
    if (rule.major != cgroup::any_device) to.leave_if(BPF_JNE, major_number, static_cast<std::int32_t>(rule.major));
    if (rule.minor != cgroup::any_device) to.leave_if(BPF_JNE, minor_number, static_cast<std::int32_t>(rule.minor));
    if (rule.allow) {
        to.alu(BPF_AND, wanted, ~access_bits(rule));
        to.leave_if(BPF_JNE, wanted, 0);
        to.answer(true);
    } else {
        to.move(result, wanted);
        to.alu(BPF_AND, result, access_bits(rule));
        to.leave_if(BPF_JEQ, result, 0);
        to.answer(false);
    }
    to.end_rule();
}

} // namespace

std::vector<bpf_insn> device_program(const std::vector<cgroup::DeviceRule> &rules) {
    Assembler to;
    // access_type holds the type in its low half and the accesses in its high half.
    to.load(type, offsetof(bpf_cgroup_dev_ctx, access_type));
    to.move(wanted, type);
    to.alu(BPF_AND, type, 0xffff);
    to.alu(BPF_RSH, wanted, 16);
    to.load(major_number, offsetof(bpf_cgroup_dev_ctx, major));
    to.load(minor_number, offsetof(bpf_cgroup_dev_ctx, minor));
    bool otherwise = false;
    for (auto rule = rules.rbegin(); rule != rules.rend(); ++rule) {
        if (rule->covers_all()) {
            otherwise = rule->allow;
            break;
        }
        one_rule(to, *rule);
    }
    to.answer(otherwise);
    return to.take();
}

} // namespace ctr::cgroup2
