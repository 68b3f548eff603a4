// SPDX-License-Identifier: MIT
//
// ctr dies by SIGKILL at every boundary of every step, of its undo too; after `ctr recover` nothing is left. The
// boundaries are counted by a run that is not killed, so a new step is tested without a word here.
#include "fixture/sandbox.hpp"

#include <algorithm>
#include <sstream>
#include <sys/stat.h>
#include <unistd.h>

using namespace fixture;

namespace {

std::vector<std::string> lines_of(const std::string &text) {
    std::vector<std::string> lines;
    std::istringstream stream(text);
    for (std::string line; std::getline(stream, line);)
        lines.push_back(line);
    return lines;
}

/// One ctr command, killed at every boundary in turn.
class Crash : public SystemTest {
protected:
    std::string log = box.dir() + "/boundaries";
    std::string storage = "overlay";

    Ran drive(std::size_t number, const std::vector<std::string> &words) const {
        std::vector<std::string> all = box.ctr_words(storage);
        all[0] = CTR_BUILD_DIR "/bin/crash_driver";
        all.insert(all.begin() + 1, {std::to_string(number), log});
        all.insert(all.end(), words.begin(), words.end());
        return command(all);
    }

    /// `again`: what must work afterwards, beside leaving nothing.
    template <typename Again>
    void kill_everywhere(const std::vector<std::string> &words, int expected_status, Again again) {
        const Snapshot before = box.snapshot();
        const Ran whole = drive(0, words);
        ASSERT_STATUS(whole, expected_status);
        again();
        ASSERT_EQ(box.left_since(before), "") << "left without any crash";
        const std::vector<std::string> boundaries = lines_of(read_text(log));
        ASSERT_GT(boundaries.size(), 3U);
        for (std::size_t number = 1; number <= boundaries.size(); ++number) {
            const std::string where = "killed " + boundaries[number - 1] + " (boundary " + std::to_string(number) +
                                      " of " + std::to_string(boundaries.size()) + ")";
            const Ran killed = drive(number, words);
            // How many there are may differ from run to run: how far the parent got when the child failed is a race.
            const bool past_the_end = lines_of(read_text(log)).size() < number;
            EXPECT_EQ(killed.status, past_the_end ? expected_status : 137) << where << describe(killed);
            const Ran recovered = box.ctr({"recover"}, {}, storage);
            EXPECT_EQ(recovered.status, 0) << where << describe(recovered);
            again();
            const std::string left = box.left_since(before);
            EXPECT_EQ(left, "") << where << "\n" << describe(recovered);
            if (HasFailure() && ++failures_ > 3) FAIL() << "and so on";
        }
        RecordProperty("boundaries", static_cast<int>(boundaries.size()));
    }
    void kill_everywhere(const std::vector<std::string> &words, int expected_status = 0) {
        kill_everywhere(words, expected_status, [] {});
    }

private:
    int failures_ = 0;
};

class CrashDrivers : public Crash, public testing::WithParamInterface<Drivers> {
    void SetUp() override {
        storage = GetParam().storage;
        write_text(log, "");
        SystemTest::SetUp();
    }
};
INSTANTIATE_TEST_SUITE_P(Drivers, CrashDrivers,
                         testing::Values(Drivers{"overlay", "bridge"}, Drivers{"overlay", "none"},
                                         Drivers{"overlay", "host"}, Drivers{"btrfs", "bridge"},
                                         Drivers{"btrfs", "none"}, Drivers{"btrfs", "host"},
                                         Drivers{"rootfs", "bridge"}, Drivers{"rootfs", "none"},
                                         Drivers{"rootfs", "host"}),
                         name_of_parameter);

} // namespace

TEST_P(CrashDrivers, ARunKilledAnywhereLeavesNothing) {
    kill_everywhere(box.run_words(GetParam(), {"--name", "crash", "--memory", "64m"}, {"/bin/true"}));
}

TEST_P(CrashDrivers, AStartThatFailsAndIsKilledWhileItIsTakenBackLeavesNothing) {
    kill_everywhere(box.run_words(GetParam(), {"--name", "crash"}, {"/bin/missing"}), 127);
}

TEST_F(Crash, ARunThatKeepsItsContainerIsKilledAnywhere) {
    std::vector<std::string> words = box.run_words({}, {"--name", "crash"}, {"/bin/true"});
    words.erase(std::find(words.begin(), words.end(), "--rm"));
    kill_everywhere(words, 0, [&] {
        if (box.ctr({"ps", "-a", "-q"}).out.find("crash") != std::string::npos) {
            EXPECT_STATUS(box.ctr({"rm", "crash"}), 0);
        }
    });
}

TEST_F(Crash, ABundleWithHooksKilledAnywhereGetsItsPoststop) {
    const std::string bundle = box.dir() + "/hooked", poststop = box.dir() + "/poststop";
    ::mkdir(bundle.c_str(), 0755);
    const auto hook = [](const std::string &script) {
        return R"([{"path": "/bin/sh", "args": ["sh", "-c", ")" + script + "\"]}]";
    };
    write_text(bundle + "/config.json",
               R"({"ociVersion": "1.3.0", "process": {"user": {"uid": 0, "gid": 0}, "args": ["/bin/true"], "cwd": "/"},
                   "root": {"path": ")" +
                   box.rootfs() + R"("}, "linux": {"namespaces": [{"type": "mount"}, {"type": "pid"}]}, "hooks": {)" +
                   "\"createRuntime\": " + hook("true") + ", \"createContainer\": " + hook("true") +
                   ", \"poststart\": " + hook("true") + ", \"poststop\": " + hook("echo ran >> " + poststop) + "}}");
    std::size_t runs = 0;
    kill_everywhere({"run", "--rm", "--bundle", bundle, "--name", "crash"}, 0, [&] {
        // Not if it was killed before the hook's step was recorded (once); twice if it was killed between the hook and
        // its record (once).
        const std::size_t ran = lines_of(::access(poststop.c_str(), F_OK) == 0 ? read_text(poststop) : "").size();
        EXPECT_LE(++runs, ran + 1);
        EXPECT_LE(ran, runs + 1);
    });
}

TEST_F(Crash, RemovalKilledAnywhereIsFinishedByTheNext) {
    for (const std::string kind : {"overlay", "btrfs"}) {
        storage = kind;
        const Snapshot before = box.snapshot();
        for (std::size_t number = 1, boundaries = 2; number <= boundaries; ++number) {
            std::vector<std::string> words = box.run_words({kind, "bridge"}, {"--name", "crash"}, {"/bin/true"});
            words.erase(std::find(words.begin(), words.end(), "--rm"));
            ASSERT_STATUS(box.ctr(words, {}, kind), 0);
            const Ran killed = drive(number, {"rm", "crash"});
            if (killed.status == 0) break; // behind the last boundary
            boundaries = number + 1;
            EXPECT_STATUS(killed, 137);
            // A removal that was begun is finished, without being asked for again.
            EXPECT_STATUS(box.ctr({"recover"}, {}, kind), 0);
            EXPECT_EQ(box.ctr({"ps", "--all", "--quiet"}, {}, kind).out, "");
            EXPECT_EQ(box.left_since(before), "") << kind << ", killed at boundary " << number;
        }
    }
}

TEST_F(Crash, AnImageImportKilledAnywhereLeavesNothingAndWorksTheNextTime) {
    // Another content than the image "box": its layer must be new.
    write_text(box.dir() + "/other.tar", Sandbox::image().file("etc/other", "x").finish());
    for (const std::string kind : {"overlay", "btrfs"}) {
        storage = kind;
        kill_everywhere({"image", "import", box.dir() + "/other.tar", "other"}, 0, [&] {
            if (box.ctr({"image", "ls", "-q"}, {}, kind).out.find("other") != std::string::npos) {
                EXPECT_STATUS(box.ctr({"image", "rm", "other"}, {}, kind), 0);
            }
        });
    }
}

TEST_F(Crash, AnImageRemovalKilledAnywhereIsFinishedOrTakenBack) {
    write_text(box.dir() + "/other.tar", Sandbox::image().file("etc/other", "x").finish());
    for (const std::string kind : {"overlay", "btrfs"}) {
        storage = kind;
        const Snapshot before = box.snapshot();
        for (std::size_t number = 1;; ++number) {
            ASSERT_LT(number, 100U);
            ASSERT_STATUS(box.ctr({"image", "import", box.dir() + "/other.tar", "other"}, {}, kind), 0);
            const Ran removed = drive(number, {"image", "rm", "other"});
            if (removed.status == 0) break;
            EXPECT_STATUS(removed, 137);
            EXPECT_STATUS(box.ctr({"recover"}, {}, kind), 0);
            // It is there and whole, or it is gone: nothing between.
            if (box.ctr({"image", "ls", "-q"}, {}, kind).out.find("other") != std::string::npos) {
                EXPECT_STATUS(
                    box.ctr({"run", "--rm", "--storage", kind, "--network", "none", "other", "/bin/true"}, {}, kind),
                    0);
                EXPECT_STATUS(box.ctr({"image", "rm", "other"}, {}, kind), 0);
            }
            EXPECT_EQ(box.left_since(before), "") << kind << ", killed at boundary " << number;
        }
    }
}
