// SPDX-License-Identifier: MIT
#include "launch/wire.hpp"

#include <cerrno>
#include <cstring>
#include <sys/socket.h>
#include <unistd.h>

namespace core::launch {
namespace {

constexpr std::size_t max_fds = 64;

struct Header {
    MessageType type;
    std::uint32_t step;
    std::uint32_t n_values;
};

struct PackedValue {
    std::uint32_t index;
    ctr_type type;
    std::int64_t integer;
    std::uint32_t length; // of the text that follows
};

union Control {
    char room[CMSG_SPACE(max_fds * sizeof(int))];
    cmsghdr align;
};

CTR_CHILD int send_packet(int channel, const void *data, std::size_t size, const int *fds, std::size_t n_fds) {
    iovec piece = {const_cast<void *>(data), size};
    Control control;
    msghdr message;
    memset(&message, 0, sizeof message);
    message.msg_iov = &piece;
    message.msg_iovlen = 1;
    if (n_fds != 0) {
        memset(&control, 0, sizeof control);
        message.msg_control = control.room;
        message.msg_controllen = CMSG_SPACE(n_fds * sizeof(int));
        cmsghdr *header = CMSG_FIRSTHDR(&message);
        header->cmsg_level = SOL_SOCKET;
        header->cmsg_type = SCM_RIGHTS;
        header->cmsg_len = CMSG_LEN(n_fds * sizeof(int));
        memcpy(CMSG_DATA(header), fds, n_fds * sizeof(int));
    }
    ssize_t sent = 0;
    do
        sent = sendmsg(channel, &message, MSG_NOSIGNAL);
    while (sent < 0 && errno == EINTR);
    return sent < 0 ? -1 : 0;
}

CTR_CHILD void store_value(Packed *block, const PackedValue &packed, const char *text, int fd) {
    if (packed.index >= block->n_values || block->values[packed.index].type != packed.type) {
        if (fd >= 0) close(fd);
        return;
    }
    Value &value = block->values[packed.index];
    if (value.text != nullptr && packed.length <= CTR_VALUE_MAX) {
        memcpy(value.text, text, packed.length);
        value.text[packed.length] = '\0';
        value.length = packed.length;
    }
    if (value.type == CTR_TYPE_FD) {
        if (value.known && value.fd >= 0) close(value.fd);
        value.fd = fd;
    }
    value.integer = packed.integer;
    value.known = true;
}

CTR_CHILD void store_values(Packed *block, const char *at, const char *end, std::uint32_t n_values, const int *fds,
                            std::size_t n_fds) {
    std::size_t next_fd = 0;
    for (; n_values > 0 && static_cast<std::size_t>(end - at) >= sizeof(PackedValue); --n_values) {
        PackedValue packed;
        memcpy(&packed, at, sizeof packed);
        at += sizeof packed;
        if (packed.length > static_cast<std::size_t>(end - at)) break;
        const int fd = packed.type == CTR_TYPE_FD && next_fd < n_fds ? fds[next_fd++] : -1;
        store_value(block, packed, at, fd);
        at += packed.length;
    }
    while (next_fd < n_fds)
        close(fds[next_fd++]);
}

} // namespace

CTR_CHILD int send_message(int channel, MessageType type, std::uint32_t step) {
    const Header header = {type, step, 0};
    return send_packet(channel, &header, sizeof header, nullptr, 0);
}

CTR_CHILD int send_error(int channel, std::uint32_t step, const WireError *error) {
    char packet[sizeof(Header) + sizeof(WireError)];
    const Header header = {MessageType::failed, step, 0};
    memcpy(packet, &header, sizeof header);
    memcpy(packet + sizeof header, error, sizeof *error);
    return send_packet(channel, packet, sizeof packet, nullptr, 0);
}

CTR_CHILD int send_step_done(int channel, Packed *block, std::uint32_t step) {
    Header header = {MessageType::step_done, step, 0};
    int fds[max_fds];
    std::size_t n_fds = 0;
    char *to = block->wire + sizeof header;
    const PackedStep &packed_step = block->steps[step];
    for (std::uint32_t i = 0; i < packed_step.n_outputs; ++i) {
        const std::uint32_t index = block->outputs[packed_step.first_output + i].value;
        const Value &value = block->values[index];
        if (!value.known || (value.type == CTR_TYPE_FD && n_fds == max_fds)) continue;
        const PackedValue packed = {index, value.type, value.integer, value.text == nullptr ? 0 : value.length};
        memcpy(to, &packed, sizeof packed);
        to += sizeof packed;
        if (value.text != nullptr) {
            memcpy(to, value.text, value.length);
            to += value.length;
        }
        if (value.type == CTR_TYPE_FD) fds[n_fds++] = value.fd;
        ++header.n_values;
    }
    memcpy(block->wire, &header, sizeof header);
    return send_packet(channel, block->wire, static_cast<std::size_t>(to - block->wire), fds, n_fds);
}

CTR_CHILD Received receive(int channel, Packed *block, Message *message) {
    iovec piece = {block->wire, block->wire_size};
    Control control;
    msghdr raw;
    memset(&raw, 0, sizeof raw);
    raw.msg_iov = &piece;
    raw.msg_iovlen = 1;
    raw.msg_control = control.room;
    raw.msg_controllen = sizeof control.room;
    ssize_t got = 0;
    // CLOEXEC: a received descriptor must not reach the program. ECONNRESET: the peer ended without reading all. It is
    // returned once, before the messages that the peer had sent.
    do
        got = recvmsg(channel, &raw, MSG_CMSG_CLOEXEC);
    while (got < 0 && (errno == EINTR || errno == ECONNRESET));
    if (got == 0) return Received::end;
    if (got < static_cast<ssize_t>(sizeof(Header))) return Received::error;

    int fds[max_fds];
    std::size_t n_fds = 0;
    const cmsghdr *rights = CMSG_FIRSTHDR(&raw);
    if (rights != nullptr && rights->cmsg_level == SOL_SOCKET && rights->cmsg_type == SCM_RIGHTS) {
        n_fds = (rights->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        memcpy(fds, CMSG_DATA(rights), n_fds * sizeof(int));
    }
    Header header;
    memcpy(&header, block->wire, sizeof header);
    message->type = header.type;
    message->step = header.step;
    const char *content = block->wire + sizeof header;
    if (header.type == MessageType::failed && got >= static_cast<ssize_t>(sizeof header + sizeof(WireError)))
        memcpy(&message->error, content, sizeof(WireError));
    store_values(block, content, block->wire + got, header.n_values, fds, n_fds);
    return Received::message;
}

} // namespace core::launch
