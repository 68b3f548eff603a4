// SPDX-License-Identifier: MIT
//
// The program's memory. A start makes and frees some ten thousand small objects within a few milliseconds and then ends
// or waits. They come from one block of memory. What is freed is kept by size for the next object of that size, which
// takes a fifth of malloc's instructions. When the block is used up, and for large objects, malloc is used. (It was
// tried to let the kernel fill the front of the block at once: this costs more than the page faults.)
//
// This is compiled only into the program: plugins have their own operator new, tests and sanitizers use malloc's. The
// program has one thread.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <new>

namespace {

constexpr std::size_t block_size = std::size_t{1} << 20; // bytes
constexpr std::size_t grain = 16, largest = 1024;        // bytes

struct Free {
    Free *next;
};

alignas(4096) constinit char block[block_size];
constinit char *unused = block;
constinit Free *kept[largest / grain + 1];

constexpr std::size_t rounded(std::size_t size) { return size == 0 ? grain : (size + grain - 1) & ~(grain - 1); }

bool is_ours(const void *memory) {
    return reinterpret_cast<std::uintptr_t>(memory) - reinterpret_cast<std::uintptr_t>(block) < block_size;
}

[[gnu::noinline]] void *from_malloc(std::size_t size) {
    if (void *memory = std::malloc(size)) return memory;
    throw std::bad_alloc();
}

} // namespace

void *operator new(std::size_t size) {
    const std::size_t wanted = rounded(size);
    if (wanted > largest) return from_malloc(size);
    if (Free *free = kept[wanted / grain]; free != nullptr) {
        kept[wanted / grain] = free->next;
        return free;
    }
    if (static_cast<std::size_t>(block + block_size - unused) < wanted) return from_malloc(size);
    void *memory = unused;
    unused += wanted;
    return memory;
}

void operator delete(void *memory, std::size_t size) noexcept {
    if (!is_ours(memory)) return std::free(memory);
    auto *free = static_cast<Free *>(memory);
    free->next = kept[rounded(size) / grain];
    kept[rounded(size) / grain] = free;
}

/// Here the size is not known, so memory from the block cannot be used again. This is rare.
void operator delete(void *memory) noexcept {
    if (!is_ours(memory)) std::free(memory);
}
void *operator new[](std::size_t size) { return operator new(size); }
void operator delete[](void *memory) noexcept { operator delete(memory); }
void operator delete[](void *memory, std::size_t size) noexcept { operator delete(memory, size); }
