// SPDX-License-Identifier: MIT
#include "names.hpp"

#include <gtest/gtest.h>

namespace ctr::storage {
namespace {

const std::string hex64 = std::string(60, '0') + "beef";

TEST(StorageNames, LayerNameIsTheHexPartOfTheChainId) {
    EXPECT_EQ(layer_name("sha256:" + hex64), hex64);
    EXPECT_EQ(layer_name("sha512:" + hex64 + hex64), hex64 + hex64);
    EXPECT_EQ(chain_id(hex64), "sha256:" + hex64);
    EXPECT_EQ(chain_id(hex64 + hex64), "sha512:" + hex64 + hex64);
}

TEST(StorageNames, WhatIsNoChainIdIsRefused) {
    for (const std::string &text :
         {std::string(), std::string("sha256"), std::string("sha256:"), hex64, "sha256:" + hex64 + "0",
          "sha256:" + hex64.substr(1), "sha512:" + hex64, "md5:" + hex64, "sha256:" + std::string(64, 'A'),
          "sha256:" + std::string(61, '0') + "/..", "SHA256:" + hex64})
        EXPECT_FALSE(layer_name(text)) << text;
    EXPECT_FALSE(chain_id(""));
    EXPECT_FALSE(chain_id("tmp"));
    EXPECT_FALSE(chain_id(hex64 + "0"));
}

TEST(StorageNames, ComponentsStayInTheirDirectory) {
    for (const char *good : {"a", ".a", "...", "a b"})
        EXPECT_TRUE(is_component(good)) << good;
    for (const char *bad : {"", ".", "..", "/", "a/b", "../a"})
        EXPECT_FALSE(is_component(bad)) << bad;
    EXPECT_FALSE(is_component(std::string_view("a\0b", 3)));
    EXPECT_FALSE(is_component(std::string(256, 'a')));
}

TEST(StorageNames, TheParentIsWhatStandsBeforeTheLastSlash) {
    EXPECT_EQ(parent_of("/a/b/c"), "/a/b");
    EXPECT_EQ(parent_of("/a"), "");
}

} // namespace
} // namespace ctr::storage
