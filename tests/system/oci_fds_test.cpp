// SPDX-License-Identifier: MIT
//
// ctr-oci: which descriptors reach the program: 0 to 2, those of --preserve-fds and of socket activation, and no other.
#include "fixture/oci.hpp"

#include <cstdlib>
#include <fcntl.h>
#include <unistd.h>

using namespace fixture;

namespace {

class OciFds : public OciTest {
protected:
    /// ctr-oci called by a shell that opens descriptors first.
    Ran with(const std::string &redirections, const Words &words, const std::string &variables = {}) const {
        std::string script = variables + " exec";
        for (const std::string &word : oci_words(words))
            script += " '" + word + "'";
        return command({"/bin/bash", "-c", script + " " + redirections});
    }
    std::string file = box.dir() + "/some-file";

    void SetUp() override {
        write_text(file, "content\n");
        OciTest::SetUp();
    }
};

} // namespace

TEST_F(OciFds, NoOtherDescriptorReachesTheProgram) {
    const Bundle probe = bundle("one", "exec probe fds");
    probe.write();
    const Ran ran = with("3<" + file + " 7<" + file + " 200<" + file, {"run", "-b", probe.dir, "one"});
    EXPECT_STATUS(ran, 0);
    EXPECT_EQ(ran.out, "");
    start("one", "sleep 1000");
    const Ran execed = with("3<" + file + " 7<" + file, {"exec", "one", "/bin/probe", "fds"});
    EXPECT_STATUS(execed, 0);
    EXPECT_EQ(execed.out, "");
    // And of a program started by another process than its creator.
    start("two", "exec probe fds > /out/text");
    EXPECT_TRUE(becomes("two", "stopped"));
    EXPECT_EQ(out(), "");
    remove("one");
    remove("two");
}

TEST_F(OciFds, PreservedOnesArePassedOn) {
    const Bundle probe = bundle("one", "probe fds; cat <&4");
    probe.write();
    const Ran ran =
        with("3<" + file + " 4<" + file + " 5<" + file, {"run", "--preserve-fds", "2", "-b", probe.dir, "one"});
    EXPECT_STATUS(ran, 0);
    EXPECT_EQ(ran.out, "3\n4\ncontent\n");
    start("one", "sleep 1000");
    const Ran execed = with("3<" + file + " 4<" + file, {"exec", "--preserve-fds", "1", "one", "/bin/probe", "fds"});
    EXPECT_STATUS(execed, 0);
    EXPECT_EQ(execed.out, "3\n");
    remove("one");
}

TEST_F(OciFds, TheySurviveUntilStart) {
    const Bundle probe = bundle("one", "cat <&3 > /out/text");
    probe.write();
    ASSERT_STATUS(with("3<" + file, {"create", "--preserve-fds", "1", "-b", probe.dir, "one"}), 0);
    ASSERT_STATUS(oci({"start", "one"}), 0);
    EXPECT_TRUE(wrote("content\n"));
    remove("one");
}

TEST_F(OciFds, AMissingOneIsAnError) {
    const Bundle probe = bundle("one", "true");
    probe.write();
    EXPECT_REFUSED(with("3<" + file + " 4<&-", {"run", "--preserve-fds", "2", "-b", probe.dir, "one"}), "4");
    for (const char *wrong : {"-1", "x", "1x", "", "4294967297", "99999"})
        EXPECT_REFUSED(oci({"run", "--preserve-fds", wrong, "-b", probe.dir, "one"}), "--preserve-fds");
}

TEST_F(OciFds, SocketActivation) {
    const Bundle probe = bundle("one", "probe fds; echo $LISTEN_FDS $LISTEN_PID $$");
    probe.write();
    const Ran ran =
        with("3<" + file + " 4<" + file + " 5<" + file, {"run", "-b", probe.dir, "one"}, "LISTEN_PID=$$ LISTEN_FDS=2");
    EXPECT_STATUS(ran, 0);
    EXPECT_EQ(ran.out, "3\n4\n2 1 1\n");
    const Ran both = with("3<" + file + " 4<" + file + " 5<" + file + " 6<" + file,
                          {"run", "--preserve-fds", "1", "-b", probe.dir, "one"}, "LISTEN_PID=$$ LISTEN_FDS=2");
    EXPECT_EQ(both.out, "3\n4\n5\n2 1 1\n");
    const Ran none = with("3<" + file, {"run", "-b", probe.dir, "one"}, "LISTEN_PID=$$ LISTEN_FDS=0");
    EXPECT_EQ(none.out, "1\n");
}

TEST_F(OciFds, SocketActivationOfAnotherProcessIsNotOurs) {
    const Bundle probe = bundle("one", "probe fds; echo $LISTEN_FDS $LISTEN_PID");
    probe.write();
    // Somebody else's, nobody's, none at all: with the descriptors open, and with them closed.
    for (const char *variables : {"LISTEN_PID=1 LISTEN_FDS=1", "LISTEN_PID=x LISTEN_FDS=1", "LISTEN_PID= LISTEN_FDS=1",
                                  "LISTEN_PID=$$ LISTEN_FDS=x", "LISTEN_PID=$$ LISTEN_FDS=-1"})
        for (const std::string &redirection : {"3<" + file, std::string("3<&-")}) {
            const Ran ran = with(redirection, {"run", "-b", probe.dir, "one"}, variables);
            EXPECT_STATUS(ran, 0) << variables;
            EXPECT_EQ(ran.out, "\n") << variables;
        }
    const Ran nobodys = with("3<" + file, {"run", "-b", probe.dir, "one"}, "LISTEN_FDS=1");
    EXPECT_STATUS(nobodys, 0);
    EXPECT_EQ(nobodys.out, "\n");
    EXPECT_REFUSED(with("3<&-", {"run", "-b", probe.dir, "one"}, "LISTEN_FDS=1"), "descriptor 3 is not open");
    EXPECT_REFUSED(with("3<" + file, {"run", "-b", probe.dir, "one"}, "LISTEN_PID=$$ LISTEN_FDS=4294967295"),
                   "LISTEN_FDS");
}

TEST_F(OciFds, ClosedStandardDescriptorsHarmNobody) {
    // Something of ctr-oci's own must not get the number 0, 1 or 2 and reach the program as its standard output.
    const Bundle probe = bundle(
        "one", "readlink /proc/self/fd/0 > /out/text; readlink /proc/self/fd/2 >> /out/text; probe fds >> /out/text");
    probe.write();
    with("0<&- 2>&-", {"run", "-b", probe.dir, "one"});
    for (const std::string &line : lines_of(out()))
        EXPECT_EQ(line, "/dev/null");
}
