// SPDX-License-Identifier: MIT
//
// crun's `mounts add` and `mounts remove`. The file has mounts as in a config.json: the array itself, or an object with
// a member "mounts".
#include "front/oci/app.hpp"

#include "container/mounts.hpp"
#include "front/cli/bundle.hpp"
#include "spec/oci.hpp"
#include "sys/files.hpp"

#include <algorithm>
#include <climits>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <unistd.h>

namespace core::oci {
namespace {

/// Mounts to add are checked as in a bundle. For mounts to remove only the destinations count, so the rest may be
/// missing or wrong.
Result<Json> read_mounts(const std::string &file, bool destinations_only) {
    CTR_ASSIGN(const std::string text, file == "-" ? sys::read_fd(STDIN_FILENO, "standard input", spec::max_spec_size)
                                                   : sys::read_file(file, spec::max_spec_size));
    CTR_ASSIGN(Json mounts, parse_json(text, file));
    if (mounts.is_object() && mounts.contains("mounts")) mounts = Json(mounts["mounts"]);
    if (!mounts.is_array())
        return invalid(file, "expected an array of mounts, or an object with \"mounts\"", "as in a config.json");
    if (destinations_only)
        for (Json &mount : mounts)
            if (mount.is_object() && mount.contains("destination")) mount = {{"destination", mount["destination"]}};
    CTR_TRY(spec::validate({{"ociVersion", "1.0.0"}, {"mounts", mounts}}).in(file));
    return mounts;
}

bool is_remount(const Json &mount) {
    const Json options = mount.value("options", Json::array());
    return std::find(options.begin(), options.end(), "remount") != options.end();
}

/// Makes relative sources of bind mounts absolute, from the working directory because there is no bundle. The source of
/// a remount ("none") is no path.
Result<void> make_absolute(Json &mounts) {
    for (Json &mount : mounts) {
        if (!cli::has_relative_source(mount) || is_remount(mount)) continue;
        char resolved[PATH_MAX];
        const std::string source = mount["source"].get<std::string>();
        if (::realpath(source.c_str(), resolved) == nullptr) return system_error("realpath", source);
        mount["source"] = std::string(resolved);
    }
    return {};
}

} // namespace

int mounts_command(App &app, const Arguments &arguments) {
    const auto &words = arguments.positional();
    const bool add = words[0] == "add";
    if (!add && words[0] != "remove")
        return app.report(invalid("mounts " + words[0], "unknown command", "expected add or remove"));
    auto engine = app.engine();
    if (!engine.ok()) return app.report(engine.error());
    auto mounts = read_mounts(words[2], !add);
    if (!mounts.ok()) return app.report(mounts.error());
    if (auto absolute = make_absolute(mounts.value()); !absolute.ok()) return app.report(absolute.error());
    auto done = add ? container::add_mounts(*engine.value(), words[1], mounts.value())
                    : container::remove_mounts(*engine.value(), words[1], mounts.value());
    return done.ok() ? 0 : app.report(done.error());
}

} // namespace core::oci
