// SPDX-License-Identifier: MIT
#include "support/plan_fixture.hpp"

#include "launch/run.hpp"
#include "plan/show.hpp"
#include "spec/claims.hpp"
#include "support/fake_machine.hpp"
#include "sys/files.hpp"

#include <cstdlib>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

namespace plan_fixture {
namespace {

using namespace core;

/// A directory of links to the stock plugins but some; removed at the end of the process.
class Selection {
public:
    explicit Selection(const std::vector<std::string> &without) {
        char path[] = "/tmp/ctr-test-plugins.XXXXXX";
        if (::mkdtemp(path) == nullptr) std::abort();
        path_ = path;
        const auto names = sys::list_directory(CTR_TEST_PLUGIN_DIR);
        if (!names.ok()) std::abort();
        for (const std::string &name : names.value()) {
            bool left_out = false;
            for (const std::string &id : without)
                left_out = left_out || id == "*" || name == id + ".so";
            if (!left_out &&
                ::symlink((std::string(CTR_TEST_PLUGIN_DIR "/") + name).c_str(), (path_ + "/" + name).c_str()) != 0)
                std::abort();
        }
    }
    ~Selection() { static_cast<void>(sys::remove_tree(path_)); }
    Selection(const Selection &) = delete;
    Selection &operator=(const Selection &) = delete;
    const std::string &path() const { return path_; }

private:
    std::string path_;
};

/// One catalog for each selection, alive as long as the process: a loaded plugin's name is that of its open descriptor,
/// whose number must not come to mean another file.
plugin::Catalog &kept_catalog(const Planning &planning) {
    using Key = std::pair<std::vector<std::string>, std::vector<std::string>>;
    static std::vector<std::unique_ptr<Selection>> selections;
    static std::map<Key, std::unique_ptr<plugin::Catalog>> catalogs;
    std::unique_ptr<plugin::Catalog> &catalog = catalogs[Key(planning.without, planning.directories)];
    if (!catalog) {
        std::vector<plugin::Directory> directories;
        for (const std::string &path : planning.directories)
            directories.push_back({path, true});
        if (planning.without.empty()) {
            directories.push_back({CTR_TEST_PLUGIN_DIR, true});
        } else {
            selections.push_back(std::make_unique<Selection>(planning.without));
            directories.push_back({selections.back()->path(), true});
        }
        catalog = std::make_unique<plugin::Catalog>(plugin::Catalog::scan(directories, {}));
        for (const plugin::Refusal &refusal : catalog->refused())
            ADD_FAILURE() << refusal.path << " was refused: " << refusal.error.text();
    }
    return *catalog;
}

std::string cgroup_mount(int id, const std::string &controllers) {
    return std::to_string(id) + " 31 0:" + std::to_string(id) + " / /sys/fs/cgroup/" + controllers +
           " rw,nosuid,nodev,noexec,relatime - cgroup cgroup rw," + controllers + "\n";
}

Answers common_machine() {
    return {{"kernel", "6.1.0"},
            {"euid", "0"},
            {"cgroup1", "writable"},
            {"writable:/sys/fs/cgroup", "yes"},
            {"caps", "000001ffffffffff"},
            {"cpus", "4"},
            {"filesystem:overlay", "yes"},
            {"filesystem:btrfs", "yes"},
            {"fstype:/proc", "proc"},
            {"fstype:/var/lib/ctr", "ext4"},
            {"fstype:/var/lib/ctr/overlay", "ext4"},
            {"fstype:/run/ctr", "tmpfs"},
            {"file:/proc/sys/kernel/hostname", "machine\n"},
            {"file:/etc/hosts", "127.0.0.1\tlocalhost\n"},
            {"file:/etc/resolv.conf", "nameserver 192.0.2.53\nsearch example.org\n"},
            {"type:/var/lib/ctr/overlay/layers/sha256-base", "dir"}};
}

bool updating() {
    const char *value = std::getenv("CTR_UPDATE_GOLDEN");
    return value != nullptr && *value != '\0' && *value != '0';
}

} // namespace

Answers machine_v1() {
    Answers answers = common_machine();
    std::string mounts = "22 28 0:21 / /proc rw - proc proc rw\n31 28 0:31 / /sys/fs/cgroup ro - tmpfs tmpfs ro\n";
    std::string controllers = "#subsys_name\thierarchy\tnum_cgroups\tenabled\n";
    int id = 40;
    for (const char *each : {"cpuset", "cpu", "cpuacct", "blkio", "memory", "devices", "freezer", "pids"}) {
        mounts += cgroup_mount(id, each);
        controllers += std::string(each) + "\t" + std::to_string(id++) + "\t1\t1\n";
    }
    answers["mounts"] = mounts;
    answers["file:/proc/cgroups"] = controllers;
    answers["fstype:/sys/fs/cgroup"] = "tmpfs";
    return answers;
}

Answers machine_v2() {
    Answers answers = common_machine();
    answers["mounts"] =
        "22 28 0:21 / /proc rw - proc proc rw\n31 28 0:31 / /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw,nsdelegate\n";
    answers["file:/proc/cgroups"] = "#subsys_name\thierarchy\tnum_cgroups\tenabled\nmemory\t0\t1\t1\n";
    answers["fstype:/sys/fs/cgroup"] = "cgroup2";
    answers["file:/sys/fs/cgroup/cgroup.controllers"] = "cpuset cpu io memory hugetlb pids rdma\n";
    return answers;
}

plugin::Catalog &Planning::catalog() const { return kept_catalog(*this); }

Result<plan::Plan> Planning::plan(const Json &spec) const {
    CTR_ASSIGN(const config::Config parsed, config::parse_config(config, "test.json"));
    const ctr_host *table = launch::host_table();
    FakeMachine fake(machine);
    plan::Request request;
    request.operation = operation;
    request.names = {id, parsed.run_root + "/containers/" + id, parsed.run_root + "/containers.files/" + id};
    request.spec = &spec;
    request.asked = asked;
    request.vocabulary = &spec::oci_vocabulary();
    request.config = &parsed;
    request.drivers = drivers;
    request.host = table;
    return plan::make_plan(request, catalog(), fake);
}

Result<plan::Plan> Planning::plan(const cli::RunOptions &options) const {
    CTR_ASSIGN(const Json spec, cli::run_spec(options));
    return plan(spec);
}

cli::RunOptions run_options() {
    cli::RunOptions options;
    options.id = "littlebox";
    options.image = "example/base:latest";
    options.layers = {"sha256:" + std::string(64, 'a'), "sha256:" + std::string(64, 'b')};
    options.image_config = {{"Env", {"PATH=/usr/bin:/bin"}}, {"Cmd", {"/bin/sh"}}, {"WorkingDir", "/"}};
    options.network = "bridge";
    return options;
}

void expect_golden(const Result<plan::Plan> &plan, const std::string &directory, const std::string &name) {
    ASSERT_TRUE(plan.ok()) << plan.error().text() << "\n  hint: " << plan.error().hint;
    const std::string file = directory + "/" + name + ".plan", got = plan::show(plan.value(), true);
    if (updating()) {
        const Fd fd(::open(file.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
        ASSERT_TRUE(fd.valid()) << file;
        ASSERT_TRUE(sys::write_all(fd.get(), got, file).ok());
        return;
    }
    const auto wanted = sys::read_file(file, std::size_t{1} << 20);
    ASSERT_TRUE(wanted.ok()) << wanted.error().text() << "\nCTR_UPDATE_GOLDEN=1 writes it";
    EXPECT_EQ(wanted.value(), got) << "if the new plan is right: CTR_UPDATE_GOLDEN=1 writes " << file
                                   << ", and the difference is reviewed";
}

void expect_refused(const Result<plan::Plan> &plan, const std::vector<std::string> &words) {
    ASSERT_FALSE(plan.ok()) << "was planned:\n" << plan::show(plan.value(), false);
    const std::string text = plan.error().text() + "\n" + plan.error().hint;
    for (const std::string &word : words)
        EXPECT_NE(text.find(word), std::string::npos) << "\"" << word << "\" is not in: " << text;
}

} // namespace plan_fixture
