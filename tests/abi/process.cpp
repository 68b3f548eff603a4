// SPDX-License-Identifier: MIT
#include "process.hpp"

#include <cstdlib>
#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

namespace sdk_test {
namespace {

/// Files and not pipes: nobody has to read both at once.
struct Capture {
    Capture() {
        char name[] = "/tmp/ctr-abi-XXXXXX";
        fd = ::mkstemp(name);
        if (fd >= 0) ::unlink(name);
    }
    ~Capture() { ::close(fd); }
    std::string text() const {
        std::string all;
        char part[4096];
        ::lseek(fd, 0, SEEK_SET);
        for (ssize_t n; (n = ::read(fd, part, sizeof part)) > 0;)
            all.append(part, static_cast<std::size_t>(n));
        return all;
    }
    int fd;
};

} // namespace

Outcome run(const std::vector<std::string> &command) {
    const Capture out, err;
    posix_spawn_file_actions_t files;
    ::posix_spawn_file_actions_init(&files);
    ::posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0);
    ::posix_spawn_file_actions_adddup2(&files, out.fd, 1);
    ::posix_spawn_file_actions_adddup2(&files, err.fd, 2);
    std::vector<char *> argv;
    for (const std::string &word : command)
        argv.push_back(const_cast<char *>(word.c_str()));
    argv.push_back(nullptr);
    pid_t pid = -1;
    const int failed = ::posix_spawnp(&pid, argv[0], &files, nullptr, argv.data(), environ);
    ::posix_spawn_file_actions_destroy(&files);
    Outcome outcome;
    int status = 0;
    if (failed != 0 || ::waitpid(pid, &status, 0) != pid)
        outcome.status = 127;
    else
        outcome.status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    outcome.out = out.text();
    outcome.err = err.text();
    return outcome;
}

} // namespace sdk_test
