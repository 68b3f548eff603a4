// SPDX-License-Identifier: MIT
//
// A plan, packed so that it can be carried out. Everything that a step may read is laid out before clone3, in memory of
// which the child gets a copy. The getters of the host's table only walk this memory and allocate nothing, so the same
// code serves the parent, the child, an undo and the shell printer. Templates are expanded into a scratch area whose
// size is computed here.
#pragma once

#include "base/fd.hpp"
#include "plan/step.hpp"
#include "plugin/catalog.hpp"

#include <ctr/contexts.h>
#include <ctr/plugin.h>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace core::launch {

inline constexpr std::uint32_t no_index = UINT32_MAX;

struct PackedPiece {
    ctr_str literal{"", 0};
    std::uint32_t value = no_index; // or index of the value whose text is inserted
};

struct PackedArg {
    const char *name = "";
    ctr_form form = CTR_FORM_STRING;
    std::int64_t integer = 0;
    ctr_str text{"", 0};
    std::uint32_t value = no_index;              // CTR_FORM_VALUE
    std::uint32_t first_piece = 0, n_pieces = 0; // CTR_FORM_TEMPLATE
    ctr_str expanded{"", 0};                     // filled by begin_step
    bool last_use = false;                       // no later step of the child uses this descriptor
};

struct PackedOutput {
    const char *name = "";
    std::uint32_t value = no_index;
};

struct PackedStep {
    const ctr_step_kind *kind = nullptr; // nullptr: the executor runs it itself (clone3, gate, execve, ns.*)
    const char *kind_name = "", *plugin = "";
    ctr_process process = CTR_PROCESS_PARENT;
    ctr_phase phase = CTR_PREPARE;
    std::uint32_t first_arg = 0, n_args = 0, first_output = 0, n_outputs = 0;
    std::uint32_t wait_for = plan::no_wait;
    bool announce = false; // the other process waits for this step, or uses what it gives
};

struct Value {
    const char *name = "";
    ctr_type type = CTR_TYPE_INT;
    bool known = false;
    std::int64_t integer = 0;
    int fd = -1;          // number in this process; owned by the block
    char *text = nullptr; // for strings and bytes; has room for CTR_VALUE_MAX + 1 bytes
    std::uint32_t length = 0;
};

/// Finds the code of a kind, either in the plugin that shares it with all plugins or in the plugin of that id. Returns
/// nullptr if there is none.
using KindLookup = std::function<const ctr_step_kind *(const std::string &plugin, const std::string &kind)>;

/// The packed plan as plain memory. The code between clone and exec sees nothing else of it.
struct Packed {
    PackedStep *steps = nullptr;
    std::uint32_t n_steps = 0;
    PackedArg *args = nullptr;
    PackedPiece *pieces = nullptr;
    PackedOutput *outputs = nullptr;
    Value *values = nullptr;
    std::uint32_t n_values = 0;
    char *scratch = nullptr; // expanded templates of the current step
    std::size_t scratch_size = 0;
    char *wire = nullptr; // room for one message
    std::size_t wire_size = 0;
};

/// Owns the memory of a Packed, and the descriptors among its values.
class Block : public Packed {
public:
    /// Packs all steps, or only those marked in `only`; the others are then present but empty. A kind that `lookup`
    /// does not know has no code: to carry it out is an error, to print it is not. The plan must outlive the block,
    /// which points to its texts.
    static std::unique_ptr<Block> pack(const plan::Plan &plan, const KindLookup &lookup,
                                       const std::vector<bool> *only = nullptr);
    ~Block();
    /// Closes the descriptors that steps gave.
    void close_values();
    Block(const Block &) = delete;
    Block &operator=(const Block &) = delete;

    Value *value(std::string_view name) const;

private:
    Block() = default;
    std::uint32_t value_index(std::string_view name) const;
    std::size_t add_step(const plan::Step &step, const KindLookup &lookup);
    std::size_t add_args(const plan::Step &step, PackedStep &packed);
    void mark_announcements(const plan::Plan &plan);

    std::deque<std::string> pieces_of_templates_;
    std::vector<std::unique_ptr<char[]>> texts_;
    std::vector<PackedStep> step_memory_;
    std::vector<PackedArg> arg_memory_;
    std::vector<PackedPiece> piece_memory_;
    std::vector<PackedOutput> output_memory_;
    std::vector<Value> value_memory_;
    std::unique_ptr<char[]> scratch_memory_, wire_memory_;
};

} // namespace core::launch
