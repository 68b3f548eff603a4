// SPDX-License-Identifier: MIT
#include "container/directories.hpp"

#include "sys/files.hpp"

#include <algorithm>
#include <unistd.h>

namespace core::container {

Result<void> make_shared_directories(const plan::Plan &plan, const std::string &own) {
    const plan::Step *row = plan.find(plan::kind_journal);
    if (row == nullptr) return {};
    for (const plan::Arg &arg : row->args)
        if (arg.name == "directory" && arg.text != own) CTR_TRY(sys::make_directories(arg.text, 0711));
    return {};
}

Result<void> make_own_directory(const Journal &journal, bool anyway) {
    const std::string own = files_of(journal.file());
    const plan::Step *row = journal.record().plan.find(plan::kind_journal);
    const bool listed = row != nullptr && std::any_of(row->args.begin(), row->args.end(), [&](const plan::Arg &arg) {
                            return arg.name == "directory" && arg.text == own;
                        });
    return listed || anyway ? sys::make_directories(own, 0711) : Result<void>();
}

Result<void> remove_record(Journal &journal) {
    // The journal is removed last, because recovery needs it after a crash in between.
    const std::string &file = journal.file(), own = files_of(file);
    if (::access(own.c_str(), F_OK) == 0) CTR_TRY(sys::remove_tree(own));
    if (::unlink(file.c_str()) != 0 && errno != ENOENT) return system_error("unlink", file);
    journal.release();
    return {};
}

} // namespace core::container
