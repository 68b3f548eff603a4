// SPDX-License-Identifier: MIT
//
// A short fuzzing of every reader that is the same each time: good inputs, broken in the ways that find most. Nothing
// may crash, throw or be refused without words. CTR_FUZZ builds the same targets for libFuzzer.
#include "targets.hpp"

#include <gtest/gtest.h>
#include <iterator>
#include <random>

namespace {

using fuzz::Target;

class Mutator {
public:
    explicit Mutator(const std::string &seed) : seed_(seed), random_(20240217) {}

    std::string next() {
        std::string bytes = seed_;
        const std::size_t changes = 1 + below(4);
        for (std::size_t i = 0; i < changes; ++i)
            change(bytes);
        return bytes;
    }

private:
    std::size_t below(std::size_t limit) { return limit == 0 ? 0 : static_cast<std::size_t>(random_() % limit); }
    char byte() { return static_cast<char>(random_() & 0xffU); }

    void change(std::string &bytes) {
        const std::size_t at = below(bytes.size()), length = std::min(bytes.size() - at, below(24));
        switch (below(8)) {
        case 0: // one bit
            if (!bytes.empty()) bytes[at] = static_cast<char>(static_cast<unsigned char>(bytes[at]) ^ (1U << below(8)));
            break;
        case 1: // one byte
            if (!bytes.empty()) bytes[at] = byte();
            break;
        case 2: bytes.erase(at, length); break;
        case 3: bytes.insert(at, bytes.substr(below(bytes.size()), length)); break;
        case 4: // the extremes of sizes and offsets
            for (std::size_t i = at; i < std::min(bytes.size(), at + 4); ++i)
                bytes[i] = static_cast<char>(random_() % 2 == 0 ? 0xff : 0x7f);
            break;
        case 5: bytes.resize(at); break;
        default: // words that readers know, where they do not belong
            bytes.replace(at, length, words_[below(std::size(words_))]);
            break;
        }
    }

    static constexpr const char *words_[] = {"\"",
                                             "{",
                                             "}",
                                             "[",
                                             "]",
                                             ":",
                                             ",",
                                             "null",
                                             "true",
                                             "-1",
                                             "0",
                                             "1e999",
                                             "18446744073709551616",
                                             "-9223372036854775809",
                                             "\"\"",
                                             "\"off\"",
                                             "\\u0000",
                                             "\\ud800",
                                             "/*",
                                             "//",
                                             "\xff",
                                             "{}",
                                             "[]",
                                             "[[[[[[[[[[[[[[[[",
                                             "\"driver\":",
                                             "/../",
                                             "~1",
                                             "*"};
    const std::string &seed_;
    std::mt19937_64 random_;
};

class Readers : public testing::TestWithParam<Target> {};

TEST_P(Readers, AcceptTheGoodInputs) {
    for (const std::string &seed : GetParam().seeds)
        EXPECT_EQ(GetParam().run(seed), "");
}

TEST_P(Readers, RefuseEveryTruncationWithoutACrash) {
    const std::string &seed = GetParam().seeds[0];
    for (std::size_t size = 0; size < seed.size(); ++size)
        ASSERT_EQ(GetParam().run(std::string_view(seed).substr(0, size)), "") << "cut at " << size;
}

TEST_P(Readers, SurviveMutations) {
    for (const std::string &seed : GetParam().seeds) {
        Mutator mutator(seed);
        for (int i = 0; i < 4000; ++i) {
            const std::string bytes = mutator.next();
            ASSERT_EQ(GetParam().run(bytes), "") << "mutation " << i << ":\n" << bytes;
        }
    }
}

TEST_P(Readers, SurviveDeepNesting) {
    for (const char *open : {"[", "{\"a\":", "{\"config\":[", "/*", "/*\"*/["}) {
        std::string deep;
        while (deep.size() < 200000)
            deep += open;
        EXPECT_EQ(GetParam().run(deep), "");
    }
}

INSTANTIATE_TEST_SUITE_P(All, Readers, testing::ValuesIn(fuzz::targets()),
                         [](const testing::TestParamInfo<Target> &each) { return std::string(each.param.name); });

} // namespace
