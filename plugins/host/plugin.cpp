// SPDX-License-Identifier: MIT
//
// The driver `host` of the slot `network`: the container shares the machine's network namespace, so there is nothing to
// plumb. What is left are the files of names. They are copies of the machine's, not binds of them: root in a container
// must not be able to edit the machine's /etc/hosts. A plain OCI bundle (no /ctr in its spec) brings its own files and
// gets none.
#include "name_files.hpp"

#include <ctr/cpp/description.hpp>

namespace {

int refuse_namespace(ctr::Plan plan) {
    const auto network = ctr::namespace_of(plan, "network");
    if (!network) return 0;
    return plan.invalid(network->where,
                        "the spec asks for a network namespace, but the network driver `host` shares the machine's",
                        "leave the namespace out of the spec, or use --network bridge or --network none");
}

std::string machine_hostname(ctr::Plan plan) {
    std::string name = plan.ask("file:/proc/sys/kernel/hostname").value_or("");
    while (!name.empty() && name.back() == '\n')
        name.pop_back();
    return name;
}

int plan(ctr::Plan plan) {
    if (plan.operation() != CTR_OP_CREATE) return 0;
    if (refuse_namespace(plan) != 0) return -1;
    if (!plan.spec("/ctr") || plan.spec("/ctr/bundle")) return 0; // a bundle brings its own files

    name_files::Files files;
    std::string hosts = plan.ask("file:/etc/hosts").value_or("127.0.0.1\tlocalhost\n::1\tlocalhost\n");
    if (!hosts.empty() && hosts.back() != '\n') hosts += '\n';
    if (name_files::extra_hosts(plan, hosts) != 0) return -1;
    files.hosts = ctr::Step::escape(hosts);

    files.resolv_conf = plan.ask("file:/etc/resolv.conf").value_or("");
    if (const ctr::Node dns = plan.spec("/ctr/dns")) {
        name_files::Resolver resolver = name_files::parse_resolv_conf(files.resolv_conf);
        if (name_files::read_dns(plan, dns, "/ctr/dns", resolver) != 0) return -1;
        files.resolv_conf = name_files::format_resolv_conf(resolver);
    }
    files.hostname = plan.spec("/hostname").str();
    if (files.hostname.empty()) files.hostname = machine_hostname(plan);
    return name_files::add(plan, files);
}

} // namespace

CTR_PLUGIN("host", "0.1.0", plan);
