// SPDX-License-Identifier: MIT
//
// A netlink socket and messages for it, over libnl-3. Not libnl-route-3: its objects cannot put several requests into
// one sendmsg, which saves most of the time, and loading it costs another 0.2 ms (README.md, "Speed").
#pragma once

#include <cstdint>
#include <ctr/cpp/result.hpp>
#include <functional>
#include <memory>
#include <netlink/attr.h>
#include <netlink/msg.h>
#include <string>
#include <string_view>
#include <vector>

struct nl_sock;

namespace bridge {

/// One request. `what` goes into the error ("make the veth pair").
class Message {
public:
    Message(int type, int flags, std::string what);

    /// The family's header; once, first.
    template <typename Header> Message &header(const Header &header) { return raw(&header, sizeof header); }
    Message &put(int attribute, std::string_view text); ///< with its NUL
    Message &put(int attribute, std::uint32_t number);
    Message &put_data(int attribute, const void *data, std::size_t size);
    /// Attributes in an attribute; `fill` puts them.
    Message &nest(int attribute, const std::function<void(Message &)> &fill);
    /// As in VETH_INFO_PEER: a header stands before the attributes.
    template <typename Header> Message &append(const Header &header) { return raw(&header, sizeof header); }

    nl_msg *get() const { return message_.get(); }
    const std::string &what() const { return what_; }

private:
    Message &raw(const void *data, std::size_t size);
    struct Free {
        void operator()(nl_msg *m) const { nlmsg_free(m); }
    };
    std::unique_ptr<nl_msg, Free> message_;
    std::string what_;
};

class Netlink {
public:
    /// NETLINK_ROUTE or NETLINK_NETFILTER, in the namespace that the caller is in now; it stays there.
    static ctr::Result<Netlink> open(int protocol);
    /// Sends all in one sendmsg. The kernel carries them out in order, before that returns; a failed one does not stop
    /// those behind it. The error is that of the first that failed. `answered` is the message whose acknowledgement is
    /// awaited. It is the last one, except in a transaction of nf_tables, whose end old kernels do not acknowledge.
    ctr::Result<> send(std::vector<Message> &batch, std::size_t answered = SIZE_MAX);
    ctr::Result<> send(Message message);
    /// A query: calls `found` for each answer. An error with errno `missing` means that there is no answer, and is a
    /// success.
    ctr::Result<> ask(Message message, int missing, const std::function<void(nlmsghdr *)> &found);
    /// The index of an interface in the socket's namespace, 0 if there is none.
    int index_of(const std::string &name) const;

private:
    Netlink() = default;
    /// The number of the first.
    ctr::Result<std::uint32_t> transmit(const std::vector<Message *> &batch, std::size_t answered);
    int receive(char *buffer, std::size_t room);
    struct Free {
        void operator()(nl_sock *s) const;
    };
    std::unique_ptr<nl_sock, Free> socket_;
};

} // namespace bridge
