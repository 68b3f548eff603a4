// SPDX-License-Identifier: MIT
//
// The log of ctr-oci, in the form that programs written for runc read: lines of logrus, as text or JSON. Engines give a
// file by --log and show its last error to their users. Without --log the lines go to standard error.
#pragma once

#include "base/fd.hpp"
#include "base/result.hpp"

#include <ctr/types.h>
#include <string>

namespace core::oci {

class Log {
public:
    enum class Form { text, json };

    /// Opens or makes `file`; empty: standard error. `level`: the most detailed level that is written. Errors: of
    /// open(2).
    Result<void> open(const std::string &file, Form form, int level);
    /// Writes one line; `level` is CTR_LOG_.... A line that is more detailed than the level of open() is dropped,
    /// except CTR_LOG_INFO, which is for hints.
    void line(int level, const std::string &message) const;
    /// Writes the error that ends the command to the log, and also to standard error if the log is a file. Its hint is
    /// a line of level info before it.
    void fatal(const std::string &message, const std::string &hint) const;
    bool debug() const { return level_ == CTR_LOG_DEBUG; }
    int level() const { return level_; }
    /// True if fatal() was called.
    bool failed() const { return failed_; }

private:
    Fd file_; // invalid: standard error
    Form form_ = Form::text;
    int level_ = CTR_LOG_WARN;
    mutable bool failed_ = false;
};

} // namespace core::oci
