// SPDX-License-Identifier: MIT
#include "steps.hpp"

#include <gtest/gtest.h>
#include <set>

namespace {

TEST(Kinds, EveryKindIsCompleteAndNamedOnce) {
    std::set<std::string> names;
    for (const auto *const *each = ctr_plugin_entry_v1.kinds; *each != nullptr; ++each) {
        const ctr_step_kind &kind = **each;
        EXPECT_EQ(kind.size, sizeof(ctr_step_kind));
        EXPECT_TRUE(names.insert(kind.name).second) << kind.name;
        EXPECT_NE(kind.shell, nullptr) << kind.name;
        EXPECT_EQ(kind.apply == nullptr, kind.process == CTR_PROCESS_CLONE) << kind.name;
        EXPECT_EQ(kind.undo == nullptr, kind.shell_undo == nullptr) << kind.name;
        EXPECT_TRUE(kind.undo == nullptr || kind.process == CTR_PROCESS_PARENT) << kind.name;
    }
    EXPECT_EQ(names.size(), 43u);
}

TEST(Kinds, ShellQuotesWhatTheShellWouldRead) {
    steps::reset();
    EXPECT_EQ(steps::shell("root.symlink", {"target=/a b", "to=it's"}), "ln -sfn 'it'\\''s' \"$root\"'/a b'\n");
    EXPECT_EQ(steps::shell("mount.new", {"target=/proc", "type=proc", "options=ro", "options=nosuid"}),
              "mkdir -p \"$root/proc\"\nmount -t proc -o ro,nosuid proc \"$root/proc\"\n");
    EXPECT_EQ(steps::shell("umask", {"mask=18"}), "umask 0022\n");
}

TEST(Kinds, ShellSaysEachTarget) {
    steps::reset();
    EXPECT_EQ(steps::shell("ns.new", {"type=mount", "type=network"}), "# unshare --mount --net\n");
    EXPECT_EQ(steps::shell("root.mknod", {"type=c", "target=/dev/null", "major=1", "minor=3", "target=/dev/tty",
                                          "major=5", "minor=0", "uid=7", "gid=8"}),
              "mknod -m 0666 \"$root/dev/null\" c 1 3\nchown -h 7:8 \"$root/dev/null\"\n"
              "mknod -m 0666 \"$root/dev/tty\" c 5 0\nchown -h 7:8 \"$root/dev/tty\"\n");
    EXPECT_EQ(steps::shell("root.symlink", {"target=/a", "to=x", "target=/b", "to=y"}),
              "ln -sfn x \"$root/a\"\nln -sfn y \"$root/b\"\n");
    EXPECT_EQ(steps::shell("mount.readonly", {"target=/a", "target=/b", "missing_ok=0"}),
              "mount --rbind \"$root/a\" \"$root/a\" && mount -o remount,bind,ro \"$root/a\"\n"
              "mount --rbind \"$root/b\" \"$root/b\" && mount -o remount,bind,ro \"$root/b\"\n");
    EXPECT_EQ(
        steps::shell("mount.bind", {"source=/s", "target=/a", "source=/t", "target=/b", "create=no", "options=ro"}),
        "mount --bind /s \"$root/a\"\nmount -o remount,bind,rw,suid,dev,exec,ro \"$root/a\"\n"
        "mount --bind /t \"$root/b\"\nmount -o remount,bind,rw,suid,dev,exec,ro \"$root/b\"\n");
}

TEST(Kinds, ShellPutsValueMarksInDoubleQuotes) {
    steps::reset();
    EXPECT_EQ(steps::shell("root.symlink", {"target=/x", "to=a \x01v\x02"}), "ln -sfn \"a ${v}\" \"$root/x\"\n");
}

} // namespace
