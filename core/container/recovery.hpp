// SPDX-License-Identifier: MIT
#pragma once

#include "container/container.hpp"
#include "container/record.hpp"

#include <exception>
#include <string>

namespace core::container {

/// Its owner died at work: nobody holds the lock, and it is not one of the states that need no owner. One that was not
/// on its own yet dies with the owner, which may take it a moment: that it still lives says nothing.
bool is_abandoned(const Record &record, int owner);
/// If the container of that name has no owner and is of no use to anybody (is_abandoned), it is taken back, so that its
/// name is free.
Result<void> take_back_abandoned(Engine &engine, const std::string &id);

/// Each container stands alone: what a damaged file of one makes the libraries throw is that one's error.
template <typename Work> auto apart(const std::string &file, Work work) -> decltype(work()) {
    try {
        return work();
    } catch (const std::exception &e) {
        return invalid(file, std::string("what is stored of the container is damaged: ") + e.what(),
                       "`ctr rm -f` or `ctr-oci delete --force` removes it");
    }
}

} // namespace core::container
