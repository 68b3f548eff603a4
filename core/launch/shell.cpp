// SPDX-License-Identifier: MIT
//
// The script has three parts: what the parent does before the clone, the child's script (a here-document that
// unshare(1) runs in the new namespaces), and what the parent does beside the child. The two meet at fifos, one for
// each step that the other side waits for. Values that a step gives are shell variables and are sent in the lines of
// these fifos. Undos run in a trap, in reverse order.
#include "launch/shell.hpp"

#include "launch/namespaces.hpp"
#include "launch/run.hpp"

#include <algorithm>
#include <cstring>
#include <sched.h>

namespace core::launch {
namespace {

class Script {
public:
    Script(const plan::Plan &plan, const KindLookup &lookup) : plan_(plan), block_(Block::pack(plan, lookup)) {}

    Result<std::string> print() {
        CTR_TRY(parts());
        std::string undo = undo_.empty() ? "" : "undo() {\n    set +e\n" + undo_ + "}\n";
        std::string out = "#!/bin/sh\n# The container " + shell_quote(plan_.id) +
                          ", the hard way. Made by `ctr plan --format shell`; run it as root.\nset -eu\n\n";
        out += "meet=$(mktemp -d)   # where the two processes meet\n" + fifos_ + undo + "trap '" +
               (undo_.empty() ? "" : "undo; ") + "rm -rf \"$meet\"' EXIT\n\n";
        out += prepare_;
        if (plan_.find(plan::kind_clone) == nullptr) return out;
        out += "\n# ---- the child: its script, run in new namespaces\ncat > \"$meet/child\" <<'CHILD'\nset -eu\n" +
               child_ + "CHILD\n";
        if (has_started_steps()) out += "mkfifo \"$meet/started\"; exec 9<> \"$meet/started\"\n";
        out += "export meet" + exported_ + "\n" + unshare() + " sh \"$meet/child\" &\nshell_child=$!\n";
        out += "read -r child_pid < \"$meet/pid\"\n\n# ---- beside it\n" + beside_ +
               (has_started_steps() ? "\n# ---- the program runs\nread -r line <&9\n" : "") + started_ +
               "\nstatus=0\nwait \"$shell_child\" || status=$?\nexit \"$status\"\n";
        return out;
    }

private:
    /// The shell text that one callback of a kind prints.
    Result<std::string> text_of(std::uint32_t index, int (*callback)(ctr_run *, ctr_shell *),
                                const std::string &indent) {
        ctr_run run;
        run.context = CTR_IN_SHELL;
        run.block = block_.get();
        begin_step(&run, index);
        ctr_shell shell;
        shell.indent = indent;
        const auto context = calling(run, &shell);
        if (callback(&run, &shell) != 0 || run.failed)
            return to_error(run.error).in("printing " + std::string(block_->steps[index].kind_name));
        return std::move(shell.text);
    }

    static std::string fifo(std::uint32_t step) { return "\"$meet/" + std::to_string(step + 1) + "\""; }

    /// Waits for a step of the other process; the line that it reads has the values.
    std::string wait_lines(const plan::Step &step) {
        if (step.wait_for == plan::no_wait || plan_.steps[step.wait_for].kind == plan::kind_clone) return "";
        return "read -r line < " + fifo(step.wait_for) + "; eval \"$line\"\n";
    }

    /// Lets the other process go on. It runs in the background because opening a fifo blocks until its reader comes.
    std::string done_lines(std::uint32_t index) {
        bool awaited = false;
        for (const plan::Step &step : plan_.steps)
            awaited = awaited || step.wait_for == index;
        if (!awaited) return "";
        fifos_ += "mkfifo " + fifo(index) + "\n";
        std::string values;
        for (std::uint32_t i = 0; i <= index; ++i)
            for (const plan::Output &output : plan_.steps[i].outputs)
                if (plan_.steps[i].process == plan_.steps[index].process && plan::era(plan_.steps[i].phase) >= 2)
                    values += shell_variable(output.value) + "=${" + shell_variable(output.value) + "-} ";
        return "echo \"" + (values.empty() ? ":" : values) + "\" > " + fifo(index) + " &\n";
    }

    bool has_started_steps() const {
        return std::any_of(plan_.steps.begin(), plan_.steps.end(),
                           [](const plan::Step &step) { return plan::era(step.phase) == 4; });
    }

    std::string title(std::uint32_t index) const {
        const plan::Step &step = plan_.steps[index];
        return "# " + std::to_string(index + 1) + ". " + step.plugin + ": " + step.kind +
               (step.note.empty() ? "" : " - " + step.note) + "\n";
    }

    /// The line for a step whose plugin has no shell form.
    std::string left_out(std::uint32_t index, const std::string &what) const {
        const plan::Step &step = plan_.steps[index];
        return "echo " +
               shell_quote("this script " + what + " step " + std::to_string(index + 1) + ", " + step.kind +
                           ": the plugin " + step.plugin + " has no shell form of it") +
               " >&2\n";
    }

    Result<std::string> own_text(std::uint32_t index) {
        const plan::Step &step = plan_.steps[index];
        std::string out;
        if (step.kind == plan::kind_journal) {
            out = "mkdir -p";
            for (const plan::Arg &arg : step.args)
                if (arg.name == "directory") out += " " + shell_quote(arg.text);
            return out + "\n";
        }
        if (step.kind == plan::kind_gate) return std::string("# the gate: `create` would end here\n");
        if (step.kind == plan::kind_execve) {
            // The fifo cannot be reached from the container's root, so the parent opened it as descriptor 9.
            if (has_started_steps()) out = "echo started >&9; exec 9>&-\n";
            out += "exec ${setpriv-} env -i"; // the identity steps have collected the options of setpriv(1)
            for (const plan::Arg &arg : step.args)
                if (arg.name == "env") out += " " + shell_quote(arg.text);
            for (const plan::Arg &arg : step.args)
                if (arg.name == "arg") out += " " + shell_quote(arg.text);
            return out + "\n";
        }
        return std::string();
    }

    Result<void> parts() {
        fifos_ = "mkfifo \"$meet/pid\"\n";
        child_ = "# Who am I on the machine? /proc is still the machine's.\nread -r child_pid rest < "
                 "/proc/self/stat; echo \"$child_pid\" > \"$meet/pid\"\n";
        for (std::uint32_t i = 0; i < block_->n_steps; ++i) {
            const plan::Step &step = plan_.steps[i];
            const PackedStep &packed = block_->steps[i];
            if (step.kind == plan::kind_clone) continue;
            std::string text = title(i) + wait_lines(step);
            CTR_ASSIGN(const std::string own, packed.kind == nullptr          ? own_text(i)
                                              : packed.kind->shell != nullptr ? text_of(i, packed.kind->shell, "")
                                                                              : left_out(i, "does not do"));
            text += own + done_lines(i);
            if (packed.kind != nullptr && packed.kind->undo != nullptr) {
                CTR_ASSIGN(const std::string back, packed.kind->shell_undo != nullptr
                                                       ? text_of(i, packed.kind->shell_undo, "    ")
                                                       : left_out(i, "does not take back"));
                undo_ = back + undo_;
            }
            if (step.process == CTR_PROCESS_CHILD)
                child_ += text;
            else if (plan::era(step.phase) == 4)
                started_ += text;
            else if (plan::era(step.phase) >= 2)
                beside_ += text;
            else
                prepare_ += text;
            if (step.process == CTR_PROCESS_PARENT && plan::era(step.phase) == 0)
                for (const plan::Output &output : step.outputs)
                    exported_ += " " + shell_variable(output.value);
        }
        return {};
    }

    std::string unshare() const {
        std::string line = "unshare --fork --kill-child";
        std::string enter;
        for (const plan::Step &step : plan_.steps) {
            if (step.process != CTR_PROCESS_CLONE) continue;
            const bool joins = step.arg("path") != nullptr || step.arg("ns") != nullptr;
            for (const plan::Arg &arg : step.args) {
                if (arg.name != "type") continue;
                const std::string option = " --" + (arg.text == "network" ? std::string("net") : arg.text);
                if (joins)
                    enter += option + "=" + shell_quote(step.arg_text("path"));
                else if (arg.text != "cgroup")
                    line += option;
            }
        }
        return (enter.empty() ? "" : "nsenter" + enter + " ") + line;
    }

    const plan::Plan &plan_;
    std::unique_ptr<Block> block_;
    std::string fifos_, undo_, prepare_, child_, beside_, started_, exported_;
};

} // namespace

Result<std::string> shell_script(const plan::Plan &plan, const KindLookup &lookup) {
    return Script(plan, lookup).print();
}

} // namespace core::launch
