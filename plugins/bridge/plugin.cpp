// SPDX-License-Identifier: MIT
//
// The driver `bridge` of the slot `network`. On the machine: a bridge with an address and NAT, shared by its
// containers. For each container: a leased address, a veth pair between the bridge and the container's namespace, and
// the files of names.
//
//     prepare   bridge.ensure -> index, mtu; bridge.lease -> address
//     attach    bridge.attach (gives network.ready)
//     mounts    mount.files: hosts, resolv.conf, hostname
#include "extension.hpp"
#include "name_files.hpp"
#include "names.hpp"
#include "steps.hpp"
#include "subnet.hpp"

#include <algorithm>
#include <ctr/cpp/description.hpp>

namespace {

using bridge::Subnet;

constexpr const char *container_interface = "eth0";
constexpr const char *default_bridge = "ctr0";
// Not 10.88 (podman), 172.17 (docker), 10.0..10.9 or 192.168.x (homes, offices, clouds' first choices).
constexpr const char *default_subnet = "10.129.0.0/16";

/// The path of a key in the whole config, for errors.
std::string config_path(const std::string &key) { return "/bridge/" + key; }

int check_namespace(ctr::Plan plan) {
    const auto network = ctr::namespace_of(plan, "network");
    if (network && network->is_new()) return 0;
    if (network)
        return plan.invalid(
            network->where + "/path",
            "the network driver `bridge` plumbs only a new network namespace, and the spec joins one that exists",
            "use --network none: whoever made that namespace has plumbed it");
    return plan.invalid("/linux/namespaces",
                        "the network driver `bridge` needs a network namespace, and the spec asks for none",
                        "add {\"type\": \"network\"}, or use --network host or --network none");
}

struct Settings {
    std::string name;
    Subnet subnet;
    std::int64_t mtu = 0;
    bool nat = true;
    bool isolate = true;
    bool keep = true;
};

int read_settings(ctr::Plan plan, Settings &out) {
    out.name = plan.config("/name").str(default_bridge);
    if (!bridge::is_interface_name(out.name))
        return plan.invalid(config_path("name"), "\"" + out.name + "\" cannot be the name of an interface",
                            "1 to 15 letters, digits, '.', '_' or '-', beginning with a letter or digit");
    const auto subnet = bridge::parse_subnet(plan.config("/subnet").str(default_subnet), plan.config("/gateway").str());
    if (!subnet.ok()) return plan.fail(subnet.error());
    out.subnet = subnet.value();
    out.mtu = plan.config("/mtu").integer(0);
    out.nat = plan.config("/nat").boolean(true);
    out.isolate = plan.config("/isolate").boolean(true);
    out.keep = plan.config("/keep").boolean(true);
    return 0;
}

int check_id(ctr::Plan plan) {
    const std::string id = plan.id();
    if (!id.empty() && id.find('/') == std::string::npos && id != "." && id != "..") return 0;
    return plan.invalid("id", "\"" + id + "\" cannot be the name of a file", "choose another name for the container");
}

int add_plumbing(ctr::Plan plan, const Settings &settings) {
    const std::string state = plan.name("state_dir"), gateway = settings.subnet.gateway_text();
    if (plan.step("bridge.ensure", CTR_PREPARE)
            .arg("state", state)
            .arg("bridge", settings.name)
            .arg("id", plan.id())
            .arg("gateway", gateway)
            .arg("mtu", settings.mtu)
            .arg("nat", std::int64_t{settings.nat})
            .arg("isolate", std::int64_t{settings.isolate})
            .arg("keep", std::int64_t{settings.keep})
            .output("index", CTR_TYPE_INT, "bridge.index")
            .output("mtu", CTR_TYPE_INT, "bridge.mtu")
            .note(settings.nat       ? "the bridge and its NAT, shared by the containers"
                  : settings.isolate ? "the bridge, closed to the outside, shared by the containers"
                                     : "the bridge, shared by the containers")
            .add() != 0)
        return -1;
    if (plan.step("bridge.lease", CTR_PREPARE)
            .arg("state", state)
            .arg("bridge", settings.name)
            .arg("id", plan.id())
            .arg("gateway", gateway)
            .output("address", CTR_TYPE_STRING, "bridge.address")
            .note("an address of its own in " + settings.subnet.text())
            .add() != 0)
        return -1;
    return plan.step("bridge.attach", CTR_ATTACH)
        .arg("stem", bridge::link_stem(state, plan.id()))
        .arg("bridge", settings.name)
        .value("index", "bridge.index")
        .value("mtu", "bridge.mtu")
        .arg("interface", container_interface)
        .value("address", "bridge.address")
        .arg("gateway", gateway)
        .value("pid", "child.pid")
        .value("pidfd", "child.pidfd")
        .output("link", CTR_TYPE_STRING, "bridge.link")
        .output("namespace", CTR_TYPE_INT, "bridge.namespace")
        .gives(CTR_TOKEN_NETWORK_READY)
        .note("lo up; eth0, the other end of a veth pair at the bridge; default route")
        .add();
}

std::string machine_resolv_conf(ctr::Plan plan) {
    // systemd-resolved: the stub in /etc/resolv.conf is a loopback server; the real servers are in the other file.
    for (const char *path : {"file:/etc/resolv.conf", "file:/run/systemd/resolve/resolv.conf"}) {
        std::string text = plan.ask(path).value_or("");
        const name_files::Resolver resolver = name_files::parse_resolv_conf(text);
        const auto &servers = resolver.servers;
        if (!std::all_of(servers.begin(), servers.end(), name_files::is_loopback)) return text;
    }
    return {};
}

int make_resolv_conf(ctr::Plan plan, std::string &out) {
    name_files::Resolver resolver;
    const ctr::Node asked = plan.spec("/ctr/dns"), configured = plan.config("/dns");
    if (asked.get("/servers").size() == 0 && configured.get("/servers").size() == 0) {
        resolver = name_files::parse_resolv_conf(machine_resolv_conf(plan));
        std::erase_if(resolver.servers, name_files::is_loopback);
    }
    if (name_files::read_dns(plan, configured, config_path("dns"), resolver) != 0) return -1;
    if (name_files::read_dns(plan, asked, "/ctr/dns", resolver) != 0) return -1;
    out = name_files::format_resolv_conf(resolver);
    if (resolver.servers.empty())
        out += "# No name server: the machine has only loopback ones, which a container cannot reach. Set dns in the "
               "config, or use --dns.\n";
    return 0;
}

int add_name_files(ctr::Plan plan) {
    name_files::Files files;
    files.hostname = plan.spec("/hostname").str();
    files.hosts = "127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n";
    if (!files.hostname.empty()) files.hosts += "${bridge.address}\t" + ctr::Step::escape(files.hostname) + "\n";
    std::string extra;
    if (name_files::extra_hosts(plan, extra) != 0) return -1;
    files.hosts += ctr::Step::escape(extra);
    if (make_resolv_conf(plan, files.resolv_conf) != 0) return -1;
    return name_files::add(plan, files);
}

int plan(ctr::Plan plan) {
    if (plan.operation() != CTR_OP_CREATE) return 0;
    Settings settings;
    if (check_namespace(plan) != 0 || check_id(plan) != 0 || read_settings(plan, settings) != 0) return -1;
    if (add_plumbing(plan, settings) != 0) return -1;
    // A bundle brings its own files.
    return plan.spec("/ctr") && !plan.spec("/ctr/bundle") ? add_name_files(plan) : 0;
}

constexpr ctr_step_kind ensure_kind =
    ctr::parent_kind<bridge::ensure, bridge::ensure_undo, bridge::ensure_shell, bridge::ensure_shell_undo>(
        "bridge.ensure");
constexpr ctr_step_kind lease_kind =
    ctr::parent_kind<bridge::lease, bridge::lease_undo, bridge::lease_shell, bridge::lease_shell_undo>("bridge.lease");
constexpr ctr_step_kind attach_kind =
    ctr::parent_kind<bridge::attach, bridge::attach_undo, bridge::attach_shell, bridge::attach_shell_undo>(
        "bridge.attach");

} // namespace

CTR_PLUGIN_WITH_EXTENSION("bridge", "0.1.0", plan, bridge::extension, &ensure_kind, &lease_kind, &attach_kind);
