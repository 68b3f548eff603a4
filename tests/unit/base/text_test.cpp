// SPDX-License-Identifier: MIT
#include "base/text.hpp"

#include <gtest/gtest.h>

using namespace core;

TEST(Text, SplitsAtEverySeparatorAndKeepsEmptyParts) {
    EXPECT_EQ(split("a:b:", ':'), (std::vector<std::string_view>{"a", "b", ""}));
    EXPECT_EQ(split("", ':'), (std::vector<std::string_view>{""}));
    EXPECT_EQ(join({"a", "b"}, ", "), "a, b");
}

TEST(Text, QuotesControlCharactersAndCutsLongText) {
    EXPECT_EQ(in_quotes("a\"b\n\x01"), "\"a\\\"b\\n\\x01\"");
    EXPECT_EQ(in_quotes("abcdef", 3), "\"abc\"...");
    EXPECT_EQ(in_quotes("ab\xc3\xa4", 3), "\"ab\"...") << "never inside a UTF-8 sequence";
}

TEST(Text, ReadsOnlyWholeDecimalNumbersThatFit) {
    EXPECT_EQ(parse_u64("18446744073709551615"), 18446744073709551615u);
    for (const char *bad : {"", "-1", "+1", " 1", "1 ", "0x1", "18446744073709551616"})
        EXPECT_FALSE(parse_u64(bad)) << bad;
}

TEST(Text, CountsASwapOfNeighboursAsOneEdit) {
    EXPECT_EQ(edit_distance("bridge", "bridge"), 0u);
    EXPECT_EQ(edit_distance("brigde", "bridge"), 1u);
    EXPECT_EQ(edit_distance("", "abc"), 3u);
    EXPECT_EQ(edit_distance("kitten", "sitting"), 3u);
}

TEST(Text, SuggestsTheNearestWordOrListsWhatIsKnown) {
    EXPECT_EQ(suggestion("brigde", {"host", "bridge"}), "did you mean \"bridge\"?");
    EXPECT_EQ(suggestion("Subnet", {"subnet"}), "did you mean \"subnet\"?");
    EXPECT_EQ(suggestion("zzz", {"host", "bridge"}), "known: host, bridge");
    EXPECT_EQ(suggestion("zzz", {}), "");
    EXPECT_EQ(suggestion(std::string(100000, 'a'), {"a"}), "known: a");
}
