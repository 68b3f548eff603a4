// SPDX-License-Identifier: MIT
//
// The plan is what happens: it is the same every time, and what strace sees of a run are its steps, in its order.
#include "fixture/sandbox.hpp"

#include <nlohmann/json.hpp>
#include <regex>
#include <sstream>
#include <sys/stat.h>

using namespace fixture;

namespace {

class Order : public SystemTest {
protected:
    std::vector<std::string> plan_words(const Drivers &drivers, std::vector<std::string> options) const {
        std::vector<std::string> words = box.run_words(drivers, options, {"/bin/true"});
        words[0] = "plan";
        return words;
    }
};

/// A system call that a step of this kind must make, as strace prints it; empty: none of its own.
std::string call_of(const nlohmann::json &step) {
    const std::string kind = step.at("kind");
    const auto arg = [&](const char *name) {
        for (const auto &each : step.value("args", nlohmann::json::array()))
            if (each.value("name", "") == name) {
                for (const char *key : {"value", "text", "string", "template"})
                    if (each.contains(key) && each[key].is_string()) return each[key].get<std::string>();
            }
        return std::string();
    };
    if (kind == "hostname") return "sethostname(\"" + arg("name");
    if (kind == "pivot_root") return "pivot_root(";
    if (kind == "rootfs.attach") return "move_mount(";
    if (kind == "no_new_privs") return "prctl(PR_SET_NO_NEW_PRIVS, 1";
    if (kind == "seccomp.load") return "seccomp(SECCOMP_SET_MODE_FILTER";
    if (kind == "cgroup.unshare") return "unshare(CLONE_NEWCGROUP";
    if (kind == "mount.new")
        return arg("type") == "tmpfs" || arg("type") == "proc" || arg("type") == "sysfs" || arg("type") == "mqueue" ||
                       arg("type") == "devpts"
                   ? "fsopen(\"" + arg("type")
                   : "";
    if (kind == "session.new") return "setsid(";
    if (kind == "execve") return "execve(\"/bin/true\"";
    return {};
}

} // namespace

TEST_F(Order, APlanIsTheSameEveryTimeInEveryForm) {
    for (const Drivers &drivers : {Drivers{"overlay", "bridge"}, Drivers{"btrfs", "none"}, Drivers{"rootfs", "host"}})
        for (const std::string format : {"table", "json", "shell"}) {
            const auto words = plan_words(drivers, {"--format", format, "--memory", "64m", "-t"});
            const Ran one = box.ctr(words, {}, drivers.storage), two = box.ctr(words, {}, drivers.storage);
            EXPECT_STATUS(one, 0);
            EXPECT_FALSE(one.out.empty());
            EXPECT_EQ(one.out, two.out) << name_of(drivers) << " " << format;
        }
}

TEST_F(Order, StraceSeesTheStepsOfTheChildInTheirOrder) {
    if (command({"strace", "-V"}).status != 0) GTEST_SKIP() << "strace is not installed";
    const std::vector<std::string> options = {"--name",  "traced",         "--hostname",
                                              "kitchen", "--security-opt", "no-new-privileges"};
    auto words = plan_words({"overlay", "bridge"}, options);
    words.insert(words.begin() + 1, {"--format", "json"});
    const Ran plan = box.ctr(words);
    ASSERT_STATUS(plan, 0);
    std::vector<std::string> expected;
    const auto document = nlohmann::json::parse(plan.out);
    for (const auto &step : document.at("steps"))
        if (const std::string call = call_of(step); !call.empty()) expected.push_back(call);
    ASSERT_GT(expected.size(), 8U) << plan.out;

    const std::string file = box.dir() + "/trace";
    std::vector<std::string> traced = {"strace", "-f", "-o", file, "-e", "trace=!read,write,close"};
    for (const std::string &word : box.ctr_words())
        traced.push_back(word);
    for (const std::string &word : box.run_words({"overlay", "bridge"}, options, {"/bin/true"}))
        traced.push_back(word);
    ASSERT_STATUS(command(traced), 0);
    // Only the child: the process that becomes the program.
    const std::string trace = read_text(file);
    std::istringstream lines(trace);
    std::vector<std::string> all;
    std::string child;
    for (std::string line; std::getline(lines, line);) {
        all.push_back(line);
        if (line.find("execve(\"/bin/true\"") != std::string::npos) child = line.substr(0, line.find(' '));
    }
    ASSERT_FALSE(child.empty());
    std::size_t at = 0;
    for (const std::string &line : all)
        if (at < expected.size() && line.rfind(child + " ", 0) == 0 && line.find(expected[at]) != std::string::npos)
            ++at;
    EXPECT_EQ(at, expected.size()) << "not found in this order: " << (at < expected.size() ? expected[at] : "");
}

TEST_F(Order, PlanningChangesNothingOnTheMachine) {
    if (command({"strace", "-V"}).status != 0) GTEST_SKIP() << "strace is not installed";
    const std::string file = box.dir() + "/trace";
    std::vector<std::string> traced = {
        "strace",
        "-f",
        "-o",
        file,
        "-e",
        "trace=mkdir,mkdirat,mount,fsopen,fsmount,open_tree,clone3,fork,vfork,rename,renameat2,unlink,unlinkat,rmdir,"
        "symlink,symlinkat,sethostname,unshare,setns,sendto,sendmsg,bpf"};
    for (const std::string &word : box.ctr_words())
        traced.push_back(word);
    for (const std::string &word : plan_words({"overlay", "bridge"}, {}))
        traced.push_back(word);
    ASSERT_STATUS(command(traced), 0);
    // statmount and listmount, which this strace may not know by name, only look.
    const std::regex harmless(
        "[0-9]+ +(\\+\\+\\+ exited with 0 \\+\\+\\+|(syscall_0x1c9|syscall_0x1ca|statmount|listmount)\\(.*)\n");
    EXPECT_EQ(std::regex_replace(read_text(file), harmless, ""), "");
}
