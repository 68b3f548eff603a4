// SPDX-License-Identifier: MIT
//
// overlay.mount: mounts the layers and the upper directory. The mount is only a file descriptor until the child
// attaches it.
//
// fsconfig(2) takes strings of 255 bytes, and a layer's name alone has 64. There are three ways to mount many layers,
// and each kernel knows one:
//  - `lowerdir+`, one for each layer (Linux 6.8 and later);
//  - `lowerdir`, then `lowerdir=:NEXT` for each that follows (6.5 to 6.7);
//  - before that overlayfs gets its options as one text of a page, to which fsconfig adds a comma and the next option.
//    There each layer gets a symbolic link of one or two letters in <place>/lower, all of them in one `lowerdir`. What
//    does not fit into 255 bytes goes on in the next option: the comma between the two is made part of a link's name by
//    a backslash before it (names.hpp).
// Such a kernel accepts any key and fails only when the superblock is made. Therefore EINVAL anywhere leads from the
// first way to the third.
//
// All paths are relative, and the data directory is the working directory meanwhile. So neither its length nor a comma,
// colon or backslash in it matters, and /proc/mounts does not show the machine's paths to the container.
#include "mount.hpp"

#include "driver.hpp"
#include "names.hpp"

#include <ctr/cpp/text.hpp>
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

namespace overlay {
namespace {

using ctr::Fd;
using ctr::Result;

/// Changes the working directory for a while. That is safe, because parent steps run in a process with one thread.
class WorkingDirectory {
public:
    explicit WorkingDirectory(const std::string &path) : before_(open(".", O_PATH | O_DIRECTORY | O_CLOEXEC)) {
        entered_ = before_.valid() && chdir(path.c_str()) == 0;
    }
    WorkingDirectory(const WorkingDirectory &) = delete;
    WorkingDirectory &operator=(const WorkingDirectory &) = delete;
    ~WorkingDirectory() {
        const int saved = errno;
        if (entered_ && fchdir(before_.get()) != 0 && chdir("/") != 0) entered_ = false; // all other paths are absolute
        errno = saved;
    }
    bool entered() const { return entered_; }

private:
    Fd before_;
    bool entered_ = false;
};

bool says_unknown(const ctr::Error &error) { return error.message.find("Unknown parameter") != std::string::npos; }

std::string hint_of(const ctr::Error &error) {
    if (says_unknown(error))
        return "this kernel's overlayfs does not know it: look at mount_options of the overlay section in the config";
    switch (error.errno_value) {
    case ENODEV: return "this kernel has no overlayfs (modprobe overlay); --storage btrfs or rootfs works without";
    case E2BIG: return "overlayfs stacks at most 500 layers: squash the image, or use the storage driver btrfs";
    case EPERM: return "mounting needs CAP_SYS_ADMIN";
    case ELOOP: return "overlayfs says ELOOP also when its directories overlap";
    case EINVAL:
        return "the data root's file system must support extended attributes and must not be an overlay itself; dmesg "
               "may say more";
    default: return error.hint;
    }
}

/// One file system context, fsopen(2) to fsmount(2). Each member does nothing after an earlier one failed.
class Context {
public:
    Context() : fd_(fsopen("overlay", FSOPEN_CLOEXEC)) {
        if (!fd_.valid()) fail("fsopen", "overlay");
        set("source", "overlay");
    }
    void set(const char *key, const std::string &value) {
        if (state_.ok() && fsconfig(fd_.get(), FSCONFIG_SET_STRING, key, value.c_str(), 0) != 0)
            fail("fsconfig", std::string(key) + "=" + value);
    }
    void flag(const char *key) {
        if (state_.ok() && fsconfig(fd_.get(), FSCONFIG_SET_FLAG, key, nullptr, 0) != 0) fail("fsconfig", key);
    }
    void set_all(const std::vector<std::string> &options) {
        for (const auto &option : options) {
            const std::size_t equals = option.find('=');
            if (equals == std::string::npos)
                flag(option.c_str());
            else
                set(option.substr(0, equals).c_str(), option.substr(equals + 1));
        }
    }
    Result<Fd> mount() {
        if (state_.ok() && fsconfig(fd_.get(), FSCONFIG_CMD_CREATE, nullptr, nullptr, 0) != 0)
            fail("fsconfig", "create");
        CTR_TRY(state_);
        Fd mounted{fsmount(fd_.get(), FSMOUNT_CLOEXEC, 0)};
        if (!mounted.valid()) fail("fsmount", "overlay");
        CTR_TRY(state_);
        return mounted;
    }

private:
    void fail(const char *syscall, const std::string &subject) {
        ctr::Error error = ctr::system_error(syscall, subject);
        // The context keeps what the file system says, one message a read, "e text" for an error.
        char line[512];
        for (ssize_t n = 0; fd_.valid() && (n = read(fd_.get(), line, sizeof line)) > 0;) {
            std::string_view text(line, static_cast<std::size_t>(n));
            while (text.ends_with('\n'))
                text.remove_suffix(1);
            if (!text.starts_with("e ")) continue;
            if (!error.message.empty()) error.message += "; ";
            error.message += text.substr(2);
        }
        state_ = std::move(error);
    }

    Fd fd_;
    Result<> state_;
};

Result<Fd> mount_with(Context &context, const Stack &stack, const std::string &place) {
    context.set("upperdir", place + stack.upper);
    context.set("workdir", place + "work");
    if (stack.discard) context.flag("volatile");
    context.set_all(stack.options);
    return context.mount();
}

/// One option for each layer: `next` is the key for all but the first, `mark` is put before their values.
Result<Fd> mount_one_by_one(const Stack &stack, const char *first, const char *next, const char *mark) {
    const WorkingDirectory here{stack.dir};
    if (!here.entered()) return ctr::system_error("chdir", stack.dir);
    Context context;
    for (const auto &layer : stack.lower) {
        const bool is_first = &layer == &stack.lower.front();
        context.set(is_first ? first : next, (is_first ? "" : mark) + layer);
    }
    return mount_with(context, stack, stack.place + "/");
}

/// All layers in one text, by links.
Result<Fd> mount_linked(const Stack &stack) {
    const LinkedStack linked = link_stack(stack.lower.size());
    const std::string links = stack.dir + "/" + stack.place + "/lower";
    if (mkdir(links.c_str(), 0700) != 0 && errno != EEXIST) return ctr::system_error("mkdir", links);
    const WorkingDirectory here{links};
    if (!here.entered()) return ctr::system_error("chdir", links);
    for (std::size_t i = 0; i < stack.lower.size(); ++i) {
        const std::string target = "../../../" + stack.lower[i];
        if (symlink(target.c_str(), linked.names[i].c_str()) != 0 && errno != EEXIST)
            return ctr::system_error("symlink", linked.names[i]);
    }
    Context context;
    context.set("lowerdir", linked.pieces.front());
    for (std::size_t i = 1; i < linked.pieces.size(); ++i)
        context.flag(linked.pieces[i].c_str());
    return mount_with(context, stack, "../");
}

Result<Fd> mount_somehow(const Stack &stack) {
    auto mount = mount_one_by_one(stack, "lowerdir+", "lowerdir+", "");
    if (mount.ok()) return mount;
    const ctr::Error first = mount.error();
    if (first.errno_value == EINVAL) mount = mount_linked(stack);
    if (!mount.ok() && stack.lower.size() > 1 && says_unknown(mount.error()))
        mount = mount_one_by_one(stack, "lowerdir", "lowerdir", ":");
    // If the kernel knew the first way, the error of that way is returned.
    const bool knew =
        !first.message.empty() && first.message.find("Unknown parameter 'lowerdir+'") == std::string::npos;
    if (!mount.ok() && knew) return first;
    return mount;
}

} // namespace

Result<Fd> mount_stack(const Stack &stack) {
    const bool too_tall = stack.lower.size() > most_layers;
    auto mount =
        too_tall ? ctr::Error{.errno_value = E2BIG, .syscall = "fsconfig", .path = "lowerdir"} : mount_somehow(stack);
    if (!mount.ok()) mount.error().hint = hint_of(mount.error());
    return mount;
}

namespace {

Stack stack_of(ctr::Run run) {
    return {run.str("dir"), run.strings("lower"),  run.str("container"),
            "upper",        run.strings("option"), run.integer("volatile") != 0};
}

int fail(ctr::Run run, const Stack &stack, ctr::Error error) {
    error.message = "cannot mount the container's root" + (error.message.empty() ? "" : ": " + error.message);
    struct stat status {};
    for (const auto &layer : stack.lower)
        if (const std::string path = stack.dir + "/" + layer;
            error.errno_value == ENOENT && lstat(path.c_str(), &status) != 0)
            return run.fail({.error_class = CTR_E_NOT_FOUND,
                             .message = "a layer of the image is missing",
                             .hint = "import the image again",
                             .errno_value = ENOENT,
                             .syscall = error.syscall,
                             .path = path});
    return run.fail(error);
}

int apply(ctr::Run run) {
    const Stack stack = stack_of(run);
    auto mount = mount_stack(stack);
    return mount.ok() ? run.output_fd("rootfs", mount.value().release()) : fail(run, stack, mount.error());
}

/// mount(8) of Debian 12 hands over one page of options; links keep a tall stack below that.
constexpr std::size_t mount_command_max = 3800;

/// A script cannot hold a detached mount. It mounts on <container>/merged, and the child moves the mount from there.
int shell(ctr::Run run, ctr::Shell sh) {
    const Stack stack = stack_of(run);
    const std::string merged = stack.dir + "/" + stack.place + "/merged";
    std::string from = stack.dir, up = stack.place, joined;
    for (const auto &layer : stack.lower)
        joined += (joined.empty() ? "" : ":") + layer;
    if (sh.cmd({"mkdir", "-p", merged}) != 0) return -1;
    if (joined.size() > mount_command_max) {
        from += "/" + stack.place + "/lower";
        up = "..";
        joined.clear();
        if (sh.cmd({"mkdir", "-p", from}) != 0) return -1;
        for (std::size_t i = 0; i < stack.lower.size(); ++i) {
            joined += (joined.empty() ? "" : ":") + link_name(i);
            if (sh.cmd({"ln", "-sfn", "../../../" + stack.lower[i], from + "/" + link_name(i)}) != 0) return -1;
        }
    }
    std::string options = "lowerdir=" + joined + ",upperdir=" + up + "/upper,workdir=" + up + "/work";
    if (stack.discard) options += ",volatile";
    for (const auto &option : stack.options)
        options += "," + option;
    if (sh.text("(cd " + ctr::shell_word(from) + " && mount -t overlay overlay -o " + ctr::shell_word(options) + " " +
                ctr::shell_word(merged) + ")\n") != 0)
        return -1;
    return sh.set(run.output_value("rootfs"), {"echo", merged});
}

/// Nothing to undo, because the mount ends with its last descriptor. Only the script mounts it in the machine's tree.
int undo(ctr::Run) { return 0; }
int shell_undo(ctr::Run run, ctr::Shell sh) {
    return sh.cmd({"umount", run.str("dir") + "/" + run.str("container") + "/merged"});
}

} // namespace

constexpr ctr_step_kind mount_kind = ctr::parent_kind<apply, undo, shell, shell_undo>("overlay.mount");

} // namespace overlay
