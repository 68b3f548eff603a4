// SPDX-License-Identifier: MIT
//
// Which files are looked at as plugins. The plugins here are ELF files with a note and no code: nothing is loaded.
#include "plugin/catalog.hpp"

#include "elf_file.hpp"
#include "sys/files.hpp"
#include "sys/trust.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

namespace {

using namespace core;
using plugin::Catalog;

std::string plugin_file(const std::string &manifest) {
    return elf_file::Elf(elf_file::note(elf_file::ours, CTR_NOTE_TYPE, manifest)).bytes();
}

std::string manifest_of(const std::string &id) { return R"({"id": ")" + id + R"(", "version": "1", "abi": 1})"; }

class CatalogTest : public testing::Test {
protected:
    CatalogTest() {
        char path[] = "/tmp/ctr-catalog.XXXXXX"; // /tmp is sticky: its parents are trusted
        root = ::mkdtemp(path);
    }
    ~CatalogTest() override { static_cast<void>(sys::remove_tree(root)); }

    std::string directory(const char *name, mode_t mode = 0755) const {
        std::string path = root + "/" + name;
        ::mkdir(path.c_str(), 0755);
        ::chmod(path.c_str(), mode); // whatever the umask says
        return path;
    }
    static std::string install(const std::string &directory, const char *name, const std::string &bytes,
                               mode_t mode = 0644) {
        std::string path = directory + "/" + name;
        EXPECT_TRUE(sys::replace_file(path, bytes, 0644).ok());
        ::chmod(path.c_str(), mode);
        return path;
    }
    static void expect_refused(const Catalog &catalog, const std::string &path,
                               std::initializer_list<const char *> words) {
        for (const plugin::Refusal &each : catalog.refused()) {
            if (each.path != path) continue;
            const std::string text = each.error.text() + " | " + each.error.hint;
            for (const char *word : words)
                EXPECT_NE(text.find(word), std::string::npos) << word << " is not in: " << text;
            return;
        }
        ADD_FAILURE() << path << " was not refused";
    }

    std::string root;
};

TEST_F(CatalogTest, FindsPluginsByTheirNotesInOrderOfFileNames) {
    const std::string at = directory("d");
    install(at, "b.so", plugin_file(manifest_of("two")));
    install(at, "a.so", plugin_file(manifest_of("one")));
    install(at, "readme.txt", "no plugin");
    const Catalog catalog = Catalog::scan({{at, false}}, {});
    ASSERT_EQ(catalog.plugins().size(), 2U);
    EXPECT_TRUE(catalog.refused().empty());
    EXPECT_EQ(catalog.plugins()[0]->manifest.id, "one");
    EXPECT_NE(catalog.find("two"), nullptr);
    EXPECT_EQ(catalog.find("three"), nullptr);
}

TEST_F(CatalogTest, KnowsWhichPluginsARefusedFileHad) {
    using elf_file::note, elf_file::ours;
    const std::string at = directory("d");
    install(at, "set.so",
            elf_file::Elf(note(ours, CTR_NOTE_TYPE, manifest_of("one")) + note(ours, CTR_NOTE_TYPE, manifest_of("two")))
                .bytes());
    const Catalog catalog = Catalog::scan({{at, false}}, {{"two", std::string(64, '0')}});
    EXPECT_TRUE(catalog.plugins().empty());
    for (const char *id : {"one", "two", "set"})
        EXPECT_NE(catalog.refusal_of(id), nullptr) << id;
    EXPECT_EQ(catalog.refusal_of("three"), nullptr);
}

TEST_F(CatalogTest, KnowsThePluginsOfWhateverWasRefusedAndWhy) {
    using elf_file::note, elf_file::ours;
    const auto set = [](const std::string &one, const std::string &two) {
        return elf_file::Elf(note(ours, CTR_NOTE_TYPE, one) + note(ours, CTR_NOTE_TYPE, two)).bytes();
    };
    const std::string at = directory("d"), open = directory("open", 0777);
    const std::string group = install(at, "group.so", set(manifest_of("one"), manifest_of("two")), 0664);
    // One of another ABI spoils the file; one without a valid id has no name.
    const std::string old = R"({"id": "three", "abi": 2, "new": [1]})", nameless = R"({"id": "../x", "abi": 2})";
    const std::string abi = install(at, "abi.so", set(old, nameless));
    install(open, "x.so", set(manifest_of("four"), manifest_of("five")));
    const Catalog catalog = Catalog::scan({{at, false}, {open, true}}, {});
    EXPECT_TRUE(catalog.plugins().empty());
    for (const auto &[id, path] : {std::pair("one", group), std::pair("two", group), std::pair("three", abi),
                                   std::pair("four", open), std::pair("five", open)}) {
        ASSERT_NE(catalog.refusal_of(id), nullptr) << id;
        EXPECT_EQ(catalog.refusal_of(id)->path, path) << id;
    }
    EXPECT_EQ(catalog.refusal_of("../x"), nullptr);
    EXPECT_EQ(catalog.refusal_of("one")->manifests.size(), 2U);
    EXPECT_EQ(catalog.refusal_of("three")->manifests.size(), 0U);
}

TEST_F(CatalogTest, TakesEachPluginOfAFileForItself) {
    using elf_file::note, elf_file::ours;
    const std::string two =
        elf_file::Elf(note(ours, CTR_NOTE_TYPE, manifest_of("one")) + note(ours, CTR_NOTE_TYPE, manifest_of("two")))
            .bytes();
    const std::string at = directory("d"), own = directory("own"), set = install(at, "set.so", two);
    const Catalog both = Catalog::scan({{at, false}}, {});
    ASSERT_EQ(both.plugins().size(), 2U);
    EXPECT_EQ(both.find("one")->path, set);
    EXPECT_EQ(both.find("two")->path, set);

    // An override wins for its own id only.
    const std::string other = install(own, "two.so", plugin_file(manifest_of("two")));
    const Catalog overridden = Catalog::scan({{own, true}, {at, false}}, {});
    EXPECT_EQ(overridden.plugins().size(), 2U);
    EXPECT_TRUE(overridden.refused().empty());
    EXPECT_EQ(overridden.find("two")->path, other);
    EXPECT_EQ(overridden.find("one")->path, set);

    // A pin on one of them is a pin on the file.
    const Catalog pinned = Catalog::scan({{at, false}}, {{"two", std::string(64, '0')}});
    EXPECT_TRUE(pinned.plugins().empty());
    expect_refused(pinned, set, {"sha256", "/plugins/pins/two"});

    // Two of one id are refused, wherever they are; the rest stays.
    install(at, "also.so", plugin_file(manifest_of("two")));
    const Catalog twins = Catalog::scan({{at, false}}, {});
    ASSERT_EQ(twins.plugins().size(), 1U);
    EXPECT_EQ(twins.plugins()[0]->manifest.id, "one");
    expect_refused(twins, set, {"two"});

    const std::string twice =
        elf_file::Elf(note(ours, CTR_NOTE_TYPE, manifest_of("x")) + note(ours, CTR_NOTE_TYPE, manifest_of("x")))
            .bytes();
    const std::string same = install(directory("e"), "same.so", twice);
    const Catalog none = Catalog::scan({{root + "/e", false}}, {});
    EXPECT_TRUE(none.plugins().empty());
    expect_refused(none, same, {"x"});
}

TEST_F(CatalogTest, RefusesAFileThatOthersMayWrite) {
    const std::string at = directory("d");
    const std::string group = install(at, "group.so", plugin_file(manifest_of("group")), 0664),
                      world = install(at, "world.so", plugin_file(manifest_of("world")), 0646);
    const Catalog catalog = Catalog::scan({{at, false}}, {});
    EXPECT_TRUE(catalog.plugins().empty());
    expect_refused(catalog, group, {"0664", "chmod go-w"});
    expect_refused(catalog, world, {"0646"});
    EXPECT_NE(catalog.refusal_of("group"), nullptr);
}

TEST_F(CatalogTest, RefusesADirectoryThatOthersMayWriteEvenAStickyOne) {
    const std::string open = directory("open", 0777), sticky = directory("sticky", 01777);
    for (const std::string &at : {open, sticky}) {
        install(at, "p.so", plugin_file(manifest_of("p")));
        const Catalog catalog = Catalog::scan({{at, true}}, {});
        EXPECT_TRUE(catalog.plugins().empty()) << at;
        expect_refused(catalog, at, {"not writable"});
    }
}

TEST_F(CatalogTest, ChecksParentsUnlessTheOperatorNamedTheDirectory) {
    directory("parent", 0777);
    const std::string at = directory("parent/d");
    install(at, "p.so", plugin_file(manifest_of("p")));
    EXPECT_TRUE(Catalog::scan({{at, false}}, {}).plugins().empty());
    EXPECT_EQ(Catalog::scan({{at, true}}, {}).plugins().size(), 1U);
}

TEST_F(CatalogTest, RefusesWhatBelongsToSomebodyElse) {
    const std::string at = directory("d"), file = install(at, "p.so", plugin_file(manifest_of("p")));
    if (::chown(file.c_str(), 12345, 12345) != 0) GTEST_SKIP() << "only root can give a file away";
    expect_refused(Catalog::scan({{at, true}}, {}), file, {"12345", "owner"});
}

TEST(Trust, IsRootOrTheEffectiveUserAndNobodyElse) {
    EXPECT_TRUE(sys::check_trust("/x", 0100755, 0, false).ok());
    EXPECT_TRUE(sys::check_trust("/x", 0100755, ::geteuid(), false).ok());
    EXPECT_FALSE(sys::check_trust("/x", 0100755, ::geteuid() + 1, false).ok());
    EXPECT_FALSE(sys::check_trust("/x", 0100775, 0, false).ok());
    EXPECT_FALSE(sys::check_trust("/x", 041777, 0, false).ok());
    EXPECT_TRUE(sys::check_trust("/x", 041777, 0, true).ok());
    EXPECT_FALSE(sys::check_trust("/x", 040777, 0, true).ok());
}

TEST_F(CatalogTest, RefusesBothOfTwoFilesWithOneId) {
    const std::string at = directory("d");
    const std::string first = install(at, "a.so", plugin_file(manifest_of("same"))),
                      second = install(at, "b.so", plugin_file(manifest_of("same")));
    const Catalog catalog = Catalog::scan({{at, false}}, {});
    EXPECT_EQ(catalog.find("same"), nullptr);
    expect_refused(catalog, first, {"same", "b.so"});
    expect_refused(catalog, second, {"same", "a.so"});
}

TEST_F(CatalogTest, AnOverrideWinsOverAnInstalledPlugin) {
    const std::string mine = directory("mine"), installed = directory("installed");
    const std::string wanted = install(mine, "p.so", plugin_file(manifest_of("p")));
    install(installed, "p.so", plugin_file(manifest_of("p")));
    const Catalog catalog = Catalog::scan({{mine, true}, {installed, false}}, {});
    ASSERT_NE(catalog.find("p"), nullptr);
    EXPECT_EQ(catalog.find("p")->path, wanted);
    EXPECT_TRUE(catalog.refused().empty());
}

TEST_F(CatalogTest, APinnedFileMustHaveItsDigest) {
    const std::string at = directory("d"), file = install(at, "p.so", plugin_file(manifest_of("p")));
    const Catalog catalog = Catalog::scan({{at, false}}, {{"p", std::string(64, '0')}});
    expect_refused(catalog, file, {"sha256", "pins/p", "got "});
    // The digest stands in the message: pinning that one lets the file in.
    const std::string text = catalog.refused().at(0).error.text(), digest = text.substr(text.rfind("got ") + 4, 64);
    EXPECT_EQ(Catalog::scan({{at, false}}, {{"p", digest}}).plugins().size(), 1U);
}

TEST_F(CatalogTest, RefusesWhatIsNoPluginAndGoesOn) {
    const std::string at = directory("d");
    const std::string text = install(at, "a.so", "not ELF"), bad = install(at, "b.so", plugin_file("{}")),
                      dir = directory("d/c.so");
    install(at, "z.so", plugin_file(manifest_of("good")));
    const Catalog catalog = Catalog::scan({{at, false}}, {});
    EXPECT_EQ(catalog.plugins().size(), 1U);
    expect_refused(catalog, text, {"ELF"});
    expect_refused(catalog, bad, {"abi", "expected 1"});
    expect_refused(catalog, dir, {"a regular file"});
}

TEST_F(CatalogTest, AMissingDirectoryIsEmptyButANamedOneMustExist) {
    EXPECT_TRUE(Catalog::scan({{root + "/nothing", false}}, {}).refused().empty());
    expect_refused(Catalog::scan({{root + "/nothing", true}}, {}), root + "/nothing", {"ENOENT"});
}

TEST_F(CatalogTest, ASharedKindIsNobodyElses) {
    const std::string at = directory("d");
    const auto with_kind = [](const std::string &id, bool shared) {
        return R"({"id": ")" + id +
               R"(", "version": "1", "abi": 1, "kinds": {"mount.bind": "child"}, "shares_kinds": )" +
               (shared ? "true}" : "false}");
    };
    const std::string bad = install(at, "a.so", plugin_file(with_kind("other", false)));
    install(at, "b.so", plugin_file(with_kind("kinds", true)));
    const std::string second = install(at, "c.so", plugin_file(with_kind("more", true)));
    install(at, "d.so", plugin_file(manifest_of("without")));
    const Catalog catalog = Catalog::scan({{at, false}}, {});
    expect_refused(catalog, bad, {"kinds/mount.bind", "kinds shares one"});
    expect_refused(catalog, second, {"kinds/mount.bind", "kinds shares one"});
    ASSERT_EQ(catalog.sharers().size(), 1U);
    EXPECT_EQ(catalog.sharers()[0]->manifest.id, "kinds");
    EXPECT_EQ(catalog.plugins().size(), 2U);
}

} // namespace
