// SPDX-License-Identifier: MIT
#include "container/journal.hpp"

#include "base/json_writer.hpp"
#include "plan/plan_json.hpp"
#include "sys/files.hpp"

#include <algorithm>
#include <fcntl.h>
#include <stdexcept>
#include <sys/stat.h>
#include <unistd.h>

namespace core::container {
namespace {

constexpr std::size_t journal_limit = std::size_t{64} << 20;

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

/// A plan has at most that many steps; a larger number in a line is damage.
constexpr std::size_t most_steps = 1u << 20;

void mark(std::vector<bool> &steps, std::size_t step) {
    if (step >= most_steps) throw std::out_of_range("a step's number");
    if (step >= steps.size()) steps.resize(step + 1, false);
    steps[step] = true;
}

/// One mark for each step of the plan.
void fit(Record &record) {
    record.intended.resize(record.plan.steps.size(), false);
    record.undone.resize(record.plan.steps.size(), false);
}

/// Adds one line to what is known.
Result<void> apply(Record &record, const Json &line) {
    const auto step = [&](const char *word) { return line.at(word).get<std::size_t>(); };
    const auto values = [&] {
        if (line.contains("values"))
            for (const auto &[name, value] : line["values"].items())
                record.values[name] = value;
    };
    try {
        if (line.contains("intent")) {
            mark(record.intended, step("intent"));
        } else if (line.contains("done") || line.contains("gave")) {
            values();
        } else if (line.contains("undone")) {
            mark(record.undone, step("undone"));
        } else if (line.contains("child")) {
            record.pid = line["child"].get<int>();
            record.start_time = line.at("start_time").get<std::uint64_t>();
        } else if (line.contains("created")) {
            record.stage = Stage::created;
        } else if (line.contains("running")) {
            record.stage = Stage::running;
        } else if (line.contains("committed")) {
            record.committed = true;
        } else if (line.contains("paused")) {
            record.paused = line["paused"].get<bool>();
        } else if (line.contains("stopped")) {
            record.stage = Stage::stopped;
            record.exit_status = line["stopped"].get<std::int64_t>();
        } else if (line.contains("boot_id")) {
            record.boot_id = line["boot_id"].get<std::string>();
            record.plan.drivers = line.at("drivers").get<std::map<std::string, std::string>>();
            record.cgroup = line.at("cgroup").get<std::string>();
            record.meta = line.at("meta");
        } else if (line.contains("plan")) {
            CTR_ASSIGN(record.plan, plan::from_json(line["plan"]));
        }
        return {};
    } catch (const std::exception &e) {
        return failure(ErrorClass::invalid, std::string("a damaged line: ") + e.what());
    }
}

bool is_plan(std::string_view line) { return line.substr(0, 8) == "{\"plan\":"; }

/// `whole`: where the last complete line ends.
Result<Record> read_from(int fd, const std::string &path, Journal::Part part, std::size_t *whole = nullptr) {
    CTR_ASSIGN(const std::string text, sys::read_fd(fd, path, journal_limit));
    Record record;
    std::size_t at = 0;
    bool has_plan = false;
    for (auto end = text.find('\n'); end != std::string::npos; at = end + 1, end = text.find('\n', at)) {
        const std::string_view line = std::string_view(text).substr(at, end - at);
        has_plan = has_plan || is_plan(line);
        if (is_plan(line) && part == Journal::Part::without_steps) continue;
        CTR_ASSIGN(const Json json, parse_json(line, path));
        CTR_TRY(apply(record, json).in(path));
    }
    if (whole != nullptr) *whole = at;
    if (!has_plan)
        return Error{ErrorClass::not_found,
                     "the journal has no plan: its owner died before it had done anything",
                     {},
                     0,
                     {},
                     path,
                     {}};
    if (part == Journal::Part::all) {
        if (std::max(record.intended.size(), record.undone.size()) > record.plan.steps.size())
            return invalid(path, "a damaged line: it is about a step that the plan does not have");
        fit(record);
    }
    return record;
}

/// The step of the cgroup's driver that says where the cgroup is.
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
    // Bytes as an array: JSON strings are UTF-8.
    Json bytes = Json::array();
    for (std::uint32_t i = 0; i < value.length; ++i)
        bytes.push_back(static_cast<unsigned char>(value.text[i]));
    return bytes;
}

} // namespace

Error name_in_use(const std::string &file) {
    const std::string name = file.substr(file.find_last_of('/') + 1);
    return {ErrorClass::exists,
            "container with given ID already exists",
            "choose another name, or remove it: ctr rm " + name + ", ctr-oci delete " + name,
            0,
            {},
            name,
            {}};
}

std::string files_of(const std::string &journal) {
    const auto slash = journal.find_last_of('/');
    return journal.substr(0, slash) + ".files" + journal.substr(slash);
}

std::string gate_of(const std::string &journal) { return files_of(journal) + "/gate"; }

bool Record::alive() const {
    return pid > 0 && boot_id == sys::boot_id() && start_time != 0 && sys::process_start_time(pid) == start_time;
}

namespace {

/// A new file with our lock on it. In between `recover` may take it for one whose owner died before the first line, and remove it: then again.
Result<Fd> make_locked(const std::string &file) {
    for (int tries = 0; tries < 100; ++tries) {
        Fd fd(::open(file.c_str(), O_RDWR | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0600));
        if (!fd.valid()) return errno == EEXIST ? name_in_use(file) : system_error("open", file);
        struct stat st {};
        if (take_lock(fd.get()) && ::fstat(fd.get(), &st) == 0 && st.st_nlink != 0) return fd;
    }
    return failure(ErrorClass::busy, file + " is removed again and again by somebody",
                   "look for a `ctr recover` in a loop");
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
    // Both in one write: a container has a plan, or it was never begun.
    CTR_TRY(journal.append(lines.take()));
    return journal;
}

Result<Journal> Journal::open(const std::string &file) {
    Journal journal;
    journal.file_ = file;
    journal.fd_.reset(::open(file.c_str(), O_RDWR | O_APPEND | O_CLOEXEC));
    const std::string name = file.substr(file.find_last_of('/') + 1);
    if (!journal.fd_.valid() && errno == ENOENT)
        return Error{ErrorClass::not_found,
                     "container does not exist",
                     "`ctr ps -a` and `ctr-oci list` show those that do",
                     0,
                     {},
                     name,
                     {}};
    if (!journal.fd_.valid()) return system_error("open", file);
    // Whoever had the lock may have removed the container meanwhile: then it is a lock on nothing.
    struct stat st {};
    if (!take_lock(journal.fd_.get()) || ::fstat(journal.fd_.get(), &st) != 0 || st.st_nlink == 0)
        return Error{ErrorClass::busy,
                     "another process is at work on this container",
                     "wait for it, or stop it: pid " + std::to_string(owner(file)),
                     0,
                     {},
                     name,
                     {}};
    std::size_t whole = 0;
    CTR_ASSIGN(journal.record_, read_from(journal.fd_.get(), file, Part::all, &whole));
    // A torn last line must not become the front of the next one.
    if (::ftruncate(journal.fd_.get(), static_cast<off_t>(whole)) != 0) return system_error("ftruncate", file);
    return journal;
}

Result<Record> Journal::read(const std::string &file, Part part) {
    const Fd fd(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
    if (!fd.valid() && errno == ENOENT)
        return Error{ErrorClass::not_found,
                     "container does not exist",
                     "`ctr ps -a` and `ctr-oci list` show those that do",
                     0,
                     {},
                     file.substr(file.find_last_of('/') + 1),
                     {}};
    if (!fd.valid()) return system_error("open", file);
    return read_from(fd.get(), file, part);
}

Result<void> Journal::remove_unbegun(const std::string &file) {
    const Fd fd(::open(file.c_str(), O_RDWR | O_CLOEXEC));
    if (!fd.valid()) return errno == ENOENT ? Result<void>() : Result<void>(system_error("open", file));
    if (!take_lock(fd.get())) return {}; // its owner lives
    const auto record = read_from(fd.get(), file, Part::without_steps);
    if (record.ok() || record.error().error_class != ErrorClass::not_found) return {};
    return ::unlink(file.c_str()) == 0 || errno == ENOENT ? Result<void>() : Result<void>(system_error("unlink", file));
}

Result<void> Journal::note_paused(const std::string &file, bool paused) {
    const Fd fd(::open(file.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC));
    if (!fd.valid()) return system_error("open", file);
    return sys::write_all(fd.get(), paused ? "{\"paused\":true}\n" : "{\"paused\":false}\n", file);
}

int Journal::owner(const std::string &file) {
    const Fd fd(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
    if (!fd.valid()) return 0;
    flock lock = whole_file(F_WRLCK);
    if (::fcntl(fd.get(), F_GETLK, &lock) != 0 || lock.l_type == F_UNLCK) return 0;
    return lock.l_pid;
}

Result<void> Journal::append(std::string line) {
    line += '\n';
    return sys::write_all(fd_.get(), line, file_);
}

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
    return append("{\"undone\":" + std::to_string(step) + "}");
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

Result<void> Journal::stopped(std::int64_t exit_status) {
    record_.stage = Stage::stopped;
    record_.exit_status = exit_status;
    return append("{\"stopped\":" + std::to_string(exit_status) + "}");
}

} // namespace core::container
