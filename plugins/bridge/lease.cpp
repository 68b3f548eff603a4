// SPDX-License-Identifier: MIT
#include "arguments.hpp"
#include "leases.hpp"
#include "steps.hpp"

namespace bridge {
namespace {

std::string directory_of(ctr::Run run) { return run.str("state") + "/" + run.str("bridge") + "/leases"; }

} // namespace

int lease(ctr::Run run) {
    const auto address = take_lease(directory_of(run), subnet_of(run), run.str("id"));
    return address.ok() ? run.output("address", format(address.value())) : run.fail(address.error());
}

int lease_undo(ctr::Run run) {
    const auto done = give_back(directory_of(run), run.str("id"), run.recorded("address").value_or(""));
    return done.ok() ? 0 : run.fail(done.error());
}

int lease_shell(ctr::Run run, ctr::Shell shell) {
    // The same search as choose_address(): from the place that the id determines to the first address that is free.
    const Subnet subnet = subnet_of(run);
    const Address first = choose_address(subnet, run.str("id"), {}).value_or(subnet.network + 1);
    const Address count = subnet.broadcast() - subnet.network - 1;
    const std::string search = "n=" + std::to_string(first - subnet.network - 1) + "; for try in $(seq " +
                               std::to_string(count) +
                               "); do"
                               " a=$((" +
                               std::to_string(subnet.network) + " + 1 + n)); n=$(((n + 1) % " + std::to_string(count) +
                               "));"
                               " [ $a = " +
                               std::to_string(subnet.gateway) +
                               " ] && continue;"
                               " ip=$((a >> 24)).$((a >> 16 & 255)).$((a >> 8 & 255)).$((a & 255));"
                               " ln -s \"$1\" \"$2/$ip\" 2>/dev/null && echo $ip && exit; done; exit 1";
    return shell.set(run.output_value("address"), {"sh", "-c", search, "lease", run.str("id"), directory_of(run)});
}

int lease_shell_undo(ctr::Run run, ctr::Shell shell) {
    return shell.cmd({"find", directory_of(run), "-lname", run.str("id"), "-delete"});
}

} // namespace bridge
