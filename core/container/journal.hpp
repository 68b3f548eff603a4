// SPDX-License-Identifier: MIT
//
// The journal: the stored plan and how far it got. It is one file of JSON lines per container, named as the container,
// and is only appended to. There is no fsync: the journal must survive kill -9 of ctr, not a reboot, because after a
// reboot (the boot id shows it) the kernel's objects are gone anyway. The intent of a parent step is written before the
// step runs, and what it gave afterwards. The container's state is the sum of these lines. A torn last line is ignored.
//
// The owner holds a POSIX record lock on it. The lock dies with the process, is not inherited by the child, and others
// can ask the kernel for the pid of its holder.
#pragma once

#include "base/fd.hpp"
#include "container/record.hpp"
#include "launch/launch.hpp"

#include <nlohmann/json.hpp>
#include <string>

namespace core::container {

/// The error for an id that no container has.
Error no_such_container(const std::string &id);
/// The error for a container whose id is taken; `file` is its journal.
Error name_in_use(const std::string &file);
/// Where the files are that a container's steps and its gate need, if any: "containers.files/ID" beside the journal
/// "containers/ID".
std::string files_of(const std::string &journal);
/// The socket in files_of() on which a created container waits.
std::string gate_of(const std::string &journal);

class Journal final : public launch::Recorder {
public:
    /// Makes the journal and locks it. Errors: exists if the id is taken; invalid if a text is not UTF-8.
    static Result<Journal> create(const std::string &file, plan::Plan plan, Json meta);
    /// Opens and locks an existing journal. Errors: busy while its owner lives; not_found; invalid if it is damaged.
    static Result<Journal> open(const std::string &file) { return open(file, false); }
    /// The same, but also opens a journal with damaged lines behind its plan (Record::damage), so that the steps of the
    /// plan can be undone.
    static Result<Journal> open_damaged(const std::string &file) { return open(file, true); }
    using Part = Record::Part;
    /// Reads without a lock, so the record may be out of date at once.
    static Result<Record> read(const std::string &file, Part part = Part::all);
    /// Removes a journal that cannot be read at all. One that has an owner or is readable is left alone, without an
    /// error.
    static Result<void> remove_unreadable(const std::string &file);
    /// The pid of the process that holds the lock; 0 if nobody does.
    static int owner(const std::string &file);
    /// Removes a journal whose owner died before it had a plan. Any other is left alone.
    static Result<void> remove_unbegun(const std::string &file);
    /// Writes that the container is paused, or is not any more. Any process may call it, not only the owner.
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
    /// Writes that the container needs no owner any more, and gives the lock up.
    Result<void> commit();

    Record &record() { return record_; }
    const Record &record() const { return record_; }
    const std::string &file() const { return file_; }
    /// Gives the lock up, so that another process can own the container.
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
