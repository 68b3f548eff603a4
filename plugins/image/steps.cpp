// SPDX-License-Identifier: MIT
#include "steps.hpp"

#include "failure.hpp"
#include "layer.hpp"
#include "path.hpp"
#include "record.hpp"

namespace image {

namespace {

/// Runs `work`; an exception becomes the step's error.
template <typename Work> int guarded(ctr::Run run, Work work) {
    try {
        work();
        return 0;
    } catch (const Failure &failure) {
        return run.fail(failure.error);
    } catch (const std::bad_alloc &) {
        return run.fail(memory_failure().error);
    }
}

std::optional<std::string> optional_argument(ctr::Run run, const char *name) {
    return run.has(name) ? std::optional(run.str(name)) : std::nullopt;
}

[[noreturn]] void changed_meanwhile(const std::string &path) {
    throw Failure({.error_class = CTR_E_BUSY,
                   .message = "the image was changed by another command",
                   .hint = "try again",
                   .path = path});
}

} // namespace

int unpack(ctr::Run run) {
    return guarded(run, [&] {
        Layer layer;
        layer.blob = {run.str("source"), run.str("member"), static_cast<std::uint64_t>(run.integer("size"))};
        layer.digest = run.str("digest");
        layer.diff_id = run.str("diff_id");
        UnpackOptions options;
        options.lowest = !run.has("parent");
        options.limits = read_limits([&](const char *key) { return std::optional(run.integer(key)); });
        options.bytes_before = static_cast<std::uint64_t>(run.integer("before"));
        const MemoryLimit memory(options.limits.max_memory_bytes);
        const UnpackResult result = unpack_layer(layer, run.str("directory"), options);
        for (const std::string &warning : result.warnings)
            run.log(CTR_LOG_WARN, warning);
        run.log(CTR_LOG_DEBUG, std::to_string(result.entries) + " entries, " + std::to_string(result.bytes) + " bytes");
        if (run.output("bytes", static_cast<std::int64_t>(options.bytes_before + result.bytes)) != 0)
            refuse(layer.blob.source, "the number of its bytes cannot be handed on", "this is a bug of ctr");
    });
}

int record(ctr::Run run) {
    return guarded(run, [&] {
        const std::string path = run.str("path");
        const std::string content = run.str("content");
        const std::optional<std::string> there = read_record(path);
        if (there != optional_argument(run, "previous") && there != content) changed_meanwhile(path);
        write_record(path, content);
    });
}

int record_undo(ctr::Run run) {
    return guarded(run, [&] {
        const std::string path = run.str("path");
        const std::optional<std::string> previous = optional_argument(run, "previous");
        // The record is removed only if its text is exactly ours.
        if (read_record(path) == run.str("content")) {
            if (!previous)
                remove_record(path);
            else if (*previous != run.str("content"))
                write_record(path, *previous);
        }
        sweep_record(path);
    });
}

int forget(ctr::Run run) {
    return guarded(run, [&] {
        const std::string path = run.str("path");
        const std::optional<std::string> there = read_record(path);
        if (there && *there != run.str("content")) changed_meanwhile(path);
        remove_record(path);
    });
}

/// A removal is not reverted, because layers of the record may be deleted already. Remaining layers are collected
/// later.
int forget_undo(ctr::Run run) {
    return guarded(run, [&] { sweep_record(run.str("path")); });
}

} // namespace image
