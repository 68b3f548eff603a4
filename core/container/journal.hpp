// SPDX-License-Identifier: MIT
//
// The journal: the stored plan and how far it got. One file of JSON lines per container, named as the container, only
// ever appended to, without fsync: what survives kill -9 of ctr is all it is for; after a reboot (the boot id tells)
// the kernel's objects are gone anyway. Before a parent step runs its intent stands here, afterwards what it gave. The
// container's state is what these lines add up to. A torn last line is ignored.
//
// The owner holds a POSIX record lock on it: it dies with the process, is not inherited by the child, and names its
// holder to others.
#pragma once

#include "base/fd.hpp"
#include "container/record.hpp"
#include "launch/launch.hpp"

#include <nlohmann/json.hpp>
#include <string>

namespace core::container {

/// For an id that no container has.
Error no_such_container(const std::string &id);
/// That of the journal's container.
Error name_in_use(const std::string &file);
/// Where a container has the files that its steps and its gate need, if they need any: "containers.files/ID" beside the
/// journal "containers/ID".
std::string files_of(const std::string &journal);
/// The socket in it at which a created container waits.
std::string gate_of(const std::string &journal);

class Journal final : public launch::Recorder {
public:
    /// Makes the journal and locks it. Errors: EEXIST the id is taken; text that is not UTF-8.
    static Result<Journal> create(const std::string &file, plan::Plan plan, Json meta);
    /// Opens and locks an existing one. Errors: busy while its owner lives; not_found; invalid if it is damaged.
    static Result<Journal> open(const std::string &file) { return open(file, false); }
    /// The same, also of one with damaged lines behind its plan (Record::damage): to take back what the plan lists.
    static Result<Journal> open_damaged(const std::string &file) { return open(file, true); }
    using Part = Record::Part;
    /// Reads without a lock; the truth at this moment.
    static Result<Record> read(const std::string &file, Part part = Part::all);
    /// Removes one that cannot be read at all, by force. Errors: busy its owner lives.
    static Result<void> remove_unreadable(const std::string &file);
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
    Result<void> removing();
    Result<void> stuck(std::uint32_t step);
    /// The container is on its own from here on: says so and gives the lock up.
    Result<void> commit();

    Record &record() { return record_; }
    const Record &record() const { return record_; }
    const std::string &file() const { return file_; }
    /// Gives the lock up, for another process to own the container.
    void release() { fd_.reset(); }

private:
    Journal() = default;
    static Result<Journal> open(const std::string &file, bool damaged);
    Result<void> append(std::string line);
    Result<void> append_values(const char *word, std::uint32_t step, const launch::Packed &block);

    std::string file_;
    Fd fd_;
    Record record_;
};

} // namespace core::container
