// SPDX-License-Identifier: MIT
//
// The rendezvous: the messages of the two processes on a SOCK_SEQPACKET pair. Each message is one packet: a header,
// then the values that a step gave (descriptors by SCM_RIGHTS) or an error. All functions are CTR_CHILD because both
// sides use the same code.
#pragma once

#include "launch/run.hpp"

namespace core::launch {

enum class MessageType : std::uint32_t {
    step_done = 1, // `step` is done; its values follow
    failed,        // `step` failed; a WireError follows
    ready,         // child: I wait at the gate
    commit,        // create: the state is written, so you need no owner any more
    committed,     // child: the death of my parent does not kill me any more
    go,            // the gate is open
};

struct Message {
    MessageType type = MessageType::step_done;
    std::uint32_t step = 0;
    WireError error; // of MessageType::failed
};

enum class Received { message, end, error };

/// Sends a message without content. 0, or -1 with errno.
CTR_CHILD int send_message(int channel, MessageType type, std::uint32_t step);
/// Says that a step is done, with all outputs that are known.
CTR_CHILD int send_step_done(int channel, Packed *block, std::uint32_t step);
CTR_CHILD int send_error(int channel, std::uint32_t step, const WireError *error);
/// Waits for the next message and stores its values in the block.
CTR_CHILD Received receive(int channel, Packed *block, Message *message);

} // namespace core::launch
