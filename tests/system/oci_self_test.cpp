// SPDX-License-Identifier: MIT
//
// The machine's ctr is out of the container's reach (CVE-2019-5736, CVE-2022-0847): /proc/PID/exe of a process that is
// not yet the program is an empty file in memory, and "#!/proc/self/exe" runs nothing.
#include "fixture/oci.hpp"

#include <filesystem>
#include <sys/stat.h>
#include <unistd.h>

using namespace fixture;

namespace {

class OciSelf : public OciTest {
protected:
    /// A program of the container whose interpreter is whatever starts it.
    std::string plant(Bundle &bundle) const {
        const std::string file = bundle.own_root() + "/bin/evil";
        write_text(file, "#!/proc/self/exe\n");
        ::chmod(file.c_str(), 0755);
        return "/bin/evil";
    }
};

} // namespace

TEST_F(OciSelf, AProgramCannotNameItselfAsItsInterpreter) {
    Bundle evil = bundle("one", "true");
    evil.program({plant(evil)});
    const Ran ran = run(evil);
    EXPECT_REFUSED(ran, "Exec format error");
    evil.program({"/proc/self/exe"});
    EXPECT_EQ(run(evil).status, 1);
}

TEST_F(OciSelf, AContainerThatWaitsAtItsGateShowsNothingOfCtr) {
    create("one", "true");
    const std::string exe = "/proc/" + std::to_string(state("one")["pid"].get<int>()) + "/exe";
    EXPECT_EQ(command({"readlink", exe}).out, "/memfd:ctr (deleted)\n");
    struct stat seen {
    }, own{};
    ASSERT_EQ(::stat(exe.c_str(), &seen), 0);
    ASSERT_EQ(::stat(CTR_BUILD_DIR "/bin/ctr", &own), 0);
    EXPECT_FALSE(seen.st_dev == own.st_dev && seen.st_ino == own.st_ino);
    EXPECT_EQ(seen.st_size, 0);
    // Nor is the file of ctr mapped any more.
    EXPECT_EQ(
        command({"grep", "-c", "/bin/ctr$", "/proc/" + std::to_string(state("one")["pid"].get<int>()) + "/maps"}).out,
        "0\n");
    remove("one");
}

TEST_F(OciSelf, ExecOfTheOwnExecutableRunsNothing) {
    Bundle evil = bundle("one", "sleep 1000");
    const std::string program = plant(evil);
    start("one", evil);
    EXPECT_STATUS(oci({"exec", "one", program}), 255);
    EXPECT_STATUS(oci({"exec", "one", "/proc/self/exe"}), 255);
    remove("one");
}

TEST_F(OciSelf, NothingIsLoadedFromTheWorkingDirectory) {
    // An empty element of an executable's RUNPATH is the working directory: a bundle with a libc.so.6 of its own would
    // be root.
    const std::string here = box.dir() + "/libraries";
    std::filesystem::create_directories(here);
    for (const char *name : {"libc.so.6", "libctr-core.so", "ld-linux-x86-64.so.2"})
        write_text(here + "/" + name, "not a library\n");
    const Ran ran = command({"env", "-C", here, CTR_BUILD_DIR "/bin/ctr-oci", "--version"});
    EXPECT_STATUS(ran, 0) << ran.err;
    EXPECT_EQ(ran.err, "");
}
