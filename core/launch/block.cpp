// SPDX-License-Identifier: MIT
#include "launch/block.hpp"

#include <algorithm>
#include <unistd.h>
#include <utility>

namespace core::launch {

Block::~Block() { close_values(); }

void Block::close_values() {
    for (Value &value : value_memory_)
        if (value.type == CTR_TYPE_FD && value.fd >= 0) ::close(std::exchange(value.fd, -1));
}

std::uint32_t Block::value_index(std::string_view name) const {
    for (std::size_t i = 0; i < value_memory_.size(); ++i)
        if (name == value_memory_[i].name) return static_cast<std::uint32_t>(i);
    return no_index;
}

Value *Block::value(std::string_view name) const {
    const std::uint32_t index = value_index(name);
    return index == no_index ? nullptr : values + index;
}

/// Returns how much scratch the step may need.
std::size_t Block::add_args(const plan::Step &step, PackedStep &packed) {
    std::size_t needed = 0;
    packed.first_arg = static_cast<std::uint32_t>(arg_memory_.size());
    packed.n_args = static_cast<std::uint32_t>(step.args.size());
    for (const plan::Arg &arg : step.args) {
        PackedArg out;
        out.name = arg.name.c_str();
        out.form = arg.form;
        out.integer = arg.integer;
        out.text = {arg.text.c_str(), arg.text.size()};
        needed += 64; // room for an integer or a mark as text
        if (arg.form == CTR_FORM_VALUE) out.value = value_index(arg.text), needed += arg.text.size();
        if (arg.form == CTR_FORM_TEMPLATE) {
            out.first_piece = static_cast<std::uint32_t>(piece_memory_.size());
            const auto split = plan::split_template(arg.text); // checked when the step was added
            for (const plan::Piece &piece : split.value_or(std::vector<plan::Piece>())) {
                PackedPiece to;
                const std::string &text = pieces_of_templates_.emplace_back(piece.text);
                if (piece.is_value)
                    to.value = value_index(piece.text);
                else
                    to.literal = {text.c_str(), text.size()};
                needed += piece.is_value ? CTR_VALUE_MAX : text.size();
                piece_memory_.push_back(to);
            }
            out.n_pieces = static_cast<std::uint32_t>(piece_memory_.size()) - out.first_piece;
        }
        arg_memory_.push_back(out);
    }
    return needed;
}

/// Marks the steps that the other process waits for, and those whose values it uses.
void Block::mark_announcements(const plan::Plan &plan) {
    for (std::size_t i = 0; i < plan.steps.size(); ++i) {
        const plan::Step &step = plan.steps[i];
        // The parent gets all values of the child, because it records the durable ones.
        if (step.process == CTR_PROCESS_CHILD && !step.outputs.empty()) step_memory_[i].announce = true;
        if (step.wait_for != plan::no_wait) step_memory_[step.wait_for].announce = true;
        const auto crosses_from = [&step](const plan::Step &giver) {
            // The child has copies of values from before the clone. Values of the clone itself are sent to it.
            if (giver.kind == plan::kind_clone) return step.process == CTR_PROCESS_CHILD;
            return giver.process != step.process && plan::era(giver.phase) >= 2;
        };
        for (const plan::Arg &arg : step.args)
            for (const std::string &name : plan::values_in(arg))
                for (std::size_t giver = 0; giver < i; ++giver)
                    for (const plan::Output &output : plan.steps[giver].outputs)
                        if (output.value == name && crosses_from(plan.steps[giver]))
                            step_memory_[giver].announce = true;
    }
}

/// Returns how much scratch it may need.
std::size_t Block::add_step(const plan::Step &step, const KindLookup &lookup) {
    PackedStep packed;
    packed.kind = lookup(step.plugin, step.kind);
    packed.kind_name = step.kind.c_str();
    packed.plugin = step.plugin.c_str();
    packed.process = step.process;
    packed.phase = step.phase;
    packed.wait_for = step.wait_for;
    const std::size_t scratch_needed = add_args(step, packed);
    packed.first_output = static_cast<std::uint32_t>(output_memory_.size());
    packed.n_outputs = static_cast<std::uint32_t>(step.outputs.size());
    for (const plan::Output &output : step.outputs)
        output_memory_.push_back({output.name.c_str(), value_index(output.value)});
    step_memory_.push_back(packed);
    return scratch_needed;
}

std::unique_ptr<Block> Block::pack(const plan::Plan &plan, const KindLookup &lookup, const std::vector<bool> *only) {
    std::unique_ptr<Block> block(new Block);
    std::size_t wire_needed = 4096;
    block->value_memory_.reserve(plan.values.size());
    for (const auto &[name, type] : plan.values) {
        Value value;
        value.name = name.c_str();
        value.type = type;
        wire_needed += 64;
        if (type == CTR_TYPE_STRING || type == CTR_TYPE_BYTES) {
            block->texts_.push_back(std::make_unique_for_overwrite<char[]>(CTR_VALUE_MAX + 1));
            value.text = block->texts_.back().get();
            value.text[0] = '\0';
            wire_needed += CTR_VALUE_MAX;
        }
        block->value_memory_.push_back(value);
    }
    std::size_t scratch_needed = 64;
    block->step_memory_.reserve(plan.steps.size());
    block->arg_memory_.reserve(only == nullptr ? plan.steps.size() * 4 : 16);
    for (std::size_t i = 0; i < plan.steps.size(); ++i) {
        if (only == nullptr || (*only)[i])
            scratch_needed = std::max(scratch_needed, 64 + block->add_step(plan.steps[i], lookup));
        else
            block->step_memory_.emplace_back();
    }
    if (only == nullptr) block->mark_announcements(plan);
    block->scratch_memory_ = std::make_unique_for_overwrite<char[]>(scratch_needed);
    block->wire_memory_ = std::make_unique_for_overwrite<char[]>(wire_needed);

    block->steps = block->step_memory_.data();
    block->n_steps = static_cast<std::uint32_t>(block->step_memory_.size());
    block->args = block->arg_memory_.data();
    block->pieces = block->piece_memory_.data();
    block->outputs = block->output_memory_.data();
    block->values = block->value_memory_.data();
    block->n_values = static_cast<std::uint32_t>(block->value_memory_.size());
    block->scratch = block->scratch_memory_.get();
    block->scratch_size = scratch_needed;
    block->wire = block->wire_memory_.get();
    block->wire_size = wire_needed;
    return block;
}

} // namespace core::launch
