// SPDX-License-Identifier: MIT
//
// mount.new, mount.bind, mount.setattr, mount.remove. Each mount is made detached, gets its attributes, and is then
// attached by descriptor. So it is never visible with more rights than asked, and nobody can change where it goes.
#include "mounting.hpp"
#include "shell.hpp"
#include "table.hpp"

#include <algorithm>
#include <ctr/plugin.hpp>
#include <linux/magic.h>
#include <sys/vfs.h>

namespace kinds {
namespace {

/// Refuses the options that only a bind mount may have.
CTR_CHILD int refuse_links(ctr_run *raw, const MountOptions &options) {
    if (!options.source_link && !options.target_link) return 0;
    return fail_words(raw, CTR_E_INVALID, "src-nofollow and dest-nofollow are options of bind mounts",
                      ctr::ChildRun{raw}.str("target"));
}

/// The argument create; false: it is "no". `what` is left alone for "auto".
CTR_CHILD bool wants_mount_point(const ctr::ChildRun &run, Make &what) {
    if (run.count("create") == 0) return true;
    const char *create = run.str("create");
    if (equal(create, "no")) return false;
    if (equal(create, "dir")) what = Make::directory;
    if (equal(create, "file")) what = Make::file;
    return true;
}

/// A tmpfs without an option about its mode takes the mode of the directory that it covers, as with runc and crun. So a
/// directory that the image opened to a user (/tmp, a data directory) stays open. Writes "mode=1777", or an empty
/// string.
CTR_CHILD int covered_mode(const ctr::ChildRun &run, int target, char (&out)[12]) {
    out[0] = '\0';
    for (std::size_t i = 0, n = run.count("options"); i < n; ++i)
        if (strncmp(run.str("options", i), "mode=", 5) == 0) return 0;
    struct stat st;
    if (fstat(target, &st) != 0) return -1;
    memcpy(out, "mode=", 5);
    for (unsigned digit = 0; digit < 4; ++digit)
        out[5 + digit] = static_cast<char>('0' + ((st.st_mode >> (9 - 3 * digit)) & 7));
    out[9] = '\0';
    return 0;
}

/// In a user namespace with the machine's network the kernel refuses to mount a sysfs. Then the machine's is bound with
/// everything mounted in it, and the options apply to all of that. Only before pivot_root; later /sys is the
/// container's.
CTR_CHILD int machines_sysfs(ctr_run *raw, MountOptions &options) {
    struct statfs fs;
    const int mount = ctr::open_tree_clone(AT_FDCWD, "/sys", AT_RECURSIVE);
    if (mount < 0 || fstatfs(mount, &fs) != 0 || fs.f_type != SYSFS_MAGIC) {
        if (mount >= 0) errno = EPERM;
        fail(raw, "open_tree", "/sys", "a sysfs can be mounted in a network namespace of its own user namespace only");
        close_fd(mount);
        return -1;
    }
    options.set_below |= options.set;
    options.recursive = true;
    return mount;
}

CTR_CHILD int new_apply(ctr_run *raw) {
    const ctr::ChildRun run{raw};
    const char *type = run.str("type"), *source = run.str("source");
    MountOptions options = {};
    if (read_options(raw, options) != 0 || refuse_links(raw, options) != 0) return -1;
    // The runtime itself trusts these two, so no link may lead to another place: CVE-2019-19921, CVE-2023-27561.
    const bool trusted = equal(type, "proc") || equal(type, "sysfs");
    Make what = Make::directory;
    const bool create = wants_mount_point(run, what);
    bool made = false;
    const int target = open_mount_point(raw, create ? &what : nullptr, trusted ? type : nullptr, &made);
    if (target < 0) return -1;
    if (made) options.tmpcopyup = false; // nothing to copy; the tmpfs keeps its default mode and owner
    char mode[12] = "";

    int result = -1;
    if (!made && equal(type, "tmpfs") && covered_mode(run, target, mode) != 0) {
        fail(raw, "fstat", run.str("target"));
    } else if (needs_classic(raw, options)) {
        result = mount_classic(raw, type, source, mode[0] != '\0' ? mode : nullptr, target, options);
    } else {
        const std::uint64_t later = options.tmpcopyup ? options.set & MOUNT_ATTR_RDONLY : 0;
        options.set &= ~later;
        bool refused = false;
        const bool instead = equal(type, "sysfs") && run.integer("nofollow") == 0;
        int mount =
            new_mount(raw, type, source, mode[0] != '\0' ? mode : nullptr, options, instead ? &refused : nullptr);
        if (refused) mount = machines_sysfs(raw, options);
        options.set = later; // fsmount has done the rest
        options.clear = 0;
        if (mount >= 0 && (!options.tmpcopyup || copy_up(raw, target, mount) == 0))
            result = attach(raw, mount, target, options);
        close_fd(mount);
    }
    close_fd(target);
    return result;
}

int new_shell(ctr::Run run, ctr::Shell shell) {
    const std::string target = inside(run.str("target")), type = run.str("type"), create = run.str("create");
    std::vector<std::string> words;
    bool copy = false, mode = type == "tmpfs";
    for (const auto &word : run.strings("options")) {
        word == "tmpcopyup" ? void(copy = true) : words.push_back(word);
        if (word.rfind("mode=", 0) == 0) mode = false;
    }
    const std::string options = joined(words);
    std::string text;
    // The same as covered_mode().
    if (mode) text = "mode=$(stat -c mode=%a " + target + " 2>/dev/null || echo mode=1777)\n";
    const std::string more = mode ? ",\"$mode\"" : "";
    if (create.empty() || create == "dir") text += "mkdir -p " + target + "\n";
    // Made read-only after the copy.
    if (copy)
        return shell.text(
            text + "copy=$(mktemp -d)\ncp -a " + target + "/. \"$copy\"\nmount -t " + ctr::shell_word(type) + " -o " +
            (options.empty() ? "" : ctr::shell_word(options) + ",") + "rw" + more + " " + ctr::shell_word(type) + " " +
            target + "\ncp -a \"$copy\"/. " + target + "\nrm -r \"$copy\"" +
            (std::find(words.begin(), words.end(), "ro") != words.end() ? "\nmount -o remount,ro " + target : ""));
    if (create == "file") text = "touch " + target + "\n";
    text += "mount -t " + ctr::shell_word(type);
    if (!options.empty() || mode) text += " -o " + (options.empty() ? "rw" : ctr::shell_word(options)) + more;
    text += " " + ctr::shell_word(run.has("source") ? run.str("source") : type) + " " + target;
    if (type == "sysfs") text += " || mount --rbind /sys " + target; // the same as machines_sysfs()
    return shell.text(text);
}

/// A copy of the mount at `source` in the container's root, with what earlier steps mounted there.
CTR_CHILD int copy_inside(ctr_run *raw, const char *source, unsigned flags) {
    const int root = require_root(raw);
    if (root < 0) return -1;
    const int place = open_target(root, source, nullptr, 0, Links::followed);
    const int mount = place < 0 ? -1 : ctr::open_tree_clone(place, "", flags | AT_EMPTY_PATH);
    close_fd(place);
    return mount;
}

CTR_CHILD int bind_one(ctr_run *raw, const MountOptions &options, std::size_t at) {
    const ctr::ChildRun run{raw};
    const bool given = run.count("mount") != 0;
    const char *source = run.str("source", nth(raw, "source", at));
    const unsigned flags = (options.recursive ? AT_RECURSIVE : 0U) | (options.source_link ? AT_SYMLINK_NOFOLLOW : 0U);
    const int mount = given                        ? run.fd("mount", nth(raw, "mount", at))
                      : run.integer("inside") != 0 ? copy_inside(raw, source, flags & AT_RECURSIVE)
                                                   : ctr::open_tree_clone(AT_FDCWD, source, flags);
    if (mount < 0 && errno == EXDEV)
        return fail_words(raw, CTR_E_INVALID, "links of the image lead from this source to what the runtime relies on",
                          source, "name another place");
    if (mount < 0)
        return fail(raw, "open_tree", source,
                    errno == ENOENT ? "the source of a bind mount must exist on the machine" : nullptr);

    int result = -1;
    struct stat st;
    if (fstat(mount, &st) != 0) {
        fail(raw, "fstat", source);
    } else {
        Make what = S_ISDIR(st.st_mode) ? Make::directory : Make::file;
        const bool create = wants_mount_point(run, what);
        const int target = options.target_link ? open_link_point(raw, create ? &what : nullptr, at)
                                               : open_mount_point(raw, create ? &what : nullptr, nullptr, nullptr, at);
        if (target >= 0) result = attach(raw, mount, target, options, at);
        close_fd(target);
    }
    if (!given) close_fd(mount);
    return result;
}

CTR_CHILD int bind_apply(ctr_run *raw) {
    constexpr const char *names[] = {"source", "mount"};
    MountOptions options = {};
    const std::size_t n = ctr::ChildRun{raw}.count("target");
    if (read_options(raw, options) != 0 || refuse_data(raw) != 0 || require_each(raw, n, names, 2) != 0) return -1;
    if (options.iversion)
        return fail_words(raw, CTR_E_INVALID, "a bind mount has no such option", "iversion",
                          "options of the file system belong to its own mount, not to a bind mount of it");
    only_said(options);
    options.locked = ctr::ChildRun{raw}.integer("locked") != 0;
    for (std::size_t at = 0; at < n; ++at)
        if (bind_one(raw, options, at) != 0) return -1;
    return 0;
}

/// mount(8) takes the r... forms only from util-linux 2.39 on; the script says what older ones can.
std::string bind_lines(ctr::Run run, std::size_t at) {
    const std::string target = inside(run.str("target", at)), create = run.str("create");
    const char *from = run.has("mount") ? "mount" : "source";
    const std::string text_of_source = run.str(from, nth(run, from, at));
    const std::string source = run.integer("inside") != 0 ? inside(text_of_source) : ctr::shell_word(text_of_source);
    std::string flags, text, how = "--bind";
    std::vector<std::string> propagation;
    MountOptions all = {};
    for (const auto &option : run.strings("options")) {
        add_option(all, option.c_str());
        if (option == "rbind")
            how = "--rbind";
        else if (propagation_flags(option.c_str()) != 0)
            propagation.push_back(option);
        else if (option != "bind" && option != "defaults" && option != "src-nofollow" && option != "dest-nofollow")
            flags += "," + option;
    }
    only_said(all);
    if (all.unsaid != 0) flags = ",rw,suid,dev,exec" + flags; // mount(8) keeps what the source has
    if (create == "dir")
        text = "mkdir -p " + target + "\n";
    else if (create == "file")
        text = "touch " + target + "\n";
    else if (create != "no")
        text = "if [ -d " + source + " ]; then mkdir -p " + target + "; elif [ ! -e " + target + " ]; then touch " +
               target + "; fi\n";
    text += "mount " + how + " " + source + " " + target;
    if (!flags.empty()) text += "\nmount -o remount,bind" + flags + " " + target;
    for (const auto &each : propagation)
        text += "\nmount --make-" + each + " " + target;
    return text;
}

int bind_shell(ctr::Run run, ctr::Shell shell) {
    return shell.text(for_each_target(run, [run](std::size_t at) { return bind_lines(run, at); }));
}

/// The options of the superblock are set through a separate context.
CTR_CHILD int reconfigure(ctr_run *raw, int fd) {
    const ctr::ChildRun run{raw};
    bool any = false;
    for (std::size_t i = 0, n = run.count("options"); i < n; ++i) {
        const OptionWord word = option_word(run.str("options", i));
        if (word == OptionWord::superblock || word == OptionWord::unset || word == OptionWord::data) any = true;
    }
    if (!any) return 0;
    const int context = ctr::fspick(fd);
    if (context < 0) return fail(raw, "fspick", run.str("target"));
    int result = configure(raw, context, false);
    if (result == 0 && ctr::fsconfig_reconfigure(context) != 0)
        result = fail(raw, "fsconfig", run.str("target"), "the file system refused to be changed");
    close_fd(context);
    return result;
}

/// The argument `is`; without it any mount is accepted. Refusing links is not enough, because a directory on the way
/// can be renamed too.
CTR_CHILD int check_same(ctr_run *raw, int fd) {
    const ctr::ChildRun run{raw};
    if (run.count("is") == 0) return 0;
    struct stat there, meant;
    if (fstat(fd, &there) != 0 || fstat(run.fd("is"), &meant) != 0) return fail(raw, "fstat", run.str("target"));
    if (there.st_dev == meant.st_dev && there.st_ino == meant.st_ino) return 0;
    return fail_words(raw, CTR_E_INVALID, "what is mounted there is not the mount's source", run.str("target"),
                      "the container may have moved it: look at its /proc/PID/mountinfo");
}

CTR_CHILD int setattr_apply(ctr_run *raw) {
    MountOptions options = {};
    if (read_options(raw, options) != 0 || refuse_links(raw, options) != 0) return -1;
    const int fd = open_mount_point(raw, nullptr, nullptr);
    if (fd < 0) return -1;
    int result = check_same(raw, fd);
    if (result == 0) result = reconfigure(raw, fd);
    if (result == 0 && (options.idmap || options.tmpcopyup || options.iversion))
        result = fail_words(raw, CTR_E_INVALID, "idmap, tmpcopyup and iversion are for new mounts only",
                            ctr::ChildRun{raw}.str("target"));
    if (result == 0) result = change(raw, fd, options);
    close_fd(fd);
    return result;
}

int setattr_shell(ctr::Run run, ctr::Shell shell) {
    std::string flags, text;
    std::vector<std::string> propagation;
    bool superblock = false; // then it is not only this mount that changes
    for (const auto &option : run.strings("options")) {
        const OptionWord word = option_word(option.c_str());
        superblock = superblock || word == OptionWord::data || word == OptionWord::superblock;
        if (propagation_flags(option.c_str()) != 0)
            propagation.push_back(option);
        else if (option != "remount")
            flags += "," + option;
    }
    const std::string target = run.str("target") == "/" ? "\"${root:-/}\"" : inside(run.str("target"));
    if (!flags.empty())
        text = std::string("mount -o remount") + (superblock ? "" : ",bind") + flags + " " + target + "\n";
    for (const auto &each : propagation)
        text += "mount --make-" + each + " " + target + "\n";
    if (!text.empty()) text.pop_back();
    return shell.text(text);
}

/// Unmounts by name in the opened directory, without following any symbolic link. Otherwise a container could put a
/// link there, for example to /proc, and have its own protection unmounted.
CTR_CHILD int remove_apply(ctr_run *raw) {
    const int root = require_root(raw);
    if (root < 0) return -1;
    const char *target = ctr::ChildRun{raw}.str("target"), *name = target;
    for (const char *at = target; *at != '\0'; ++at)
        if (*at == '/') name = at + 1;
    char directory[4096] = "/";
    const auto length = static_cast<std::size_t>(name - target);
    if (length >= sizeof directory) return errno = ENAMETOOLONG, fail(raw, "openat2", target);
    if (length > 0) memcpy(directory, target, length), directory[length] = '\0';
    const int fd = open_inside(root, directory, O_PATH | O_DIRECTORY, RESOLVE_NO_SYMLINKS);
    if (fd < 0) return fail(raw, "openat2", target, errno == ELOOP ? "name the path without symbolic links" : nullptr);
    const bool done = fchdir(fd) == 0 && umount2(name, MNT_DETACH | UMOUNT_NOFOLLOW) == 0;
    close_fd(fd);
    return done ? 0 : fail(raw, "umount2", target, errno == EINVAL ? "nothing is mounted there" : nullptr);
}

int remove_shell(ctr::Run run, ctr::Shell shell) { return shell.text("umount -l " + inside(run.str("target"))); }

} // namespace

constinit const ctr_step_kind mount_remove = ctr::child_kind<remove_shell>(CTR_KIND_MOUNT_REMOVE, remove_apply);
constinit const ctr_step_kind mount_new = ctr::child_kind<new_shell>(CTR_KIND_MOUNT_NEW, new_apply);
constinit const ctr_step_kind mount_bind = ctr::child_kind<bind_shell>(CTR_KIND_MOUNT_BIND, bind_apply);
constinit const ctr_step_kind mount_setattr = ctr::child_kind<setattr_shell>(CTR_KIND_MOUNT_SETATTR, setattr_apply);

} // namespace kinds
