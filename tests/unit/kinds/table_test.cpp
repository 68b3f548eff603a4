// SPDX-License-Identifier: MIT
#include "host_double.hpp"
#include "kinds/kinds.hpp"

#include <gtest/gtest.h>
#include <set>

namespace {

TEST(Kinds, EveryKindIsCompleteAndNamedOnce) {
    std::set<std::string> names;
    for (const auto *const *each = core::kinds::all(); *each != nullptr; ++each) {
        const ctr_step_kind &kind = **each;
        EXPECT_EQ(kind.size, sizeof(ctr_step_kind));
        EXPECT_TRUE(names.insert(kind.name).second) << kind.name;
        EXPECT_NE(kind.shell, nullptr) << kind.name;
        EXPECT_EQ(kind.apply == nullptr, kind.process == CTR_PROCESS_CLONE) << kind.name;
        EXPECT_EQ(kind.undo == nullptr, kind.shell_undo == nullptr) << kind.name;
        EXPECT_TRUE(kind.undo == nullptr || kind.process == CTR_PROCESS_PARENT) << kind.name;
    }
    EXPECT_EQ(names.size(), 41u);
}

TEST(Kinds, ShellQuotesWhatTheShellWouldRead) {
    host_double::reset();
    EXPECT_EQ(host_double::shell("root.symlink", {"target=/a b", "to=it's"}), "ln -sfn 'it'\\''s' \"$root\"'/a b'\n");
    EXPECT_EQ(host_double::shell("mount.new", {"target=/proc", "type=proc", "options=ro", "options=nosuid"}),
              "mkdir -p \"$root/proc\"\nmount -t proc -o ro,nosuid proc \"$root/proc\"\n");
    EXPECT_EQ(host_double::shell("umask", {"mask=18"}), "umask 0022\n");
}

TEST(Kinds, ShellPutsValueMarksInDoubleQuotes) {
    host_double::reset();
    EXPECT_EQ(host_double::shell("root.symlink", {"target=/x", "to=a \x01v\x02"}),
              "ln -sfn \"a \x01v\x02\" \"$root/x\"\n");
}

} // namespace
