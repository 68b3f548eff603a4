// SPDX-License-Identifier: MIT
//
// Every container's start checks that the table exists and has the right rules, because a reload of a firewall may have
// flushed it, and an earlier start may have had another config. The table rarely has to be made. So the check and the
// deletion are plain netlink messages, and libnftables (0.6 to 2.7 ms to load, with its xtables, gmp and jansson) is
// opened only to translate the table's text.
#include "nat.hpp"

#include "names.hpp"
#include "netlink.hpp"

#include <arpa/inet.h>
#include <cerrno>
#include <ctr/cpp/fd.hpp>
#include <dlfcn.h>
#include <fcntl.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <memory>
#include <nftables/libnftables.h>
#include <unistd.h>

namespace bridge {
namespace {

using ctr::Fd;
using ctr::Result;
using ctr::system_error;

constexpr const char *forward_file = "/proc/sys/net/ipv4/ip_forward";
constexpr const char *library_file = "libnftables.so.1";

nfgenmsg family_header(std::uint8_t family, int resource) {
    nfgenmsg header{};
    header.nfgen_family = family;
    header.version = NFNETLINK_V0;
    header.res_id = htons(static_cast<std::uint16_t>(resource));
    return header;
}

int message_type(int type) { return (NFNL_SUBSYS_NFTABLES << 8) | type; }

constexpr const char *unsupported_hint =
    "load the kernel modules nf_tables, nft_chain_nat and nft_ct, or set \"nat\" and \"isolate\" to false in /bridge "
    "of "
    "the config: then the containers' ports can be reached by whoever routes to the bridge";

/// Without nfnetlink the kernel has no such socket, without nf_tables it does not know the request. In both cases there
/// are no tables.
template <typename T> Result<T> no_nf_tables(Result<T> result) {
    if (!result.ok() && (result.error().errno_value == EPROTONOSUPPORT || result.error().errno_value == EINVAL))
        return ctr::Error{.error_class = CTR_E_UNSUPPORTED,
                          .message = "this kernel has no nf_tables",
                          .hint = unsupported_hint,
                          .errno_value = result.error().errno_value,
                          .syscall = result.error().syscall};
    return result;
}

/// The functions of libnftables that we use. The library stays loaded.
struct Nftables {
    decltype(&nft_ctx_new) ctx_new = nullptr;
    decltype(&nft_ctx_free) ctx_free = nullptr;
    decltype(&nft_ctx_buffer_error) buffer_error = nullptr;
    decltype(&nft_ctx_get_error_buffer) get_error_buffer = nullptr;
    decltype(&nft_run_cmd_from_buffer) run = nullptr;

    Result<> load() {
        void *library = dlopen(library_file, RTLD_NOW | RTLD_LOCAL);
        if (library == nullptr)
            return ctr::Error{
                .error_class = CTR_E_NOT_FOUND,
                .message = std::string("cannot load libnftables: ") + dlerror(),
                .hint = "install the Debian package libnftables1, or set \"nat\" and \"isolate\" to false in /bridge "
                        "of the config",
                .syscall = "dlopen",
                .path = library_file};
        bool complete = true;
        const auto find = [&](const char *name, auto &function) {
            function = reinterpret_cast<std::remove_reference_t<decltype(function)>>(dlsym(library, name));
            complete = complete && function != nullptr;
        };
        find("nft_ctx_new", ctx_new);
        find("nft_ctx_free", ctx_free);
        find("nft_ctx_buffer_error", buffer_error);
        find("nft_ctx_get_error_buffer", get_error_buffer);
        find("nft_run_cmd_from_buffer", run);
        if (complete) return {};
        return ctr::Error{.error_class = CTR_E_UNSUPPORTED,
                          .message = "libnftables lacks a function that is needed",
                          .hint = "install libnftables1 of nftables 1.0 or later",
                          .syscall = "dlsym",
                          .path = library_file};
    }
};

} // namespace

Result<std::optional<std::string>> find_table(const std::string &name) {
    std::optional<std::string> comment;
    CTR_ASSIGN(Netlink netlink, no_nf_tables(Netlink::open(NETLINK_NETFILTER)));
    Message query(message_type(NFT_MSG_GETTABLE), 0, "look for the nft table inet " + name);
    query.header(family_header(NFPROTO_INET, 0)).put(NFTA_TABLE_NAME, name);
    CTR_TRY(no_nf_tables(netlink.ask(std::move(query), ENOENT, [&](nlmsghdr *h) {
        comment.emplace();
        const nlattr *data =
            nla_find(nlmsg_attrdata(h, sizeof(nfgenmsg)), nlmsg_attrlen(h, sizeof(nfgenmsg)), NFTA_TABLE_USERDATA);
        if (data != nullptr)
            comment = comment_in({static_cast<const char *>(nla_data(data)), static_cast<std::size_t>(nla_len(data))});
    })));
    return comment;
}

std::string comment_in(std::string_view userdata) {
    // Type, length, value, one after the other; NFTNL_UDATA_TABLE_COMMENT is 0, its value ends with a NUL.
    while (userdata.size() >= 2) {
        const auto type = static_cast<unsigned char>(userdata[0]), length = static_cast<unsigned char>(userdata[1]);
        const std::string_view value = userdata.substr(2, length);
        if (value.size() < length) break;
        if (type == 0) return std::string(value.substr(0, value.find('\0')));
        userdata.remove_prefix(std::size_t{2} + length);
    }
    return {};
}

std::string Rules::body() const {
    const std::string quoted = "\"" + bridge + "\"";
    std::string text;
    if (nat)
        text += "    chain postrouting {\n"
                "        type nat hook postrouting priority srcnat; policy accept;\n"
                "        ip saddr " +
                subnet.text() + " oifname != " + quoted +
                " masquerade\n"
                "    }\n";
    if (isolate)
        text += "    chain prerouting {\n"
                "        type filter hook prerouting priority mangle; policy accept;\n"
                "        ip daddr " +
                subnet.text() + " iifname != \"lo\" iifname != " + quoted +
                " ct state new,invalid,untracked drop\n"
                "    }\n"
                "    chain forward {\n"
                "        type filter hook forward priority filter; policy accept;\n"
                "        oifname " +
                quoted + " iifname != " + quoted +
                " ct status dnat accept\n"
                "        oifname " +
                quoted + " iifname != " + quoted +
                " ct state new,invalid,untracked drop\n"
                "    }\n";
    return text;
}

std::string Rules::comment(const std::string &mark) const { return mark + " " + hash_text(body()); }

std::string table_text(const std::string &name, const std::string &mark, const Rules &rules) {
    // One transaction, so an older table is replaced without a moment in which there is none.
    return "table inet " + name +
           "\n"
           "delete table inet " +
           name +
           "\n"
           "table inet " +
           name +
           " {\n"
           "    comment \"" +
           rules.comment(mark) + "\"\n" + rules.body() + "}\n";
}

Result<> make_table(const std::string &name, const std::string &mark, const Rules &rules) {
    Nftables nft;
    CTR_TRY(nft.load());
    const std::unique_ptr<nft_ctx, void (*)(nft_ctx *)> context(nft.ctx_new(NFT_CTX_DEFAULT), nft.ctx_free);
    if (!context) return ctr::Error{.errno_value = ENOMEM, .syscall = "nft_ctx_new"};
    nft.buffer_error(context.get());
    errno = 0;
    if (nft.run(context.get(), table_text(name, mark, rules).c_str()) == 0) return {};
    ctr::Error error = system_error("nft_run_cmd_from_buffer", {}, unsupported_hint);
    error.message = "cannot make the nft table inet " + name + ": " + nft.get_error_buffer(context.get());
    return error;
}

Result<> delete_table(const std::string &name) {
    CTR_ASSIGN(Netlink netlink, no_nf_tables(Netlink::open(NETLINK_NETFILTER)));
    // Changes of nf_tables come in a transaction.
    std::vector<Message> batch;
    batch.emplace_back(NFNL_MSG_BATCH_BEGIN, 0, "begin an nft transaction");
    batch.back().header(family_header(AF_UNSPEC, NFNL_SUBSYS_NFTABLES));
    batch.emplace_back(message_type(NFT_MSG_DELTABLE), 0, "delete the nft table inet " + name);
    batch.back().header(family_header(NFPROTO_INET, 0)).put(NFTA_TABLE_NAME, name);
    batch.emplace_back(NFNL_MSG_BATCH_END, 0, "end an nft transaction");
    batch.back().header(family_header(AF_UNSPEC, NFNL_SUBSYS_NFTABLES));
    auto done = netlink.send(batch, 1);
    return !done.ok() && done.error().errno_value == ENOENT ? Result<>() : done;
}

Result<> allow_forwarding() {
    const char *hint =
        "let the administrator set net.ipv4.ip_forward=1, or set \"nat\": false in /bridge of the config";
    char now = 0;
    // Opened for writing only if it must change, because where /proc/sys is read-only it is often on already.
    const Fd reader(open(forward_file, O_RDONLY | O_CLOEXEC));
    if (!reader.valid()) return system_error("open", forward_file, hint);
    if (read(reader.get(), &now, 1) == 1 && now == '1') return {};
    const Fd writer(open(forward_file, O_WRONLY | O_CLOEXEC));
    if (!writer.valid()) return system_error("open", forward_file, hint);
    if (write(writer.get(), "1\n", 2) != 2) return system_error("write", forward_file, hint);
    return {};
}

} // namespace bridge
