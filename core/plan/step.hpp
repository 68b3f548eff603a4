// SPDX-License-Identifier: MIT
//
// The plan as a value: ordered steps for two processes. The planner makes it, show prints it, launch carries it out and
// undoes it, and the journal stores it. Nothing here has side effects.
#pragma once

#include <ctr/kinds.h>
#include <ctr/types.h>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace core::plan {

struct Arg {
    std::string name;
    ctr_form form = CTR_FORM_STRING;
    std::int64_t integer = 0;
    std::string text; // a template keeps its ${value} marks
};

struct Output {
    std::string name; // as the kind calls it
    ctr_type type = CTR_TYPE_INT;
    std::string value; // as the plan calls it
};

/// This step need not wait for the other process.
inline constexpr std::uint32_t no_wait = UINT32_MAX;

struct Step {
    std::string plugin;
    std::string kind;
    ctr_process process = CTR_PROCESS_PARENT;
    ctr_phase phase = CTR_PREPARE;
    ctr_lifetime lifetime = CTR_UNTIL_STOP;
    bool has_undo = false;
    std::string note;
    std::vector<Arg> args;
    std::vector<Output> outputs;
    std::vector<std::string> needs, after, gives;
    /// Before this step its process waits until the other process has done the step of this index. Set by order().
    std::uint32_t wait_for = no_wait;

    const Arg *arg(std::string_view name) const;
    std::string arg_text(std::string_view name) const;
};

/// The core's own steps. Every plan of a container has them. They are rows like any other, but the executor runs them
/// itself.
inline constexpr const char *core_plugin = "core";
inline constexpr const char *kind_journal = "journal"; // args file: the journal; directory*
inline constexpr const char *kind_clone = "clone3";    // gives child.alive, child.pid, child.pidfd
/// The master of the container's terminal: a descriptor that some step gives, for the process that attends to the
/// container.
inline constexpr const char *value_terminal = "console.master";
inline constexpr const char *kind_gate = "gate";     // `create` ends here; `start` opens it
inline constexpr const char *kind_execve = "execve"; // args arg*, env*, cwd
/// A step of phase prepare that gives this token is done first, so that it is undone last.
inline constexpr const char *token_undone_last = CTR_TOKEN_UNDONE_LAST;

struct PluginUse {
    std::string id, version, path;
};

struct Plan {
    std::string id; // of the container or image
    ctr_operation operation = CTR_OP_CREATE;
    std::vector<PluginUse> plugins;                            // the plugins that made steps
    std::map<std::string, std::string> drivers;                // slot -> plugin id
    std::vector<Step> steps;                                   // in the order in which they run
    std::map<std::string, ctr_type> values;                    // all values that steps give
    std::map<std::string, std::optional<std::string>> machine; // the questions, with their answers

    const Step *find(std::string_view kind) const;
};

/// Eras come one after the other for both processes together; within an era the two run at the same time. 0: before the
/// clone, 1: the clone, 2: up to the gate, 3: behind the gate, 4: the program runs.
int era(ctr_phase phase);
const char *phase_name(ctr_phase phase);
const char *process_name(ctr_process process);
const char *type_name(ctr_type type);

/// The pieces of a template: literal text, or the name of a value. `$$` is a dollar sign, `${name}` a value.
/// std::nullopt if it is malformed.
struct Piece {
    bool is_value = false;
    std::string text;
};
std::optional<std::vector<Piece>> split_template(std::string_view text);
/// The names of the values that an argument uses.
std::vector<std::string> values_in(const Arg &arg);

} // namespace core::plan
