/* SPDX-License-Identifier: MIT
 *
 * Runs inside containers. `probe WORD...` does what the first word says; a system call that fails prints its errno's
 * name-free number and gives status 1. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

static int say(long result) {
    if (result >= 0) {
        puts("ok");
        return 0;
    }
    printf("errno %d\n", errno);
    return 1;
}

/* Takes memory and touches it, until killed. */
static int hog(size_t megabytes) {
    for (size_t i = 0; i < megabytes; ++i) {
        char *block = malloc((size_t)1 << 20);
        if (block == NULL) return say(-1);
        memset(block, (int)i, (size_t)1 << 20);
    }
    return say(0);
}

/* Forks until it is refused; prints how many there were. */
static int forks(int most) {
    int n = 0;
    for (; n < most; ++n) {
        const pid_t pid = fork();
        if (pid == 0) {
            pause();
            _exit(0);
        }
        if (pid < 0) break;
    }
    printf("forks %d errno %d\n", n, n < most ? errno : 0);
    fflush(stdout);
    return 0;
}

static void on_term(int number) {
    (void)number;
    static const char text[] = "got SIGTERM\n";
    if (write(1, text, sizeof text - 1) < 0) _exit(2);
    _exit(42);
}

int main(int argc, char **argv) {
    const char *what = argc > 1 ? argv[1] : "";
    if (strcmp(what, "unshare") == 0) return say(unshare(CLONE_NEWNS));
    if (strcmp(what, "userns") == 0) return say(unshare(CLONE_NEWUSER));
    if (strcmp(what, "mount") == 0) return say(mount("none", "/tmp", "tmpfs", 0, NULL));
    if (strcmp(what, "keyctl") == 0) return say(syscall(SYS_keyctl, 0, -3, 0, 0, 0));
    if (strcmp(what, "bpf") == 0) return say(syscall(SYS_bpf, 0, NULL, 0));
    if (strcmp(what, "reboot") == 0)
        return say(syscall(SYS_reboot, 0, 0, 0, NULL)); /* wrong magic numbers: EINVAL at most */
    if (strcmp(what, "sethostname") == 0) return say(sethostname("evil", 4));
    if (strcmp(what, "tiocsti") == 0) return say(ioctl(0, TIOCSTI, "x"));
    if (strcmp(what, "mknod") == 0) { /* a node of the first disk-like device: making it, opening it */
        const char *path = "/tmp/node";
        if (mknod(path, S_IFBLK | 0600, makedev(7, 0)) != 0) return say(-1);
        const int opened = open(path, O_RDONLY);
        const int saved = errno;
        unlink(path);
        errno = saved;
        return say(opened);
    }
    if (strcmp(what, "hog") == 0) return hog((size_t)atoi(argv[2]));
    if (strcmp(what, "forks") == 0) return forks(atoi(argv[2]));
    if (strcmp(what, "on-term") == 0) {
        signal(SIGTERM, on_term);
        puts("ready");
        fflush(stdout);
        for (;;)
            pause();
    }
    if (strcmp(what, "tty") == 0) {
        struct winsize size = {0, 0, 0, 0};
        const int got = ioctl(0, TIOCGWINSZ, &size);
        printf("tty %d size %dx%d name %s\n", isatty(0), got == 0 ? size.ws_col : 0, got == 0 ? size.ws_row : 0,
               isatty(0) ? ttyname(0) : "-");
        return 0;
    }
    if (strcmp(what, "stat") == 0) { /* mode, owner, size, time of change of each file */
        for (int i = 2; i < argc; ++i) {
            struct stat st;
            if (lstat(argv[i], &st) != 0) return say(-1);
            printf("%s %o %u:%u %ld\n", argv[i], st.st_mode, st.st_uid, st.st_gid, (long)st.st_mtime);
        }
        return 0;
    }
    if (strcmp(what, "xattr") == 0) { /* FILE NAME */
        char value[256];
        const ssize_t size = lgetxattr(argv[2], argv[3], value, sizeof value - 1);
        if (size < 0) return say(-1);
        printf("%.*s\n", (int)size, value);
        return 0;
    }
    if (strcmp(what, "mempolicy") == 0) {
        int mode = -1;
        unsigned long nodes[16] = {0};
        if (syscall(SYS_get_mempolicy, &mode, nodes, sizeof nodes * 8, NULL, 0) != 0) return say(-1);
        printf("mode %x nodes %lx\n", (unsigned)mode, nodes[0]);
        return 0;
    }
    if (strcmp(what, "notify") == 0) { /* sd_notify(3): one datagram, a line for each word */
        struct sockaddr_un to = {.sun_family = AF_UNIX};
        char text[1024] = "";
        const char *path = getenv("NOTIFY_SOCKET");
        if (path == NULL) return 3;
        snprintf(to.sun_path, sizeof to.sun_path, "%s", path);
        for (int i = 2; i < argc; ++i)
            snprintf(text + strlen(text), sizeof text - strlen(text), "%s\n", argv[i]);
        const int fd = socket(AF_UNIX, SOCK_DGRAM, 0);
        return say(sendto(fd, text, strlen(text), 0, (const struct sockaddr *)&to, sizeof to) < 0 ? -1 : 0);
    }
    if (strcmp(what, "mkdir") == 0) return say(mkdir(argv[2], 0755));
    if (strcmp(what, "scheduler") == 0) {
        printf("policy %d\n", sched_getscheduler(0));
        return 0;
    }
    if (strcmp(what, "ioprio") == 0) {
        printf("ioprio %lx\n", syscall(SYS_ioprio_get, 1, 0));
        return 0;
    }
    if (strcmp(what, "personality") == 0) {
        printf("personality %lx\n", syscall(SYS_personality, 0xffffffffUL));
        return 0;
    }
    if (strcmp(what, "fds") == 0) { /* open descriptors above stderr */
        for (int fd = 3; fd < 1024; ++fd)
            if (fcntl(fd, F_GETFD) >= 0) printf("%d\n", fd);
        return 0;
    }
    fprintf(stderr, "probe: unknown word %s\n", what);
    return 99;
}
