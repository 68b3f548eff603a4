// SPDX-License-Identifier: MIT
//
// What runs in the child. From clone3 to execve nothing here allocates, locks or logs, because the memory is a copy of
// a process that may have held any lock. sdk/cmake/ctr_check_child.cmake checks at build time which functions this code
// calls. An error goes to the parent as one message that names the step.
//
// Until the gate opens the child dies with its owner, by PDEATHSIG or by end of file on the channel. In a `create` the
// child gives that up after the commit and waits on a socket for `start`, from any process.
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
    /// In a process that becomes an OCI hook and is confined as the container is: the kind of the step that made it.
    /// Else nullptr.
    const char *hook_kind = nullptr;
    char executable[path_max] = "";
    char home[sizeof "HOME=" + 4095] = "HOME=/";
};

/// A global, because the child is a process of its own and has one state, which is too large for the stack.
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
    wait_for_all(&child_state); // only one process can read the channel, so wait now
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

/// Sends the error to the parent and ends.
[[noreturn]] CTR_CHILD void give_up(ChildState *state) {
    send_error(state->plan->channel, state->run.step, &state->run.error);
    _exit(125);
}

[[noreturn]] CTR_CHILD void give_up_with(ChildState *state, const char *syscall, const char *path, const char *hint) {
    fail_with_errno(&state->run, syscall, path, hint);
    give_up(state);
}

/// Takes one message. If the parent is gone, the child ends.
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

/// Waits for every step of the parent for which the steps behind this one wait.
CTR_CHILD void wait_for_all(ChildState *state) {
    for (std::uint32_t i = state->run.step + 1; i < state->run.block->n_steps; ++i)
        if (state->run.block->steps[i].process == CTR_PROCESS_CHILD)
            wait_for_step(state, state->run.block->steps[i].wait_for);
}

/// From here on the child dies with its owner, so that no half-made container stays. If the owner died before the
/// prctl, its end of the channel is closed already.
CTR_CHILD void arm_death_signal(ChildState *state) {
    prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    state->run.death_signal = SIGKILL;
    pollfd owner = {state->plan->channel, POLLIN, 0};
    if (poll(&owner, 1, 0) == 1 && (owner.revents & POLLHUP) != 0) _exit(125);
}

/// From here on the child outlives its parent.
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

/// Becomes uid and gid 0 of the user namespace. Until then the child has the overflow id (in a new one, before the maps
/// are written) or ctr's own id (in one that the process in between has joined), which must not reach the container.
CTR_CHILD void enter_user_namespace(ChildState *state) {
    if (!state->plan->becomes_root) return;
    wait_for_step(state, state->plan->mapped_by);
    if (syscall(SYS_setresgid, 0, 0, 0) != 0 || syscall(SYS_setresuid, 0, 0, 0) != 0)
        give_up_with(state, "setresuid", "0", "id 0 is not mapped in the user namespace");
    if (state->run.death_signal != 0)
        prctl(PR_SET_PDEATHSIG, state->run.death_signal, 0, 0, 0); // cleared by setresuid, prctl(2)
    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0); // nobody may look into the child; see Launch::clone_hidden()
}

/// True for the steps that child_main runs itself.
CTR_CHILD bool is_own(const PackedStep &step) {
    return strcmp(step.kind_name, plan::kind_gate) == 0 || strcmp(step.kind_name, plan::kind_execve) == 0;
}

/// A step without code must end the child, because it may be one that confines the program.
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

/// Closes the descriptors that no later step needs, so that nothing of the machine stays open in the container.
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
        // A step of this kind runs the hook and must not run again in it.
        if (state->hook_kind != nullptr && strcmp(step.kind_name, state->hook_kind) == 0) continue;
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

/// Runs in a process that becomes another program (a startContainer OCI hook): confines it by the same steps as the
/// container's program. The parent is told of an error as one of the step.
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

/// Returns 0 if the file can be executed, else an errno value.
CTR_CHILD int executable_problem(const char *path) {
    struct stat st;
    if (fstatat(AT_FDCWD, path, &st, 0) != 0) return errno;
    if (!S_ISREG(st.st_mode)) return EACCES;
    if ((st.st_mode & 0111) == 0 || faccessat(AT_FDCWD, path, X_OK, 0) != 0) return EACCES;
    return 0;
}

/// Looks argv[0] up in the container's root before the gate, so that a missing program makes `create` fail and not
/// `start`.
CTR_CHILD void resolve_executable(ChildState *state) {
    const char *program = state->plan->argv[0];
    int problem = ENOENT;
    if (strchr(program, '/') != nullptr) {
        // A relative name is checked from the container's cwd but kept as it is, because execve comes after chdir.
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

/// The first process of a pid namespace ignores every signal without a handler, except SIGKILL. With this handler also
/// SIGTERM and the like end a container that was created but not started.
CTR_CHILD void hear_signals(void (*handler)(int)) {
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_handler = handler;
    for (const int number : {SIGHUP, SIGINT, SIGQUIT, SIGTERM})
        sigaction(number, &action, nullptr);
}

/// The uid of the peer of a Unix socket (unix(7)), as this process sees it: an id that its user namespace does not map
/// is the overflow id. -1 on error.
CTR_CHILD std::int64_t uid_of_peer(int socket) {
    struct {
        std::int32_t pid;
        std::uint32_t uid, gid;
    } peer;
    std::uint32_t size = sizeof peer;
    if (syscall(SYS_getsockopt, socket, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) return -1;
    return peer.uid;
}

/// After `create` has written the state, the child needs no owner any more, and any process that can reach the gate may
/// `start` it.
CTR_CHILD void wait_at_own_gate(ChildState *state) {
    ChildPlan *plan = state->plan;
    const std::int64_t creator = uid_of_peer(plan->channel); // only this user may start it
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
        // The program must not be started by another user who can reach the socket.
        if (creator < 0 || uid_of_peer(caller) != creator) {
            close(caller);
            continue;
        }
        close(plan->channel);
        plan->channel = caller;
        Message message;
        if (receive(caller, plan->block, &message) == Received::message && message.type == MessageType::go)
            break; // else it died: wait for the next caller
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
    // Processes in a joined namespace may see this process already and open its descriptors (CVE-2016-9962).
    const int closed = sys::close_all_but(state.plan->kept, state.plan->n_kept);
    arm_death_signal(&state);

    const std::uint32_t n_steps = state.run.block->n_steps;
    const std::uint32_t gate = find_step(state.run.block, plan::kind_gate);
    state.run.step = find_step(state.run.block, plan::kind_clone);
    if (closed != 0) give_up_with(&state, "close_range", nullptr, "the kernel must be Linux 5.9 or later");
    // The container must not reach ctr's own file by /proc/PID/exe (CVE-2019-5736).
    if (sys::let_go_of(&state.plan->own) != 0)
        give_up_with(&state, "prctl(PR_SET_MM_MAP)", "/proc/self/exe", sys::let_go_hint);
    // The caller of ctr may have ignored signals or pinned its processors; the program must inherit neither.
    sys::reset_signal_actions();
    sys::reset_affinity();
    join_namespaces(&state);
    enter_user_namespace(&state);
    if (state.plan->in_container) {
        // Paths of an exec's steps are resolved below the container's root, never the machine's.
        state.run.root_fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (state.run.root_fd < 0) give_up_with(&state, "open", "/", nullptr);
    }
    run_steps(&state, 0, gate);
    // From here on the root is the container's, and no path of the machine can be opened.
    state.run.step = gate;
    if (state.plan->resolve_executable) resolve_executable(&state);
    wait_at_gate(&state);
    // The program must inherit no descriptor of the machine (CVE-2024-21626). This is done now because a later step may
    // load a filter that forbids it; behind the last step there is only execve.
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
