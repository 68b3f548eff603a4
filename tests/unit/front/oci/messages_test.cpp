// SPDX-License-Identifier: MIT
//
// The words by which engines tell why a program did not start (docs/engines.md): from the error's fields, never from
// its text.
#include "front/oci/app.hpp"

#include <gtest/gtest.h>

namespace {

using namespace core;
using oci::message_for_engines;

Error of_step(const char *plugin, const char *kind, int errno_value, std::string path = {}) {
    Error error{.errno_value = errno_value, .syscall = "execve", .path = std::move(path)};
    error.step = {.plugin = plugin, .kind = kind, .phase = CTR_CONFINE};
    return std::move(error).in("step 9");
}

TEST(MessageForEngines, SaysWhyTheProgramDidNotStart) {
    for (const char *kind : {"gate", "execve"}) {
        EXPECT_EQ(message_for_engines(of_step("core", kind, ENOENT), "sh")
                      .find("unable to start container process: exec: \"sh\": executable file not found in $PATH: "),
                  0U);
        EXPECT_EQ(message_for_engines(of_step("core", kind, ENOENT), "/bin/sh")
                      .find("unable to start container process: exec: \"/bin/sh\": no such file or directory: "),
                  0U);
        EXPECT_EQ(message_for_engines(of_step("core", kind, EACCES), "/x")
                      .find("unable to start container process: exec: \"/x\": permission denied: "),
                  0U);
        EXPECT_EQ(message_for_engines(of_step("core", kind, ENOEXEC), "/x")
                      .find("unable to start container process: exec: \"/x\": exec format error: "),
                  0U);
    }
}

TEST(MessageForEngines, OfAPluginsStepAreNotTheProgramsWords) {
    // A third party's kind may have any name, and its text any words.
    EXPECT_EQ(message_for_engines(of_step("mine", "execve", ENOENT), "sh").find("step 9: execve: "), 0U);
    Error error{.error_class = CTR_E_INVALID, .message = "(execve of core) (cwd.set of me) (oci_hook.run"};
    EXPECT_EQ(message_for_engines(error, "sh"), error.text());
}

TEST(MessageForEngines, NamesTheDirectoryAndTheHook) {
    EXPECT_EQ(
        message_for_engines(of_step("process", "cwd.set", ENOENT, "/work"), "sh")
            .find("unable to start container process: chdir to cwd (\"/work\") set in config.json failed: no such "
                  "file or directory: "),
        0U);
    EXPECT_EQ(message_for_engines(of_step("hooks", "oci_hook.run", ENOENT, "/hooks/prestart/2: /bin/hook"), "sh")
                  .find("error running prestart hook #2: "),
              0U);
    // What is wrong with the description of a hook is no failed hook.
    const Error wrong = invalid("/hooks/prestart/2/path", "is no absolute path");
    EXPECT_EQ(message_for_engines(wrong, "sh"), wrong.text());
}

} // namespace
