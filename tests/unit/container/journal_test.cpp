// SPDX-License-Identifier: MIT
#include "container/journal.hpp"

#include "sys/files.hpp"

#include <csignal>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

namespace {

using namespace core;
using container::Journal;
using container::Stage;

class JournalTest : public testing::Test {
protected:
    JournalTest() {
        char path[] = "/tmp/ctr-journal.XXXXXX";
        root = ::mkdtemp(path);
        file = root + "/containers/web";
        plan::Step step;
        step.plugin = "p";
        step.kind = "p.make";
        step.outputs = {{"n", CTR_TYPE_INT, "p.number"},
                        {"s", CTR_TYPE_STRING, "p.string"},
                        {"b", CTR_TYPE_BYTES, "p.bytes"},
                        {"f", CTR_TYPE_FD, "p.fd"}};
        plan.id = "web";
        plan.steps = {step, step};
        plan.steps[1].outputs.clear();
        for (const plan::Output &output : step.outputs)
            plan.values[output.value] = output.type;
        plan.machine = {{"kernel", "6.1"}};
    }
    ~JournalTest() override { static_cast<void>(sys::remove_tree(root)); }

    Journal make() {
        auto journal = Journal::create(file, plan, {{"rm", true}});
        EXPECT_TRUE(journal.ok()) << journal.error().text();
        return std::move(journal).value();
    }
    container::Record read() {
        auto record = Journal::read(file);
        EXPECT_TRUE(record.ok()) << record.error().text();
        return std::move(record).value();
    }
    void append(const std::string &text) const {
        const Fd fd(::open(file.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC));
        ASSERT_TRUE(sys::write_all(fd.get(), text, file).ok());
    }
    /// In another process: a record lock does not stop its own one.
    template <typename Function> static int in_a_child(Function function) {
        const pid_t pid = ::fork();
        if (pid == 0) ::_exit(function());
        int status = 0;
        ::waitpid(pid, &status, 0);
        return WEXITSTATUS(status);
    }

    std::string root, file;
    plan::Plan plan;
};

TEST_F(JournalTest, AddsUpToWhatWasDone) {
    Journal journal = make();
    EXPECT_EQ(read().stage, Stage::creating);
    EXPECT_EQ(read().meta.at("rm"), true);
    EXPECT_EQ(read().boot_id, sys::boot_id());
    ASSERT_TRUE(journal.intent(0).ok());
    EXPECT_TRUE(read().intended.at(0));
    EXPECT_FALSE(read().intended.at(1));
    ASSERT_TRUE(journal.cloned(::getpid()).ok());
    EXPECT_EQ(read().stage, Stage::creating);
    EXPECT_TRUE(read().alive());
    ASSERT_TRUE(journal.created().ok());
    EXPECT_EQ(read().stage, Stage::created);
    EXPECT_TRUE(read().alive());
    ASSERT_TRUE(journal.running().ok());
    EXPECT_EQ(read().stage, Stage::running);
    ASSERT_TRUE(journal.stopped(137).ok());
    ASSERT_TRUE(journal.undone(0).ok());
    EXPECT_EQ(read().stage, Stage::stopped);
    EXPECT_EQ(read().exit_status, 137);
    EXPECT_TRUE(read().undone.at(0));
}

TEST_F(JournalTest, KeepsDurableValuesAndNoDescriptors) {
    Journal journal = make();
    const auto block = launch::Block::pack(
        plan, [](const std::string &, const std::string &) -> const ctr_step_kind * { return nullptr; });
    launch::Value *number = block->value("p.number"), *string = block->value("p.string"),
                  *bytes = block->value("p.bytes"), *fd = block->value("p.fd");
    number->integer = -3;
    string->text[0] = 'x';
    string->length = 1;
    bytes->text[0] = '\xff';
    bytes->length = 1;
    for (launch::Value *each : {number, string, bytes, fd})
        each->known = true;
    ASSERT_TRUE(journal.done(0, *block).ok());
    const auto record = read();
    EXPECT_EQ(record.values.at("p.number"), -3);
    EXPECT_EQ(record.values.at("p.string"), "x");
    EXPECT_EQ(record.values.at("p.bytes"), Json::array({255}));
    EXPECT_EQ(record.values.count("p.fd"), 0U);
}

TEST_F(JournalTest, ATornLastLineIsIgnoredAndADamagedOneIsNot) {
    {
        Journal journal = make();
        ASSERT_TRUE(journal.intent(0).ok());
    }
    append("{\"undone\":0");
    EXPECT_TRUE(read().intended.at(0));
    EXPECT_FALSE(read().undone.at(0));
    append("\n");
    const auto damaged = Journal::read(file);
    ASSERT_FALSE(damaged.ok());
    EXPECT_NE(damaged.error().text().find(file), std::string::npos);
}

TEST_F(JournalTest, ALineAboutAStepThatDoesNotExistIsAnError) {
    { const Journal journal = make(); }
    append("{\"intent\":99}\n");
    EXPECT_FALSE(Journal::read(file).ok());
}

TEST_F(JournalTest, OneWithADamagedLineCanBeOpenedToBeTakenBack) {
    {
        Journal journal = make();
        ASSERT_TRUE(journal.undone(1).ok());
    }
    append("no line of ours\n{\"undone\":0}\n");
    EXPECT_FALSE(Journal::open(file).ok());
    const auto before = sys::read_file(file).value();
    auto journal = Journal::open_damaged(file);
    ASSERT_TRUE(journal.ok()) << journal.error().text();
    EXPECT_EQ(journal.value().record().intended, std::vector<bool>({true, true}));
    EXPECT_EQ(journal.value().record().undone, std::vector<bool>({false, true}));
    EXPECT_EQ(sys::read_file(file).value(), before) << "nothing of it is lost";
}

TEST_F(JournalTest, ASecondPlanIsDamage) {
    { const Journal journal = make(); }
    const std::string text = sys::read_file(file).value();
    append(text.substr(text.find('\n') + 1));
    EXPECT_FALSE(Journal::open(file).ok());
    EXPECT_FALSE(Journal::read(file, Journal::Part::without_steps).ok());
}

TEST_F(JournalTest, WhereThereIsNoRoomNoHalfLineIsLeftAndUndoingGoesOn) {
    {
        Journal journal = make();
        ASSERT_TRUE(journal.intent(0).ok());
    }
    const std::string before = sys::read_file(file).value();
    const int status = in_a_child([&] {
        ::signal(SIGXFSZ, SIG_IGN);
        const rlimit limit = {before.size() + 5, before.size() + 5};
        auto journal = Journal::open(file);
        if (!journal.ok() || ::setrlimit(RLIMIT_FSIZE, &limit) != 0) return 1;
        if (journal.value().intent(1).ok()) return 2;
        if (!journal.value().undone(0).ok()) return 3;
        return journal.value().stopped(7).ok() ? 4 : 0;
    });
    EXPECT_EQ(status, 0);
    EXPECT_EQ(sys::read_file(file).value(), before);
    EXPECT_TRUE(Journal::open(file).ok());
}

TEST_F(JournalTest, OneThatCannotBeWrittenLeavesTheNameFree) {
    const int status = in_a_child([&] {
        ::signal(SIGXFSZ, SIG_IGN);
        const rlimit limit = {20, 20};
        if (::setrlimit(RLIMIT_FSIZE, &limit) != 0) return 1;
        return Journal::create(file, plan, {{"rm", true}}).ok() ? 2 : 0;
    });
    EXPECT_EQ(status, 0);
    EXPECT_NE(::access(file.c_str(), F_OK), 0);
    make();
}

TEST_F(JournalTest, OnlyAFileOfOursIsAJournal) {
    { const Journal journal = make(); }
    const std::string link = root + "/containers/link", fifo = root + "/containers/fifo";
    ASSERT_EQ(::symlink(file.c_str(), link.c_str()), 0);
    ASSERT_EQ(::mkfifo(fifo.c_str(), 0600), 0);
    for (const std::string &wrong : {link, fifo, root + "/containers"}) {
        EXPECT_FALSE(Journal::read(wrong).ok()) << wrong;
        EXPECT_FALSE(Journal::open(wrong).ok()) << wrong;
        EXPECT_FALSE(Journal::note_paused(wrong, true).ok()) << wrong;
    }
    ASSERT_EQ(::chmod(file.c_str(), 0660), 0);
    EXPECT_EQ(Journal::read(file).error().error_class, CTR_E_PERMISSION);
    ASSERT_EQ(::chmod(file.c_str(), 0600), 0);
    if (::geteuid() != 0) GTEST_SKIP() << "needs root to give a file away";
    ASSERT_EQ(::chown(file.c_str(), 65534, 65534), 0);
    EXPECT_EQ(Journal::open(file).error().error_class, CTR_E_PERMISSION);
}

TEST_F(JournalTest, OneThatCannotBeReadAtAllIsRemovedByForceOnly) {
    { const Journal journal = make(); }
    ASSERT_TRUE(Journal::remove_unreadable(file).ok());
    EXPECT_EQ(::access(file.c_str(), F_OK), 0) << "this one can be read";
    ASSERT_EQ(::truncate(file.c_str(), 0), 0);
    append("nothing of ours\n");
    EXPECT_EQ(Journal::open_damaged(file).error().error_class, CTR_E_INVALID);
    ASSERT_TRUE(Journal::remove_unbegun(file).ok());
    EXPECT_EQ(::access(file.c_str(), F_OK), 0);
    ASSERT_TRUE(Journal::remove_unreadable(file).ok());
    EXPECT_NE(::access(file.c_str(), F_OK), 0);
}

TEST_F(JournalTest, AnOwnerThatDiedBeforeItsFirstLineHasDoneNothing) {
    { const Journal journal = make(); }
    ASSERT_EQ(::truncate(file.c_str(), 5), 0);
    const auto result = Journal::read(file);
    ASSERT_FALSE(result.ok());
    EXPECT_EQ(result.error().error_class, CTR_E_NOT_FOUND);
}

TEST_F(JournalTest, OnlyOneThatNeverBeganIsRemovedAsSuch) {
    ASSERT_TRUE(Journal::remove_unbegun(file).ok()) << "there is none";
    {
        const Journal journal = make();
        EXPECT_EQ(in_a_child([&] { return Journal::remove_unbegun(file).ok() ? 0 : 1; }), 0);
        ASSERT_EQ(::truncate(file.c_str(), 5), 0);
        EXPECT_EQ(in_a_child([&] { return Journal::remove_unbegun(file).ok() ? 0 : 1; }), 0);
        EXPECT_EQ(::access(file.c_str(), F_OK), 0) << "its owner lives";
    }
    ASSERT_TRUE(Journal::remove_unbegun(file).ok());
    EXPECT_NE(::access(file.c_str(), F_OK), 0);
    { const Journal journal = make(); }
    ASSERT_TRUE(Journal::remove_unbegun(file).ok());
    EXPECT_EQ(::access(file.c_str(), F_OK), 0) << "it has a plan";
}

TEST_F(JournalTest, AnybodyMaySayThatItIsPaused) {
    Journal journal = make();
    EXPECT_FALSE(read().paused);
    EXPECT_EQ(in_a_child([&] { return Journal::note_paused(file, true).ok() ? 0 : 1; }), 0);
    ASSERT_TRUE(journal.intent(0).ok());
    EXPECT_TRUE(read().paused && read().intended.at(0));
    EXPECT_EQ(in_a_child([&] { return Journal::note_paused(file, false).ok() ? 0 : 1; }), 0);
    EXPECT_FALSE(read().paused);
    EXPECT_FALSE(Journal::note_paused(root + "/containers/none", true).ok());
    EXPECT_NE(::access((root + "/containers/none").c_str(), F_OK), 0) << "nothing is made";
}

TEST_F(JournalTest, FilesAreBesideTheJournals) {
    EXPECT_EQ(container::files_of("/run/ctr/containers/a.b"), "/run/ctr/containers.files/a.b");
}

TEST_F(JournalTest, AnOpenOneGoesOnBehindATornLine) {
    {
        Journal journal = make();
        ASSERT_TRUE(journal.intent(0).ok());
    }
    append("{\"don");
    {
        auto again = Journal::open(file);
        ASSERT_TRUE(again.ok()) << again.error().text();
        ASSERT_TRUE(again.value().undone(0).ok());
    }
    const auto record = Journal::read(file);
    ASSERT_TRUE(record.ok()) << record.error().text();
    EXPECT_TRUE(record.value().undone.at(0));
}

TEST_F(JournalTest, ANameIsTakenOnce) {
    const Journal journal = make();
    const auto second = Journal::create(file, plan, {});
    ASSERT_FALSE(second.ok());
    EXPECT_EQ(second.error().error_class, CTR_E_EXISTS);
    EXPECT_NE(second.error().text().find("web"), std::string::npos);
}

TEST_F(JournalTest, RefusesTextThatCouldNotBeReadBackAndLeavesNothing) {
    plan.steps[0].args.push_back({"path", CTR_FORM_STRING, 0, "/a\xff"});
    const auto journal = Journal::create(file, plan, {});
    ASSERT_FALSE(journal.ok());
    EXPECT_NE(journal.error().text().find("UTF-8"), std::string::npos);
    EXPECT_NE(::access(file.c_str(), F_OK), 0);
}

TEST_F(JournalTest, IsLockedByItsOwnerAndFreeWhenThatIsGone) {
    {
        const Journal journal = make();
        EXPECT_EQ(in_a_child([&] { return Journal::owner(file) == ::getppid() ? 0 : 1; }), 0);
        EXPECT_EQ(in_a_child([&] {
                      const auto second = Journal::open(file);
                      return !second.ok() && second.error().error_class == CTR_E_BUSY ? 0 : 1;
                  }),
                  0);
        EXPECT_EQ(in_a_child([&] { return Journal::read(file).ok() ? 0 : 1; }), 0) << "reading needs no lock";
    }
    EXPECT_EQ(Journal::owner(file), 0);
    EXPECT_TRUE(Journal::open(file).ok());
}

TEST_F(JournalTest, OfNobodyIsNotFound) {
    for (const auto &error : {Journal::open(file).error().error_class, Journal::read(file).error().error_class})
        EXPECT_EQ(error, CTR_E_NOT_FOUND);
}

TEST_F(JournalTest, AliveIsBootPidAndStartTimeAndNoZombie) {
    container::Record record;
    record.boot_id = sys::boot_id();
    record.pid = ::getpid();
    record.start_time = sys::process_start_time(::getpid());
    EXPECT_TRUE(record.alive());
    container::Record other = record;
    other.boot_id = "another boot";
    EXPECT_FALSE(other.alive());
    other = record;
    ++other.start_time;
    EXPECT_FALSE(other.alive()) << "the pid has been used again";

    const pid_t zombie = ::fork();
    if (zombie == 0) ::pause();
    record.pid = zombie;
    record.start_time = sys::process_start_time(zombie);
    EXPECT_TRUE(record.alive());
    ASSERT_EQ(::kill(zombie, SIGKILL), 0);
    siginfo_t info{};
    ASSERT_EQ(::waitid(P_PID, static_cast<id_t>(zombie), &info, WEXITED | WNOWAIT), 0);
    EXPECT_FALSE(record.alive());
    ::waitpid(zombie, nullptr, 0);
}

} // namespace
