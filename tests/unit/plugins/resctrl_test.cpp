// SPDX-License-Identifier: MIT
//
// The schemata, and the steps on a directory that looks like resctrl.
#include "../../../plugins/resctrl/group.hpp"
#include "../../../plugins/resctrl/schemata.hpp"

#include <cstdlib>
#include <fstream>
#include <gtest/gtest.h>
#include <map>
#include <sys/stat.h>
#include <unistd.h>

/// A host for these steps alone: arguments in, outputs and the error out.
struct ctr_run {
    std::vector<std::pair<std::string, std::string>> args;
    std::map<std::string, std::int64_t> outputs;
    std::string error;
};

namespace resctrl {
namespace {

using Lines = std::vector<std::string>;

TEST(Schemata, are_written_in_the_specifications_order) {
    EXPECT_EQ(wanted_lines("L3:0=f;1=3", "MB:0=20", {"L2:0=1", "MB:0=30"}),
              (Lines{"L3:0=f;1=3", "MB:0=20", "L2:0=1", "MB:0=30"}));
    EXPECT_EQ(wanted_lines("L3:0=f\nMB:0=50", "MB:0=20", {}), (Lines{"L3:0=f", "MB:0=20"}));
    EXPECT_EQ(wanted_lines("L3:0=f\nMB:0=50", "", {}), (Lines{"L3:0=f", "MB:0=50"}));
    EXPECT_EQ(wanted_lines("", "", {"L3:0=f\nL2:0=1\n"}), (Lines{"L3:0=f", "L2:0=1"}));
    EXPECT_TRUE(wanted_lines("", "", {}).empty());
}

TEST(Schemata, are_compared_by_what_they_say) {
    const char *now = "    L3:0=00f;1=7FF\n    MB:0=  20;1=100\n";
    EXPECT_TRUE(has_line(now, "L3:0=f;1=7ff"));
    EXPECT_TRUE(has_line(now, "L3:1=7ff"));
    EXPECT_TRUE(has_line(now, "MB:1=100;0=20"));
    EXPECT_FALSE(has_line(now, "L3:0=7"));
    EXPECT_FALSE(has_line(now, "L3:2=f"));
    EXPECT_FALSE(has_line(now, "L2:0=f"));
    EXPECT_TRUE(is_line("L3:0=f"));
    EXPECT_FALSE(is_line("L3"));
    EXPECT_FALSE(is_line(":0=f"));
}

class Group : public testing::Test {
protected:
    void SetUp() override {
        static ctr_host table{};
        table.arg_count = [](ctr_run *run, const char *name) {
            std::size_t n = 0;
            for (const auto &[key, value] : run->args)
                n += key == name ? 1U : 0U;
            return n;
        };
        table.arg_str = [](ctr_run *run, const char *name, std::size_t index) {
            for (const auto &[key, value] : run->args)
                if (key == name && index-- == 0) return ctr_str{value.c_str(), value.size()};
            return ctr_str{"", 0};
        };
        table.arg_int = [](ctr_run *run, const char *name, std::size_t index, std::int64_t *out) {
            for (const auto &[key, value] : run->args)
                if (key == name && index-- == 0) return *out = std::atoll(value.c_str()), 0;
            return -1;
        };
        table.output_int = [](ctr_run *run, const char *name, std::int64_t value) {
            return run->outputs[name] = value, 0;
        };
        table.recorded_int = [](ctr_run *run, const char *name, std::int64_t *out) {
            const auto found = run->outputs.find(name);
            if (found == run->outputs.end()) return 1;
            return *out = found->second, 0;
        };
        table.fail = [](ctr_run *run, const ctr_error *error) {
            run->error = std::string(error->message == nullptr ? "" : error->message) +
                         (error->path == nullptr ? "" : error->path);
            return -1;
        };
        ctr::host = &table;
        ASSERT_NE(::mkdtemp(root.data()), nullptr);
    }
    void TearDown() override { [[maybe_unused]] const int status = std::system(("rm -r " + root).c_str()); }
    std::string read(const std::string &name) const {
        std::ifstream file(root + name);
        return {std::istreambuf_iterator<char>(file), {}};
    }
    void make(const std::string &name, const std::string &schemata) const {
        ::mkdir((root + name).c_str(), 0755);
        std::ofstream(root + name + "/schemata") << schemata;
        std::ofstream(root + name + "/tasks");
    }
    std::string root = "/tmp/ctr-resctrl.XXXXXX";
};

TEST_F(Group, that_is_there_must_have_what_is_asked_for) {
    make("/gold", "L3:0=0ff\n");
    ctr_run run{{{"root", root}, {"path", root + "/gold"}, {"line", "L3:0=ff"}, {"shared", "1"}}, {}, {}};
    EXPECT_EQ(group(ctr::Run{&run}), 0) << run.error;
    EXPECT_EQ(run.outputs["made"], 0);
    EXPECT_EQ(read("/gold/schemata"), "L3:0=0ff\n") << "not written again";
    run.args[2].second = "L3:0=f";
    EXPECT_EQ(group(ctr::Run{&run}), -1);
    EXPECT_EQ(group_undo(ctr::Run{&run}), 0);
    EXPECT_EQ(::access((root + "/gold").c_str(), F_OK), 0);
}

TEST_F(Group, named_without_schemata_must_be_there) {
    ctr_run run{{{"path", root + "/gold"}, {"must_exist", "1"}}, {}, {}};
    EXPECT_EQ(group(ctr::Run{&run}), -1);
    make("/gold", "");
    EXPECT_EQ(group(ctr::Run{&run}), 0);
}

TEST_F(Group, of_the_container_goes_with_it) {
    ctr_run run{{{"root", root}, {"path", root + "/littlebox"}}, {}, {}};
    EXPECT_EQ(group(ctr::Run{&run}), 0);
    EXPECT_EQ(run.outputs["made"], 1);
    EXPECT_EQ(::access((root + "/littlebox").c_str(), F_OK), 0);
    EXPECT_EQ(group_undo(ctr::Run{&run}), 0);
    EXPECT_EQ(group_undo(ctr::Run{&run}), 0);
    EXPECT_NE(::access((root + "/littlebox").c_str(), F_OK), 0);
}

TEST_F(Group, of_a_container_that_lives_gets_other_schemata) {
    make("/gold", "L3:0=0ff\n");
    ctr_run run{{{"root", root}, {"path", root + "/gold"}}, {}, {}};
    EXPECT_EQ(update(ctr::Run{&run}, "L3:0=f", ""), 0) << run.error;
    EXPECT_EQ(read("/gold/schemata").substr(0, 7),
              "L3:0=f\n"); // resctrl takes each line by itself, a file is overwritten from its front
    EXPECT_EQ(update(ctr::Run{&run}, "", "MB:0=50"), 0) << run.error;
    EXPECT_EQ(read("/gold/schemata").substr(0, 8), "MB:0=50\n");
    EXPECT_EQ(update(ctr::Run{&run}, "nonsense", ""), -1);
    EXPECT_EQ(run.error, "\"nonsense\" is no schema");
    run.args[1].second = root + "/gone";
    EXPECT_EQ(update(ctr::Run{&run}, "L3:0=f", ""), -1);
}

TEST_F(Group, is_joined_by_its_tasks) {
    make("/gold", "");
    ctr_run run{{{"root", root}, {"path", root + "/gold"}, {"pid", "4711"}}, {}, {}};
    EXPECT_EQ(join(ctr::Run{&run}), 0);
    EXPECT_EQ(read("/gold/tasks"), "4711\n");
}

} // namespace
} // namespace resctrl
