/* SPDX-License-Identifier: MIT
 *
 * The executable. It only loads libctr-core.so, so that a container's first process can let go of it
 * (core/sys/own_executable.hpp).
 *
 * It looks for the library itself: beside the executable (PREFIX/bin, PREFIX/lib/ctr), then in the prefix that it was
 * built for. So a copy of the executable alone still finds its installation. If there is none, it says where it looked.
 * It looks nowhere else, because the library's code runs as the caller, often root: neither the environment nor the
 * working directory counts, nor a place beside the executable that others could have made (a copy in /tmp looks in
 * /lib and /tmp/lib). */
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define LIBRARY "/lib/ctr/libctr-core.so"

/* Where the library may be, and why it is not loaded from there. */
struct place {
    char path[4096 + sizeof LIBRARY];
    char problem[256];
};

static void *open_library(struct place *place) {
    void *library = dlopen(place->path, RTLD_NOW | RTLD_LOCAL);
    if (library == NULL) snprintf(place->problem, sizeof place->problem, "%s", dlerror());
    return library;
}

/* True if root, the caller or the owner of the executable owns the file, and nobody else can write to it. */
static int is_trusted(const struct stat *st) {
    struct stat own;
    if ((st->st_mode & (S_IWGRP | S_IWOTH)) != 0) return 0;
    if (st->st_uid == 0 || st->st_uid == geteuid()) return 1;
    return stat("/proc/self/exe", &own) == 0 && own.st_uid == st->st_uid;
}

/* Checks PREFIX, PREFIX/lib, PREFIX/lib/ctr and the library. */
static int may_open(struct place *place, size_t prefix) {
    static const size_t ends[] = {0, sizeof "/lib" - 1, sizeof "/lib/ctr" - 1, sizeof LIBRARY - 1};
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; ++i) {
        struct stat st;
        char *end = place->path + prefix + ends[i];
        const char kept = *end;
        *end = '\0';
        const int wrong = *place->path == '\0' ? 0 : stat(place->path, &st) != 0 ? errno : is_trusted(&st) ? 0 : EPERM;
        if (wrong == EPERM)
            snprintf(place->problem, sizeof place->problem, "not used: %.200s is not root's or yours alone",
                     place->path);
        else if (wrong != 0)
            snprintf(place->problem, sizeof place->problem, "%s", strerror(wrong));
        *end = kept;
        if (wrong != 0) return 0;
    }
    return 1;
}

/* Opens PREFIX/lib/ctr/libctr-core.so if this is PREFIX/bin/ctr. */
static void *open_beside(struct place *place) {
    const ssize_t length = readlink("/proc/self/exe", place->path, 4096);
    if (length <= 0 || length >= 4096) {
        strcpy(place->path, "beside the program");
        snprintf(place->problem, sizeof place->problem, "/proc/self/exe cannot be read: %s (is /proc mounted?)",
                 length < 0 ? strerror(errno) : "too long");
        return NULL;
    }
    size_t prefix = (size_t)length;
    for (int i = 0; i < 2; ++i)
        while (prefix > 0 && place->path[--prefix] != '/') {
        }
    strcpy(place->path + prefix, LIBRARY);
    return may_open(place, prefix) ? open_library(place) : NULL;
}

/* A plugin that calls _exit() comes here, because the executable's symbols come before the C library's. The library's
 * check reports it. */
static void (*check_exit)(void) = NULL;

void _exit(int status) {
    if (check_exit != NULL) check_exit();
    for (;;)
        syscall(SYS_exit_group, status);
}

void _Exit(int status) { _exit(status); }

int main(int argc, char **argv) {
    /* Not on the stack, whose size a caller may have limited. */
    static struct place beside = {"", ""}, installed = {CTR_PREFIX LIBRARY, ""};
    void *library = open_beside(&beside);
    if (library == NULL) library = open_library(&installed);
    int (*run)(int, char **) = NULL;
    if (library != NULL) *(void **)&run = dlsym(library, "ctr_main");
    if (library != NULL) *(void **)&check_exit = dlsym(library, "ctr_check_exit"); /* none in a build with sanitizers */
    if (run != NULL) return run(argc, argv);
    fprintf(stderr,
            "ctr: %s: its library libctr-core.so was not found\n"
            "  looked for %s: %s\n"
            "  looked for %s: %s\n"
            "  hint: run the program where it was installed, or install it (cmake --install)\n",
            argc > 0 ? argv[0] : "", beside.path, beside.problem, installed.path,
            library != NULL ? "it has no ctr_main" : installed.problem);
    return 127;
}
