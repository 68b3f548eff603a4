// SPDX-License-Identifier: MIT
//
// The start of a container, seen from the parent:
//
//   prepare      makes what the child needs on the machine                                steps before the clone
//   clone        the child exists in its new namespaces and begins its own steps          child.cpp
//   meet         the parent's steps beside it; values cross; the child reports at the gate steps up to the gate
//   (commit)     `create`: the state is written, the child needs no owner any more
//   open_gate    the child confines itself and becomes the program                        steps behind the gate
//   started      the program runs                                                         steps of phase started
//
// Each parent step is recorded before and after it runs. Both processes follow the same order of steps. One waits for
// the other only where plan/order.cpp found that it must.
#include "launch/launch.hpp"

#include "launch/namespaces.hpp"
#include "launch/undo.hpp"
#include "launch/values.hpp"
#include "launch/wire.hpp"
#include "plan/show.hpp"
#include "sys/in_plugin.hpp"
#include "sys/own_executable.hpp"
#include "sys/socket.hpp"

#include <algorithm>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

namespace core::launch {

void (*step_hook)(const char *when, std::uint32_t step) = nullptr;

namespace {

void log_debug(const plan::Plan &plan, std::uint32_t step, const char *what) {
    if (log_wanted(CTR_LOG_DEBUG)) log_sink(CTR_LOG_DEBUG, "core", (what + step_text(plan, step)).c_str());
}

} // namespace

std::string step_text(const plan::Plan &plan, std::uint32_t index) {
    if (index >= plan.steps.size()) return step_title(plan, index);
    plan::Step shown = plan.steps[index];
    for (plan::Arg &arg : shown.args) // an environment may contain passwords
        if (arg.name == "env") arg.text = arg.text.substr(0, arg.text.find('=')) + "=...";
    return step_title(plan, index) + ": " + plan::show_args(shown);
}

SharedWord::~SharedWord() {
    if (word_ != nullptr) ::munmap(const_cast<std::uint32_t *>(word_), sizeof *word_);
}

Result<void> SharedWord::make() {
    void *memory = ::mmap(nullptr, sizeof *word_, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) return system_error("mmap");
    word_ = static_cast<std::uint32_t *>(memory);
    return {};
}

Launch::Launch(const plan::Plan &plan, const KindLookup &lookup, Recorder &recorder, LaunchOptions options)
    : plan_(plan), recorder_(recorder), options_(options), block_(Block::pack(plan, lookup)) {}

Launch::~Launch() = default;

Result<void> Launch::create() {
    auto done = prepare();
    if (done.ok()) done = clone();
    if (done.ok()) done = meet();
    if (!done.ok()) kill();
    return done;
}

Result<void> Launch::prepare() {
    // Steps of an exec may use the container's first process as a value.
    if (Value *init = block_->value("init.pidfd"); init != nullptr && options_.init_pidfd >= 0) {
        init->fd = ::fcntl(options_.init_pidfd, F_DUPFD_CLOEXEC, 0);
        if (init->fd < 0) return system_error("fcntl", "the container's pidfd");
        init->known = true;
    }
    return run_parent_era(0);
}

/// Refuses a plan with a child's step that has no code, because that step may be one that confines the program.
Result<void> Launch::check_code() const {
    for (std::uint32_t i = 0; i < block_->n_steps; ++i)
        if (const PackedStep &step = block_->steps[i]; step.process == CTR_PROCESS_CHILD && step.kind == nullptr &&
                                                       std::strcmp(step.kind_name, plan::kind_gate) != 0 &&
                                                       std::strcmp(step.kind_name, plan::kind_execve) != 0)
            return step_error(i, failure(CTR_E_NOT_FOUND, "the code of this kind of step is missing",
                                         "install the plugin " + std::string(step.plugin)));
    return {};
}

/// Lays out arguments and environment for execve before the clone, because the child must not allocate.
Result<void> Launch::lay_out_program() {
    const plan::Step *exec = plan_.find(plan::kind_execve);
    if (exec == nullptr && plan_.operation != CTR_OP_MOUNT)
        return failure(CTR_E_INTERNAL, "the plan has no execve step");
    child_plan_.resolve_executable = exec != nullptr;
    if (exec != nullptr) {
        for (const plan::Arg &arg : exec->args) {
            if (arg.name == "arg") argv_.push_back(arg.text.c_str());
            if (arg.name == "env") envp_.push_back(arg.text.c_str());
            if (arg.name == "cwd") child_plan_.cwd = arg.text.c_str();
        }
    }
    argv_.push_back(nullptr);
    const bool has_home =
        std::any_of(envp_.begin(), envp_.end(), [](const char *each) { return std::strncmp(each, "HOME=", 5) == 0; });
    child_plan_.home_at = has_home ? ChildPlan::has_home : envp_.size();
    if (!has_home) envp_.push_back("HOME=/"); // a step of the child may replace it
    envp_.push_back(nullptr);
    child_plan_.argv = argv_.data();
    child_plan_.envp = envp_.data();
    return {};
}

/// Opens the ways by which the two processes talk: a socket pair for messages (wire.hpp), and a shared word that says
/// how far the child is even when it can send nothing any more. Returns the child's end of the pair.
Result<Fd> Launch::open_channel() {
    int ends[2];
    if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) return system_error("socketpair");
    channel_.reset(ends[0]);
    Fd child_end(ends[1]);
    CTR_TRY(progress_.make());
    child_plan_.progress = progress_.get();
    child_plan_.channel = child_end.get();
    return child_end;
}

/// For --log-level debug the child reports every step up to the gate, not only those that somebody waits for. Behind
/// the gate a filter may forbid the child to send anything.
void Launch::announce_all_steps() {
    for (std::uint32_t i = 0; i < block_->n_steps; ++i)
        if (PackedStep &step = block_->steps[i]; step.process == CTR_PROCESS_CHILD && plan::era(step.phase) == 2)
            step.announce = true;
}

/// Sets the values of the clone's step, and sends them to the child if it uses them.
Result<void> Launch::give_child(std::uint32_t clone_step) {
    if (Value *pid = block_->value("child.pid"); pid != nullptr) pid->integer = child_.pid, pid->known = true;
    if (Value *pidfd = block_->value("child.pidfd"); pidfd != nullptr) {
        pidfd->fd = ::fcntl(child_.pidfd.get(), F_DUPFD_CLOEXEC, 0);
        if (pidfd->fd < 0) return step_error(clone_step, system_error("fcntl", "child.pidfd"));
        pidfd->known = true;
    }
    if (block_->steps[clone_step].announce && send_step_done(channel_.get(), block_.get(), clone_step) != 0)
        return lost_child();
    return {};
}

/// Era 1. All that the child will need is in memory and in descriptors before clone3. The child has a copy of this
/// process's memory, so nobody may be able to look into the child (clone_hidden).
Result<void> Launch::clone() {
    CTR_TRY(check_code());
    CTR_TRY(lay_out_program());
    CTR_ASSIGN(Fd child_end, open_channel());
    child_plan_.block = block_.get();
    child_plan_.gate = options_.gate;
    child_plan_.in_container = options_.init_pidfd >= 0;
    child_plan_.preserve_fds = options_.preserve_fds;
    child_plan_.outlives_owner = options_.outlives_owner;
    if (log_wanted(CTR_LOG_DEBUG)) announce_all_steps();

    const auto clone_step = static_cast<std::uint32_t>(plan_.find(plan::kind_clone) - plan_.steps.data());
    at_boundary("before clone", clone_step);
    CTR_ASSIGN(NamespaceSetup namespaces, NamespaceSetup::from(plan_, *block_, options_.init_pid, options_.init_pidfd));
    CTR_TRY(namespaces.fill(child_plan_));
    keep_descriptors(child_end.get());
    CTR_ASSIGN(child_, clone_hidden(namespaces));
    child_end.reset(); // so that this end sees a hangup when the child dies

    CTR_TRY(recorder_.cloned(child_.pid)); // at once: if we are killed later, recover finds the child
    CTR_TRY(namespaces.join_cgroup_by_pid(child_.pid));
    CTR_TRY(give_child(clone_step));
    at_boundary("after clone", clone_step);
    return {};
}

/// Collects the descriptors that the child keeps: stdio, its channel, its gate, what its steps and its joins need, and
/// what is passed on to the program.
void Launch::keep_descriptors(int channel) {
    kept_ = {0, 1, 2, channel};
    for (unsigned i = 0; i < options_.preserve_fds; ++i)
        kept_.push_back(static_cast<int>(3 + i));
    if (options_.gate >= 0) kept_.push_back(options_.gate);
    for (std::size_t i = 0; i < child_plan_.n_joins; ++i)
        kept_.push_back(child_plan_.joins[i].fd);
    std::vector<bool> used(block_->n_values, false);
    for (std::uint32_t i = block_->n_steps; i-- > 0;) {
        const PackedStep &step = block_->steps[i];
        for (std::uint32_t a = 0; step.process == CTR_PROCESS_CHILD && a < step.n_args; ++a) {
            PackedArg &arg = block_->args[step.first_arg + a];
            if (arg.form != CTR_FORM_VALUE || arg.value == no_index || used[arg.value]) continue;
            const Value &value = block_->values[arg.value];
            if (value.type != CTR_TYPE_FD) continue;
            used[arg.value] = arg.last_use = true;
            if (value.known && value.fd >= 0) kept_.push_back(value.fd);
        }
    }
    std::sort(kept_.begin(), kept_.end());
    kept_.erase(std::unique(kept_.begin(), kept_.end()), kept_.end());
    child_plan_.kept = kept_.data();
    child_plan_.n_kept = kept_.size();
}

void Launch::keep(int fd) {
    kept_.insert(std::upper_bound(kept_.begin(), kept_.end(), fd), fd);
    child_plan_.kept = kept_.data();
    child_plan_.n_kept = kept_.size();
}

namespace {

/// While this object exists, this process has another OOM score, which its child inherits. The child cannot write the
/// score itself, because it is not dumpable and so its files in /proc belong to root (proc(5)).
class InheritedOomScore {
public:
    Result<void> set(std::int64_t score) {
        const char *path = "/proc/self/oom_score_adj";
        file_.reset(::open(path, O_RDWR | O_CLOEXEC));
        char text[16];
        const ssize_t length = file_.valid() ? ::read(file_.get(), text, sizeof text) : -1;
        if (length < 0) return system_error("open", path);
        before_.assign(text, static_cast<std::size_t>(length));
        const std::string wanted = std::to_string(score);
        if (::pwrite(file_.get(), wanted.data(), wanted.size(), 0) == static_cast<ssize_t>(wanted.size())) return {};
        before_.clear();
        return system_error("write", path,
                            errno == EACCES ? "going below the caller's value needs CAP_SYS_RESOURCE on the machine"
                                            : "");
    }
    ~InheritedOomScore() {
        if (!before_.empty() && ::pwrite(file_.get(), before_.data(), before_.size(), 0) < 0) errno = 0;
    }

private:
    Fd file_;
    std::string before_;
};

} // namespace

/// Clones the child so that nobody can look into it. The child is a copy of this process, and processes in the
/// namespaces that it joins may see it before it has closed anything (CVE-2016-9962). So this process first becomes not
/// dumpable (ptrace(2), "Ptrace access mode checking"), which the child inherits, and lets go of ctr's file.
Result<sys::Child> Launch::clone_hidden(NamespaceSetup &namespaces) {
    if (options_.protect_executable) CTR_TRY(sys::let_go_of_executable(child_plan_.own));
    const Fd empty(child_plan_.own.pending ? static_cast<int>(child_plan_.own.map.exe_fd) : -1);
    if (empty.valid()) keep(empty.get());
    InheritedOomScore score;
    if (const auto wanted = namespaces.oom_score_adj()) CTR_TRY(score.set(*wanted).in("oom_score_adj"));
    // An unprivileged user can write the id maps of a dumpable process only. That is safe here: nobody else is in the
    // new user namespace yet, and a process of another one may not look into it (ptrace(2), rule 3 of the access
    // check). The child gives up being dumpable as soon as its ids are mapped.
    const bool maps_by_user = ::geteuid() != 0 && (namespaces.new_flags() & CLONE_NEWUSER) != 0;
    if (!maps_by_user && ::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0) return system_error("prctl(PR_SET_DUMPABLE)");
    sys::CloneRequest request{namespaces.new_flags(), namespaces.cgroup_fd(), namespaces.between(), kept_,
                              &child_plan_.own};
    auto cloned = sys::clone_process(request, child_main, &child_plan_);
    if (cloned.ok() || request.cgroup < 0 || !namespaces.cgroup_fallback(cloned.error().errno_value)) return cloned;
    request.cgroup = -1;
    return sys::clone_process(request, child_main, &child_plan_);
}

Result<void> Launch::meet() {
    CTR_TRY(run_parent_era(2));
    if (options_.open_ahead) CTR_TRY(let_go());
    if (options_.open_ahead && nothing_to_answer()) sleep_until_hangup();
    while (!ready_)
        CTR_TRY(take_message());
    return {};
}

/// True if the child will go all the way to its program and no parent step depends on its messages.
bool Launch::nothing_to_answer() const {
    for (std::uint32_t i = 0; i < block_->n_steps; ++i) {
        const PackedStep &step = block_->steps[i];
        const int era = plan::era(step.phase);
        if (step.process == CTR_PROCESS_PARENT ? era == 3 : era >= 2 && step.announce) return false;
    }
    return true;
}

/// Sleeps until the child's end is closed, by execve or by its death. This process then wakes up once and not for each
/// message, which leaves the processor to the child.
void Launch::sleep_until_hangup() {
    pollfd polled[] = {{channel_.get(), 0, 0},
                       {options_.interruption == nullptr ? -1 : options_.interruption->fd(), POLLIN, 0}};
    while (::poll(polled, 2, -1) < 0 && errno == EINTR) {
    }
    hung_up_ = polled[0].revents != 0;
}

/// True if the command was told to end.
bool Launch::interrupted() {
    return options_.interruption != nullptr && (options_.interruption->take() || options_.interruption->signal() != 0);
}

Result<void> Launch::commit() {
    if (send_message(channel_.get(), MessageType::commit, 0) != 0) return lost_child();
    while (!committed_)
        CTR_TRY(take_message());
    channel_.reset();
    return {};
}

Result<void> Launch::let_go() {
    if (send_message(channel_.get(), MessageType::go, 0) != 0) return lost_child();
    gate_open_ = true;
    for (std::uint32_t i = 0; i < block_->n_steps && log_wanted(CTR_LOG_DEBUG); ++i)
        if (block_->steps[i].process == CTR_PROCESS_CHILD && plan::era(block_->steps[i].phase) == 3)
            log_debug(plan_, i, "behind the gate: ");
    return {};
}

Result<void> Launch::open_gate() {
    if (!gate_open_) CTR_TRY(let_go());
    CTR_TRY(run_parent_era(3));
    while (!ended_) { // until end of file: execve closes the child's end
        auto message = take_message();
        if (!message.ok() && !ended_) return message;
    }
    // End of file also comes when the child has died; progress_ tells the two apart. (A `start` in another process than
    // `create` has no progress_ and cannot tell.)
    if (progress_.get() != nullptr && *progress_.get() != ChildPlan::executing)
        return ended_without_a_word(*progress_.get());
    channel_.reset();
    return {};
}

Result<void> Launch::run_started_steps() { return run_parent_era(4); }

Result<void> Launch::run_parent_steps() {
    for (int era = 0; era <= 4; ++era)
        CTR_TRY(run_parent_era(era));
    return {};
}

void Launch::kill() {
    if (child_.pid > 0) sys::kill_and_reap(child_);
    child_ = {};
}

Result<void> Launch::run_parent_era(int era) {
    for (std::uint32_t i = 0; i < block_->n_steps; ++i) {
        const PackedStep &step = block_->steps[i];
        if (step.process != CTR_PROCESS_PARENT || plan::era(step.phase) != era) continue;
        CTR_TRY(wait_for_step(step.wait_for));
        if (auto done = run_parent_step(i); !done.ok()) return cause_of(std::move(done).error());
        if (step.announce && era >= 2 && channel_.valid() && send_step_done(channel_.get(), block_.get(), i) != 0)
            return lost_child();
    }
    return {};
}

Result<void> Launch::run_parent_step(std::uint32_t index) {
    const PackedStep &step = block_->steps[index];
    if (std::strcmp(step.kind_name, plan::kind_journal) == 0) return {}; // done when the journal was made
    if (step.kind == nullptr)
        return step_error(index, failure(CTR_E_NOT_FOUND, "the code of this kind of step is missing",
                                         "install the plugin " + std::string(step.plugin)));
    log_debug(plan_, index, "");
    at_boundary("before intent", index);
    CTR_TRY(recorder_.intent(index));
    at_boundary("after intent", index);
    ctr_run run;
    run.context = CTR_IN_PARENT;
    run.block = block_.get();
    run.interrupt = options_.interruption == nullptr ? -1 : options_.interruption->fd();
    begin_step(&run, index);
    const int code = [&] {
        const sys::InPlugin inside(step.plugin, "apply");
        const auto context = calling(run);
        return step.kind->apply(&run);
    }();
    const bool failed = code != 0 || run.failed;
    if (failed && interrupted()) return step_error(index, options_.interruption->error());
    if (failed)
        return step_error(
            index, run.failed ? to_error(run.error)
                              : failure(CTR_E_INTERNAL, "it failed without saying why", "this is a bug of the plugin"));
    at_boundary("after apply", index);
    CTR_TRY(recorder_.done(index, *block_));
    at_boundary("after done", index);
    return {};
}

Result<void> Launch::take_message() {
    if (options_.interruption != nullptr && !hung_up_) CTR_TRY(options_.interruption->wait_for(channel_.get()));
    Message message;
    const Received received = receive(channel_.get(), block_.get(), &message);
    if (received == Received::error) return system_error("recvmsg", "rendezvous");
    if (received == Received::end) {
        ended_ = true;
        return lost_child();
    }
    switch (message.type) {
    case MessageType::step_done:
        if (message.step >= block_->n_steps) break;
        log_debug(plan_, message.step, "done: ");
        child_done_ = message.step + 1;
        return recorder_.child_gave(message.step, *block_);
    case MessageType::ready: ready_ = true; return {};
    case MessageType::committed: committed_ = true; return {};
    case MessageType::failed: return step_error(message.step, to_error(message.error));
    default: break;
    }
    return failure(CTR_E_INTERNAL, "unexpected message from the child");
}

Result<void> Launch::wait_for_step(std::uint32_t step) {
    while (step != plan::no_wait && child_done_ <= step)
        CTR_TRY(take_message());
    return {};
}

/// The channel ended. Returns the error that the child still sent, if it did; else how the child ended.
Error Launch::lost_child() {
    Message message;
    while (channel_.valid() && !ended_ && receive(channel_.get(), block_.get(), &message) == Received::message)
        if (message.type == MessageType::failed) return step_error(message.step, to_error(message.error));
    siginfo_t info{};
    // Behind the gate the channel also ends when the program runs. Then the child does not end and must not be waited
    // for.
    const int options = WEXITED | WNOWAIT | (gate_open_ && ready_ ? WNOHANG : 0);
    if (child_.pid > 0 && ::waitid(P_PID, static_cast<id_t>(child_.pid), &info, options) == 0 && info.si_pid != 0 &&
        info.si_code != CLD_EXITED)
        return failure(CTR_E_SYSTEM,
                       "the container's first process was killed by signal " + std::to_string(info.si_status) +
                           " before its program ran",
                       info.si_status == SIGKILL
                           ? "somebody killed it, or its memory limit is below what the start itself needs"
                           : "");
    return failure(CTR_E_SYSTEM, "the container's first process ended before its program ran");
}

/// The error for a step whose code ended or crashed the child's process instead of returning.
Error Launch::ended_without_a_word(std::uint32_t step) const {
    std::string how = "ended the container's first process instead of returning";
    siginfo_t info{};
    pollfd gone = {child_.pidfd.get(), POLLIN, 0};
    if (child_.pid > 0 && ::poll(&gone, 1, 1000) == 1 && // it is ending, unless it only closed the channel
        ::waitid(P_PID, static_cast<id_t>(child_.pid), &info, WEXITED | WNOWAIT | WNOHANG) == 0 && info.si_pid != 0 &&
        info.si_code != CLD_EXITED)
        how = "the container's first process was killed by signal " + std::to_string(info.si_status);
    return step_error(step, failure(CTR_E_INTERNAL, how,
                                    "the program did not run; if nobody killed it, this is a bug of the plugin"));
}

/// A parent's step may fail because the child is gone (ESRCH). Then the error that the child sent is the cause.
Error Launch::cause_of(Error error) {
    Message message;
    pollfd readable = {channel_.get(), POLLIN, 0};
    while (channel_.valid() && !ended_ && ::poll(&readable, 1, 0) == 1 &&
           receive(channel_.get(), block_.get(), &message) == Received::message)
        if (message.type == MessageType::failed) return step_error(message.step, to_error(message.error));
    pollfd gone = {child_.pidfd.get(), POLLIN, 0};
    const int patience = error.errno_value == ESRCH ? 1000 : 0; // its namespaces go a moment before the process
    if (progress_.get() != nullptr && child_.pid > 0 && ::poll(&gone, 1, patience) == 1 &&
        *progress_.get() != ChildPlan::executing)
        return ended_without_a_word(*progress_.get());
    return error;
}

Error Launch::step_error(std::uint32_t index, Error error) const {
    if (index < plan_.steps.size()) {
        const plan::Step &step = plan_.steps[index];
        error.step = {.plugin = step.plugin, .kind = step.kind, .phase = step.phase};
    }
    return std::move(error).in(step_title(plan_, index));
}

bool is_of_execve(const Error &error) {
    return error.step.plugin == plan::core_plugin &&
           (error.step.kind == plan::kind_execve || error.step.kind == plan::kind_gate);
}

std::string step_title(const plan::Plan &plan, std::uint32_t index) {
    if (index >= plan.steps.size()) return "before the first step";
    const plan::Step &step = plan.steps[index];
    return "step " + std::to_string(index + 1) + " (" + step.kind + " of " + step.plugin + ", phase " +
           plan::phase_name(step.phase) + ")";
}

Fd Launch::take_terminal() {
    for (const plan::Step &step : plan_.steps)
        for (const plan::Output &output : step.outputs)
            if (output.value == plan::value_terminal)
                if (Value *value = block_->value(output.value); value != nullptr && value->known)
                    return Fd(std::exchange(value->fd, -1));
    return Fd();
}

Result<void> Launch::knock(const std::string &socket_path) {
    auto connected = sys::connect_to(socket_path, SOCK_SEQPACKET);
    if (!connected.ok()) {
        connected.error().hint =
            "the container does not wait at its gate: it was started already, or its first process is gone";
        return std::move(connected).error();
    }
    channel_ = std::move(connected).value();
    return {};
}

void Launch::restore(const std::map<std::string, Json> &values, int pid) {
    restore_values(*block_, values);
    if (Value *value = block_->value("child.pid"); value != nullptr) value->integer = pid, value->known = true;
}

} // namespace core::launch
