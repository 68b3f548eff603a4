// SPDX-License-Identifier: MIT
//
// The journal: the stored plan and how far it got. One file of JSON lines per container, named as the container, only ever appended to, without fsync: what
// survives kill -9 of ctr is all it is for; after a reboot (the boot id tells) the kernel's objects are gone anyway. Before a parent step runs its
// intent stands here, afterwards what it gave. The container's state is what these lines add up to. A torn last line is ignored.
//
// The owner holds a POSIX record lock on it: it dies with the process, is not inherited by the child, and names its holder to others.
#pragma once

#include "base/fd.hpp"
#include "base/json.hpp"
#include "launch/launch.hpp"
#include "plan/step.hpp"

#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace core::container {

enum class Stage { creating, created, running, stopped };

/// What the lines of a journal add up to.
struct Record {
    plan::Plan plan;                    // read without its steps: drivers only
    Json meta;                          // what the container was made from: spec, bundle, rm, created
    std::string cgroup;                 // where its cgroup is, as the driver's step says; empty: none
    std::string boot_id;                // of the boot in which it was made
    std::vector<bool> intended, undone; // by step
    std::map<std::string, Json> values; // durable values that steps gave
    Stage stage = Stage::creating;
    bool committed = false; // it is on its own: nobody's death ends it
    bool paused = false;
    int pid = 0;
    std::uint64_t start_time = 0;
    std::int64_t exit_status = -1;

    /// The container's first process is alive: same boot, same pid, same start time, no zombie.
    bool alive() const;
};

/// That of the journal's container.
Error name_in_use(const std::string &file);
/// Where a container has the files that its steps and its gate need, if they need any: "containers.files/ID" beside the journal "containers/ID".
std::string files_of(const std::string &journal);
/// The socket in it at which a created container waits.
std::string gate_of(const std::string &journal);

class Journal final : public launch::Recorder {
public:
    /// Makes the journal and locks it. Errors: EEXIST the id is taken; text that is not UTF-8.
    static Result<Journal> create(const std::string &file, plan::Plan plan, Json meta);
    /// Opens and locks an existing one. Errors: busy while its owner lives; not_found.
    static Result<Journal> open(const std::string &file);
    /// How much is read: the plan's steps are most of a journal, and who only wants to know how a container is needs none.
    enum class Part { all, without_steps };
    /// Reads without a lock; the truth at this moment.
    static Result<Record> read(const std::string &file, Part part = Part::all);
    /// The pid of the process that holds the lock, 0 if nobody does.
    static int owner(const std::string &file);
    /// Removes one whose owner died before there was a plan in it; any other is left alone.
    static Result<void> remove_unbegun(const std::string &file);
    /// Says in it that the container is paused, or is not any more. For any process: that owns it or not.
    static Result<void> note_paused(const std::string &file, bool paused);

    Journal(Journal &&) = default;
    Journal &operator=(Journal &&) = default;

    Result<void> cloned(int pid) override;
    Result<void> intent(std::uint32_t step) override;
    Result<void> done(std::uint32_t step, const launch::Packed &block) override;
    Result<void> child_gave(std::uint32_t step, const launch::Packed &block) override;
    Result<void> undone(std::uint32_t step) override;
    Result<void> created();
    Result<void> running();
    Result<void> stopped(std::int64_t exit_status);
    /// The container is on its own from here on: says so and gives the lock up.
    Result<void> commit();

    Record &record() { return record_; }
    const Record &record() const { return record_; }
    const std::string &file() const { return file_; }
    /// Gives the lock up, for another process to own the container.
    void release() { fd_.reset(); }

private:
    Journal() = default;
    Result<void> append(std::string line);
    Result<void> append_values(const char *word, std::uint32_t step, const launch::Packed &block);

    std::string file_;
    Fd fd_;
    Record record_;
};

} // namespace core::container
