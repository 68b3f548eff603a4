// SPDX-License-Identifier: MIT
//
// A plugin that writes down what a host tells it: the description and the config, names and answers as arguments of a
// step, what a step reads into a file and into the script. Two hosts that are the same make it write the same. With
// {"wrong": WHAT} in its config it does WHAT.
#include <ctr/plugin.hpp>

#include <fcntl.h>
#include <stdexcept>
#include <unistd.h>

namespace {

using ctr::Node, ctr::Plan, ctr::Run, ctr::Shell, ctr::Step;

// ---- planning

/// All that the host says of a node: its type, and what it is as each type.
std::string said_of(Node node) {
    std::string out = "type " + std::to_string(node.type()) + " size " + std::to_string(node.size());
    if (const std::string text = node.str("none"); text != "none") out += " text " + text;
    if (const auto integer = node.integer()) out += " int " + std::to_string(*integer);
    if (const auto integer = node.uinteger()) out += " uint " + std::to_string(*integer);
    if (const auto number = node.number()) out += " number " + std::to_string(*number);
    out += node.boolean(false) ? " true" : node.boolean(true) ? "" : " false";
    return out;
}

void walk(Step &step, const std::string &where, Node node) {
    step.arg("node", where + ": " + said_of(node));
    for (std::size_t i = 0; i < node.size(); ++i)
        walk(step, where + "/" + (node.type() == CTR_NODE_OBJECT ? node.key(i) : std::to_string(i)), node.at(i));
    step.arg("node", where + " past its end: " + said_of(node.at(node.size())) + node.key(node.size()));
}

void add_names(Step &step, Plan plan) {
    for (const char *name : {"id", "record", "run_dir", "state_dir", "data_dir", "state_dir:bridge", "data_dir:bridge",
                             "data_root", "rootfs_dir", "driver.storage", "driver.network", "driver.none", "nothing"})
        step.arg("name", std::string(name) + " " + plan.name(name));
    for (const char *question : {"kernel", "euid", "exists:/nowhere", "file:/etc/hosts", "fstype:/proc"})
        step.arg("answer", std::string(question) + " " + plan.ask(question).value_or("-"));
    step.arg("operation", std::int64_t{plan.operation()});
}

void add_pointers(Step &step, Plan plan) {
    for (const char *pointer : {"",
                                "/",
                                "/list",
                                "/list/0",
                                "/list/00",
                                "/list/3",
                                "/list/-",
                                "/list/x",
                                "/list/0/x",
                                "/list/9999999999",
                                "/list/99999999999999999999999",
                                "/a~1b",
                                "/m~0n",
                                "/~2",
                                "/ ",
                                "list",
                                "/empty",
                                "/empty/",
                                "/null",
                                "/null/x",
                                "/deep/er/0/x"}) {
        step.arg("pointer", std::string(pointer) + ": " + said_of(plan.config(pointer)));
        step.arg("pointer", std::string(pointer) + ": " + said_of(plan.config("").get(pointer)));
    }
}

int do_wrong(Plan plan, const std::string &what) {
    const auto step = [&](const char *kind = "mirror.give") { return plan.step(kind, CTR_PREPARE); };
    if (what == "phase") return plan.step("mirror.give", static_cast<ctr_phase>(150)).add();
    if (what == "clone") return plan.step("mirror.give", CTR_CLONE).add();
    if (what == "child") return step("mirror.inside").add();
    if (what == "started") return plan.step("mirror.inside", CTR_STARTED).add();
    if (what == "template") return step().format("text", "${").add();
    if (what == "dollar") return step().format("text", "a$b").add();
    if (what == "empty value") return step().format("text", "${}").add();
    if (what == "NUL") return step().arg("text", std::string("a\0b", 3)).add();
    if (what == "value name") return step().output("n", CTR_TYPE_INT, "Mirror!").add();
    if (what == "no value") return step().output("n", CTR_TYPE_INT, "").add();
    if (what == "twice")
        return step().output("n", CTR_TYPE_INT, "mirror.n").output("m", CTR_TYPE_INT, "mirror.n").add();
    if (what == "question") return plan.ask("weather:/"), 0;
    if (what == "silence") return -1;
    if (what == "exception") throw std::runtime_error("thrown");
    if (what == "first of two") return plan.invalid("/first", "the first", "a hint"), plan.invalid("/second", "");
    return plan.fail({.error_class = CTR_E_UNSUPPORTED,
                      .message = what,
                      .hint = "no hint",
                      .errno_value = EPERM,
                      .syscall = "clone3",
                      .path = "/path"});
}

int plan_all(Plan plan) {
    if (const auto wrong = plan.config("/wrong"); wrong.is_string()) return do_wrong(plan, wrong.str());
    Step read = plan.step("mirror.read", CTR_ATTACH);
    read.arg("to", plan.config("/to").str()).note("what was read");
    walk(read, "spec", plan.spec(""));
    walk(read, "config", plan.config(""));
    add_names(read, plan);
    add_pointers(read, plan);
    read.arg("int", -42).arg("str", "one").arg("str", "it's two").bytes("bytes", std::string("a\0b", 3));
    read.format("format", "/x/${mirror.text}/${mirror.number}/$$").format("hole", "/x/${mirror.never}");
    for (const char *value : {"mirror.number", "mirror.text", "mirror.bytes", "mirror.fd", "mirror.never"})
        read.value("value", value);
    read.output("made", CTR_TYPE_INT, "mirror.made").output("given", CTR_TYPE_STRING, "mirror.given");
    read.output("open", CTR_TYPE_FD, "mirror.open").output("never", CTR_TYPE_STRING, "mirror.never.given");
    Step give = plan.step("mirror.give", CTR_PREPARE);
    give.output("number", CTR_TYPE_INT, "mirror.number").output("text", CTR_TYPE_STRING, "mirror.text");
    give.output("bytes", CTR_TYPE_BYTES, "mirror.bytes").output("fd", CTR_TYPE_FD, "mirror.fd");
    give.output("never", CTR_TYPE_STRING, "mirror.never").gives("mirror.ready").until(CTR_UNTIL_DELETE);
    return give.add() == 0 ? read.needs("mirror.ready").after(CTR_TOKEN_USERNS_MAPPED).add() : -1;
}

// ---- carrying out

/// What the arguments say, by each function that reads one.
std::string arguments(Run run) {
    std::string out;
    for (const char *name : {"int", "str", "bytes", "format", "hole", "value", "nothing"}) {
        out += std::string(name) + " " + std::to_string(run.count(name)) + "\n";
        for (std::size_t i = 0; i <= run.count(name); ++i)
            out += "  " + run.str(name, i) + " " + std::to_string(run.integer(name, -1, i)) + "\n";
    }
    return out;
}

std::string records(Run run) {
    std::string out;
    for (const char *name : {"made", "given", "open", "never", "nothing"})
        out += std::string(name) + " " + std::to_string(run.recorded_int(name).value_or(-1)) + " " +
               run.recorded(name).value_or("-") + "\n";
    return out;
}

int write_down(Run run, const std::string &text) {
    const int fd = open(run.str("to").c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (fd < 0) return run.fail("open", run.str("to"));
    const bool whole = write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size());
    return close(fd) == 0 && whole ? 0 : run.fail("write", run.str("to"));
}

int give(Run run) {
    return run.output("number", 7) + run.output("text", "dir") + run.output("bytes", std::string("x\0y", 3)) +
           run.output_fd("fd", open("/dev/null", O_RDONLY | O_CLOEXEC));
}

int read(Run run) {
    std::string out = arguments(run);
    for (std::size_t i = 0; i < run.count("value"); ++i)
        out += run.fd("value", i) >= 0 ? "open\n" : "not open\n";
    if (run.output("made", 1) + run.output("given", "to undo") != 0) return -1;
    if (run.output_fd("open", open("/dev/null", O_RDONLY | O_CLOEXEC)) != 0) return -1;
    return write_down(run, out);
}

int read_undo(Run run) { return write_down(run, arguments(run) + records(run)); }

int print(Run run, Shell shell) {
    for (const char *name : {"int", "str", "format", "hole", "value"})
        for (std::size_t i = 0; i < run.count(name); ++i)
            if (shell.cmd({"echo", run.str(name, i), "", "two words", "$HOME"}) != 0) return -1;
    if (shell.set(run.output_value("given"), {"cat", run.str("value")}) != 0) return -1;
    return shell.text("if true; then\n    echo " + run.str("value", 1) + run.output_value("nothing") + "\nfi");
}
int print_undo(Run run, Shell shell) { return shell.text("rm " + run.str("format")); }

/// Outputs that it may not give, and two errors.
int give_wrong(Run run) {
    if (run.output("text", 1) == 0) return 0;
    return run.fail({.error_class = CTR_E_BUSY, .message = "a second error does not count"});
}
int print_nothing(Run, Shell) { return 0; }

CTR_CHILD int inside(ctr_run *raw) {
    const ctr::ChildRun run(raw);
    const int before = run.root();
    if (ctr::host->set_root(raw, open("/dev/null", O_PATH | O_CLOEXEC)) != 0) return -1;
    if (before != -1 || run.root() < 0) return run.fail("root_fd");
    return ctr::host->death_signal(raw) == 0 ? 0 : run.fail("death_signal");
}

constexpr auto giving = ctr::parent_kind<give, give_wrong, print_nothing, print_nothing>("mirror.give");
constexpr auto reading = ctr::parent_kind<read, read_undo, print, print_undo>("mirror.read");
constexpr auto being_inside = ctr::child_kind<print_nothing>("mirror.inside", inside);

} // namespace

CTR_PLUGIN("mirror", "0.1.0", plan_all, &giving, &reading, &being_inside);
