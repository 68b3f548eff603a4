// SPDX-License-Identifier: MIT
//
// Carries out a plan, in the parent. The top of launch.cpp shows the whole start of a container.
#pragma once

#include "base/json.hpp"
#include "launch/block.hpp"
#include "launch/child.hpp"
#include "sys/interruption.hpp"
#include "sys/process.hpp"

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

namespace core::launch {

/// Is told of every parent step before and after it runs. The journal is one.
class Recorder {
public:
    virtual ~Recorder() = default;
    /// The child exists now. It must be recorded at once, because this process may be killed at any moment.
    virtual Result<void> cloned(int pid) = 0;
    virtual Result<void> intent(std::uint32_t step) = 0;
    /// `block` has what the step gave.
    virtual Result<void> done(std::uint32_t step, const Packed &block) = 0;
    /// A step of the child gave values.
    virtual Result<void> child_gave(std::uint32_t step, const Packed &block) = 0;
    virtual Result<void> undone(std::uint32_t step) = 0;
};

/// Records nothing, for steps that are undone only by the process that ran them, as those of an exec are.
class Unrecorded final : public Recorder {
public:
    Result<void> cloned(int) override { return {}; }
    Result<void> intent(std::uint32_t) override { return {}; }
    Result<void> done(std::uint32_t, const Packed &) override { return {}; }
    Result<void> child_gave(std::uint32_t, const Packed &) override { return {}; }
    Result<void> undone(std::uint32_t) override { return {}; }
};

struct LaunchOptions {
    int gate = -1;       // listening socket at which the child waits for `start`; -1: open_gate() opens the gate
    int init_pidfd = -1; // exec: the container's first process, whose namespaces are joined
    int init_pid = 0;
    bool open_ahead = false;        // the caller has nothing to do at the gate, so the child does not stop there
    bool protect_executable = true; // core/sys/own_executable.hpp
    unsigned preserve_fds = 0;
    bool outlives_owner = false;               // behind the gate the child outlives this process
    sys::Interruption *interruption = nullptr; // may end the start half-way; may be nullptr
};

class NamespaceSetup;

/// A number in memory that this process shares with the processes that it clones.
class SharedWord {
public:
    SharedWord() = default;
    ~SharedWord();
    SharedWord(const SharedWord &) = delete;
    SharedWord &operator=(const SharedWord &) = delete;
    Result<void> make();
    volatile std::uint32_t *get() const { return word_; }

private:
    volatile std::uint32_t *word_ = nullptr;
};

class Launch {
public:
    Launch(const plan::Plan &plan, const KindLookup &lookup, Recorder &recorder, LaunchOptions options);
    ~Launch();
    Launch(const Launch &) = delete;
    Launch &operator=(const Launch &) = delete;

    /// Prepares, clones and returns when the child waits at the gate (with open_ahead: has passed it). On failure the
    /// child is dead, and the caller must undo what parent steps did.
    Result<void> create();
    /// With a gate socket: from here on the child outlives this process.
    Result<void> commit();
    /// For a `start` in another process than `create`: connects to the gate socket at which the child waits. Call
    /// open_gate() afterwards.
    Result<void> knock(const std::string &socket_path);
    /// For the same `start`: sets the durable values that the steps gave so far, and the child's pid.
    void restore(const std::map<std::string, Json> &values, int pid);
    /// Opens the gate. Returns when the program runs (execve succeeded), or with the reason why it does not.
    Result<void> open_gate();
    /// The parent's steps of phase `started`.
    Result<void> run_started_steps();

    /// Runs a plan that has parent steps only, as image plans are.
    Result<void> run_parent_steps();

    const sys::Child &child() const { return child_; }
    void kill();
    /// Closes the descriptors that steps gave, because what they refer to could not be unmounted or removed while they
    /// are open.
    void close_values() { block_->close_values(); }
    /// The master of the terminal that a step opened, which the caller then owns; invalid if there is none.
    Fd take_terminal();

private:
    Result<void> prepare();
    Result<void> clone();
    void keep_descriptors(int channel);
    void keep(int fd);
    Result<void> check_code() const;
    Result<void> lay_out_program();
    Result<Fd> open_channel();
    void announce_all_steps();
    Result<void> give_child(std::uint32_t clone_step);
    Result<sys::Child> clone_hidden(NamespaceSetup &namespaces);
    Result<void> meet();
    Result<void> let_go();
    bool nothing_to_answer() const;
    void sleep_until_hangup();
    Result<void> run_parent_step(std::uint32_t step);
    Result<void> run_parent_era(int era);
    Result<void> take_message();
    Result<void> wait_for_step(std::uint32_t step);
    Error lost_child();
    Error ended_without_a_word(std::uint32_t step) const;
    Error cause_of(Error error);
    bool interrupted();
    Error step_error(std::uint32_t step, Error error) const;

    const plan::Plan &plan_;
    Recorder &recorder_;
    LaunchOptions options_;
    std::unique_ptr<Block> block_;
    ChildPlan child_plan_;
    SharedWord progress_; // the child writes where it is
    std::vector<const char *> argv_, envp_;
    std::vector<int> kept_;
    Fd channel_, child_channel_;
    sys::Child child_;
    std::uint32_t child_done_ = 0;
    bool ready_ = false, committed_ = false, gate_open_ = false, ended_ = false;
    bool hung_up_ = false; // the child has closed its end: every message is already in the socket
};

/// For crash tests, which kill their own process in it. It is nullptr in the program. It is called in the parent around
/// every step ("before intent", "after intent", "after apply", "after done"), around the clone, and around every undo
/// ("before undo", "after undo", "after undone").
extern void (*step_hook)(const char *when, std::uint32_t step);
inline void at_boundary(const char *when, std::uint32_t step) {
    if (step_hook != nullptr) step_hook(when, step);
}

/// "step 7 (overlay.mount of overlay, phase prepare)"
std::string step_title(const plan::Plan &plan, std::uint32_t step);
/// True if the container was ready but the program could not be executed. (If it is looked up before the gate, the
/// gate's step fails.)
bool is_of_execve(const Error &error);
/// The same with its arguments, for the log. Of environment variables it has only the names.
std::string step_text(const plan::Plan &plan, std::uint32_t step);

} // namespace core::launch
