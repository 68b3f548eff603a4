// SPDX-License-Identifier: MIT
#include "front/oci/log.hpp"

#include "base/json.hpp"
#include "base/text.hpp"
#include "sys/clock.hpp"
#include "sys/files.hpp"
#include "sys/surroundings.hpp"

#include <cstdio>
#include <fcntl.h>
#include <nlohmann/json.hpp>
#include <unistd.h>

namespace core::oci {
namespace {

const char *word_of(int level) {
    switch (level) {
    case CTR_LOG_ERROR: return "error";
    case CTR_LOG_WARN: return "warning";
    case CTR_LOG_INFO: return "info";
    default: return "debug";
    }
}

/// Quoted as in JSON, which readers of logrus' lines understand.
std::string quoted(const std::string &text) { return Json(text).dump(-1, ' ', false, Json::error_handler_t::replace); }

} // namespace

Result<void> Log::open(const std::string &file, Form form, int level) {
    form_ = form;
    level_ = level;
    if (file.empty() || file == "/dev/stderr") return {};
    file_.reset(::open(file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, sys::as_the_caller_wants(0644)));
    return file_.valid() ? Result<void>() : system_error("open", file, "--log FILE must be writable");
}

void Log::line(int level, const std::string &message) const {
    if (level > level_ && level != CTR_LOG_INFO) return; // hints belong to an error and are always written
    const int fd = file_.valid() ? file_.get() : STDERR_FILENO;
    std::string text;
    if (form_ == Form::json) {
        text = Json{{"level", word_of(level)}, {"msg", message}, {"time", sys::timestamp()}}.dump(
            -1, ' ', false, Json::error_handler_t::replace);
    } else if (::isatty(fd) == 1) {
        std::string four = word_of(level);
        four.resize(4);
        for (char &c : four)
            c = static_cast<char>(c - 'a' + 'A');
        text = four + "[0000] " + message;
    } else {
        text = "time=\"" + sys::timestamp() + "\" level=" + word_of(level) + " msg=" + quoted(message);
    }
    // One write for each line, because several ctr-oci may write to the same log. A failure cannot be reported
    // anywhere.
    static_cast<void>(sys::write_all(fd, printable(text) + "\n", "log"));
}

void Log::fatal(const std::string &message, const std::string &hint) const {
    failed_ = true;
    // The hint comes first, because engines take the last line as the reason.
    if (!hint.empty()) line(CTR_LOG_INFO, "hint: " + hint);
    line(CTR_LOG_ERROR, message);
    if (file_.valid()) std::fprintf(stderr, "%s\n", printable(message).c_str());
}

} // namespace core::oci
