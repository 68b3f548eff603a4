// SPDX-License-Identifier: MIT
//
// update: changes the limits of a living container.
#include "front/oci/app.hpp"

#include "container/running.hpp"
#include "front/oci/resources.hpp"
#include "spec/oci.hpp"

#include <nlohmann/json.hpp>

namespace core::oci {

int update_command(App &app, const Arguments &arguments) {
    auto engine = app.engine();
    if (!engine.ok()) return app.report(engine.error());
    const std::string &id = arguments.positional()[0];
    auto state = container::state(*engine.value(), id);
    if (!state.ok()) return app.report(state.error());
    if (state.value().status == container::Status::stopped)
        return app.report(failure(CTR_E_INVALID, "container not running: " + id));
    auto resources = read_resources(arguments);
    if (!resources.ok()) return app.report(resources.error());
    drop_pids(resources.value(), zero_pids_is_meant(state.value().meta.value("spec", Json::object())));
    // Device rules are ignored, because `update` is not meant to change them: engines send them along unchanged.
    resources.value().erase("devices");
    auto valid = spec::validate({{"ociVersion", "1.0.0"}, {"linux", {{"resources", resources.value()}}}});
    if (!valid.ok()) return app.report(valid.error());
    const Json rdt = read_rdt(arguments);
    Result<void> updated;
    if (rdt.is_null() || !resources.value().empty())
        updated = container::update(*engine.value(), id, resources.value());
    if (updated.ok() && !rdt.is_null())
        updated = container::update_other(*engine.value(), id, {{"linux", {{"intelRdt", rdt}}}});
    return updated.ok() ? 0 : app.report(updated.error());
}

} // namespace core::oci
