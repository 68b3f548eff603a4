/* SPDX-License-Identifier: MIT
 *
 * The kinds of step that all plugins share: a plugin adds them to a plan like its own kinds. Their code is the stock
 * plugin `kinds` (plugins/kinds).
 *
 * Notation: each argument is its name and, in parentheses, its type: int, str (a template counts as str), fd
 * (CTR_FORM_VALUE). Marks behind the parentheses:
 *   ?  the argument may be missing; `=` says what that means
 *   *  a list: the argument may stand any number of times
 *   |  of the arguments with this mark at least one must be there
 *   +  in a kind with several targets: it stands once for all targets, or once for each of them, in their order
 * A step with an argument that its kind does not have, without one that the kind needs, or with one of another type is
 * refused when it is added (plugins/kinds/manifest.json says the same as this comment; a test compares them).
 *
 * `target` is always a path inside the container. It is resolved below the container's root by
 * openat2(RESOLVE_IN_ROOT), so symbolic links of the image cannot lead out. The kinds that mount also refuse a target
 * that links of the image lead to the root itself, to /dev, or to anything in /proc or /sys. nofollow=1: all links are
 * refused, which is necessary in a container that already runs. `path` and `source` are paths on the machine.
 *
 * ---- process: clone (phase CTR_CLONE) -------------------------------------------------------------------------------
 * These have no code. The host reads from their arguments, whatever the kind is called, how to make the child.
 * ns.new        type (str)*: mount uts ipc pid network user cgroup time. The child is made in a new namespace of each
 *               type. cgroup is only announced here: the child unshares it by cgroup.unshare, after it has joined its
 *               cgroups. time: monotonic (str)?, boottime (str)?: "SECS NANOSECS", written before the clone.
 * ns.join       type (str), path (str)|, ns (fd)|. Joined by setns(2): a pid namespace before the clone, the others by
 *               the child before anything else.
 * clone.cgroup  cgroup (fd): an O_PATH directory of cgroup v2. The child is born in it (CLONE_INTO_CGROUP); where the
 *               kernel refuses that, the child joins it by writing cgroup.procs.
 * oom_score_adj  oom_score_adj (int). ctr sets it for itself, the child inherits it, and ctr sets its own back: the
 *               child is not dumpable, and such a process cannot write its own.
 *
 * The clone itself gives the values child.pid (int) and child.pidfd (fd).
 *
 * ---- process: parent ------------------------------------------------------------------------------------------------
 * machine.mkdir   path (str), mode (int)?=0755. Output `made` (int)?: 1 if the directory was not there before. The undo
 *                 removes the directory if it is empty and `made` was recorded, so declare `made` if it shall be
 *                 removed. Parent directories must exist.
 * machine.write   path (str), content (str), mode (int)?=0644. Replaces the file atomically (rename). Undo: unlink, if
 *                 the file still has this content.
 * machine.open    path (str), flags (str)?="rdonly", comma-separated: "wronly", "rdwr", "append" (a missing file is
 *                 made with mode 0600), "path", "directory". Output `fd`. For files that the child needs by descriptor.
 * ns.open         type (str), pid (int): child.pid. Output `ns` (fd): /proc/PID/ns/TYPE.
 * idmap.write     pid (int): child.pid. uid (str)*, gid (str)*: "INSIDE OUTSIDE SIZE". Writes the id maps of child.pid;
 *                 without privilege by newuidmap and newgidmap. Gives no token by itself: add gives "userns.mapped".
 * idmap.expect    pid (int): child.pid. uid (str)*, gid (str)*: "INSIDE OUTSIDE SIZE". Fails unless the user namespace
 *                 that the child has joined has these maps, in ctr's ids.
 * oci_hook.run    Runs an OCI hook on the machine and waits; anything but exit status 0 fails the step.
 *                 hook (str): its place in the spec, for messages. path (str), arg (str)*=path (argv, from argv[0] on).
 *                 env (str)*; or env_of (str)?, whose environment it gets instead: "caller", ctr's own; or, in a child
 *                 after ids.set, "program", that of the container's program. cwd (str)?: without it where ctr is; "/"
 *                 if that directory cannot be entered. state (str): its standard input. timeout (int)? in seconds.
 *                 stdout (fd)?, stderr (fd)? or stdout_path (str)?, stderr_path (str)?: where its output goes; without
 *                 them, to ctr's stdout and stderr.
 * oci_hook.at_delete  the arguments of oci_hook.run. apply does nothing; the undo runs the hook. If the hook
 *                     fails, that is a warning.
 * userns.new      uid (str)*, gid (str)*: "INSIDE OUTSIDE SIZE". A user namespace without processes, for its id maps.
 *                 Output `userns` (fd).
 * mount.idmapped  source (str), userns (fd)?, recursive (int)?: with the mounts below, map_below (int)?: these are
 *                 mapped too, propagation (str)?, nofollow (int)?=0: with 1 a source that is a link means the link. A
 *                 detached copy of a machine's mount, for mount.bind; with a userns its ids are mapped. Output `mount`
 *                 (fd).
 *
 * ---- process: child -------------------------------------------------------------------------------------------------
 * rootfs.attach   mount (fd), detached, at (str): a machine path, name("rootfs_dir"). Makes it the root below which
 *                 `target` is resolved.
 * pivot_root      move (int)?=0. pivot_root(2) to the attached root, detaches the old one, chdir("/"). With move:
 *                 MS_MOVE and chroot(2), for a machine whose own root cannot be pivoted (a ramdisk); the machine's
 *                 procfs and sysfs are unmounted.
 * mount.propagation  propagation (str): private slave shared unbindable, with an optional r in front ("rslave"). target
 *                    (str)?="/"; while no root is attached it is a path of the machine. holder (int)?=0: with 1 the
 *                    mount that target lies on, wherever the mount point of that is.
 * mount.new       type (str): tmpfs proc sysfs devpts mqueue ...; source (str)?, target (str), options (str)* (one
 *                 mount option each, as in fstab: flags and file system options alike), create (str)?="dir", userns
 *                 (fd)?: for the options idmap and ridmap. nofollow (int)?=0. Makes the mount point if it is missing.
 *                 proc and sysfs are mounted on directories only, never through links. Where the kernel refuses a sysfs
 *                 (a user namespace with the machine's network), the machine's is bound with everything below it.
 *                 tmpcopyup: a tmpfs that begins with a copy of what the directory has.
 * mount.bind      source (str)+|, mount (fd)+|, target (str)+, options (str)*: bind rbind ro rro nosuid ... propagation
 *                 words; create (str)?="auto" (dir or file as the source is; "no"). nofollow (int)?=0. Options and
 *                 create hold for all targets. If any option is about a flag, the mount has exactly the flags that the
 *                 options say; if none is, it keeps those of its source. inside (int)?=0: with 1 source is a path in
 *                 the container. locked (int)?=0: with 1 no flag of `mount` may be taken away, as in a user namespace.
 * mount.files     target (str)+, content (str)+, size (int), mode (int)?=0644: small files in memory, on a tmpfs of
 *                 their own with room for `size` bytes. Each is bound on its target, which is made if it is missing. At
 *                 most 16.
 * mount.setattr   target (str), options (str)*: changes flags of the mount at target. nofollow (int)?=0. is (fd)?: what
 *                 must be mounted there, else the step fails.
 * mount.remove    target (str): unmounts what is mounted there, and everything below it, even if it is in use
 *                 (MNT_DETACH). Only in a container's own mount namespace, after pivot_root.
 * mount.mask      target (str)+, missing_ok (int)?=1: a directory gets an empty read-only tmpfs (one for all
 *                 directories of the step), a file gets /dev/null.
 * mount.readonly  target (str)+, missing_ok (int)?=1: bound over itself, recursively read-only.
 * root.mkdir      target (str), mode (int)?=0755, uid (int)?, gid (int)?. Parents are made; an existing directory is
 *                 fine.
 * root.mknod      target (str)+, type (str)+: c b p; major (int)+?, minor (int)+?, mode (int)+?=0666, uid (int)?, gid
 *                 (int)?. Where mknod is forbidden (user namespace) the machine's node of the same path is bound,
 *                 nosuid and noexec.
 * root.symlink    target (str)+, to (str)+, keep (int)?=0, same (int)?=0. A link that is there is replaced; anything
 *                 else there is an error. With keep whatever is there stays. With same a link that leads elsewhere is
 *                 an error too.
 * root.write      target (str), content (str), mode (int)?=0644.
 * sysctl          key (str), dotted or slashed, value (str), not_in (str)*. Written through a procfs that the child
 *                 opens itself, so nothing in the image can redirect it. not_in: "FILE:DEVICE:INODE" of a namespace
 *                 (FILE is a name below /proc/PID/ns); the step fails if the process is in that namespace.
 * proc.write      path (str), below /proc: "self/...", content (str), hint (str)?: printed if it fails. Through the
 *                 same procfs.
 * hostname        name (str), not_in (str)*: as for sysctl.
 * domainname      name (str), not_in (str)*: as for sysctl.
 * link.up         name (str): brings up a network interface in the child's namespace.
 * keyring.join    name (str): a new session keyring. If the kernel or a policy refuses it, that is ignored.
 * session.new     setsid(2). No arguments.
 * console.open    width (int)?, height (int)?: a pty of the container's own devpts becomes the child's terminal and its
 *                 stdio. console (int)?=1: /dev/console is bound to it. onlcr (int)?=1: with 0 the terminal does not
 *                 turn a newline into carriage return and newline. Output `master` (fd).
 * rlimit          type (str): RLIMIT_NOFILE ...; soft (int), hard (int); -1 = unlimited.
 * umask           mask (int).
 * ids.set         uid (int)|?, gid (int)|?, groups (int)*; or user (str)|: "NAME|UID[:GROUP|GID]", looked up in the
 *                 container's own /etc/passwd and /etc/group when the step runs, add_groups (str)*. keep_caps (int)?=1
 *                 sets PR_SET_KEEPCAPS before. keep_groups (int)?=0: with 1 the caller's supplementary groups stay.
 *                 Arms the parent death signal again, because changing ids clears it.
 * no_new_privs    No arguments.
 * cwd.set         path (str): chdir(2) inside the container, checked to be inside. create (int)?=0: with 1 it is made
 *                 (mode 0755) if it is missing.
 * cgroup.unshare  No arguments: a new cgroup namespace, rooted at the cgroup that the child is in.
 * oci_hook.run_inside  the arguments of oci_hook.run. Runs in the child's namespaces, with the ids and privileges that
 *                      the child has at that moment. Before pivot `path` is one of the machine's files, afterwards one
 *                      of the container's. target (str)?, instead of cwd: a directory inside the container. Without
 *                      both, where the child is.
 *
 * ---- tokens and values ----------------------------------------------------------------------------------------------
 * What the stock plugins tell each other. Each token is a constant below. A token that ends in a colon is followed by a
 * word that its giver chooses: "mount:/proc". A step that names a token which is neither here nor in an installed
 * plugin's manifest is refused. A plugin's own tokens begin with its id and a dot.
 *
 * values   rootfs (fd, prepare): the detached root file system, from the storage driver
 * tokens   child.alive        by the clone
 *          userns.mapped      id maps are written (attach; from `namespaces`)
 *          cgroup.joined      the child is in its cgroups (isolate; from the cgroup driver)
 *          cgroup.mounted     the container's view of its cgroups is mounted (mounts; from the cgroup driver)
 *          network.ready      links, addresses and routes are there (attach; from the network driver)
 *          mounts.private     what the child mounts does not show on the machine (mounts; from `mounts`)
 *          root.attached      rootfs.attach ran (mounts; from `mounts`)
 *          mount:DESTINATION  this mount of the spec is there (mounts; from `mounts`)
 *          proc.mounted       /proc of the container is mounted (mounts; from `mounts`)
 *          dev.mounted        /dev is mounted and has its nodes (mounts; from `mounts`)
 *          mounts.done        all mounts of the spec are there (mounts; from `mounts`)
 *          pivoted            the old root is gone (pivot; from `mounts`)
 *          paths.protected    masked and read-only paths are set (pivot; from `mounts`)
 *          console.ready      stdio is the terminal (mounts; from `process`)
 *          caps.bounded       bounding set dropped (confine; from `capabilities`)
 *          label.set          the labels of AppArmor and SELinux for execve are set (confine; from `security`)
 *          ids.set            user and groups are set (confine; from `process`)
 *          caps.interim       the last set that still has SYS_ADMIN (confine; from `capabilities`)
 *          caps.final         effective, permitted, inheritable, ambient as asked (confine; from `capabilities`)
 *          no_new_privs.set   (confine; from `process`)
 *          hooks.runtime      prestart and createRuntime OCI hooks ran (mounts, parent; from `hooks`)
 *          hooks.container    createContainer OCI hooks ran (mounts; from `hooks`)
 *          hooks.start        startContainer OCI hooks ran (confine; from `hooks`)
 *          seccomp.loaded     (confine; from `seccomp`)
 *          image.unpacked:N   the Nth layer of an image is unpacked (prepare; from `image`)
 *          image.forgotten    the record of an image is gone (prepare; from `image`)
 *          undone.last        a step of prepare that gives it runs first, so its undo runs last (from `hooks`)
 *
 * Order inside confine: caps.bounded, ids.set, caps.interim, then without no_new_privs hooks.start, seccomp.loaded,
 * caps.final; with no_new_privs caps.final, no_new_privs.set, hooks.start, seccomp.loaded. `capabilities` and `seccomp`
 * both look at /process/noNewPrivileges and say so by `after`. */
#ifndef CTR_KINDS_H
#define CTR_KINDS_H

#define CTR_KIND_NS_NEW "ns.new"
#define CTR_KIND_NS_JOIN "ns.join"
#define CTR_KIND_CLONE_CGROUP "clone.cgroup"
#define CTR_KIND_MACHINE_MKDIR "machine.mkdir"
#define CTR_KIND_MACHINE_WRITE "machine.write"
#define CTR_KIND_MACHINE_OPEN "machine.open"
#define CTR_KIND_NS_OPEN "ns.open"
#define CTR_KIND_IDMAP_WRITE "idmap.write"
#define CTR_KIND_IDMAP_EXPECT "idmap.expect"
#define CTR_KIND_USERNS_NEW "userns.new"
#define CTR_KIND_MOUNT_IDMAPPED "mount.idmapped"
#define CTR_KIND_ROOTFS_ATTACH "rootfs.attach"
#define CTR_KIND_PIVOT_ROOT "pivot_root"
#define CTR_KIND_MOUNT_PROPAGATION "mount.propagation"
#define CTR_KIND_MOUNT_NEW "mount.new"
#define CTR_KIND_MOUNT_BIND "mount.bind"
#define CTR_KIND_MOUNT_FILES "mount.files"
#define CTR_KIND_MOUNT_SETATTR "mount.setattr"
#define CTR_KIND_MOUNT_REMOVE "mount.remove"
#define CTR_KIND_MOUNT_MASK "mount.mask"
#define CTR_KIND_MOUNT_READONLY "mount.readonly"
#define CTR_KIND_ROOT_MKDIR "root.mkdir"
#define CTR_KIND_ROOT_MKNOD "root.mknod"
#define CTR_KIND_ROOT_SYMLINK "root.symlink"
#define CTR_KIND_ROOT_WRITE "root.write"
#define CTR_KIND_SYSCTL "sysctl"
#define CTR_KIND_PROC_WRITE "proc.write"
#define CTR_KIND_HOSTNAME "hostname"
#define CTR_KIND_DOMAINNAME "domainname"
#define CTR_KIND_LINK_UP "link.up"
#define CTR_KIND_KEYRING_JOIN "keyring.join"
#define CTR_KIND_SESSION_NEW "session.new"
#define CTR_KIND_CONSOLE_OPEN "console.open"
#define CTR_KIND_RLIMIT "rlimit"
#define CTR_KIND_UMASK "umask"
#define CTR_KIND_OOM_SCORE_ADJ "oom_score_adj"
#define CTR_KIND_IDS_SET "ids.set"
#define CTR_KIND_NO_NEW_PRIVS "no_new_privs"
#define CTR_KIND_CWD_SET "cwd.set"
#define CTR_KIND_CGROUP_UNSHARE "cgroup.unshare"
#define CTR_KIND_OCI_HOOK_RUN "oci_hook.run"
#define CTR_KIND_OCI_HOOK_RUN_INSIDE "oci_hook.run_inside"
#define CTR_KIND_OCI_HOOK_AT_DELETE "oci_hook.at_delete"

#define CTR_TOKEN_CHILD_ALIVE "child.alive"
#define CTR_TOKEN_USERNS_MAPPED "userns.mapped"
#define CTR_TOKEN_CGROUP_JOINED "cgroup.joined"
#define CTR_TOKEN_CGROUP_MOUNTED "cgroup.mounted"
#define CTR_TOKEN_NETWORK_READY "network.ready"
#define CTR_TOKEN_MOUNTS_PRIVATE "mounts.private"
#define CTR_TOKEN_ROOT_ATTACHED "root.attached"
#define CTR_TOKEN_MOUNT "mount:"
#define CTR_TOKEN_PROC_MOUNTED "proc.mounted"
#define CTR_TOKEN_DEV_MOUNTED "dev.mounted"
#define CTR_TOKEN_MOUNTS_DONE "mounts.done"
#define CTR_TOKEN_PIVOTED "pivoted"
#define CTR_TOKEN_PATHS_PROTECTED "paths.protected"
#define CTR_TOKEN_CONSOLE_READY "console.ready"
#define CTR_TOKEN_CAPS_BOUNDED "caps.bounded"
#define CTR_TOKEN_LABEL_SET "label.set"
#define CTR_TOKEN_IDS_SET "ids.set"
#define CTR_TOKEN_CAPS_INTERIM "caps.interim"
#define CTR_TOKEN_CAPS_FINAL "caps.final"
#define CTR_TOKEN_NO_NEW_PRIVS_SET "no_new_privs.set"
#define CTR_TOKEN_HOOKS_RUNTIME "hooks.runtime"
#define CTR_TOKEN_HOOKS_CONTAINER "hooks.container"
#define CTR_TOKEN_HOOKS_START "hooks.start"
#define CTR_TOKEN_SECCOMP_LOADED "seccomp.loaded"
#define CTR_TOKEN_IMAGE_UNPACKED "image.unpacked:"
#define CTR_TOKEN_IMAGE_FORGOTTEN "image.forgotten"
#define CTR_TOKEN_UNDONE_LAST "undone.last"

/* All tokens above, as a list for loops. */
#define CTR_TOKENS(F)                                                                                                  \
    F(CTR_TOKEN_CHILD_ALIVE)                                                                                           \
    F(CTR_TOKEN_USERNS_MAPPED)                                                                                         \
    F(CTR_TOKEN_CGROUP_JOINED)                                                                                         \
    F(CTR_TOKEN_CGROUP_MOUNTED)                                                                                        \
    F(CTR_TOKEN_NETWORK_READY)                                                                                         \
    F(CTR_TOKEN_MOUNTS_PRIVATE)                                                                                        \
    F(CTR_TOKEN_ROOT_ATTACHED)                                                                                         \
    F(CTR_TOKEN_MOUNT)                                                                                                 \
    F(CTR_TOKEN_PROC_MOUNTED)                                                                                          \
    F(CTR_TOKEN_DEV_MOUNTED)                                                                                           \
    F(CTR_TOKEN_MOUNTS_DONE)                                                                                           \
    F(CTR_TOKEN_PIVOTED)                                                                                               \
    F(CTR_TOKEN_PATHS_PROTECTED)                                                                                       \
    F(CTR_TOKEN_CONSOLE_READY)                                                                                         \
    F(CTR_TOKEN_CAPS_BOUNDED)                                                                                          \
    F(CTR_TOKEN_LABEL_SET)                                                                                             \
    F(CTR_TOKEN_IDS_SET)                                                                                               \
    F(CTR_TOKEN_CAPS_INTERIM)                                                                                          \
    F(CTR_TOKEN_CAPS_FINAL)                                                                                            \
    F(CTR_TOKEN_NO_NEW_PRIVS_SET)                                                                                      \
    F(CTR_TOKEN_HOOKS_RUNTIME)                                                                                         \
    F(CTR_TOKEN_HOOKS_CONTAINER)                                                                                       \
    F(CTR_TOKEN_HOOKS_START)                                                                                           \
    F(CTR_TOKEN_SECCOMP_LOADED)                                                                                        \
    F(CTR_TOKEN_IMAGE_UNPACKED)                                                                                        \
    F(CTR_TOKEN_IMAGE_FORGOTTEN)                                                                                       \
    F(CTR_TOKEN_UNDONE_LAST)

#endif
