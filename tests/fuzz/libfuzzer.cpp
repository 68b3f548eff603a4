// SPDX-License-Identifier: MIT
//
// One target (FUZZ_TARGET) for libFuzzer: build-fuzz/tests/fuzz/fuzz_spec -max_total_time=600
#include "targets.hpp"

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size) {
    static const fuzz::Target *target = [] {
        for (const auto &each : fuzz::targets())
            if (std::strcmp(each.name, FUZZ_TARGET) == 0) return &each;
        std::abort();
    }();
    const std::string wrong = target->run({reinterpret_cast<const char *>(data), size});
    if (wrong.empty()) return 0;
    std::fprintf(stderr, "%s\n", wrong.c_str());
    std::abort();
}

/// Where there is no corpus, begin with the good inputs.
extern "C" std::size_t LLVMFuzzerMutate(std::uint8_t *data, std::size_t size, std::size_t max_size);
extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t *data, std::size_t size, std::size_t max_size,
                                               unsigned seed) {
    if (size <= 1)
        for (const auto &each : fuzz::targets())
            if (std::strcmp(each.name, FUZZ_TARGET) == 0) {
                const std::string &good = each.seeds[seed % each.seeds.size()];
                size = good.size() < max_size ? good.size() : max_size;
                std::memcpy(data, good.data(), size);
            }
    return LLVMFuzzerMutate(data, size, max_size);
}
