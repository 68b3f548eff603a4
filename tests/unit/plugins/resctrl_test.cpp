// SPDX-License-Identifier: MIT
//
// The schemata, and the steps on a directory that looks like resctrl.
#include "../../../plugins/resctrl/group.hpp"
#include "../../../plugins/resctrl/schemata.hpp"

#include <ctr/testing/directory.hpp>
#include <ctr/testing/host.hpp>

#include <sys/stat.h>

namespace resctrl {
namespace {

using Lines = std::vector<std::string>;

TEST(Schemata, AreWrittenInTheSpecificationsOrder) {
    EXPECT_EQ(wanted_lines("L3:0=f;1=3", "MB:0=20", {"L2:0=1", "MB:0=30"}),
              (Lines{"L3:0=f;1=3", "MB:0=20", "L2:0=1", "MB:0=30"}));
    EXPECT_EQ(wanted_lines("L3:0=f\nMB:0=50", "MB:0=20", {}), (Lines{"L3:0=f", "MB:0=20"}));
    EXPECT_EQ(wanted_lines("L3:0=f\nMB:0=50", "", {}), (Lines{"L3:0=f", "MB:0=50"}));
    EXPECT_EQ(wanted_lines("", "", {"L3:0=f\nL2:0=1\n"}), (Lines{"L3:0=f", "L2:0=1"}));
    EXPECT_TRUE(wanted_lines("", "", {}).empty());
}

TEST(Schemata, AreComparedByWhatTheySay) {
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
    /// A step that has what these functions read and give.
    ctr::testing::Step step(const std::string &path) const {
        ctr::testing::Step made("resctrl.group");
        made.arg("path", path).output("made", CTR_TYPE_INT, "resctrl.made");
        return made;
    }
    int call(unsigned context, const ctr::testing::Step &step, int (*function)(ctr::Run)) {
        return running.in(context, step, [function](ctr_run *run) { return function(ctr::Run{run}); });
    }
    int apply(const ctr::testing::Step &step) { return call(CTR_IN_PARENT, step, group); }
    int undo(const ctr::testing::Step &step) { return call(CTR_IN_UNDO, step, group_undo); }
    int change(const ctr::testing::Step &step, const char *l3, const char *memory) {
        return running.in(CTR_IN_CALL, step, [=](ctr_run *run) { return update(ctr::Run{run}, l3, memory); });
    }
    bool made() const { return std::get<std::int64_t>(running.values.at("resctrl.made")) == 1; }
    void make(const std::string &name, const std::string &schemata) const {
        ::mkdir((root + "/" + name).c_str(), 0755);
        directory.write(name + "/schemata", schemata);
        directory.write(name + "/tasks", "");
    }
    ctr::testing::TemporaryDirectory directory;
    const std::string root = directory.path();
    ctr::testing::Running running;
};

TEST_F(Group, ThatIsThereMustHaveWhatIsAskedFor) {
    make("gold", "L3:0=0ff\n");
    auto gold = step(root + "/gold").arg("root", root).arg("line", "L3:0=ff").arg("shared", 1);
    EXPECT_EQ(apply(gold), 0) << running.text();
    EXPECT_FALSE(made());
    EXPECT_EQ(directory.read("gold/schemata"), "L3:0=0ff\n") << "not written again";
    gold.args.at(2).text = "L3:0=f";
    EXPECT_EQ(apply(gold), -1);
    EXPECT_EQ(undo(gold), 0);
    EXPECT_TRUE(directory.has("gold"));
}

TEST_F(Group, NamedWithoutSchemataMustBeThere) {
    const auto gold = step(root + "/gold").arg("must_exist", 1);
    EXPECT_EQ(apply(gold), -1);
    make("gold", "");
    EXPECT_EQ(apply(gold), 0);
}

TEST_F(Group, OfTheContainerGoesWithIt) {
    const auto own = step(root + "/littlebox").arg("root", root);
    EXPECT_EQ(apply(own), 0);
    EXPECT_TRUE(made());
    EXPECT_TRUE(directory.has("littlebox"));
    EXPECT_EQ(undo(own), 0);
    EXPECT_EQ(undo(own), 0);
    EXPECT_FALSE(directory.has("littlebox"));
}

TEST_F(Group, OfAContainerThatLivesGetsOtherSchemata) {
    make("gold", "L3:0=0ff\n");
    const auto gold = step(root + "/gold").arg("root", root);
    EXPECT_EQ(change(gold, "L3:0=f", ""), 0) << running.text();
    EXPECT_EQ(directory.read("gold/schemata").substr(0, 7),
              "L3:0=f\n"); // resctrl takes each line by itself, a file is overwritten from its front
    EXPECT_EQ(change(gold, "", "MB:0=50"), 0) << running.text();
    EXPECT_EQ(directory.read("gold/schemata").substr(0, 8), "MB:0=50\n");
    EXPECT_EQ(change(gold, "nonsense", ""), -1);
    EXPECT_EQ(running.failure.message, "\"nonsense\" is no schema");
    EXPECT_EQ(change(step(root + "/gone").arg("root", root), "L3:0=f", ""), -1);
}

TEST_F(Group, IsJoinedByItsTasks) {
    make("gold", "");
    EXPECT_EQ(call(CTR_IN_PARENT, step(root + "/gold").arg("root", root).arg("pid", 4711), join), 0);
    EXPECT_EQ(directory.read("gold/tasks"), "4711\n");
}

} // namespace
} // namespace resctrl
