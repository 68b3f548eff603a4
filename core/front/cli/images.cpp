// SPDX-License-Identifier: MIT
#include "front/cli/app.hpp"

#include "base/text.hpp"
#include "container/images.hpp"
#include "sys/files.hpp"

#include <algorithm>
#include <fcntl.h>
#include <unistd.h>

namespace core::cli {
namespace {

using container::find_image;
using container::full_image_name;
using container::Image;
using container::list_images;

/// Copies standard input into a file without a name, which goes with the process.
Result<Fd> spool_stdin(const container::Engine &engine) {
    const std::string directory = engine.config().data_root;
    CTR_TRY(sys::make_directories(directory, 0711));
    Fd fd(::open(directory.c_str(), O_TMPFILE | O_RDWR, 0600)); // no O_CLOEXEC: no exec follows
    if (!fd.valid()) return system_error("open(O_TMPFILE)", directory);
    char buffer[65536];
    for (;;) {
        const ssize_t got = ::read(STDIN_FILENO, buffer, sizeof buffer);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return system_error("read", "standard input");
        if (got == 0) return fd;
        CTR_TRY(sys::write_all(fd.get(), std::string_view(buffer, static_cast<std::size_t>(got)), directory));
    }
}

std::string operation_id(const char *verb) {
    return std::string(verb) + "-" + std::to_string(::getpid()) + "-" +
           std::to_string(sys::process_start_time(::getpid()));
}

/// Warns if a damaged record was removed, because the user may miss the image.
Result<bool> drop_damaged(const container::Engine &engine, const std::string &name) {
    CTR_ASSIGN(const bool dropped, container::discard_damaged(engine, name));
    if (dropped) App::warn("the damaged record of the image " + full_image_name(name) + " was removed");
    return dropped;
}

Result<void> import_image(container::Engine &engine, const std::string &source, const std::string &name) {
    CTR_ASSIGN(const auto lock, container::lock_images(engine, true));
    CTR_TRY(container::recover_operations(engine, container::Recovery::on_the_way, nullptr, nullptr));
    Fd spooled;
    std::string path = source;
    if (source == "-") {
        CTR_ASSIGN(spooled, spool_stdin(engine));
        path = "/proc/self/fd/" + std::to_string(spooled.get());
    } else {
        char resolved[PATH_MAX];
        if (::realpath(source.c_str(), resolved) == nullptr) return system_error("realpath", source);
        path = resolved;
    }
    CTR_TRY(drop_damaged(engine, name));
    const Json spec = {{"ctr", {{"import", {{"source", path}, {"name", full_image_name(name)}}}}}};
    return container::run_operation(engine, CTR_OP_IMAGE_IMPORT, operation_id("import"), spec);
}

/// The layers that only this image uses. Errors: busy if a container uses the image. If some record or container does
/// not say which layers it uses, the result is empty, and the layers are collected when that record is gone.
Result<std::vector<std::string>> own_layers(container::Engine &engine, const Image &image) {
    CTR_ASSIGN(const auto containers, container::list(engine));
    CTR_ASSIGN(const auto images, list_images(engine));
    std::vector<std::string> own = image.layers;
    const auto drop = [&own](const std::vector<std::string> &used) {
        std::erase_if(
            own, [&](const std::string &layer) { return std::find(used.begin(), used.end(), layer) != used.end(); });
    };
    bool all_known = images.damaged.empty();
    for (const Error &each : images.damaged)
        App::warn("layers are kept, for they may be another image's: " + each.text(), each.hint);
    for (const auto &each : containers) {
        const auto used = container::image_of(each);
        if (used && used->name == image.name)
            return failure(CTR_E_BUSY, "the container " + each.id + " uses the image " + image.name,
                           "remove it first: ctr rm " + each.id);
        all_known &= used.has_value();
        if (used) drop(used->layers);
    }
    for (const Image &other : images.images)
        if (other.name != image.name) drop(other.layers);
    if (!all_known) own.clear();
    return own;
}

Result<void> remove_image(container::Engine &engine, const std::string &name) {
    CTR_ASSIGN(const auto lock, container::lock_images(engine, true));
    CTR_TRY(container::recover_operations(engine, container::Recovery::on_the_way, nullptr, nullptr));
    CTR_ASSIGN(const bool dropped, drop_damaged(engine, name));
    if (dropped) return container::collect_layers(engine);
    CTR_ASSIGN(const Image image, find_image(engine, name));
    CTR_ASSIGN(const auto layers, own_layers(engine, image));
    const Json spec = {{"ctr", {{"remove", {{"name", image.name}, {"layers", layers}}}}}};
    return container::run_operation(engine, CTR_OP_IMAGE_REMOVE, operation_id("remove"), spec);
}

std::string human(std::uint64_t bytes) {
    const char *const units[] = {"B", "kB", "MB", "GB", "TB"};
    auto value = static_cast<double>(bytes);
    std::size_t unit = 0;
    while (value >= 1000 && unit < 4)
        value /= 1000, ++unit;
    char text[32];
    std::snprintf(text, sizeof text, unit == 0 ? "%.0f %s" : "%.1f %s", value, units[unit]);
    return text;
}

} // namespace

int image_import_command(App &app, const Arguments &arguments) {
    auto engine = app.engine();
    if (!engine.ok()) return app.report(engine.error());
    const std::string &name = arguments.positional()[1];
    auto imported = import_image(*engine.value(), arguments.positional()[0], name);
    if (!imported.ok()) return app.report(std::move(imported).error().in("importing " + name));
    auto image = find_image(*engine.value(), name);
    if (!image.ok()) return app.report(image.error());
    App::print(printable(image.value().name + " " + image.value().digest) + "\n");
    return 0;
}

int image_ls_command(App &app, const Arguments &arguments) {
    auto engine = app.engine();
    if (!engine.ok()) return app.report(engine.error());
    auto images = list_images(*engine.value());
    if (!images.ok()) return app.report(images.error());
    for (const Error &each : images.value().damaged)
        App::warn(each.text(), each.hint);
    if (app.json()) {
        Json out = Json::array();
        for (const Image &image : images.value().images)
            out.push_back({{"name", image.name},
                           {"digest", image.digest},
                           {"created", image.created},
                           {"size", image.size},
                           {"layers", image.layers},
                           {"config", image.config}});
        App::print(out.dump(2, ' ', false, Json::error_handler_t::replace) + "\n");
        return 0;
    }
    if (arguments.has("quiet")) {
        for (const Image &image : images.value().images)
            App::print(printable(image.name) + "\n");
        return 0;
    }
    std::vector<std::vector<std::string>> rows = {{"NAME", "DIGEST", "LAYERS", "SIZE", "CREATED"}};
    for (const Image &image : images.value().images)
        rows.push_back({image.name, image.digest.substr(0, 19), std::to_string(image.layers.size()), human(image.size),
                        image.created});
    App::print(table(rows));
    return 0;
}

int image_rm_command(App &app, const Arguments &arguments) {
    auto engine = app.engine();
    if (!engine.ok()) return app.report(engine.error());
    int status = 0;
    for (const std::string &name : arguments.positional()) {
        auto removed = remove_image(*engine.value(), name);
        if (!removed.ok()) status = app.report(removed.error());
    }
    return status;
}

} // namespace core::cli
