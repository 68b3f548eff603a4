#!/bin/sh
# SPDX-License-Identifier: MIT
#
# podman of a user, with ctr-oci as its runtime: see lib.sh. The user exists in this mount namespace only, by files of
# its own over /etc/passwd and /etc/subuid; newuidmap(1) gives him 65536 more ids.
. "$(dirname "$0")/lib.sh"
need podman podman
need newuidmap uidmap
enter "$0" "$@"

user=54321
setpriv --reuid $user --regid $user --clear-groups "$RUNTIME" --version >/dev/null 2>&1 || skip "other users cannot get to $RUNTIME"
for file in passwd group subuid subgid; do
    { cat /etc/$file 2>/dev/null || :; } >"$work/$file"
    [ -e /etc/$file ] || skip "no /etc/$file to mount over"
done
echo "boxer:x:$user:$user::$work/home:/bin/sh" >>"$work/passwd"
echo "boxer:x:$user:" >>"$work/group"
echo "boxer:1000000:65536" | tee -a "$work/subuid" >>"$work/subgid"
for file in passwd group subuid subgid; do mount --bind "$work/$file" /etc/$file; done
mkdir -m 700 "$work/home" "$work/xdg" && mkdir "$work/home/dir" && echo outside >"$work/home/dir/file"
chown -R $user:$user "$work/home" "$work/xdg"
podman_config "$work/home"
chmod 644 "$work/containers.conf" "$work/registries.conf" "$work/rootfs.tar"
# One word, for the checks' shells.
podman_all=$work/podman
cat >"$podman_all" <<PODMAN
#!/bin/sh
exec setpriv --reuid $user --regid $user --clear-groups env -i -C "$work/home" PATH="$PATH" HOME="$work/home" XDG_RUNTIME_DIR="$work/xdg" \\
    CONTAINERS_CONF="$CONTAINERS_CONF" CONTAINERS_REGISTRIES_CONF="$CONTAINERS_REGISTRIES_CONF" \\
    podman --root "$work/home/root" --runroot "$work/xdg/runroot" --tmpdir "$work/xdg/tmp" --storage-driver vfs --runtime "$RUNTIME" "\$@"
PODMAN
chmod 755 "$podman_all"
p() { "$podman_all" "$@"; }
# Without any runtime: newuidmap may lack its mode 4755 here, or the kernel forbid user namespaces.
p unshare true >"$work/said" 2>&1 || skip "podman of a user does not work on this machine: $(tail -1 "$work/said")"
r() { p run --rm "$@"; }
state() { p inspect --format '{{.State.Status}} {{.State.ExitCode}}' "$1"; }

begin "Running"
check "an image is imported" 0 "*sha256*" p import "$work/rootfs.tar" box:latest
check "output and status are the program's" 3 "hello" r box sh -c 'echo hello; exit 3'
check "root inside is the user, and there are 65536 more" 0 "0 $user 1 1 1000000 65536" r box sh -c 'echo $(cat /proc/self/uid_map)'
check "a program that is not there: 127" 127 "*nosuch*" r box nosuch
check "a file that is no program: 126" 126 "*/etc/passwd*" r box /etc/passwd
check "with a terminal" 6 "*/dev/pts/0" on_terminal "$podman_all" run --rm -it box sh -c "'tty; exit 6'"
check "a user of the image" 0 "1000 1000" r --user ann box sh -c 'echo $(id -u) $(id -g)'
check "the user's own ids" 0 "$user $user" r --userns keep-id box sh -c 'echo $(id -u) $(id -g)'
check "a directory of the user's" 0 "outside" r -v "$work/home/dir:/dir" box sh -c 'cat /dir/file; echo inside >/dir/made'
is "what root made in it is the user's" "$(stat -c %u "$work/home/dir/made")" $user
check "read-only, with a tmpfs" 0 "*Read-only*yes" r --read-only --tmpfs /t box sh -c 'touch /home/x 2>&1; echo yes >/t/x; cat /t/x'
check "podman's default seccomp profile" 0 "Seccomp:*2" r box grep Seccomp: /proc/self/status
check "capabilities and no new privileges" 0 "CapEff:*0000000000000001*NoNewPrivs:*1" r --cap-drop all --cap-add chown --security-opt no-new-privileges box grep -E 'CapEff|NoNew' /proc/self/status

begin "A container in the background"
check "it starts" 0 "*" p run -d --name one box sh -c 'echo begun; trap "exit 9" TERM; while :; do sleep 0.1; done'
holds "its log" within 30 sh -c "$podman_all logs one | grep -qx begun"
check "its state" 0 "running 0" state one
kept() { find "$work/xdg" -path "*/containers*/*" -name "$1" -prune 2>/dev/null | grep -E '/[0-9a-f]{64}$'; }
case $RUNTIME in *ctr-oci) holds "the runtime keeps its state with the user" kept "$(p inspect --format '{{.Id}}' one)" ;; esac
check "exec: output, status, user, directory" 4 "ann /tmp" p exec -u ann -w /tmp one sh -c 'echo $(whoami) $(pwd); exit 4'
check "exec with a terminal" 0 "*/dev/pts/*" on_terminal "$podman_all" exec -it one tty
check "cp out of it" 0 "root:x:0:*" sh -c "$podman_all cp one:/etc/group $work/home/group && cat $work/home/group"
check "stop" 0 "*" p stop -t 5 one
check "its status is what its handler said" 0 "exited 9" state one
check "start" 0 "*" p start one
check "kill" 0 "*" p kill -s KILL one
check "wait" 0 "137" p wait one
check "rm" 0 "*" p rm one
check "a pod, and a container in it" 0 "*podhost" sh -c "
    $podman_all pod create --name pod --infra-image box --infra-command 'sleep 1000' --share ipc,uts,net --hostname podhost >/dev/null; $podman_all run --rm --pod pod box hostname"
check "pod rm" 0 "*" p pod rm -f -t 0 pod

check "nothing is left of them" 0 "" p ps -aq
is "nor does the runtime keep any" "$(kept '*')" ""
finish
