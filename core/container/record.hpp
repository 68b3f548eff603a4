// SPDX-License-Identifier: MIT
//
// Reads journals (journal.hpp). This is the only reader of what is stored about a container, and it trusts nothing in
// it: a disk may have been full, a file cut, or somebody may have edited it. Every number is checked against a range
// and every word against a type; a journal has one head and one plan. Damage is returned as an error and never thrown.
// A text is at most record_limit bytes.
#pragma once

#include "base/json.hpp"
#include "plan/step.hpp"

#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace core::container {

inline constexpr std::size_t record_limit = std::size_t{64} << 20;

enum class Stage { creating, created, running, stopped };

/// What the lines of a journal add up to.
struct Record {
    /// How much is read. The plan's steps are most of a journal, and a caller that only wants the container's status
    /// needs none of them.
    enum class Part { all, without_steps };

    plan::Plan plan;                    // read without its steps: drivers only
    Json meta;                          // what the container was made from: spec, bundle, rm, created
    std::string cgroup;                 // path of its cgroup, from the driver's step; empty: none
    std::string boot_id;                // the boot in which it was made
    std::vector<bool> intended, undone; // by step
    std::map<std::string, Json> values; // durable values that steps gave
    Stage stage = Stage::creating;
    bool committed = false; // it lives on without its owner
    bool paused = false;
    bool removing = false; // somebody began to remove it; the removal must be finished
    bool stuck = false;    // an undo crashed or hung: only `ctr recover` and a removal try it again
    int pid = 0;
    std::uint64_t start_time = 0;
    std::int64_t exit_status = -1;
    std::string damage; // what is wrong with a line behind the plan; then every step is taken for done

    /// True if the container's first process is alive: same boot, same pid, same start time, no zombie.
    bool alive() const;
};

/// `path` is for messages. `whole`, if given, is set to the end of the last complete line in bytes; a torn last line is
/// ignored. Errors: not_found if there is no plan, because the owner died before it had done anything; invalid if the
/// head or the plan is damaged. A damaged line behind the plan is no error, so that the container can still be removed:
/// see Record::damage.
Result<Record> read_record(std::string_view text, const std::string &path, Record::Part part,
                           std::size_t *whole = nullptr);

} // namespace core::container
