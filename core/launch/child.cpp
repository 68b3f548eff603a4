// SPDX-License-Identifier: MIT
//
// What runs in the child. From clone3 to execve nothing here allocates, locks or logs: the memory is a copy of a
// process that may have held any lock. sdk/cmake/ctr_check_child.cmake checks at build time what this code calls. Its
// failures go to the parent as one message that names the step.
//
// Until the gate opens the child dies with its owner: PDEATHSIG, and end of file on the channel. `create` hands it over
// to nobody: after the commit it waits on a socket for `start`.
#include "launch/child.hpp"

#include "launch/wire.hpp"
#include "sys/process.hpp"

#include <cerrno>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace core::launch {
namespace {

constexpr std::size_t path_max = 4096;

struct ChildState {
    ChildPlan *plan = nullptr;
    ctr_run run;
    std::uint32_t parent_done = 0; // steps of the parent with a smaller index are done
    /// In a process that becomes another program under the container's confinement: the kind of the step that made it.
    /// Else nullptr.
    const char *hook_kind = nullptr;
    char executable[path_max] = "";
    char home[sizeof "HOME=" + 4095] = "HOME=/";
};

/// The child is a process of its own, so there is one; too large for comfort on the stack.
constinit ChildState child_state;

CTR_CHILD int confine_hook(void *);
CTR_CHILD void wait_for_all(ChildState *state);

} // namespace

CTR_CHILD void set_root(ctr_run *run, int fd) {
    if (run->root_fd >= 0) close(run->root_fd);
    run->root_fd = fd;
}

CTR_CHILD int (*confinement_behind(ctr_run *run))(void *) {
    if (child_state.plan == nullptr || run->block->steps[run->step].phase != CTR_CONFINE) return nullptr;
    wait_for_all(&child_state); // it cannot be waited for in two processes
    return confine_hook;
}

CTR_CHILD bool wants_home() { return child_state.plan != nullptr && child_state.plan->home_at != ChildPlan::has_home; }

CTR_CHILD void set_home(const char *directory) {
    if (!wants_home()) return;
    auto &home = child_state.home;
    const std::size_t length = strlen(directory), name = sizeof "HOME=" - 1;
    if (name + length < sizeof home) memcpy(home + name, directory, length + 1);
}

CTR_CHILD const char *const *program_environment() {
    ChildPlan *plan = child_state.plan;
    if (plan == nullptr) return nullptr;
    if (plan->home_at != ChildPlan::has_home) plan->envp[plan->home_at] = child_state.home;
    return plan->envp;
}

namespace {

/// Tells the parent what went wrong and ends.
[[noreturn]] CTR_CHILD void give_up(ChildState *state) {
    send_error(state->plan->channel, state->run.step, &state->run.error);
    _exit(125);
}

[[noreturn]] CTR_CHILD void give_up_with(ChildState *state, const char *syscall, const char *path, const char *hint) {
    fail_with_errno(&state->run, syscall, path, hint);
    give_up(state);
}

/// Takes one message; the parent's end means that nobody wants this child any more.
CTR_CHILD MessageType take_message(ChildState *state) {
    Message message;
    if (receive(state->plan->channel, state->plan->block, &message) != Received::message) _exit(125);
    if (message.type == MessageType::step_done) state->parent_done = message.step + 1;
    return message.type;
}

CTR_CHILD void wait_for_step(ChildState *state, std::uint32_t step) {
    while (step != plan::no_wait && state->parent_done <= step)
        take_message(state);
}

/// For all that the steps behind this one wait for.
CTR_CHILD void wait_for_all(ChildState *state) {
    for (std::uint32_t i = state->run.step + 1; i < state->run.block->n_steps; ++i)
        if (state->run.block->steps[i].process == CTR_PROCESS_CHILD)
            wait_for_step(state, state->run.block->steps[i].wait_for);
}

/// Dies with the owner from here on. If the owner died before the prctl, its end of the channel is closed already.
CTR_CHILD void arm_death_signal(ChildState *state) {
    prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    state->run.death_signal = SIGKILL;
    pollfd owner = {state->plan->channel, POLLIN, 0};
    if (poll(&owner, 1, 0) == 1 && (owner.revents & POLLHUP) != 0) _exit(125);
}

/// Nobody's death kills it from here on.
CTR_CHILD void disarm_death_signal(ChildState *state) {
    prctl(PR_SET_PDEATHSIG, 0, 0, 0, 0);
    state->run.death_signal = 0;
}

CTR_CHILD void join_namespaces(ChildState *state) {
    std::size_t failed = 0;
    if (sys::join_namespaces(state->plan->joins, state->plan->n_joins, &failed) != 0)
        give_up_with(state, "setns", state->plan->joins[failed].flags == CLONE_NEWUSER ? "user" : nullptr,
                     "the namespace cannot be joined");
}

/// In a new user namespace the child is nobody until the maps are written, and in one that it was born in it is who ctr
/// is; then it becomes root inside.
CTR_CHILD void enter_user_namespace(ChildState *state) {
    if (!state->plan->becomes_root) return;
    wait_for_step(state, state->plan->mapped_by);
    if (syscall(SYS_setresgid, 0, 0, 0) != 0 || syscall(SYS_setresuid, 0, 0, 0) != 0)
        give_up_with(state, "setresuid", "0", "id 0 is not mapped in the user namespace");
    if (state->run.death_signal != 0)
        prctl(PR_SET_PDEATHSIG, state->run.death_signal, 0, 0, 0); // cleared by setresuid, prctl(2)
    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0); // where ctr had to stay dumpable, Launch::clone_hidden()
}

/// Done by child_main itself.
CTR_CHILD bool is_own(const PackedStep &step) {
    return strcmp(step.kind_name, plan::kind_gate) == 0 || strcmp(step.kind_name, plan::kind_execve) == 0;
}

/// A step that is left out could be the one that confines.
[[noreturn]] CTR_CHILD void give_up_without_code(ChildState *state, const char *kind) {
    const ctr_error error = {sizeof(ctr_error),
                             CTR_E_NOT_FOUND,
                             0,
                             "the code of this kind of step is missing",
                             "install the plugin that made the step",
                             nullptr,
                             kind};
    report(&state->run, &error);
    give_up(state);
}

/// What no later step needs is not open any longer than it must be.
CTR_CHILD void close_used(Packed *block, const PackedStep &step) {
    for (std::uint32_t i = 0; i < step.n_args; ++i) {
        const PackedArg &arg = block->args[step.first_arg + i];
        if (!arg.last_use || !block->values[arg.value].known) continue;
        close(block->values[arg.value].fd);
        block->values[arg.value].known = false;
    }
}

/// Runs the child's steps in [from, to).
CTR_CHILD void run_steps(ChildState *state, std::uint32_t from, std::uint32_t to) {
    for (std::uint32_t i = from; i < to; ++i) {
        const PackedStep &step = state->plan->block->steps[i];
        if (step.process != CTR_PROCESS_CHILD || is_own(step)) continue;
        if (state->hook_kind != nullptr && strcmp(step.kind_name, state->hook_kind) == 0) continue; // it runs a brother
        wait_for_step(state, step.wait_for);
        *state->plan->progress = i;
        begin_step(&state->run, i);
        if (step.kind == nullptr) give_up_without_code(state, step.kind_name);
        if (step.kind->apply(&state->run) != 0 || state->run.failed) {
            if (!state->run.failed) fail_with_errno(&state->run, step.kind_name, nullptr, nullptr);
            give_up(state);
        }
        close_used(state->plan->block, step);
        if (step.announce && state->hook_kind == nullptr &&
            send_step_done(state->plan->channel, state->plan->block, i) != 0)
            _exit(125);
    }
}

/// In a process that a step made to become another program (a startContainer OCI hook): what confines the container's
/// program confines it too. A failure is told to ctr as the step's.
CTR_CHILD int confine_hook(void *) {
    ChildState &state = child_state;
    state.hook_kind = state.run.block->steps[state.run.step].kind_name;
    state.run.death_signal = SIGKILL;
    run_steps(&state, state.run.step + 1, state.run.block->n_steps);
    return 0;
}

CTR_CHILD std::uint32_t find_step(const Packed *block, const char *kind) {
    for (std::uint32_t i = 0; i < block->n_steps; ++i)
        if (strcmp(block->steps[i].kind_name, kind) == 0) return i;
    return block->n_steps;
}

CTR_CHILD bool join_path(char *to, const char *directory, std::size_t length, const char *name) {
    const std::size_t name_length = strlen(name);
    if (length + 1 + name_length + 1 > path_max) return false;
    memcpy(to, directory, length);
    to[length] = '/';
    memcpy(to + length + 1, name, name_length + 1);
    return true;
}

/// 0 if the file can be executed, else errno.
CTR_CHILD int executable_problem(const char *path) {
    struct stat st;
    if (fstatat(AT_FDCWD, path, &st, 0) != 0) return errno;
    if (!S_ISREG(st.st_mode)) return EACCES;
    if ((st.st_mode & 0111) == 0 || faccessat(AT_FDCWD, path, X_OK, 0) != 0) return EACCES;
    return 0;
}

/// Finds argv[0] in the container's own root, so that a missing program fails `create` and not `start`.
CTR_CHILD void resolve_executable(ChildState *state) {
    const char *program = state->plan->argv[0];
    int problem = ENOENT;
    if (strchr(program, '/') != nullptr) {
        // Relative names are judged from the container's cwd, but kept: execve comes after chdir.
        char judged[path_max];
        const bool absolute = program[0] == '/';
        if (strlen(program) >= path_max ||
            (!absolute && !join_path(judged, state->plan->cwd, strlen(state->plan->cwd), program)))
            problem = ENAMETOOLONG;
        else
            problem = executable_problem(absolute ? program : judged);
        if (problem == 0) memcpy(state->executable, program, strlen(program) + 1);
    } else {
        const char *path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
        for (const char **entry = state->plan->envp; *entry != nullptr; ++entry)
            if (strncmp(*entry, "PATH=", 5) == 0) path = *entry + 5;
        while (problem != 0 && *path != '\0') {
            const char *end = strchr(path, ':');
            const std::size_t length = end == nullptr ? strlen(path) : static_cast<std::size_t>(end - path);
            if (length != 0 && *program != '\0' && join_path(state->executable, path, length, program)) {
                const int why = executable_problem(state->executable);
                if (why == 0 || why == EACCES) problem = why;
            }
            path += end == nullptr ? length : length + 1;
        }
    }
    if (problem == 0) return;
    state->run.failed = false;
    const bool missing = problem == ENOENT || problem == ENOTDIR;
    const ctr_error error = {sizeof(ctr_error),
                             static_cast<std::uint32_t>(missing ? CTR_E_NOT_FOUND : CTR_E_PERMISSION),
                             problem,
                             missing ? "executable not found in the container"
                                     : "the file cannot be executed in the container",
                             missing ? "check the command, the image, and PATH in the container's environment"
                                     : "it must be a regular file with the execute bit, and not on a noexec mount",
                             nullptr,
                             program};
    report(&state->run, &error);
    give_up(state);
}

CTR_CHILD void end_by_signal(int) { _exit(125); }

/// As the first process of its pid namespace it would be deaf to all signals but SIGKILL. Who ends a container that was
/// created and not started may as well say SIGTERM.
CTR_CHILD void hear_signals(void (*handler)(int)) {
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_handler = handler;
    for (const int number : {SIGHUP, SIGINT, SIGQUIT, SIGTERM})
        sigaction(number, &action, nullptr);
}

/// unix(7), as this process sees it: an id that its user namespace does not map is the overflow id. -1: it cannot be
/// told.
CTR_CHILD std::int64_t uid_of_peer(int socket) {
    struct {
        std::int32_t pid;
        std::uint32_t uid, gid;
    } peer;
    std::uint32_t size = sizeof peer;
    if (syscall(SYS_getsockopt, socket, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) return -1;
    return peer.uid;
}

/// `create` has written the state: nobody's death kills the child any more, and `start` may come from any process that
/// can reach the gate.
CTR_CHILD void wait_at_own_gate(ChildState *state) {
    ChildPlan *plan = state->plan;
    const std::int64_t creator = uid_of_peer(plan->channel); // who may start it
    while (take_message(state) != MessageType::commit) {
    }
    disarm_death_signal(state);
    if (send_message(plan->channel, MessageType::committed, 0) != 0) _exit(125);
    sigset_t all, before;
    memset(&all, 0xff, sizeof all);
    hear_signals(end_by_signal);
    syscall(SYS_rt_sigprocmask, SIG_UNBLOCK, &all, &before, 8);
    for (;;) {
        const int caller = static_cast<int>(syscall(SYS_accept4, plan->gate, nullptr, nullptr, SOCK_CLOEXEC));
        if (caller < 0) {
            if (errno == EINTR || errno == ECONNABORTED) continue;
            _exit(125);
        }
        if (creator < 0 || uid_of_peer(caller) != creator) {
            close(caller);
            continue;
        }
        close(plan->channel);
        plan->channel = caller;
        Message message;
        if (receive(caller, plan->block, &message) == Received::message && message.type == MessageType::go)
            break; // else it died: wait for another
    }
    syscall(SYS_rt_sigprocmask, SIG_SETMASK, &before, nullptr, 8);
    hear_signals(SIG_DFL);
    close(plan->gate);
}

CTR_CHILD void wait_at_gate(ChildState *state) {
    if (send_message(state->plan->channel, MessageType::ready, 0) != 0) _exit(125);
    if (state->plan->gate >= 0) {
        wait_at_own_gate(state);
    } else {
        while (take_message(state) != MessageType::go) {
        }
        if (state->plan->outlives_owner) disarm_death_signal(state);
    }
}

} // namespace

CTR_CHILD void child_main(void *child_plan) {
    ChildState &state = child_state;
    state.plan = static_cast<ChildPlan *>(child_plan);
    begin_child(&state.run);
    state.run.block = state.plan->block;
    state.run.root_fd = -1;
    // Others may see this process already, and open whatever it has open.
    const int closed = sys::close_all_but(state.plan->kept, state.plan->n_kept);
    arm_death_signal(&state);

    const std::uint32_t n_steps = state.run.block->n_steps;
    const std::uint32_t gate = find_step(state.run.block, plan::kind_gate);
    state.run.step = find_step(state.run.block, plan::kind_clone);
    if (closed != 0) give_up_with(&state, "close_range", nullptr, "the kernel must be Linux 5.9 or later");
    if (sys::let_go_of(&state.plan->own) != 0)
        give_up_with(&state, "prctl(PR_SET_MM_MAP)", "/proc/self/exe", sys::let_go_hint);
    sys::reset_signal_actions();
    sys::reset_affinity();
    join_namespaces(&state);
    enter_user_namespace(&state);
    if (state.plan->in_container) {
        state.run.root_fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (state.run.root_fd < 0) give_up_with(&state, "open", "/", nullptr);
    }
    run_steps(&state, 0, gate);
    // Beyond this point the root is the container's; no path of the machine may be opened.
    state.run.step = gate;
    if (state.plan->resolve_executable) resolve_executable(&state);
    wait_at_gate(&state);
    // Now, because from some step on a filter may forbid it: behind the last step there is nothing but execve.
    if (sys::close_on_exec_from(3 + state.plan->preserve_fds) != 0)
        give_up_with(&state, "close_range", nullptr, nullptr);
    sys::unblock_signals();
    run_steps(&state, gate, n_steps);
    state.run.step = find_step(state.run.block, plan::kind_execve);
    state.run.failed = false;
    *state.plan->progress = ChildPlan::executing;
    sys::execute(state.executable, state.plan->argv, program_environment());
    give_up_with(&state, "execve", state.executable,
                 errno == ENOEXEC
                     ? "it is no program of this machine's kind: a script without #!, or another architecture"
                     : nullptr);
}

} // namespace core::launch
