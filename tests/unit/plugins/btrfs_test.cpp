// SPDX-License-Identifier: MIT
#include "names.hpp"

#include <gtest/gtest.h>

namespace btrfs {
namespace {

const std::string hex64 = std::string(60, '0') + "beef";

TEST(BtrfsNames, LayerNameIsTheHexPartOfTheChainId) {
    EXPECT_EQ(layer_name("sha256:" + hex64), hex64);
    EXPECT_EQ(layer_name("sha512:" + hex64 + hex64), hex64 + hex64);
    EXPECT_EQ(chain_id(hex64), "sha256:" + hex64);
    for (const std::string &text : {std::string(), std::string("sha256:"), hex64, "sha256:" + hex64 + "0",
                                    "md5:" + hex64, "sha256:" + std::string(61, '0') + "/.."})
        EXPECT_FALSE(layer_name(text)) << text;
}

TEST(BtrfsNames, PartialsAreToldFromLayersAndFromOthers) {
    const std::string partial = partial_name("import.1", hex64);
    EXPECT_EQ(partial, hex64 + ".import.1.partial");
    EXPECT_TRUE(is_partial(partial));
    EXPECT_FALSE(chain_id(partial));
    EXPECT_NE(partial, partial_name("import.2", hex64));
    for (const std::string &text :
         {std::string(), hex64, std::string(".partial"), std::string("x.y.partial"), hex64 + "/../x.partial"})
        EXPECT_FALSE(is_partial(text)) << text;
}

TEST(BtrfsNames, ComponentsStayInTheirDirectory) {
    for (const char *good : {"a", ".a", "..."})
        EXPECT_TRUE(is_component(good)) << good;
    for (const char *bad : {"", ".", "..", "/", "a/b"})
        EXPECT_FALSE(is_component(bad)) << bad;
}

} // namespace
} // namespace btrfs
