// SPDX-License-Identifier: MIT
#pragma once

#include "container/container.hpp"
#include "container/record.hpp"

#include <exception>
#include <string>

namespace core::container {

/// True if the owner died at work: nobody holds the lock, and the container is not in a state that needs no owner. The
/// first process may still be alive then, because a container that was not committed dies a moment after its owner.
/// `owner`: Journal::owner().
bool is_abandoned(const Record &record, int owner);
/// If the container of that name was abandoned (is_abandoned), undoes and removes it, so that its name is free.
Result<void> take_back_abandoned(Engine &engine, const std::string &id);

/// Runs `work` for one container and turns an exception (a damaged file may make a library throw) into an error of that
/// container, so that the others are still looked at.
template <typename Work> auto apart(const std::string &file, Work work) -> decltype(work()) {
    try {
        return work();
    } catch (const std::exception &e) {
        return invalid(file, std::string("what is stored of the container is damaged: ") + e.what(),
                       "`ctr rm -f` or `ctr-oci delete --force` removes it");
    }
}

} // namespace core::container
