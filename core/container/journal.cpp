// SPDX-License-Identifier: MIT
#include "container/journal.hpp"

#include "base/json_writer.hpp"
#include "plan/plan_json.hpp"
#include "sys/files.hpp"
#include "sys/trust.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

namespace core::container {
namespace {

flock whole_file(short type) {
    flock lock{};
    lock.l_type = type;
    lock.l_whence = SEEK_SET;
    return lock;
}

bool take_lock(int fd) {
    flock lock = whole_file(F_WRLCK);
    return ::fcntl(fd, F_SETLK, &lock) == 0;
}

/// Makes room for one mark per step of the plan.
void fit(Record &record) {
    record.intended.resize(record.plan.steps.size(), false);
    record.undone.resize(record.plan.steps.size(), false);
}

/// Refuses anything but a regular file that nobody else could have written (sys/trust.hpp).
Result<void> check_file(int fd, const std::string &file) {
    struct stat st {};
    if (::fstat(fd, &st) != 0) return system_error("fstat", file);
    if (!S_ISREG(st.st_mode)) return invalid(file, "expected a container's journal, a regular file");
    return sys::check_trust(file, st.st_mode, st.st_uid, false);
}

Result<Fd> open_file(const std::string &file, int mode) {
    Fd fd(::open(file.c_str(), mode | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
    if (fd.valid()) {
        CTR_TRY(check_file(fd.get(), file));
        return fd;
    }
    if (errno != ENOENT) return system_error("open", file);
    return no_such_container(file.substr(file.find_last_of('/') + 1));
}

Result<Record> read_from(int fd, const std::string &file, Record::Part part, std::size_t *whole = nullptr) {
    CTR_ASSIGN(const std::string text, sys::read_fd(fd, file, record_limit));
    return read_record(text, file, part, whole);
}

/// The path of the container's cgroup, from the driver's step that has it as an argument.
std::string cgroup_of(const plan::Plan &plan) {
    const auto driver = plan.drivers.find("cgroup");
    if (driver == plan.drivers.end()) return {};
    for (const plan::Step &step : plan.steps)
        if (step.plugin == driver->second && step.arg("path") != nullptr) return step.arg_text("path");
    return {};
}

Json durable(const launch::Value &value) {
    if (value.type == CTR_TYPE_INT) return value.integer;
    if (value.type == CTR_TYPE_STRING) return std::string(value.text, value.length);
    // Bytes become an array, because JSON strings must be UTF-8.
    Json bytes = Json::array();
    for (std::uint32_t i = 0; i < value.length; ++i)
        bytes.push_back(static_cast<unsigned char>(value.text[i]));
    return bytes;
}

} // namespace

Error no_such_container(const std::string &id) {
    return {.error_class = CTR_E_NOT_FOUND,
            .message = "container does not exist",
            .hint = "`ctr ps -a` and `ctr-oci list` show those that do",
            .path = id};
}

Error name_in_use(const std::string &file) {
    const std::string name = file.substr(file.find_last_of('/') + 1);
    return {.error_class = CTR_E_EXISTS,
            .message = "container with given ID already exists",
            .hint = "choose another name, or remove it: ctr rm " + name + ", ctr-oci delete " + name,
            .path = name};
}

std::string files_of(const std::string &journal) {
    const auto slash = journal.find_last_of('/');
    return journal.substr(0, slash) + ".files" + journal.substr(slash);
}

std::string gate_of(const std::string &journal) { return files_of(journal) + "/gate"; }

namespace {

/// If a line cannot be written whole (full disk, RLIMIT_FSIZE), its first part is cut off again, because it would spoil
/// the next line.
Result<void> append_line(int fd, std::string line, const std::string &file) {
    line += '\n';
    std::size_t done = 0;
    while (done < line.size()) {
        const ssize_t n = ::write(fd, line.data() + done, line.size() - done);
        if (n < 0 && errno == EINTR) continue;
        if (n > 0) {
            done += static_cast<std::size_t>(n);
            continue;
        }
        const Error error = system_error("write", file, "is the disk full? `df` on it tells");
        struct stat st {};
        if (done != 0 && ::fstat(fd, &st) == 0 && ::ftruncate(fd, st.st_size - static_cast<off_t>(done)) != 0)
            return system_error("ftruncate", file);
        return error;
    }
    return {};
}

/// Makes a new file and locks it. Between the two, `recover` may take the file for one whose owner died and remove it;
/// then this tries again.
Result<Fd> make_locked(const std::string &file) {
    for (int tries = 0; tries < 100; ++tries) {
        Fd fd(::open(file.c_str(), O_RDWR | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0600));
        if (!fd.valid()) return errno == EEXIST ? name_in_use(file) : system_error("open", file);
        struct stat st {};
        if (take_lock(fd.get()) && ::fstat(fd.get(), &st) == 0 && st.st_nlink != 0) return fd;
    }
    return failure(CTR_E_BUSY, file + " is removed again and again by somebody", "look for a `ctr recover` in a loop");
}

} // namespace

Result<Journal> Journal::create(const std::string &file, plan::Plan plan, Json meta) {
    Record record;
    record.boot_id = sys::boot_id();
    record.cgroup = cgroup_of(plan);
    record.meta = std::move(meta);
    JsonWriter lines(std::size_t{32} << 10);
    lines.begin('{').key("boot_id").text(record.boot_id).key("drivers").value(plan.drivers);
    lines.key("cgroup").text(record.cgroup).key("meta").value(record.meta).end('}').end_line();
    lines.begin('{').key("plan");
    plan::write(lines, plan, plan::Form::stored);
    lines.end('}');
    if (lines.replaced())
        return invalid(plan.id, "a text of its description is not UTF-8, and could not be read back by another ctr",
                       "give the command, its environment and all paths in UTF-8");

    CTR_TRY(sys::make_directories(file.substr(0, file.find_last_of('/')), 0711));
    Journal journal;
    journal.file_ = file;
    CTR_ASSIGN(journal.fd_, make_locked(file));
    record.plan = std::move(plan);
    fit(record);
    journal.record_ = std::move(record);
    // Head and plan in one write: a journal without a plan belongs to a container for which nothing was done.
    if (auto begun = journal.append(lines.take()); !begun.ok()) {
        ::unlink(file.c_str()); // no step has run yet, so the name can be free again
        return std::move(begun).error();
    }
    return journal;
}

namespace {

/// A damaged journal is refused, because the lines behind the damage are unknown.
Result<void> check_undamaged(const Record &record, const std::string &file) {
    if (record.damage.empty()) return {};
    return invalid(file, record.damage, "`ctr rm -f` or `ctr-oci delete --force` takes back what its plan lists");
}

} // namespace

Result<Journal> Journal::open(const std::string &file, bool damaged) {
    Journal journal;
    journal.file_ = file;
    CTR_ASSIGN(journal.fd_, open_file(file, O_RDWR | O_APPEND));
    // The previous holder of the lock may have removed the container meanwhile. Then st_nlink is 0.
    struct stat st {};
    if (!take_lock(journal.fd_.get()) || ::fstat(journal.fd_.get(), &st) != 0 || st.st_nlink == 0)
        return Error{.error_class = CTR_E_BUSY,
                     .message = "another process is at work on this container",
                     .hint = "wait for it, or stop it: pid " + std::to_string(owner(file)),
                     .path = file.substr(file.find_last_of('/') + 1)};
    std::size_t whole = 0;
    CTR_ASSIGN(journal.record_, read_from(journal.fd_.get(), file, Part::all, &whole));
    if (!damaged) CTR_TRY(check_undamaged(journal.record_, file));
    // A torn last line must not become the beginning of the next line.
    if (::ftruncate(journal.fd_.get(), static_cast<off_t>(whole)) != 0) return system_error("ftruncate", file);
    return journal;
}

Result<Record> Journal::read(const std::string &file, Part part) {
    CTR_ASSIGN(const Fd fd, open_file(file, O_RDONLY));
    CTR_ASSIGN(Record record, read_from(fd.get(), file, part));
    CTR_TRY(check_undamaged(record, file));
    return record;
}

namespace {

/// Takes the lock, and removes the file if `may` agrees. Does nothing if somebody else has the lock.
template <typename May> Result<void> remove_locked(const std::string &file, May may) {
    const Fd fd(::open(file.c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
    if (!fd.valid()) return errno == ENOENT ? Result<void>() : Result<void>(system_error("open", file));
    if (!take_lock(fd.get()) || !may(fd.get())) return {};
    return ::unlink(file.c_str()) == 0 || errno == ENOENT ? Result<void>() : Result<void>(system_error("unlink", file));
}

} // namespace

Result<void> Journal::remove_unbegun(const std::string &file) {
    return remove_locked(file, [&](int fd) {
        const auto record = read_from(fd, file, Part::without_steps);
        return !record.ok() && record.error().error_class == CTR_E_NOT_FOUND;
    });
}

Result<void> Journal::remove_unreadable(const std::string &file) {
    return remove_locked(file, [&](int fd) {
        const auto record = read_from(fd, file, Part::all);
        return !record.ok() && record.error().error_class == CTR_E_INVALID;
    });
}

Result<void> Journal::note_paused(const std::string &file, bool paused) {
    CTR_ASSIGN(const Fd fd, open_file(file, O_WRONLY | O_APPEND));
    return append_line(fd.get(), paused ? "{\"paused\":true}" : "{\"paused\":false}", file);
}

int Journal::owner(const std::string &file) {
    const Fd fd(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
    if (!fd.valid()) return 0;
    flock lock = whole_file(F_WRLCK);
    if (::fcntl(fd.get(), F_GETLK, &lock) != 0 || lock.l_type == F_UNLCK) return 0;
    return lock.l_pid;
}

Result<void> Journal::append(std::string line) { return append_line(fd_.get(), std::move(line), file_); }

Result<void> Journal::intent(std::uint32_t step) {
    record_.intended.at(step) = true;
    return append("{\"intent\":" + std::to_string(step) + "}");
}

Result<void> Journal::append_values(const char *word, std::uint32_t step, const launch::Packed &block) {
    Json line = {{word, step}};
    const launch::PackedStep &packed = block.steps[step];
    for (std::uint32_t i = 0; i < packed.n_outputs; ++i) {
        const launch::Value &value = block.values[block.outputs[packed.first_output + i].value];
        if (!value.known || value.type == CTR_TYPE_FD) continue;
        record_.values[value.name] = durable(value);
        line["values"][value.name] = record_.values[value.name];
    }
    if (!line.contains("values"))
        return packed.process == CTR_PROCESS_CHILD
                   ? Result<void>()
                   : append(std::string("{\"") + word + "\":" + std::to_string(step) + "}");
    return append(line.dump());
}

Result<void> Journal::done(std::uint32_t step, const launch::Packed &block) {
    return append_values("done", step, block);
}
Result<void> Journal::child_gave(std::uint32_t step, const launch::Packed &block) {
    return append_values("gave", step, block);
}

Result<void> Journal::undone(std::uint32_t step) {
    record_.undone.at(step) = true;
    // An undo must also work on a full disk. A step whose line could not be written is undone once more later, which
    // does no harm.
    static_cast<void>(append("{\"undone\":" + std::to_string(step) + "}"));
    return {};
}

Result<void> Journal::cloned(int pid) {
    record_.pid = pid;
    record_.start_time = sys::process_start_time(pid);
    return append("{\"child\":" + std::to_string(pid) + ",\"start_time\":" + std::to_string(record_.start_time) + "}");
}

Result<void> Journal::created() {
    record_.stage = Stage::created;
    return append("{\"created\":true}");
}

Result<void> Journal::running() {
    record_.stage = Stage::running;
    return append("{\"running\":true}");
}

Result<void> Journal::commit() {
    record_.committed = true;
    CTR_TRY(append("{\"committed\":true}"));
    release();
    return {};
}

Result<void> Journal::removing() {
    if (std::exchange(record_.removing, true)) return {};
    return append("{\"removing\":true}");
}

Result<void> Journal::stuck(std::uint32_t step) {
    record_.stuck = true;
    return append("{\"stuck\":" + std::to_string(step) + "}");
}

Result<void> Journal::stopped(std::int64_t exit_status) {
    record_.stage = Stage::stopped;
    record_.exit_status = exit_status;
    return append("{\"stopped\":" + std::to_string(exit_status) + "}");
}

} // namespace core::container
