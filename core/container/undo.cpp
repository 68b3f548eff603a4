// SPDX-License-Identifier: MIT
#include "container/undo.hpp"

#include "container/running.hpp"
#include "launch/undo.hpp"
#include "sys/files.hpp"

#include <algorithm>
#include <csignal>
#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace core::container {

std::vector<bool> steps_to_undo(const Record &record, Scope scope) {
    std::vector<bool> steps(record.plan.steps.size(), false);
    for (std::size_t i = 0; i < steps.size(); ++i) {
        const plan::Step &step = record.plan.steps[i];
        steps[i] = step.has_undo && record.intended[i] && !record.undone[i] &&
                   (scope == Scope::all || step.lifetime == CTR_UNTIL_STOP);
    }
    return steps;
}

Result<void> first_of(std::vector<Error> errors) {
    if (errors.empty()) return {};
    Error first = std::move(errors.front());
    for (std::size_t i = 1; i < errors.size(); ++i)
        first.hint += (i > 1 ? "; also: " : first.hint.empty() ? "also: " : "; also: ") + errors[i].text();
    return first;
}

/// "Until stop" says that the container's processes are gone. Its cgroup stays until delete, with what it has counted, so nothing else ends those that outlive its
/// first process.
Result<void> end_the_rest(Engine &engine, const Journal &journal, Scope scope) {
    if (scope == Scope::all || ends_with_first_process(engine, journal.record())) return {};
    auto ended = end_processes(engine, journal.file().substr(journal.file().rfind('/') + 1), journal.record());
    return ended.ok() || ended.error().error_class == CTR_E_UNSUPPORTED ? Result<void>() : std::move(ended);
}

namespace {

class Collector final : public launch::UndoListener {
public:
    void begins(std::uint32_t) override {}
    void failed(std::uint32_t, const Error &error) override { errors.push_back(error); }
    std::vector<Error> errors;
};

} // namespace

Result<void> undo_steps(Engine &engine, Journal &journal, Scope scope, sys::Interruption *interruption) {
    const Record &record = journal.record();
    Collector heard;
    if (auto ended = end_the_rest(engine, journal, scope); !ended.ok())
        heard.errors.push_back(std::move(ended).error());
    launch::undo({&record.plan, steps_to_undo(record, scope), &record.values, &heard, interruption}, engine.kinds(),
                 journal);
    return first_of(std::move(heard.errors));
}

Result<void> make_shared_directories(const plan::Plan &plan, const std::string &own) {
    const plan::Step *row = plan.find(plan::kind_journal);
    if (row == nullptr) return {};
    for (const plan::Arg &arg : row->args)
        if (arg.name == "directory" && arg.text != own) CTR_TRY(sys::make_directories(arg.text, 0711));
    return {};
}

Result<void> make_own_directory(const Journal &journal, bool anyway) {
    const std::string own = files_of(journal.file());
    const plan::Step *row = journal.record().plan.find(plan::kind_journal);
    const bool listed = row != nullptr && std::any_of(row->args.begin(), row->args.end(), [&](const plan::Arg &arg) {
                            return arg.name == "directory" && arg.text == own;
                        });
    return listed || anyway ? sys::make_directories(own, 0711) : Result<void>();
}

Result<void> remove_record(Journal &journal) {
    // The journal goes last: as long as it stands, a crash leaves something to recover from.
    const std::string &file = journal.file(), own = files_of(file);
    if (::access(own.c_str(), F_OK) == 0) CTR_TRY(sys::remove_tree(own));
    if (::unlink(file.c_str()) != 0 && errno != ENOENT) return system_error("unlink", file);
    journal.release();
    return {};
}

Result<void> kill_init(Engine &engine, const std::string &id, const Record &record) {
    if (!record.alive()) return {};
    const Fd pidfd(static_cast<int>(::syscall(SYS_pidfd_open, record.pid, 0U)));
    if (!pidfd.valid())
        return errno == ESRCH ? Result<void>() : Result<void>(system_error("pidfd_open", std::to_string(record.pid)));
    if (!record.alive()) return {}; // the pid was reused between the two looks
    if (::syscall(SYS_pidfd_send_signal, pidfd.get(), SIGKILL, nullptr, 0U) != 0 && errno != ESRCH)
        return system_error("pidfd_send_signal", std::to_string(record.pid));
    pollfd gone = {pidfd.get(), POLLIN, 0};
    if (::poll(&gone, 1, 200) == 1) return {};
    // Under cgroup v1 a frozen process dies only when it is thawed, and it need not be pause that froze it. Without a cgroup nobody can.
    static_cast<void>(end_processes(engine, id, record));
    if (::poll(&gone, 1, 10000) != 1)
        return failure(CTR_E_BUSY, "process " + std::to_string(record.pid) + " does not die within 10 s of SIGKILL",
                       "it hangs in the kernel; see /proc/" + std::to_string(record.pid) + "/stack");
    return {};
}

} // namespace core::container
