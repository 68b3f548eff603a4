// SPDX-License-Identifier: MIT
//
// ctr-oci dies by SIGKILL at every boundary of every step of create, run, start, exec and delete; `delete --force`
// takes away what is left. The boundaries are counted by a command that is not killed.
#include "fixture/oci.hpp"

#include <functional>

using namespace fixture;

namespace {

class OciCrash : public OciTest {
protected:
    std::string log = box.dir() + "/boundaries";

    Ran drive(std::size_t number, const Words &words) const {
        Words all = oci_words(words);
        all[0] = "ctr-oci";
        all.insert(all.begin(), {CTR_BUILD_DIR "/bin/crash_driver", std::to_string(number), log});
        return command(all);
    }

    /// Kills `words` at each boundary in turn. `before` and `after` stand around it; delete --force is the last.
    template <typename Before, typename After>
    void kill_everywhere(const Words &words, std::size_t least, Before before, After after) {
        const Snapshot empty = box.snapshot();
        before();
        ASSERT_STATUS(drive(0, words), 0);
        after(true);
        ASSERT_STATUS(oci({"delete", "--force", "one"}), 0);
        ASSERT_EQ(box.left_since(empty), "") << "left without any crash";
        const auto boundaries = lines_of(read_text(log));
        ASSERT_GE(boundaries.size(), least);
        for (std::size_t number = 1; number <= boundaries.size(); ++number) {
            SCOPED_TRACE("killed " + boundaries[number - 1] + " (boundary " + std::to_string(number) + " of " +
                         std::to_string(boundaries.size()) + ")");
            before();
            const Ran killed = drive(number, words);
            // How many there are may differ by a few: the parent and the child race.
            const bool past_the_end = lines_of(read_text(log)).size() < number;
            EXPECT_STATUS(killed, past_the_end ? 0 : 137);
            after(past_the_end);
            const Ran deleted = oci({"delete", "--force", "one"});
            EXPECT_STATUS(deleted, 0);
            EXPECT_EQ(box.left_since(empty), "");
            EXPECT_EQ(oci({"list", "-q"}).out, "");
            if (HasFailure()) return;
        }
    }
    void truthful(bool) const {
        // Whatever is left, these must not fail or hang.
        EXPECT_STATUS(oci({"list"}), 0);
        const Ran state = oci({"state", "one"});
        if (state.status == 0) {
            EXPECT_TRUE(Json::parse(state.out).contains("status"));
        }
    }
    /// With something from every plugin.
    Bundle rich(const std::string &script) const {
        Bundle made = bundle("one", script);
        made.config["linux"]["resources"]["memory"] = {{"limit", 64 << 20}};
        made.config["linux"]["sysctl"] = {{"net.ipv4.ip_forward", "1"}};
        made.config["linux"]["seccomp"] = {{"defaultAction", "SCMP_ACT_ALLOW"}};
        return made;
    }
    const std::function<void()> nothing = [] {};
};

} // namespace

TEST_F(OciCrash, Create) {
    const Bundle made = rich("sleep 1000");
    made.write();
    kill_everywhere({"create", "-b", made.dir, "one"}, 10, nothing, [&](bool whole) { truthful(whole); });
}

TEST_F(OciCrash, Run) {
    const Bundle made = rich("true");
    made.write();
    kill_everywhere({"run", "-b", made.dir, "one"}, 10, nothing, [&](bool whole) { truthful(whole); });
}

TEST_F(OciCrash, ADetachedRun) {
    const Bundle made = rich("sleep 1000");
    made.write();
    kill_everywhere({"run", "-d", "-b", made.dir, "one"}, 10, nothing, [&](bool whole) { truthful(whole); });
}

TEST_F(OciCrash, Start) {
    kill_everywhere(
        {"start", "one"}, 0, [&] { create("one", rich("sleep 1000")); }, [&](bool whole) { truthful(whole); });
}

TEST_F(OciCrash, Exec) {
    const auto begin = [&] { start("one", rich("sleep 1000")); };
    kill_everywhere({"exec", "one", "/bin/true"}, 2, begin, [&](bool) {
        EXPECT_EQ(status("one"), "running") << "the container does not suffer";
        EXPECT_TRUE(eventually([&] {
            return Json::parse(oci({"ps", "-f", "json", "one"}).out).size() == 1;
        })) << "who was not told to run does not stay";
        EXPECT_STATUS(oci({"exec", "one", "/bin/true"}), 0);
    });
}

TEST_F(OciCrash, ADetachedExec) {
    const auto begin = [&] { start("one", rich("sleep 1000")); };
    kill_everywhere({"exec", "-d", "one", "sleep", "1000"}, 2, begin, [&](bool) {
        EXPECT_EQ(status("one"), "running");
        EXPECT_STATUS(oci({"exec", "one", "/bin/true"}), 0);
    });
}

TEST_F(OciCrash, DeleteOfAStoppedContainer) {
    const auto ended = [&] {
        start("one", rich("true"));
        ASSERT_TRUE(becomes("one", "stopped"));
    };
    kill_everywhere({"delete", "one"}, 5, ended, [&](bool whole) { truthful(whole); });
}

TEST_F(OciCrash, DeleteOfARunningContainer) {
    kill_everywhere(
        {"delete", "--force", "one"}, 5, [&] { start("one", rich("sleep 1000")); },
        [&](bool whole) { truthful(whole); });
}

TEST_F(OciCrash, AFailedCreateKilledWhileItIsTakenBack) {
    Bundle made = rich("true");
    made.program({"/bin/missing"});
    made.write();
    const Snapshot empty = box.snapshot();
    const Words words = {"create", "-b", made.dir, "one"};
    ASSERT_STATUS(drive(0, words), 1);
    const std::size_t n = lines_of(read_text(log)).size();
    for (std::size_t number = 1; number <= n && !HasFailure(); ++number) {
        SCOPED_TRACE("boundary " + std::to_string(number) + " of " + std::to_string(n));
        const Ran killed = drive(number, words);
        EXPECT_STATUS(killed, lines_of(read_text(log)).size() < number ? 1 : 137);
        EXPECT_STATUS(oci({"delete", "--force", "one"}), 0);
        EXPECT_EQ(box.left_since(empty), "");
    }
}
