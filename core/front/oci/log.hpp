// SPDX-License-Identifier: MIT
//
// The log of ctr-oci, in the form that programs written for runc read: lines of logrus, as text or JSON. Engines give a
// file by --log and show its last error to their users; without it the lines go to standard error.
#pragma once

#include "base/fd.hpp"
#include "base/result.hpp"

#include <ctr/types.h>
#include <string>

namespace core::oci {

class Log {
public:
    enum class Form { text, json };

    /// Opens (and makes) `file`; empty: standard error. `level`: the most detailed that is written. Errors: of open(2).
    Result<void> open(const std::string &file, Form form, int level);
    /// One line; `level` is CTR_LOG_.... Below the threshold nothing happens.
    void line(int level, const std::string &message) const;
    /// The error that ends the command: in the log, and on standard error if that is another place. With its hint as a
    /// second line of the level info.
    void fatal(const std::string &message, const std::string &hint) const;
    bool debug() const { return level_ == CTR_LOG_DEBUG; }
    int level() const { return level_; }
    /// fatal() was called.
    bool failed() const { return failed_; }

private:
    Fd file_; // invalid: standard error
    Form form_ = Form::text;
    int level_ = CTR_LOG_WARN;
    mutable bool failed_ = false;
};

} // namespace core::oci
