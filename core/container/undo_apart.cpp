// SPDX-License-Identifier: MIT
//
// Undoes the steps that another process carried out, in a worker process. This process keeps the journal and its lock
// and only listens to the worker, which writes lines:
//
//     loading PLUGIN   it looks up the code of a step; the plugin may crash while it is loaded
//     begins N         the undo of step N begins
//     undone N         this process writes that to the journal
//     failed N ERROR   the undo returned an error
//     end              all is done. A worker that ends without this line has failed, whatever its exit status is
//
// If the worker crashes, ends or is silent for longer than the deadline, the step that it was at is reported and stays
// in the journal, and a new worker goes on with the steps below it. (The deadline is ten times as long while the kernel
// works for the worker, because removing many files takes long.) The journal notes such a step, so that only `ctr
// recover` and `ctr rm` wait for it a second time.
#include "container/undo.hpp"

#include "launch/undo.hpp"
#include "sys/files.hpp"
#include "sys/in_plugin.hpp"
#include "sys/process.hpp"

#include <algorithm>
#include <charconv>
#include <csignal>
#include <ctime>
#include <fcntl.h>
#include <nlohmann/json.hpp>
#include <poll.h>
#include <sstream>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utility>

namespace core::container {
namespace {

// ---- in the worker ------------------------------------------------------------------------------

void say(int channel, std::string line) {
    line += '\n';
    for (std::size_t at = 0; at < line.size();) {
        const ssize_t n = ::write(channel, line.data() + at, line.size() - at);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) ::_exit(1); // the other process is gone
        at += static_cast<std::size_t>(n);
    }
}

std::string packed(const Error &error) {
    const Json json = {static_cast<int>(error.error_class),
                       error.message,
                       error.hint,
                       error.errno_value,
                       error.syscall,
                       error.path,
                       error.context};
    return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

class Speaker final : public launch::UndoListener, public launch::Recorder {
public:
    explicit Speaker(int channel) : channel_(channel) {}
    void begins(std::uint32_t step) override { say(channel_, "begins " + std::to_string(step)); }
    void failed(std::uint32_t step, const Error &error) override {
        say(channel_, "failed " + std::to_string(step) + " " + packed(error));
    }
    Result<void> undone(std::uint32_t step) override {
        say(channel_, "undone " + std::to_string(step));
        return {};
    }
    Result<void> cloned(int) override { return {}; }
    Result<void> intent(std::uint32_t) override { return {}; }
    Result<void> done(std::uint32_t, const launch::Packed &) override { return {}; }
    Result<void> child_gave(std::uint32_t, const launch::Packed &) override { return {}; }

private:
    int channel_;
};

int work(Engine &engine, const Record &record, const std::vector<bool> &steps, int channel, pid_t parent) {
    // If the process that holds the journal's lock dies, this one must die too, because another process may then undo
    // the same steps.
    if (::prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) != 0 || ::getppid() != parent) return 1;
    sys::on_exit_in_plugin = [](const std::string &) { return 125; }; // the other process reports this, with the step
    Speaker speaker(channel);
    const launch::KindLookup lookup = [kinds = engine.kinds(), channel](const std::string &plugin,
                                                                        const std::string &kind) {
        say(channel, "loading " + plugin);
        return kinds(plugin, kind);
    };
    launch::undo({&record.plan, steps, &record.values, &speaker, nullptr}, lookup, speaker);
    say(channel, "end");
    return 0;
}

// ---- in this process ----------------------------------------------------------------------------

std::int64_t now_ms() {
    timespec now{};
    ::clock_gettime(CLOCK_MONOTONIC, &now);
    return std::int64_t{now.tv_sec} * 1000 + now.tv_nsec / 1000000;
}

Error unpacked(const std::string &text) {
    const Json json = Json::parse(text, nullptr, false);
    if (!json.is_array() || json.size() != 7) return failure(CTR_E_INTERNAL, "it failed without saying why");
    const auto word = [&](std::size_t at) {
        return json[at].is_string() ? json[at].get<std::string>() : std::string();
    };
    Error error = failure(CTR_E_INTERNAL, word(1), word(2));
    if (json[0].is_number_integer()) error.error_class = static_cast<ctr_error_class>(json[0].get<int>());
    if (json[3].is_number_integer()) error.errno_value = json[3].get<int>();
    error.syscall = word(4), error.path = word(5), error.context = word(6);
    return error;
}

/// How long the undo of a step may be silent. If the step has an argument `timeout` (seconds), that time is added.
std::int64_t deadline_ms(const plan::Step &step, std::int64_t seconds) {
    if (const plan::Arg *own = step.arg("timeout"); own != nullptr)
        seconds += std::clamp<std::int64_t>(own->integer, 0, 1000000);
    return seconds * 1000;
}

/// One worker process, from its start to its end.
class Worker {
public:
    Worker(Engine &engine, Journal &journal, std::vector<bool> &left, std::vector<Error> &errors)
        : engine_(engine), journal_(journal), left_(left), errors_(errors) {}
    Worker(const Worker &) = delete;
    Worker &operator=(const Worker &) = delete;

    Result<void> run() {
        int ends[2];
        if (::pipe2(ends, O_CLOEXEC) != 0) return system_error("pipe2");
        channel_.reset(ends[0]);
        Fd theirs(ends[1]);
        const pid_t self = ::getpid();
        CTR_ASSIGN(pid_,
                   sys::fork_process([&] { return work(engine_, journal_.record(), left_, theirs.get(), self); }));
        theirs.reset();
        const bool in_time = listen();
        const std::string end = reap(in_time);
        return ended_ ? Result<void>() : give_up_step(end);
    }

private:
    /// Listens until the worker is done or gone; false if it was silent for too long.
    bool listen() {
        std::string text;
        char buffer[4096];
        for (;;) {
            pollfd readable = {channel_.get(), POLLIN, 0};
            const std::int64_t until = now_ms() + allowed() / 2;
            int ready = 0;
            do
                ready = ::poll(&readable, 1, static_cast<int>(std::max<std::int64_t>(0, until - now_ms())));
            while (ready < 0 && errno == EINTR);
            if (ready == 0 && may_go_on()) continue;
            if (ready <= 0) return false;
            const ssize_t got = ::read(channel_.get(), buffer, sizeof buffer);
            if (got < 0 && errno == EINTR) continue;
            if (got <= 0) return true;
            text.append(buffer, static_cast<std::size_t>(got));
            for (auto at = text.find('\n'); at != std::string::npos; at = text.find('\n')) {
                take(text.substr(0, at));
                text.erase(0, at + 1);
            }
            if (ended_) return true; // do not wait for end of file: a process that a plugin left may hold the pipe
        }
    }

    /// The worker's system time in ticks; 0 if it cannot be read.
    std::uint64_t system_time() const {
        const auto stat = sys::read_file("/proc/" + std::to_string(pid_) + "/stat");
        if (!stat.ok()) return 0;
        std::istringstream fields(stat.value().substr(std::min(stat.value().rfind(')'), stat.value().size())));
        std::string skipped;
        for (int i = 0; i < 13; ++i) // ")", state, ..., utime: proc(5)
            fields >> skipped;
        std::uint64_t ticks = 0;
        fields >> ticks;
        return ticks;
    }

    /// Called each time that half of the deadline has passed. At the end of a whole deadline the worker may go on if it
    /// used system time in the second half: then the kernel works for it. A worker that sleeps or loops in user space
    /// may not.
    bool may_go_on() {
        const std::uint64_t before = std::exchange(system_time_, system_time());
        ++looks_;
        return looks_ % 2 == 1 || (looks_ < 20 && system_time_ > before);
    }

    void take(const std::string &line) {
        looks_ = 0;
        const auto space = line.find(' ');
        const std::string word = line.substr(0, space), rest = space == std::string::npos ? "" : line.substr(space + 1);
        ended_ = word == "end";
        if (word == "loading") {
            loading_ = rest;
            return;
        }
        std::size_t step = left_.size();
        std::from_chars(rest.data(), rest.data() + rest.size(), step);
        if (step >= left_.size()) return;
        loading_.clear();
        current_ = step;
        if (word == "begins") return;
        left_[step] = false;
        current_ = left_.size();
        if (word == "failed") errors_.push_back(unpacked(rest.substr(std::min(rest.find(' '), rest.size()))));
        if (word == "undone")
            if (auto noted = journal_.undone(static_cast<std::uint32_t>(step)); !noted.ok())
                errors_.push_back(std::move(noted).error());
    }

    std::int64_t allowed() const {
        const std::int64_t seconds = engine_.config().undo_timeout;
        return current_ < left_.size() ? deadline_ms(journal_.record().plan.steps[current_], seconds) : seconds * 1000;
    }

    /// True if the worker ends within that time.
    bool ends_within(std::int64_t ms) const {
        const Fd pidfd = sys::open_pidfd(pid_);
        pollfd ended = {pidfd.get(), POLLIN, 0};
        int ready = 0;
        const std::int64_t until = now_ms() + ms;
        do
            ready =
                pidfd.valid() ? ::poll(&ended, 1, static_cast<int>(std::max<std::int64_t>(0, until - now_ms()))) : 1;
        while (ready < 0 && errno == EINTR);
        return ready != 0;
    }

    /// Reaps the worker and says in words how it ended.
    std::string reap(bool in_time) {
        // It may have closed its end and live on.
        if (!in_time || !ends_within(allowed())) {
            ::kill(pid_, SIGKILL);
            in_time = false;
        }
        int status = 0;
        pid_t got = 0;
        // A process that hangs in the kernel does not die even of SIGKILL, so the wait is limited to 5 s.
        for (int i = 0; i < 500 && (got = ::waitpid(pid_, &status, in_time ? 0 : WNOHANG)) <= 0; ++i) {
            if (got < 0 && errno != EINTR) break;
            if (got == 0) ::usleep(10000);
        }
        if (!in_time) return "did not end within " + std::to_string(allowed() / 1000) + " s, and was killed";
        if (got == pid_ && WIFSIGNALED(status)) return "crashed: signal " + std::to_string(WTERMSIG(status));
        if (got == pid_)
            return "ended the process (exit status " + std::to_string(WEXITSTATUS(status)) + ") instead of returning";
        return "ended the process";
    }

    /// Gives up the step that the worker was at, or all steps of the plugin that it was loading. They stay in the
    /// journal.
    Result<void> give_up_step(const std::string &end) {
        const plan::Plan &plan = journal_.record().plan;
        const std::string hint =
            "this is a bug of the plugin; what is left stays in the journal: `ctr recover` (with the "
            "same --run-root), or the same command again, tries it once more";
        bool any = false;
        for (std::size_t i = 0; i < left_.size(); ++i) {
            const bool at_it = i == current_ || (!loading_.empty() && plan.steps[i].plugin == loading_);
            if (!left_[i] || !at_it) continue;
            left_[i] = false;
            any = true;
            errors_.push_back(failure(CTR_E_INTERNAL,
                                      loading_.empty() ? "the plugin's undo " + end
                                                       : "the plugin " + loading_ + " " + end + " while it was loaded",
                                      hint)
                                  .in("undo of " + launch::step_title(plan, static_cast<std::uint32_t>(i))));
            if (auto noted = journal_.stuck(static_cast<std::uint32_t>(i)); !noted.ok())
                errors_.push_back(std::move(noted).error());
        }
        if (any) return {};
        return failure(CTR_E_INTERNAL, "the process that takes the steps back " + end + " before it had begun", hint);
    }

    Engine &engine_;
    Journal &journal_;
    std::vector<bool> &left_;
    std::vector<Error> &errors_;
    Fd channel_;
    int pid_ = -1;
    std::size_t current_ = SIZE_MAX; // the step that the worker is at
    std::string loading_;            // the plugin that the worker is loading
    bool ended_ = false;             // the worker said "end"
    std::uint64_t system_time_ = 0;  // in ticks, at the last look
    int looks_ = 0;                  // calls of may_go_on() since it said something
};

} // namespace

Result<void> undo_steps_apart(Engine &engine, Journal &journal, Scope scope) {
    std::vector<bool> left = steps_to_undo(journal.record(), scope);
    std::vector<Error> errors;
    if (auto ended = end_the_rest(engine, journal, scope); !ended.ok()) errors.push_back(std::move(ended).error());
    while (std::find(left.begin(), left.end(), true) != left.end()) {
        auto ran = Worker(engine, journal, left, errors).run();
        if (ran.ok()) continue;
        errors.push_back(std::move(ran).error());
        break;
    }
    return first_of(std::move(errors));
}

} // namespace core::container
