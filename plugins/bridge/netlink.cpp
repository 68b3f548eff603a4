// SPDX-License-Identifier: MIT
#include "netlink.hpp"

#include <cerrno>
#include <cstring>
#include <linux/netlink.h>
#include <net/if.h>
#include <netlink/errno.h>
#include <netlink/netlink.h>
#include <netlink/socket.h>
#include <new>
#include <sys/ioctl.h>
#include <sys/socket.h>

namespace bridge {
namespace {

using ctr::Result;
using ctr::system_error;

// A dump comes in parts of at most 32 KiB if the reader's buffer is that large; an answer is much smaller. The buffers
// are not initialised, because touching pages takes time.
constexpr std::size_t answer_size = 8 * 1024;
constexpr std::size_t dump_size = 32 * 1024;

/// The kernel's own words about an error (extended acknowledgement), if it has any.
std::string kernel_words(const nlmsghdr *header, const nlmsgerr *error) {
    if ((header->nlmsg_flags & NLM_F_ACK_TLVS) == 0) return {};
    std::size_t offset = NLMSG_LENGTH(sizeof *error);
    if ((header->nlmsg_flags & NLM_F_CAPPED) == 0) offset += NLMSG_ALIGN(error->msg.nlmsg_len - sizeof(nlmsghdr));
    if (offset >= header->nlmsg_len) return {};
    const char *at = reinterpret_cast<const char *>(header) + offset;
    const auto *attributes = reinterpret_cast<const nlattr *>(at);
    const nlattr *text = nla_find(attributes, static_cast<int>(header->nlmsg_len - offset), NLMSGERR_ATTR_MSG);
    return text == nullptr ? std::string{} : std::string(nla_get_string(text));
}

ctr::Error kernel_error(const nlmsghdr *header, const nlmsgerr *error, const std::string &what) {
    const std::string words = kernel_words(header, error);
    const int number = -error->error;
    std::string hint;
    if (number == EPERM) hint = "needs CAP_NET_ADMIN in the user namespace that owns the network namespace";
    return {.message = "cannot " + what + (words.empty() ? "" : ": " + words),
            .hint = hint,
            .errno_value = number,
            .syscall = "netlink"};
}

} // namespace

Message::Message(int type, int flags, std::string what)
    : message_(nlmsg_alloc_simple(type, flags | NLM_F_REQUEST)), what_(std::move(what)) {
    if (!message_) throw std::bad_alloc();
}

Message &Message::raw(const void *data, std::size_t size) {
    if (nlmsg_append(message_.get(), const_cast<void *>(data), size, NLMSG_ALIGNTO) < 0) throw std::bad_alloc();
    return *this;
}

Message &Message::put_data(int attribute, const void *data, std::size_t size) {
    if (nla_put(message_.get(), attribute, static_cast<int>(size), data) < 0) throw std::bad_alloc();
    return *this;
}

Message &Message::put(int attribute, std::string_view text) {
    return put_data(attribute, std::string(text).c_str(), text.size() + 1);
}

Message &Message::put(int attribute, std::uint32_t number) { return put_data(attribute, &number, sizeof number); }

Message &Message::nest(int attribute, const std::function<void(Message &)> &fill) {
    nlattr *start = nla_nest_start(message_.get(), attribute);
    if (start == nullptr) throw std::bad_alloc();
    fill(*this);
    nla_nest_end(message_.get(), start);
    return *this;
}

void Netlink::Free::operator()(nl_sock *s) const { nl_socket_free(s); }

Result<Netlink> Netlink::open(int protocol) {
    Netlink out;
    out.socket_.reset(nl_socket_alloc());
    if (!out.socket_) throw std::bad_alloc();
    if (const int error = nl_connect(out.socket_.get(), protocol); error < 0) {
        const int why = errno;
        const bool unknown = error == -NLE_PROTO_MISMATCH || error == -NLE_AF_NOSUPPORT;
        return ctr::Error{.message = std::string("cannot open a netlink socket: ") + nl_geterror(error),
                          .hint = unknown ? "this kernel lacks that part of netlink" : "",
                          .errno_value = why,
                          .syscall = "socket"};
    }
    const int on = 1;
    setsockopt(nl_socket_get_fd(out.socket_.get()), SOL_NETLINK, NETLINK_EXT_ACK, &on, sizeof on); // for messages only
    return out;
}

Result<std::uint32_t> Netlink::transmit(const std::vector<Message *> &batch, std::size_t answered) {
    std::vector<iovec> parts;
    for (Message *each : batch) {
        nl_complete_msg(socket_.get(), each->get());
        nlmsghdr *header = nlmsg_hdr(each->get());
        // The kernel always answers errors. A success is acknowledged for one message only, so the batch takes one
        // sendmsg and one recvmsg.
        if (each == batch[answered])
            header->nlmsg_flags = static_cast<std::uint16_t>(header->nlmsg_flags | NLM_F_ACK);
        else
            header->nlmsg_flags = static_cast<std::uint16_t>(header->nlmsg_flags & ~NLM_F_ACK);
        parts.push_back({header, NLMSG_ALIGN(header->nlmsg_len)});
    }
    const int sent =
        nl_send_iovec(socket_.get(), batch.front()->get(), parts.data(), static_cast<unsigned>(parts.size()));
    if (sent >= 0) return nlmsg_hdr(batch.front()->get())->nlmsg_seq;
    ctr::Error error = system_error("sendmsg");
    error.message = "cannot " + batch.front()->what() + ": " + nl_geterror(sent);
    return error;
}

int Netlink::receive(char *buffer, std::size_t room) {
    ssize_t size = 0;
    do
        size = recv(nl_socket_get_fd(socket_.get()), buffer, room, 0);
    while (size < 0 && errno == EINTR);
    return static_cast<int>(size);
}

Result<> Netlink::send(std::vector<Message> &batch, std::size_t answered) {
    std::vector<Message *> all;
    for (Message &each : batch)
        all.push_back(&each);
    if (answered >= all.size()) answered = all.size() - 1;
    CTR_ASSIGN(const std::uint32_t first, transmit(all, answered));
    const std::uint32_t last = nlmsg_hdr(all[answered]->get())->nlmsg_seq;
    const auto buffer = std::make_unique_for_overwrite<char[]>(answer_size);
    for (;;) {
        int size = receive(buffer.get(), answer_size);
        if (size < 0) return system_error("recv", {}, "netlink: " + batch.front().what());
        for (auto *h = reinterpret_cast<nlmsghdr *>(buffer.get()); nlmsg_ok(h, size); h = nlmsg_next(h, &size)) {
            if (h->nlmsg_type != NLMSG_ERROR || h->nlmsg_seq - first > last - first) continue;
            const auto *error = static_cast<const nlmsgerr *>(nlmsg_data(h));
            if (error->error != 0) return kernel_error(h, error, all[h->nlmsg_seq - first]->what());
            if (h->nlmsg_seq == last) return {};
        }
    }
}

Result<> Netlink::send(Message message) {
    std::vector<Message> batch;
    batch.push_back(std::move(message));
    return send(batch);
}

Result<> Netlink::ask(Message message, int missing, const std::function<void(nlmsghdr *)> &found) {
    const bool dump = (nlmsg_hdr(message.get())->nlmsg_flags & NLM_F_DUMP) == NLM_F_DUMP;
    CTR_ASSIGN(const std::uint32_t sequence, transmit({&message}, 0));
    const std::size_t room = dump ? dump_size : answer_size;
    const auto buffer = std::make_unique_for_overwrite<char[]>(room);
    for (;;) {
        int size = receive(buffer.get(), room);
        if (size < 0) return system_error("recv", {}, "netlink: " + message.what());
        for (auto *h = reinterpret_cast<nlmsghdr *>(buffer.get()); nlmsg_ok(h, size); h = nlmsg_next(h, &size)) {
            if (h->nlmsg_seq != sequence) continue;
            if (h->nlmsg_type == NLMSG_DONE) return {};
            if (h->nlmsg_type == NLMSG_ERROR) {
                const auto *error = static_cast<const nlmsgerr *>(nlmsg_data(h));
                if (error->error == 0 && dump) continue;
                if (error->error == 0 || -error->error == missing) return {};
                return kernel_error(h, error, message.what());
            }
            found(h);
        }
    }
}

int Netlink::index_of(const std::string &name) const {
    ifreq request{};
    std::strncpy(request.ifr_name, name.c_str(), IFNAMSIZ - 1);
    return ioctl(nl_socket_get_fd(socket_.get()), SIOCGIFINDEX, &request) == 0 ? request.ifr_ifindex : 0;
}

} // namespace bridge
