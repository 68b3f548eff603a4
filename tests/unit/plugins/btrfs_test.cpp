// SPDX-License-Identifier: MIT
#include "names.hpp"

#include <gtest/gtest.h>

namespace btrfs {
namespace {

const std::string hex64 = std::string(60, '0') + "beef";

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

} // namespace
} // namespace btrfs
