// SPDX-License-Identifier: MIT
//
// Reads journals (journal.hpp): what their lines add up to. The one reader of all that is stored about a container, and
// it believes nothing: a disk may have been full, a file cut, or changed by somebody's editor. Every number has a range
// and every word a type; a journal has one head and one plan. What is wrong is said, never thrown. A text is at most
// record_limit bytes.
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
    /// How much is read: the plan's steps are most of a journal, and who only wants to know how a container is needs
    /// none.
    enum class Part { all, without_steps };

    plan::Plan plan;                    // read without its steps: drivers only
    Json meta;                          // what the container was made from: spec, bundle, rm, created
    std::string cgroup;                 // where its cgroup is, as the driver's step says; empty: none
    std::string boot_id;                // of the boot in which it was made
    std::vector<bool> intended, undone; // by step
    std::map<std::string, Json> values; // durable values that steps gave
    Stage stage = Stage::creating;
    bool committed = false; // it is on its own: nobody's death ends it
    bool paused = false;
    bool removing = false; // somebody began to remove it: what is left of it goes
    bool stuck = false;    // the undo of a step crashed or hung: only who asks for it tries it again
    int pid = 0;
    std::uint64_t start_time = 0;
    std::int64_t exit_status = -1;
    std::string
        damage; // what is wrong with a line behind the plan; all that could have been done is taken for done then

    /// The container's first process is alive: same boot, same pid, same start time, no zombie.
    bool alive() const;
};

/// `path` is for messages. `whole`, if given: where the last complete line ends; a torn last line is ignored.
/// Errors: not_found there is no plan yet, its owner died before it had done anything; invalid the head or the plan is
/// damaged. A damaged line behind the plan is no error, so that the container can still be removed: Record::damage.
Result<Record> read_record(std::string_view text, const std::string &path, Record::Part part,
                           std::size_t *whole = nullptr);

} // namespace core::container
