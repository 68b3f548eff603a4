// SPDX-License-Identifier: MIT
#include "sys/spawn.hpp"

#include "base/fd.hpp"
#include "sys/files.hpp"

#include <fcntl.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

namespace core::sys {
namespace {

std::string find_program(const std::string &name) {
    if (name.find('/') != std::string::npos) return name;
    for (const char *directory : {"/usr/local/sbin/", "/usr/local/bin/", "/usr/sbin/", "/usr/bin/", "/sbin/", "/bin/"})
        if (::access((directory + name).c_str(), X_OK) == 0) return directory + name;
    return {};
}

std::string read_errors(int fd) {
    std::string text;
    char buffer[1024];
    for (ssize_t n; (n = ::read(fd, buffer, sizeof buffer)) > 0;)
        if (text.size() < 4096) text.append(buffer, static_cast<std::size_t>(n));
    while (!text.empty() && text.back() == '\n')
        text.pop_back();
    return text;
}

} // namespace

Result<Ran> run_program(const std::vector<std::string> &argv, bool keep_output) {
    const std::string path = find_program(argv[0]);
    if (path.empty()) return failure(ErrorClass::not_found, argv[0] + " is not installed");
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) return system_error("pipe2");
    Fd reading(ends[0]), writing(ends[1]);

    std::vector<char *> words;
    for (const auto &word : argv)
        words.push_back(const_cast<char *>(word.c_str()));
    words.push_back(nullptr);
    char path_variable[] = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
    char *environment[] = {path_variable, nullptr};
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    // A file in memory, not a second pipe: nobody has to read it while the program runs.
    const Fd output(keep_output ? ::memfd_create("output", MFD_CLOEXEC) : -1);
    if (output.valid())
        posix_spawn_file_actions_adddup2(&actions, output.get(), 1);
    else
        posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, writing.get(), 2);
    pid_t pid = -1;
    const int wrong = ::posix_spawn(&pid, path.c_str(), &actions, nullptr, words.data(), environment);
    posix_spawn_file_actions_destroy(&actions);
    if (wrong != 0) return errno = wrong, system_error("posix_spawn", path);

    writing.reset();
    Ran ran;
    ran.errors = read_errors(reading.get());
    int status = 0;
    while (::waitpid(pid, &status, 0) < 0)
        if (errno != EINTR) return system_error("waitpid", path);
    if (!WIFEXITED(status)) return failure(ErrorClass::system, path + " was killed", ran.errors);
    ran.status = WEXITSTATUS(status);
    if (output.valid()) {
        ::lseek(output.get(), 0, SEEK_SET);
        CTR_ASSIGN(ran.output, read_fd(output.get(), path, std::size_t{16} << 20));
    }
    return ran;
}

} // namespace core::sys
