// SPDX-License-Identifier: MIT
//
// What the loader and the planner refuse. Each refusal says which field, what was expected, what was got, and what to
// do; bad/ has the plugins, bytes that no compiler makes are made here from a good one.
#include "installation.hpp"

#include <cstring>
#include <ctr/manifest.h>
#include <elf.h>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sys/stat.h>
#include <unistd.h>

namespace {

namespace fs = std::filesystem;
using sdk_test::Installation;
using Json = nlohmann::json;

struct Refused {
    std::string text, hint;
};

class Refusals : public testing::Test {
protected:
    void SetUp() override { ASSERT_TRUE(ctr_.ok()) << ctr_.problem(); }

    static std::string bad(const std::string &name) { return std::string(BAD_DIRECTORY) + "/" + name; }

    /// A directory with copies of bad plugins.
    std::string with(const std::vector<std::string> &names) {
        const std::string directory = ctr_.directory("plugins");
        for (const std::string &name : names)
            fs::copy_file(bad(name) + "/" + name + ".so", directory + "/" + name + ".so");
        return directory;
    }
    /// A directory with `bytes` as a plugin.
    std::string with_bytes(const std::string &bytes) {
        const std::string directory = ctr_.directory("plugins");
        std::ofstream(directory + "/hostile.so", std::ios::binary) << bytes;
        fs::permissions(directory + "/hostile.so", fs::perms(0755));
        return directory;
    }

    /// What `ctr plugin ls` refuses in the directory.
    std::vector<Refused> listed(const std::string &directory, const std::string &config = {}) {
        const auto outcome = ctr_.ctr({"--plugin-dir", directory, "plugin", "ls", "--format", "json"}, config);
        EXPECT_EQ(outcome.status, 0) << outcome.err;
        const Json json = Json::parse(outcome.out, nullptr, false);
        std::vector<Refused> all;
        if (!json.is_object()) return all;
        for (const Json &each : json["refused"])
            if (each["path"].get<std::string>().rfind(directory, 0) == 0)
                all.push_back({each["refused"], each["hint"]});
        return all;
    }
    /// Exactly one plugin of the directory is refused, with all these words; and there is advice.
    void expect_listed(const std::string &directory, const std::vector<std::string> &words,
                       const std::string &config = {}) {
        const auto all = listed(directory, config);
        ASSERT_EQ(all.size(), 1U);
        for (const std::string &word : words)
            EXPECT_NE(all[0].text.find(word), std::string::npos) << "not said: " << word << "\n" << all[0].text;
        EXPECT_NE(all[0].text.find(directory), std::string::npos) << "the file is not named: " << all[0].text;
        EXPECT_FALSE(all[0].hint.empty()) << all[0].text;
    }

    sdk_test::Outcome plan(const std::string &directory, const std::vector<std::string> &options = {},
                           const std::string &config = {}) {
        std::vector<std::string> words = {"--plugin-dir", directory, "plan"};
        words.insert(words.end(), options.begin(), options.end());
        words.insert(words.end(), {"--rootfs", ctr_.rootfs(), "true"});
        return ctr_.ctr(words, config);
    }
    /// `ctr plan` refuses, prints no plan, says all these words and gives advice.
    static void expect_refused(const sdk_test::Outcome &outcome, const std::vector<std::string> &words) {
        EXPECT_NE(outcome.status, 0);
        EXPECT_LT(outcome.status, 128) << "it crashed";
        EXPECT_EQ(outcome.out, "");
        for (const std::string &word : words)
            EXPECT_NE(outcome.err.find(word), std::string::npos) << "not said: " << word << "\n" << outcome.err;
        EXPECT_NE(outcome.err.find("hint: "), std::string::npos) << outcome.err;
    }

    Installation &ctr_ = Installation::get();
};

// ---- by the manifest alone ----------------------------------------------------------------------

TEST_F(Refusals, APluginForAnotherAbiIsRefused) { expect_listed(with({"abi"}), {"abi: expected 1, got 2"}); }

TEST_F(Refusals, ADriverForAnUnknownSlotIsRefused) {
    expect_listed(with({"slot"}), {"slot: expected", "storage", "got \"gpu\""});
}

TEST_F(Refusals, AnUnknownManifestKeyIsRefused) {
    expect_listed(with({"key"}), {"manifest key colour: expected", "got"});
}

TEST_F(Refusals, TwoPluginsWithOneIdAreBothRefused) {
    const auto all = listed(with({"twin-a", "twin-b"}));
    ASSERT_EQ(all.size(), 2U);
    for (const Refused &each : all) {
        EXPECT_NE(each.text.find("twin-a.so"), std::string::npos) << each.text;
        EXPECT_NE(each.text.find("twin-b.so"), std::string::npos) << each.text;
        EXPECT_FALSE(each.hint.empty());
    }
}

TEST_F(Refusals, AThirdPluginWithTheSameIdIsRefusedToo) {
    const std::string directory = with({"twin-a", "twin-b"});
    fs::copy_file(directory + "/twin-a.so", directory + "/twin-c.so");
    EXPECT_GE(listed(directory).size(), 3U);
    EXPECT_NE(ctr_.ctr({"--plugin-dir", directory, "plugin", "show", "twin"}).status, 0);
}

TEST_F(Refusals, AnotherSha256ThanThePinnedOneIsRefused) {
    const std::string zeros(64, '0');
    expect_listed(with({"need"}), {"sha256: expected " + zeros, "got "},
                  ctr_.config("\"plugins\": {\"pins\": {\"need\": \"" + zeros + "\"}}, "));
}

TEST_F(Refusals, ThePinnedSha256IsAccepted) {
    const std::string directory = with({"need"}),
                      sum = sdk_test::run({"sha256sum", directory + "/need.so"}).out.substr(0, 64);
    EXPECT_TRUE(listed(directory, ctr_.config("\"plugins\": {\"pins\": {\"need\": \"" + sum + "\"}}, ")).empty());
}

// ---- by the file --------------------------------------------------------------------------------

TEST_F(Refusals, AFileThatOthersMayWriteIsRefused) {
    for (const unsigned mode : {0757U, 0775U, 0666U}) {
        const std::string directory = with({"need"});
        fs::permissions(directory + "/need.so", fs::perms(mode));
        char text[8];
        std::snprintf(text, sizeof text, "%04o", mode);
        expect_listed(directory, {"mode: expected not writable by group or others", std::string("got ") + text});
    }
}

TEST_F(Refusals, ADirectoryThatOthersMayWriteIsRefused) {
    const std::string directory = with({"need"});
    fs::permissions(directory, fs::perms(0777));
    expect_listed(directory, {"mode: expected not writable by group or others", "got 0777"});
}

TEST_F(Refusals, AFileOfAnotherOwnerIsRefused) {
    NEEDS_ROOT();
    const std::string directory = with({"need"});
    ASSERT_EQ(::chown((directory + "/need.so").c_str(), 12345, 0), 0);
    expect_listed(directory, {"owner: expected root", "got uid 12345"});
}

TEST_F(Refusals, ADirectoryOfAnotherOwnerIsRefused) {
    NEEDS_ROOT();
    const std::string directory = with({"need"});
    ASSERT_EQ(::chown(directory.c_str(), 12345, 0), 0);
    expect_listed(directory, {"owner: expected root", "got uid 12345"});
}

TEST_F(Refusals, AParentDirectoryThatOthersMayWriteIsRefusedForInstalledPlugins) {
    const std::string directory = ctr_.directory("open") + "/inner";
    fs::create_directory(directory);
    fs::copy_file(bad("need") + "/need.so", directory + "/need.so");
    fs::permissions(ctr_.root() + "/open", fs::perms(0777));
    const auto outcome = ctr_.ctr({"plugin", "ls"}, ctr_.config("\"plugin_dirs\": [\"" + directory + "\"], "));
    EXPECT_NE(outcome.err.find("mode: expected not writable by group or others, got 0777"), std::string::npos)
        << outcome.err;
    EXPECT_EQ(outcome.out.find("need"), std::string::npos);
}

TEST_F(Refusals, ADirectoryAndAFifoNamedLikePluginsAreRefusedWithoutWaiting) {
    const std::string directory = ctr_.directory("plugins");
    fs::create_directory(directory + "/directory.so");
    ASSERT_EQ(::mkfifo((directory + "/fifo.so").c_str(), 0600), 0);
    EXPECT_EQ(listed(directory).size(), 2U);
}

// ---- bytes that no compiler makes -----------------------------------------------------------------

class HostileNotes : public Refusals {
protected:
    void SetUp() override {
        Refusals::SetUp();
        std::ifstream file(bad("need") + "/need.so", std::ios::binary);
        good_.assign(std::istreambuf_iterator<char>(file), {});
        ASSERT_GT(good_.size(), sizeof(Elf64_Ehdr));
        std::memcpy(&elf_, good_.data(), sizeof elf_);
        for (unsigned i = 0; i < elf_.e_phnum; ++i) {
            Elf64_Phdr header{};
            std::memcpy(&header, good_.data() + elf_.e_phoff + i * sizeof header, sizeof header);
            const std::string_view segment(good_.data() + header.p_offset, header.p_filesz);
            if (header.p_type != PT_NOTE || segment.find("\"need\"") == std::string_view::npos) continue;
            header_at_ = elf_.e_phoff + i * sizeof header;
            header_ = header;
            manifest_at_ = header.p_offset + segment.find("{\"id\""); // a build id may have any byte in it
        }
        ASSERT_NE(manifest_at_, 0U) << "need.so has no note";
        note_at_ = manifest_at_ - 4 - sizeof(Elf64_Nhdr);
    }
    template <typename T> std::string with_value(std::size_t at, T value) const {
        std::string bytes = good_;
        std::memcpy(bytes.data() + at, &value, sizeof value);
        return bytes;
    }
    std::string with_text(std::size_t at, std::string_view text) const {
        return std::string(good_).replace(at, text.size(), text);
    }
    std::size_t phdr(std::size_t member) const { return header_at_ + member; }

    std::string good_;
    Elf64_Ehdr elf_{};
    Elf64_Phdr header_{};
    std::size_t header_at_ = 0, note_at_ = 0, manifest_at_ = 0;
};

TEST_F(HostileNotes, WhatIsNoSharedObjectIsRefused) {
    expect_listed(with_bytes(""), {"file: expected an ELF shared object"});
    expect_listed(with_bytes("#!/bin/sh\nexit 0\n"), {"file: expected an ELF shared object"});
    expect_listed(with_bytes(with_value<unsigned char>(EI_CLASS, ELFCLASS32)), {"ELF class: expected 64-bit"});
    expect_listed(with_bytes(with_value<Elf64_Half>(offsetof(Elf64_Ehdr, e_type), ET_EXEC)),
                  {"ELF type: expected ET_DYN"});
}

TEST_F(HostileNotes, ATruncatedFileIsRefusedWhereverItIsCut) {
    for (const std::size_t size : {std::size_t{1}, sizeof(Elf64_Ehdr) - 1, sizeof(Elf64_Ehdr), header_at_ + 8, note_at_,
                                   note_at_ + 6, manifest_at_, manifest_at_ + 10})
        expect_listed(with_bytes(good_.substr(0, size)), {": expected ", ", got "});
}

TEST_F(HostileNotes, ProgramHeadersOutsideTheFileAreRefused) {
    expect_listed(with_bytes(with_value<Elf64_Off>(offsetof(Elf64_Ehdr, e_phoff), ~Elf64_Off{0} - 8)),
                  {"program headers: expected inside the file"});
    expect_listed(with_bytes(with_value<Elf64_Half>(offsetof(Elf64_Ehdr, e_phnum), 0)),
                  {"program headers: expected 1 to"});
    expect_listed(with_bytes(with_value<Elf64_Half>(offsetof(Elf64_Ehdr, e_phnum), 0xffff)),
                  {"program headers: expected 1 to"});
    expect_listed(with_bytes(with_value<Elf64_Half>(offsetof(Elf64_Ehdr, e_phentsize), 1)),
                  {"program headers: expected"});
}

TEST_F(HostileNotes, ANoteSegmentOutsideTheFileOrOfEndlessSizeIsRefused) {
    for (const std::uint64_t huge : {std::uint64_t{1} << 40U, ~std::uint64_t{0}}) {
        expect_listed(with_bytes(with_value(phdr(offsetof(Elf64_Phdr, p_filesz)), huge)),
                      {"note segment: expected inside the file and at most 256 KiB"});
        expect_listed(with_bytes(with_value(phdr(offsetof(Elf64_Phdr, p_offset)), huge)),
                      {"note segment: expected inside the file"});
    }
}

TEST_F(HostileNotes, NotesWhoseSizesLieAreRefused) {
    for (const Elf64_Word huge :
         {Elf64_Word{0xffffffff}, Elf64_Word{0xfffffffd}, Elf64_Word{0x7fffffff}, Elf64_Word{CTR_NOTE_MAX + 1}}) {
        expect_listed(with_bytes(with_value(note_at_ + offsetof(Elf64_Nhdr, n_namesz), huge)),
                      {"ELF note .note.ctr.plugin: expected a manifest"});
        expect_listed(with_bytes(with_value(note_at_ + offsetof(Elf64_Nhdr, n_descsz), huge)),
                      {"ELF note .note.ctr.plugin: expected a manifest"});
    }
}

TEST_F(HostileNotes, AnotherOwnerOrTypeIsNoManifest) {
    expect_listed(with_bytes(with_text(note_at_ + sizeof(Elf64_Nhdr), "GNU")),
                  {"ELF note .note.ctr.plugin: expected a manifest"});
    expect_listed(with_bytes(with_value<Elf64_Word>(note_at_ + offsetof(Elf64_Nhdr, n_type), 7)),
                  {"ELF note .note.ctr.plugin: expected a manifest"});
}

TEST_F(HostileNotes, AManifestThatIsNoJsonObjectIsRefused) {
    for (const std::string &text : {std::string("["), std::string("\0", 1), std::string("\xff\xfe"), std::string("{,"),
                                    std::string("{\"id\":\"need\"} ")}) {
        const auto all = listed(with_bytes(with_text(manifest_at_, text)));
        ASSERT_EQ(all.size(), 1U) << text;
        EXPECT_NE(all[0].text.find("hostile.so"), std::string::npos) << all[0].text;
    }
}

TEST_F(HostileNotes, OneBadPluginLeavesTheOthersUsable) {
    NEEDS_ROOTFS();
    const auto outcome = plan(with_bytes(good_.substr(0, note_at_)));
    EXPECT_EQ(outcome.status, 0) << outcome.err;
}

// ---- by the code, when a plan needs it ---------------------------------------------------------------

TEST_F(Refusals, CodeOfAnotherAbiThanItsManifestIsRefused) {
    expect_refused(plan(with({"code-abi"})), {"abi of the code: expected 1, got 2", "code-abi.so"});
}

TEST_F(Refusals, CodeWithAnotherIdThanItsManifestIsRefused) {
    expect_refused(plan(with({"code-id"})), {"id of the code: expected \"code-id\", got another", "code-id.so"});
}

TEST_F(Refusals, APluginWithoutTheEntryIsRefused) {
    expect_refused(plan(with({"no-entry"})),
                   {"symbol ctr_plugin_entry_v1: expected to be exported, got nothing", "no-entry.so"});
}

TEST_F(Refusals, APluginThatNeedsAMissingSymbolIsRefusedWhenItIsLoaded) {
    expect_refused(plan(with({"undefined"})), {"cannot be loaded", "ctr_test_nobody_defines_this", "undefined.so"});
}

TEST_F(Refusals, KindsThatAreNotAsInTheManifestAreRefused) {
    expect_refused(plan(with({"kind-unlisted"})),
                   {"step kind bad.hook: expected to be listed in the manifest's kinds, got nothing"});
    expect_refused(plan(with({"kind-missing"})), {"step kinds: expected 2 as in the manifest, got 1"});
    expect_refused(plan(with({"kind-process"})), {"process of step kind bad.hook: expected child, got parent"});
}

TEST_F(Refusals, AnExtensionThatIsPromisedButNotThereIsRefused) {
    expect_refused(plan(with({"extension"})), {"extension ctr.storage/1: expected a table, got NULL"});
}

// ---- by the plan --------------------------------------------------------------------------------

TEST_F(Refusals, TwoEquallyFitDriversForASlotAreRefused) {
    const std::string config = ctr_.root() + "/no-driver.json";
    std::ofstream(config) << "{}";
    expect_refused(plan(with({"driver-a", "driver-b"}), {}, config),
                   {"two drivers for the slot network", "driver-a", "driver-b", "{\"network\": {\"driver\": "});
}

TEST_F(Refusals, AnOrderThatGoesInACircleIsRefusedWithItsChain) {
    expect_refused(plan(with({"cycle"})),
                   {"cannot be ordered", "umask of cycle needs hen.there from umask of cycle", "egg.there"});
}

TEST_F(Refusals, AMissingTokenIsNamed) {
    expect_refused(plan(with({"need"})),
                   {"umask of need", "needs the token \"moon.risen\"", "no installed plugin gives it"});
}

TEST_F(Refusals, ASpecFieldThatTwoPluginsClaimIsRefused) {
    expect_refused(plan(with({"claim"}), {"--hostname", "box"}),
                   {"/hostname", "two plugins claim it", "claim", "namespaces"});
}

// ---- what is missing is not left out in silence --------------------------------------------------------

class WithoutSeccomp : public Refusals {
protected:
    void SetUp() override {
        Refusals::SetUp();
        NEEDS_ROOTFS();
        fs::rename(ctr_.plugins() + "/seccomp.so", ctr_.root() + "/seccomp.so.away");
    }
    void TearDown() override {
        if (fs::exists(ctr_.root() + "/seccomp.so.away"))
            fs::rename(ctr_.root() + "/seccomp.so.away", ctr_.plugins() + "/seccomp.so");
    }
    sdk_test::Outcome run(const std::string &more = {}) {
        return ctr_.ctr({"run", "--rm", "--rootfs", ctr_.rootfs(), "grep", "Seccomp:", "/proc/self/status"},
                        ctr_.config(more));
    }
};

TEST_F(WithoutSeccomp, NoContainerIsPlannedOrRun) {
    expect_refused(ctr_.ctr({"plan", "--rootfs", ctr_.rootfs(), "true"}),
                   {"seccomp", "no plugin carries it out", "\"seccomp\": \"off\""});
    NEEDS_ROOT();
    expect_refused(run(), {"seccomp", "no plugin carries it out"});
}

TEST_F(WithoutSeccomp, ARefusedSeccompPluginIsNamed) {
    fs::copy_file(ctr_.root() + "/seccomp.so.away", ctr_.plugins() + "/seccomp.so");
    fs::permissions(ctr_.plugins() + "/seccomp.so", fs::perms(0777));
    const auto outcome = ctr_.ctr({"plan", "--rootfs", ctr_.rootfs(), "true"});
    fs::remove(ctr_.plugins() + "/seccomp.so");
    expect_refused(outcome, {"seccomp", "mode: expected not writable by group or others, got 0777"});
}

/// The stock plugins that share a file, in a copy of it that the group may write.
class RefusedStandard : public Refusals {
protected:
    void SetUp() override {
        Refusals::SetUp();
        NEEDS_ROOTFS();
        fs::permissions(file_, fs::perms(0775));
    }
    void TearDown() override { fs::permissions(file_, fs::perms(0755)); }
    const std::string file_ = ctr_.plugins() + "/standard.so";
    const std::string why_ = file_ + ": mode: expected not writable by group or others, got 0775";
};

TEST_F(RefusedStandard, EachOfItsPluginsIsNamedWhereItIsAskedFor) {
    const auto show = [&](const std::string &id) { return ctr_.ctr({"plugin", "show", id}); };
    for (const char *id : {"mounts", "process", "namespaces", "capabilities", "none", "rootfs"})
        expect_refused(show(id), {"the plugin was refused", why_, "chmod go-w"});
    // A driver by option, one by config, a section, and a field whose plugin is no driver.
    const auto planned = [&](const std::string &config, std::vector<std::string> options) {
        const std::string file = ctr_.directory("config") + "/config.json";
        std::ofstream(file) << config;
        options.insert(options.begin(), "plan");
        options.insert(options.end(), {"--rootfs", ctr_.rootfs(), "true"});
        return ctr_.ctr(options, file);
    };
    expect_refused(planned("{}", {}), {"the storage driver \"rootfs\" was refused", why_});
    expect_refused(planned("{}", {"--network", "none"}), {"the network driver \"none\" was refused", why_});
    expect_refused(planned(R"({"network": {"driver": "none"}})", {}), {"none", "was refused", why_});
    expect_refused(planned(R"({"process": {}})", {}), {"the config has a section for process", why_});
    expect_refused(planned("{}", {"--storage", "off", "--network", "host", "--hostname", "box"}),
                   {"is asked for, and the plugin \"", "\" was refused", why_});
}

TEST_F(RefusedStandard, ItIsListedWithItsPlugins) {
    const auto listed = ctr_.ctr({"plugin", "ls"});
    EXPECT_NE(listed.err.find("mounts"), std::string::npos) << listed.err;
    EXPECT_NE(listed.err.find(why_), std::string::npos) << listed.err;
    const Json json = Json::parse(ctr_.ctr({"plugin", "ls", "--format", "json"}).out, nullptr, false);
    ASSERT_TRUE(json.is_object());
    ASSERT_EQ(json["refused"].size(), 1U);
    EXPECT_GE(json["refused"][0]["ids"].size(), 6U);
}

TEST_F(WithoutSeccomp, ItRunsUnconfinedWhenTheConfigSaysSo) {
    NEEDS_ROOT();
    const auto outcome = run("\"seccomp\": \"off\", ");
    EXPECT_EQ(outcome.status, 0) << outcome.err;
    EXPECT_EQ(outcome.out, "Seccomp:\t0\n");
}

TEST_F(Refusals, WithThePluginAContainerIsConfined) {
    NEEDS_ROOT();
    NEEDS_ROOTFS();
    const auto outcome = ctr_.ctr({"run", "--rm", "--rootfs", ctr_.rootfs(), "grep", "Seccomp:", "/proc/self/status"});
    EXPECT_EQ(outcome.status, 0) << outcome.err;
    EXPECT_EQ(outcome.out, "Seccomp:\t2\n");
}

} // namespace
