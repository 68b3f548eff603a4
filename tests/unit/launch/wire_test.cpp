// SPDX-License-Identifier: MIT
#include "launch/wire.hpp"

#include "base/fd.hpp"

#include <gtest/gtest.h>
#include <sys/socket.h>

namespace {

using namespace core;
using launch::Message;
using launch::MessageType;
using launch::Received;

class WireTest : public testing::Test {
protected:
    void SetUp() override {
        int ends[2];
        ASSERT_EQ(::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
        parent.reset(ends[0]);
        child.reset(ends[1]);
        block = launch::Block::pack(plan, [](const std::string &, const std::string &) { return nullptr; });
    }
    Fd parent, child;
    plan::Plan plan;
    std::unique_ptr<launch::Block> block;
};

} // namespace

TEST_F(WireTest, WordsArriveInTheirOrderAndThenTheEnd) {
    ASSERT_EQ(launch::send_message(child.get(), MessageType::ready, 7), 0);
    ASSERT_EQ(launch::send_message(child.get(), MessageType::committed, 0), 0);
    child.reset();
    Message message;
    ASSERT_EQ(launch::receive(parent.get(), block.get(), &message), Received::message);
    EXPECT_EQ(message.type, MessageType::ready);
    EXPECT_EQ(message.step, 7U);
    ASSERT_EQ(launch::receive(parent.get(), block.get(), &message), Received::message);
    EXPECT_EQ(message.type, MessageType::committed);
    EXPECT_EQ(launch::receive(parent.get(), block.get(), &message), Received::end);
}

// The kernel says ECONNRESET then, before what is still in the queue.
TEST_F(WireTest, WhatAChildSaidBeforeItLeftIsHeardThoughItHadNotReadAll) {
    ASSERT_EQ(launch::send_message(parent.get(), MessageType::go, 0), 0);
    launch::WireError error;
    std::snprintf(error.message, sizeof error.message, "the reason");
    ASSERT_EQ(launch::send_error(child.get(), 3, &error), 0);
    child.reset();
    Message message;
    ASSERT_EQ(launch::receive(parent.get(), block.get(), &message), Received::message);
    EXPECT_EQ(message.type, MessageType::failed);
    EXPECT_EQ(message.step, 3U);
    EXPECT_STREQ(message.error.message, "the reason");
    EXPECT_EQ(launch::receive(parent.get(), block.get(), &message), Received::end);
}
