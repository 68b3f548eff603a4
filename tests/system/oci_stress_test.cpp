// SPDX-License-Identifier: MIT
//
// Many containers at once through create, start, kill and delete: none is lost, nothing is left, and `list` tells the
// truth meanwhile. CTR_STRESS_CYCLES: how many (1,000 for a release, fewer in an ordinary run of the tests).
#include "fixture/oci.hpp"

#include <cstdio>
#include <cstdlib>
#include <deque>
#include <map>
#include <memory>

using namespace fixture;

namespace {

class OciStress : public OciTest {};

int from_environment(const char *name, int otherwise) {
    const char *text = std::getenv(name);
    return text != nullptr ? std::stoi(text) : otherwise; // what is no number fails the test by an exception
}

} // namespace

TEST_F(OciStress, EightAtATime) {
    const int cycles = from_environment("CTR_STRESS_CYCLES", 200);
    ASSERT_GT(cycles, 0);
    constexpr int at_once = 8;
    const Bundle made = bundle("stress", "echo $HOSTNAME >> /out/started; exec sleep 1000");
    made.write();
    // One life is a shell's, its arguments an id, the bundle and ctr-oci's words; what it prints is an error. A
    // zombie's pid namespace needs nobody: `delete` waits for the end.
    const std::string life = R"sh(
        id=$1; bundle=$2; shift 2
        fail() { echo "$id: $1"; exit 1; }
        "$@" create -b $bundle $id || fail create
        "$@" state $id | grep -q '"status": "created"' || fail "not created"
        "$@" start $id || fail start
        "$@" state $id | grep -q '"status": "running"' || fail "not running"
        pid=$("$@" state $id | sed -n 's/.*"pid": \([0-9]*\).*/\1/p')
        n=0; until [ "$(cat /proc/$pid/comm)" = sleep ]; do # the program has written its line
            n=$((n + 1)); [ $n -lt 500 ] || fail "does not get on"; sleep 0.02
        done
        "$@" kill $id KILL || fail kill
        n=0; until "$@" state $id | grep -q '"status": "stopped"'; do
            n=$((n + 1)); [ $n -lt 500 ] || fail "does not stop"; sleep 0.02
        done
        "$@" delete $id || fail delete
        "$@" state $id 2>/dev/null && fail "still there"
        exit 0)sh";
    std::deque<std::unique_ptr<Running>> running;
    const double began = now();
    int done = 0;
    const auto finish_one = [&] {
        const Ran ran = running.front()->wait();
        running.pop_front();
        EXPECT_EQ(ran.out + ran.err, "");
        done += ran.status == 0 ? 1 : 0;
    };
    for (int i = 0; i < cycles && !HasFailure(); ++i) {
        if (running.size() == at_once) finish_one();
        Words words = {"/bin/bash", "-c", life, "life", "c" + std::to_string(i), made.dir};
        for (const std::string &word : oci_words({}))
            words.push_back(word);
        running.push_back(std::make_unique<Running>(words));
        if (i % 20 == 0) {
            const Ran listed = oci({"list", "--format", "json"});
            EXPECT_STATUS(listed, 0);
            EXPECT_LE(Json::parse(listed.out).size(), static_cast<std::size_t>(at_once));
        }
    }
    while (!running.empty())
        finish_one();
    EXPECT_EQ(done, cycles);
    EXPECT_EQ(lines_of(out("started")).size(), static_cast<std::size_t>(cycles));
    EXPECT_EQ(oci({"list", "-q"}).out, "");
    std::printf("%d cycles in %.1f s\n", cycles, now() - began);
}

TEST_F(OciStress, OneIdWantedByManyIsGivenToOne) {
    const Bundle made = bundle("same", "sleep 1000");
    made.write();
    for (int round = 0; round < 10; ++round) {
        std::vector<std::unique_ptr<Running>> all;
        for (int i = 0; i < 6; ++i)
            all.push_back(std::make_unique<Running>(oci_words({"create", "-b", made.dir, "same"})));
        int made_it = 0;
        for (const auto &each : all) {
            const Ran ran = each->wait();
            made_it += ran.status == 0 ? 1 : 0;
            if (ran.status != 0) {
                EXPECT_HAS(ran.err, "already exists");
            }
        }
        EXPECT_EQ(made_it, 1);
        EXPECT_EQ(status("same"), "created");
        // The same for start and for delete: one does it, the others say that it is done or being done.
        all.clear();
        for (int i = 0; i < 4; ++i)
            all.push_back(std::make_unique<Running>(oci_words({"start", "same"})));
        made_it = 0;
        for (const auto &each : all)
            made_it += each->wait().status == 0 ? 1 : 0;
        EXPECT_EQ(made_it, 1);
        EXPECT_EQ(status("same"), "running");
        all.clear();
        for (int i = 0; i < 4; ++i)
            all.push_back(std::make_unique<Running>(oci_words({"delete", "--force", "same"})));
        for (const auto &each : all)
            EXPECT_STATUS(each->wait(), 0);
        EXPECT_EQ(status("same"), "gone");
        if (HasFailure()) return;
    }
}
