// SPDX-License-Identifier: MIT
//
// A step in every phase, any of which fails when the config says so; and, with "report", a conversation: a parent's
// step between two of the child's, descriptors in both directions.
#include "child.hpp"

#include <cerrno>
#include <cstdlib>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace saboteur {
namespace {

using namespace ctr;

/// Status 0: as if all were well.
void end_process(const std::string &how) {
    if (how == "exit") std::exit(0);
    if (how == "_exit") ::_exit(0);
    if (how == "quick_exit") std::quick_exit(0);
    if (how == "abort") std::abort();
    // Whoever listens to it hears the end of the file, and it lives on.
    if (how == "close_and_hang")
        for (int fd = 3; fd < 1024; ++fd)
            ::close(fd);
    if (how == "hang" || how == "close_and_hang")
        for (;;)
            ::pause();
}

/// Half of its work is done when it fails: a directory, which the undo must take away.
int fail_in_parent(Run run) {
    const std::string made = run.str("directory");
    if (!made.empty() && ::mkdir(made.c_str(), 0700) != 0) return run.fail("mkdir", made);
    end_process(run.str("end"));
    if (run.integer("fail") == 0) return 0;
    if (run.integer("silent") != 0) return -1;
    errno = ENOSPC;
    return run.fail("sabotage", run.str("phase"), "this was on purpose");
}

int undo_in_parent(Run run) {
    const std::string made = run.str("directory");
    if (::access((made + ".let-undo").c_str(), F_OK) != 0) end_process(run.str("end_undo"));
    if (run.integer("fail_undo") != 0 && ::access((made + ".let-undo").c_str(), F_OK) != 0) {
        errno = EBUSY;
        return run.fail("unsabotage", made, "this was on purpose too");
    }
    if (!made.empty() && ::rmdir(made.c_str()) != 0 && errno != ENOENT) return run.fail("rmdir", made);
    return 0;
}

int make_pipe(Run run) {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) return run.fail("pipe2");
    return run.output_fd("from", ends[0]) | run.output_fd("to", ends[1]);
}

std::string read_some(int fd) {
    char buffer[64];
    const ssize_t got = ::read(fd, buffer, sizeof buffer);
    return std::string(buffer, got > 0 ? static_cast<std::size_t>(got) : 0);
}

int append(Run run, const std::string &line) {
    const std::string path = run.str("report");
    const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    const bool written = fd >= 0 && ::write(fd, line.data(), line.size()) == static_cast<ssize_t>(line.size());
    if (fd >= 0) ::close(fd);
    return written ? 0 : run.fail("write", path);
}

int check(Run run) {
    const std::string heard = read_some(run.fd("from"));
    if (append(run, heard + " " + std::to_string(run.integer("number")) + "\n") != 0) return -1;
    return run.output("word", std::string_view("back"));
}

/// The child's own descriptor, as the parent got it.
int again(Run run) {
    if (::write(run.fd("copy"), "again", 5) != 5) return run.fail("write", "copy");
    return append(run, read_some(run.fd("from")) + "\n");
}

int in_shell(Run, Shell shell) { return shell.text(":\n"); }

int plan_conversation(Plan plan) {
    const std::string report = plan.config("/report").str();
    if (report.empty()) return 0;
    if (plan.step("saboteur.pipe", CTR_ATTACH)
            .output("from", CTR_TYPE_FD, "saboteur.from")
            .output("to", CTR_TYPE_FD, "saboteur.to")
            .add() != 0)
        return -1;
    if (plan.step("saboteur.write", CTR_ISOLATE)
            .value("to", "saboteur.to")
            .output("number", CTR_TYPE_INT, "saboteur.number")
            .output("copy", CTR_TYPE_FD, "saboteur.copy")
            .add() != 0)
        return -1;
    if (plan.step("saboteur.check", CTR_ATTACH)
            .value("from", "saboteur.from")
            .value("number", "saboteur.number")
            .arg("report", report)
            .output("word", CTR_TYPE_STRING, "saboteur.word")
            .add() != 0)
        return -1;
    if (plan.step("saboteur.expect", CTR_ISOLATE)
            .format("word", "<${saboteur.word}>")
            .gives("saboteur.understood")
            .add() != 0)
        return -1;
    return plan.step("saboteur.again", CTR_ATTACH)
        .value("from", "saboteur.from")
        .value("copy", "saboteur.copy")
        .arg("report", report)
        .needs("saboteur.understood")
        .add();
}

int plan_steps(Plan plan) {
    const std::string fail = plan.config("/fail").str();
    const std::string end = plan.config("/end").str(), how = plan.config("/how").str("exit");
    if (end == "plan") end_process(how);
    if (fail == "plan") return plan.invalid("/saboteur/fail", "the plan is refused on purpose", "this was on purpose");
    const auto parent = [&](const char *name, ctr_phase phase, ctr_lifetime lifetime) {
        return plan.step("saboteur.parent", phase)
            .until(lifetime)
            .arg("phase", name)
            .arg("directory", plan.name("data_root") + "/sabotage-" + plan.id() + "-" + name)
            .arg("fail", std::int64_t{fail == name || (fail == "silent" && phase == CTR_ATTACH)})
            .arg("silent", std::int64_t{fail == "silent"})
            .arg("end", end == name ? how : "")
            .arg("end_undo", end == "undo" && phase == CTR_ATTACH ? how : "")
            .arg("fail_undo", std::int64_t{fail == "undo" && phase == CTR_ATTACH})
            .add();
    };
    const auto child = [&](const char *name, ctr_phase phase) {
        return plan.step("saboteur.child", phase)
            .arg("phase", name)
            .arg("fail", std::int64_t{fail == name})
            .arg("end", std::int64_t{end == name})
            .add();
    };
    if (parent("prepare", CTR_PREPARE, CTR_UNTIL_DELETE) != 0 || parent("attach", CTR_ATTACH, CTR_UNTIL_STOP) != 0)
        return -1;
    if (plan_conversation(plan) != 0) return -1;
    if (child("isolate", CTR_ISOLATE) != 0 || child("mounts", CTR_MOUNTS) != 0 || child("pivot", CTR_PIVOT) != 0 ||
        child("confine", CTR_CONFINE) != 0)
        return -1;
    return parent("started", CTR_STARTED, CTR_UNTIL_STOP);
}

constexpr ctr_step_kind parent_step =
    ctr::parent_kind<fail_in_parent, undo_in_parent, in_shell, in_shell>("saboteur.parent");
constexpr ctr_step_kind child_step = ctr::child_kind<in_shell>("saboteur.child", fail_in_child);
constexpr ctr_step_kind pipe_step = ctr::parent_kind<make_pipe, in_shell>("saboteur.pipe");
constexpr ctr_step_kind write_step = ctr::child_kind<in_shell>("saboteur.write", write_in_child);
constexpr ctr_step_kind check_step = ctr::parent_kind<check, in_shell>("saboteur.check");
constexpr ctr_step_kind expect_step = ctr::child_kind<in_shell>("saboteur.expect", expect_in_child);
constexpr ctr_step_kind again_step = ctr::parent_kind<again, in_shell>("saboteur.again");

} // namespace
} // namespace saboteur

CTR_PLUGIN("saboteur", "0.1.0", saboteur::plan_steps, &saboteur::parent_step, &saboteur::child_step,
           &saboteur::pipe_step, &saboteur::write_step, &saboteur::check_step, &saboteur::expect_step,
           &saboteur::again_step);
