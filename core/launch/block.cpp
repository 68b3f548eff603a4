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
        out.name = keep(arg.name);
        out.form = arg.form;
        out.integer = arg.integer;
        const std::string &kept = strings_.emplace_back(arg.text);
        out.text = {kept.c_str(), kept.size()};
        needed += 64; // an integer or a mark read as text
        if (arg.form == CTR_FORM_VALUE) out.value = value_index(arg.text), needed += arg.text.size();
        if (arg.form == CTR_FORM_TEMPLATE) {
            out.first_piece = static_cast<std::uint32_t>(piece_memory_.size());
            const auto split = plan::split_template(arg.text); // checked when the step was added
            for (const plan::Piece &piece : split.value_or(std::vector<plan::Piece>())) {
                PackedPiece to;
                const std::string &text = strings_.emplace_back(piece.text);
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

/// Who is waited for, and whose values cross to the other process.
void Block::mark_announcements(const plan::Plan &plan) {
    for (std::size_t i = 0; i < plan.steps.size(); ++i) {
        const plan::Step &step = plan.steps[i];
        // What a child gives always goes to the parent, who keeps the durable part.
        if (step.process == CTR_PROCESS_CHILD && !step.outputs.empty()) step_memory_[i].announce = true;
        if (step.wait_for != plan::no_wait) step_memory_[step.wait_for].announce = true;
        const auto crosses_from = [&step](const plan::Step &giver) {
            // What steps before the clone gave the child has; what the clone itself gives it is told.
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

std::unique_ptr<Block> Block::pack(const plan::Plan &plan, const KindLookup &lookup) {
    std::unique_ptr<Block> block(new Block);
    std::size_t wire = 4096;
    for (const auto &[name, type] : plan.values) {
        Value value;
        value.name = block->keep(name);
        value.type = type;
        wire += 64;
        if (type == CTR_TYPE_STRING || type == CTR_TYPE_BYTES) {
            block->texts_.push_back(std::make_unique<char[]>(CTR_VALUE_MAX + 1));
            value.text = block->texts_.back().get();
            wire += CTR_VALUE_MAX;
        }
        block->value_memory_.push_back(value);
    }
    std::size_t scratch = 0;
    for (const plan::Step &step : plan.steps) {
        PackedStep packed;
        packed.kind = lookup(step.plugin, step.kind);
        packed.kind_name = block->keep(step.kind);
        packed.plugin = block->keep(step.plugin);
        packed.process = step.process;
        packed.phase = step.phase;
        packed.wait_for = step.wait_for;
        scratch = std::max(scratch, block->add_args(step, packed));
        packed.first_output = static_cast<std::uint32_t>(block->output_memory_.size());
        packed.n_outputs = static_cast<std::uint32_t>(step.outputs.size());
        for (const plan::Output &output : step.outputs)
            block->output_memory_.push_back({block->keep(output.name), block->value_index(output.value)});
        block->step_memory_.push_back(packed);
    }
    block->mark_announcements(plan);
    block->scratch_memory_.resize(scratch + 64);
    block->wire_memory_.resize(wire);

    block->steps = block->step_memory_.data();
    block->n_steps = static_cast<std::uint32_t>(block->step_memory_.size());
    block->args = block->arg_memory_.data();
    block->pieces = block->piece_memory_.data();
    block->outputs = block->output_memory_.data();
    block->values = block->value_memory_.data();
    block->n_values = static_cast<std::uint32_t>(block->value_memory_.size());
    block->scratch = block->scratch_memory_.data();
    block->scratch_size = block->scratch_memory_.size();
    block->wire = block->wire_memory_.data();
    block->wire_size = block->wire_memory_.size();
    return block;
}

} // namespace core::launch
