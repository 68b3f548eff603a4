// SPDX-License-Identifier: MIT
#include "arguments.hpp"
#include "names.hpp"
#include "nat.hpp"
#include "shared.hpp"
#include "steps.hpp"

namespace bridge {
namespace {

constexpr const char *default_route_mtu_command = "cat /sys/class/net/$(ip -4 route show default | sed -n '1s/.* dev "
                                                  "\\([^ ]*\\).*/\\1/p')/mtu 2>/dev/null || echo 1500";

Shared shared_of(ctr::Run run) {
    return {run.str("state"), run.str("bridge"), run.integer("nat") != 0, run.integer("isolate") != 0,
            run.integer("keep") != 0};
}

} // namespace

int ensure(ctr::Run run) {
    const int mtu = static_cast<int>(run.integer("mtu"));
    const auto link = acquire(shared_of(run), run.str("id"), subnet_of(run), mtu);
    if (!link.ok()) return run.fail(link.error());
    if (run.output("index", std::int64_t{link.value().index}) != 0) return -1;
    return run.output("mtu", std::int64_t{mtu != 0 ? mtu : link.value().mtu});
}

int ensure_undo(ctr::Run run) {
    const auto done = release(shared_of(run), run.str("id"));
    return done.ok() ? 0 : run.fail(done.error());
}

// The script uses the same references as the program, so both can use one bridge at the same time.
int ensure_shell(ctr::Run run, ctr::Shell shell) {
    const Shared shared = shared_of(run);
    const Subnet subnet = subnet_of(run);
    const std::string name = shared.bridge, mark = owner_mark(shared.state_dir), table = table_name(name);
    const std::int64_t mtu = run.integer("mtu");
    const std::string mtu_text =
        mtu != 0 ? std::to_string(mtu) : "\"$(" + std::string(default_route_mtu_command) + ")\"";
    const std::string text = "ip link show " + name +
                             " >/dev/null 2>&1 || {\n"
                             "    ip link add " +
                             name + " address " + hardware_address(subnet.gateway) + " mtu " + mtu_text +
                             " type bridge\n"
                             "    ip addr add " +
                             subnet.gateway_text() + " broadcast + dev " + name +
                             "\n"
                             "    ip link set " +
                             name + " up alias '" + bridge_alias(shared.state_dir, subnet.gateway_text()) +
                             "'\n"
                             "}\n";
    if (shell.cmd({"mkdir", "-p", shared.references(), shared.leases()}) != 0) return -1;
    if (shell.cmd({"touch", shared.references() + "/" + run.str("id")}) != 0 || shell.text(text) != 0) return -1;
    if (shell.set(run.output_value("index"), {"cat", "/sys/class/net/" + name + "/ifindex"}) != 0) return -1;
    if (shell.set(run.output_value("mtu"), {"cat", "/sys/class/net/" + name + "/mtu"}) != 0) return -1;
    const Rules rules{name, subnet, shared.nat, shared.isolate};
    if (!rules.any()) return 0;
    if (shell.text("nft list table inet " + table + " 2>/dev/null | grep -q 'comment \"" + rules.comment(mark) +
                   "\"' || nft -f - <<'END'\n" + table_text(table, mark, rules) + "END\n") != 0)
        return -1;
    return shared.nat ? shell.cmd({"sysctl", "-q", "-w", "net.ipv4.ip_forward=1"}) : 0;
}

int ensure_shell_undo(ctr::Run run, ctr::Shell shell) {
    const Shared shared = shared_of(run);
    const std::string name = shared.bridge, mark = owner_mark(shared.state_dir), table = table_name(name);
    if (shell.cmd({"rm", "-f", shared.references() + "/" + run.str("id")}) != 0) return -1;
    if (shared.keep) return 0;
    // rmdir fails while there is another reference.
    std::string text = "if rmdir " + shared.references() + " 2>/dev/null; then\n";
    if (shared.nat || shared.isolate)
        text += "    nft list table inet " + table + " 2>/dev/null | grep -q 'comment \"" + mark +
                " ' && nft delete table inet " + table + "\n";
    text += "    grep -q '^" + mark + " ' /sys/class/net/" + name + "/ifalias 2>/dev/null && ip link delete " + name +
            "\n"
            "    rmdir " +
            shared.leases() + " " + shared.directory() +
            "\n"
            "fi\n";
    return shell.text(text);
}

} // namespace bridge
