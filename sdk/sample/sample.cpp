// SPDX-License-Identifier: MIT
// A complete plugin: while a container exists, a file with its name lies on the machine (a parent hook with undo); its
// program gets a finer timer slack, prctl(2) (a child hook). Try it: ctr --plugin-dir DIR plan --rootfs / true
#include <ctr/plugin.hpp>
#include <fcntl.h>
#include <sys/prctl.h>
#include <unistd.h>

// [parent] Names the system call that failed; ctr adds errno in words, the step and the container.
static int write_ticket(ctr::Run run) {
    const int fd = open(run.str("path").c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
    return fd >= 0 && close(fd) == 0 ? 0 : run.fail("open", run.str("path"));
}
// [undo] May run in another process, after a crash, with the arguments alone. A file that is already gone is no error.
static int tear_ticket(ctr::Run run) {
    return unlink(run.str("path").c_str()) == 0 || errno == ENOENT ? 0 : run.fail("unlink", run.str("path"));
}
// [shell] The same as shell commands, for `ctr plan --format shell`.
static int ticket_by_hand(ctr::Run run, ctr::Shell shell) { return shell.cmd({"touch", run.str("path")}); }
static int tear_by_hand(ctr::Run run, ctr::Shell shell) { return shell.cmd({"rm", "-f", run.str("path")}); }

// [child] Between clone and exec: system calls only, no allocation. ctr_add_plugin() checks the object code.
CTR_CHILD static int set_slack(ctr_run *raw) {
    const ctr::ChildRun run(raw);
    return prctl(PR_SET_TIMERSLACK, run.integer("ns"), 0, 0, 0) == 0 ? 0 : run.fail("prctl");
}
static int by_hand(ctr::Run r, ctr::Shell sh) { return sh.text("echo " + r.str("ns") + " >/proc/self/timerslack_ns"); }

// [plan] Reads and changes nothing. `ctr plan` shows its steps, `ctr run` carries them out.
static int plan(ctr::Plan plan) {
    const std::string path = plan.name("state_dir") + "/" + plan.id();
    if (plan.step("sample.ticket", CTR_PREPARE).arg("path", path).add() != 0) return -1;
    return plan.step("sample.slack", CTR_ISOLATE).arg("ns", plan.config("/slack_ns").integer(1000)).add();
}

constexpr auto ticket = ctr::parent_kind<write_ticket, tear_ticket, ticket_by_hand, tear_by_hand>("sample.ticket");
constexpr auto slack = ctr::child_kind<by_hand>("sample.slack", set_slack);
CTR_PLUGIN("sample", "1.0.0", plan, &ticket, &slack);
