// SPDX-License-Identifier: MIT
//
// What is said of a field that nobody carries out: every such hint that the planner can give, for each field of OCI's
// config.json and each word below /ctr that a stock plugin knows, with no plugin installed and with the drivers off.
// Whatever a hint names exists, and doing what it says gets on.
#include "support/plan_fixture.hpp"

#include "front/cli/options.hpp"
#include "plugin/catalog.hpp"
#include "spec/claims.hpp"
#include "spec/oci_fields.hpp"

#include <algorithm>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <regex>

namespace {

using namespace plan_fixture;
using namespace core;

/// Some value that asks for something.
Json value_for(const spec::Shape &shape) {
    switch (shape.type) {
    case spec::Type::boolean: return true;
    case spec::Type::integer: return 1;
    case spec::Type::text: return shape.choices.empty() ? std::string("/x") : std::string(shape.choices.front());
    default: return Json::object();
    }
}

/// A description that asks for the field of that row and for nothing else but a program.
Json asking_for(std::uint16_t row) {
    const spec::Field &field = spec::fields()[row];
    Json value = field.shape.type == spec::Type::list  ? Json::array({value_for(spec::fields()[row + 1].shape)})
                 : field.shape.type == spec::Type::map ? Json{{"x", value_for(spec::fields()[row + 1].shape)}}
                                                       : value_for(field.shape);
    std::string rest(field.pattern);
    while (!rest.empty()) { // from the innermost component outwards
        const auto slash = rest.rfind('/');
        const std::string name = rest.substr(slash + 1);
        rest.resize(slash);
        const auto parent = std::find_if(spec::fields().begin(), spec::fields().end(),
                                         [&](const spec::Field &each) { return each.pattern == rest; });
        if (name != "*")
            value = Json{{name, value}};
        else if (parent->shape.type == spec::Type::list)
            value = Json::array({value});
        else
            value = Json{{"x", value}};
    }
    if (!value.is_object()) return Json();
    value["process"]["args"] = {"true"};
    return value;
}

struct Asked {
    std::string what;
    Json spec;
};

/// Everything that a description can ask for.
std::vector<Asked> all_that_can_be_asked() {
    std::vector<Asked> all;
    for (std::uint16_t row = 1; row < spec::fields().size(); ++row) {
        Json spec = asking_for(row);
        if (spec.is_object() && !spec::requested_paths(spec).empty())
            all.push_back({std::string(spec::fields()[row].pattern), std::move(spec)});
    }
    for (const auto &plugin : Planning().catalog().plugins())
        for (const std::string &claim : plugin->manifest.claims)
            if (claim.rfind("/ctr/", 0) == 0 && claim.find('/', 5) == std::string::npos)
                all.push_back({claim, {{"process", {{"args", {"true"}}}}, {"ctr", {{claim.substr(5), "x"}}}}});
    return all;
}

bool claims(const std::string &id, const std::string &path, const Json &spec) {
    const plugin::Plugin *plugin = Planning().catalog().find(id);
    if (plugin == nullptr) return false;
    const auto requested = spec::requested_paths(spec);
    const std::vector<Claimant> claimants = {{id, plugin->manifest.claims}};
    const auto matches = spec::match_claims(requested, claimants);
    for (std::size_t i = 0; i < requested.size(); ++i)
        if (requested[i].example() == path) return !matches[i].empty();
    return false;
}

bool is_unclaimed(const Result<plan::Plan> &plan, const std::string &path) {
    return !plan.ok() && plan.error().path == path &&
           plan.error().message.find("no plugin carries it out") != std::string::npos;
}

std::vector<std::string> found(const std::string &text, const char *pattern) {
    std::vector<std::string> all;
    const std::regex regex(pattern);
    for (std::sregex_iterator at(text.begin(), text.end(), regex), end; at != end; ++at)
        all.push_back((*at)[1]);
    return all;
}

/// "NAME": "off" is the name of a stock plugin that carries this field out, and with that in the config the field is
/// left out.
void expect_off_helps(const Planning &planning, const Asked &asked, const Error &error) {
    for (const std::string &id : found(error.hint, R"re("([^"]*)": "off")re")) {
        EXPECT_TRUE(claims(id, error.path, asked.spec)) << asked.what << ": no plugin " << id << " carries it out";
        Planning off = planning;
        Json config = Json::parse(planning.config);
        config[id] = "off";
        off.config = config.dump();
        EXPECT_FALSE(is_unclaimed(off.plan(asked.spec), error.path)) << asked.what << ": " << error.hint;
    }
}

/// The drivers are installed ones that carry it out, and the option and the key are there.
void expect_driver_helps(const Planning &planning, const Asked &asked, const Error &error) {
    for (const std::string &slot : found(error.hint, "driver of the slot ([a-z]+) does")) {
        for (const std::string &list : found(error.hint, R"(does: ([^.]*)\. Choose)"))
            for (const std::string &id : found(list + ",", "([^, ]+),"))
                EXPECT_TRUE(claims(id, error.path, asked.spec)) << asked.what << ": driver " << id;
        const auto driver = found(error.hint, R"re(\{"driver": "([^"]*)"\})re");
        ASSERT_EQ(driver.size(), 1u) << error.hint;
        Planning chosen = planning;
        Json config = Json::parse(planning.config);
        config[slot] = {{"driver", driver[0]}};
        chosen.drivers.erase(slot);
        chosen.config = config.dump();
        EXPECT_FALSE(is_unclaimed(chosen.plan(asked.spec), error.path)) << asked.what << ": " << error.hint;
    }
    for (const std::string &option : found(error.hint, "`ctr run --([a-z-]+)`")) {
        const auto run = std::find_if(cli::commands().begin(), cli::commands().end(),
                                      [](const cli::Command &each) { return std::string(each.name) == "run"; });
        EXPECT_TRUE(std::any_of(run->options.begin(), run->options.end(),
                                [&](const cli::Option &each) { return each.name == option; }))
            << asked.what << ": there is no option --" << option;
    }
}

/// Plans everything that can be asked for and looks at each refusal.
std::size_t look_at_hints(const Planning &planning) {
    std::size_t refused = 0;
    for (const Asked &asked : all_that_can_be_asked()) {
        const auto plan = planning.plan(asked.spec);
        if (plan.ok() || plan.error().message.find("no plugin carries it out") == std::string::npos) continue;
        ++refused;
        const Error &error = plan.error();
        EXPECT_NE(error.hint, "") << asked.what;
        for (const std::string &claim : found(error.hint, "claims (/[^,]*),"))
            EXPECT_TRUE(spec::is_known_claim(claim)) << asked.what << ": " << claim;
        for (const std::string &id : found(error.hint, "install the plugin ([^,]*),"))
            EXPECT_TRUE(claims(id, error.path, asked.spec)) << asked.what << ": plugin " << id;
        expect_off_helps(planning, asked, error);
        expect_driver_helps(planning, asked, error);
    }
    return refused;
}

const char *const no_drivers =
    R"({"storage": {"driver": "off"}, "network": {"driver": "off"}, "cgroup": {"driver": "off"}})";

TEST(Hints, NameWhatExistsWhenNothingIsInstalled) {
    Planning planning;
    planning.config = no_drivers;
    planning.without = {"*"};
    EXPECT_GT(look_at_hints(planning), 250u);
}

TEST(Hints, NameWhatExistsWhenNoDriverIsChosen) {
    Planning planning;
    planning.config = no_drivers;
    EXPECT_GT(look_at_hints(planning), 20u);
}

TEST(Hints, NameWhatExistsForEachOperationAndDriver) {
    for (const ctr_operation operation : {CTR_OP_CREATE, CTR_OP_EXEC, CTR_OP_MOUNT})
        for (const char *cgroup : {"cgroup-v1", "cgroup-v2", "cgroup-systemd", "no-cgroup"}) {
            Planning planning;
            planning.machine = std::string(cgroup) == "cgroup-v1" ? machine_v1() : machine_v2();
            planning.operation = operation;
            planning.drivers = {{"storage", "rootfs"}, {"network", "none"}, {"cgroup", cgroup}};
            look_at_hints(planning);
        }
}

TEST(Hints, OfWhatADriverDoesSayWhich) {
    Planning planning;
    planning.config = no_drivers;
    const Json spec = {{"process", {{"args", {"true"}}}}, {"linux", {{"resources", {{"memory", {{"limit", 1}}}}}}}};
    const auto plan = planning.plan(spec);
    expect_refused(plan, {"/linux/resources/memory/limit", "the slot cgroup is off", "cgroup-v1, cgroup-v2"});
    EXPECT_EQ(plan.error().hint.find("off"), std::string::npos) << plan.error().hint;
}

} // namespace
