// SPDX-License-Identifier: MIT
//
// What is refused before anything has happened, and what the message names.
#include "support/plan_fixture.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace {

using namespace plan_fixture;
using core::Json;

Json run_spec() { return core::cli::run_spec(run_options()).value(); }

TEST(Refused, AFieldThatNobodyCarriesOutIsNamed) {
    Json spec = run_spec();
    spec["vm"] = {{"kernel", {{"path", "/boot/vmlinuz"}}}};
    expect_refused(Planning().plan(spec), {"/vm", "no plugin carries it out"});
}

TEST(Refused, AWordBelowCtrThatNobodyKnowsIsNamed) {
    Json spec = run_spec();
    spec["ctr"]["name"] = "box";
    expect_refused(Planning().plan(spec), {"/ctr/name", "no plugin carries it out"});
}

TEST(Refused, AFieldThatTwoClaimNamesBoth) {
    Planning planning;
    planning.directories = {CTR_TEST_EXTRA_DIR "/twice"};
    Json spec = run_spec();
    spec["linux"]["sysctl"] = {{"net.ipv4.ip_forward", "1"}};
    expect_refused(planning.plan(spec), {"/linux/sysctl", "sysctl", "twice", "\"off\""});
}

TEST(Refused, WithoutTheSeccompPluginAContainerThatAsksForIt) {
    Planning planning;
    planning.without = {"seccomp"};
    expect_refused(planning.plan(run_spec()), {"/ctr/seccomp", "\"seccomp\": \"off\""});
}

TEST(Refused, NotWhenTheConfigTurnsTheMissingPluginOff) {
    Planning planning;
    planning.without = {"seccomp"};
    planning.config = R"({"seccomp": "off"})";
    const auto plan = planning.plan(run_spec());
    ASSERT_TRUE(plan.ok()) << plan.error().text();
    EXPECT_EQ(plan.value().find("seccomp.load"), nullptr);
}

TEST(Refused, NotWhenTheConfigTurnsTheInstalledPluginOff) {
    Planning planning;
    planning.config = R"({"seccomp": "off"})";
    const auto plan = planning.plan(run_spec());
    ASSERT_TRUE(plan.ok()) << plan.error().text();
    EXPECT_EQ(plan.value().find("seccomp.load"), nullptr);
}

TEST(Refused, APluginWhoseKindsAllUseCannotBeTurnedOff) {
    Planning planning;
    planning.config = R"({"kinds": "off"})";
    expect_refused(planning.plan(run_spec()), {"/kinds", "cannot be off"});
    planning.operation = CTR_OP_IMAGE_IMPORT;
    expect_refused(planning.plan(Json{{"ctr", {{"import", {{"source", "/image.tar"}, {"name", "x:y"}}}}}}),
                   {"/kinds", "cannot be off"});
}

TEST(Refused, AMissingTokenNamesTokenAndNeeder) {
    Planning planning;
    planning.directories = {CTR_TEST_EXTRA_DIR "/needy"};
    expect_refused(planning.plan(run_spec()), {"tea.ready", "needy", "no installed plugin gives it"});
}

TEST(Refused, AMissingTokenNamesWhoCouldGiveIt) {
    Planning planning;
    planning.directories = {CTR_TEST_EXTRA_DIR "/needy", CTR_TEST_EXTRA_DIR "/giver"};
    expect_refused(planning.plan(run_spec()), {"tea.ready", "needy", "giver"});
}

TEST(Refused, ATokenThatTheManifestDoesNotHaveAmongWhatItGives) {
    Planning planning;
    planning.directories = {CTR_TEST_EXTRA_DIR "/generous"};
    expect_refused(planning.plan(run_spec()), {"plugin generous", "gives the token \"generous.raedy\"", "manifest",
                                               "did you mean \"generous.ready\"?"});
}

TEST(Refused, ADriverThatDoesNotExistNamesThoseThatDo) {
    Planning planning;
    planning.drivers["storage"] = "zfs";
    expect_refused(planning.plan(run_spec()), {"zfs", "storage", "btrfs", "overlay", "rootfs"});
}

TEST(Refused, ADriverOfAnotherSlot) {
    Planning planning;
    planning.drivers["network"] = "overlay";
    expect_refused(planning.plan(run_spec()), {"network", "overlay", "no driver of this slot"});
}

TEST(Refused, AConfigSectionWithAnUnknownKeyNamesFileAndKey) {
    Planning planning;
    planning.config = R"({"bridge": {"subnett": "10.0.0.0/24"}})";
    expect_refused(planning.plan(run_spec()), {"test.json", "/bridge", "subnett"});
}

TEST(Refused, AConfigValueOfTheWrongType) {
    Planning planning;
    planning.config = R"({"bridge": {"mtu": "big"}})";
    expect_refused(planning.plan(run_spec()), {"test.json", "/bridge/mtu"});
}

TEST(Refused, ASectionForAPluginThatTakesNone) {
    Planning planning;
    planning.config = R"({"mounts": {"x": 1}})";
    expect_refused(planning.plan(run_spec()), {"/mounts", "takes no config"});
}

TEST(Refused, AnImageOnTheRootfsDriverAndADirectoryOnOverlay) {
    Planning planning;
    planning.drivers["storage"] = "rootfs";
    expect_refused(planning.plan(run_spec()), {"/ctr/image"});
    Json spec = run_spec();
    spec["ctr"].erase("image");
    spec["root"]["path"] = "/srv/root";
    expect_refused(Planning().plan(spec), {"/root/path"});
}

/// A bundle: nothing in it asks for a seccomp filter.
Json directory_spec() {
    Json spec = run_spec();
    spec["ctr"].erase("image");
    spec["ctr"].erase("seccomp");
    spec["root"]["path"] = "/srv/root";
    return spec;
}

Planning for_directory() {
    Planning planning;
    planning.drivers["storage"] = "rootfs";
    return planning;
}

TEST(Refused, ASectionForAPluginThatIsNotThere) {
    Planning planning = for_directory();
    ASSERT_TRUE(planning.plan(directory_spec()).ok()) << planning.plan(directory_spec()).error().text();
    for (const ctr_operation operation : {CTR_OP_CREATE, CTR_OP_EXEC, CTR_OP_MOUNT}) {
        planning.operation = operation;
        planning.config = R"({"confine": {"profile": "strict"}})";
        expect_refused(planning.plan(directory_spec()),
                       {"test.json", "/confine", "no plugin with this id is installed"});
        planning.config = R"({"brigde": {}})";
        expect_refused(planning.plan(directory_spec()), {"/brigde", "did you mean \"bridge\"?"});
    }
    planning.operation = CTR_OP_CREATE;
    planning.without = {"seccomp"};
    planning.config = R"({"seccomp": {"default_capabilities": []}})";
    expect_refused(planning.plan(directory_spec()), {"/seccomp", "no plugin with this id is installed"});
    planning.config = R"({"seccomp": "off"})";
    EXPECT_TRUE(planning.plan(directory_spec()).ok());
}

TEST(Refused, APinForAPluginThatIsNotThere) {
    Planning planning = for_directory();
    planning.config = R"({"plugins": {"pins": {"confine": ")" + std::string(64, 'a') + R"("}}})";
    expect_refused(planning.plan(directory_spec()), {"/plugins/pins/confine", "no plugin \"confine\" is installed"});
}

TEST(Refused, ADriverOfTheConfigThatIsNotThereThoughAnotherIsChosen) {
    Planning planning = for_directory();
    planning.config = R"({"storage": {"driver": "zfs"}})";
    expect_refused(planning.plan(directory_spec()), {"/storage/driver", "no plugin \"zfs\" is installed"});
}

TEST(Refused, ADriverThatIsOff) {
    Planning planning = for_directory();
    planning.config = R"({"rootfs": "off"})";
    expect_refused(planning.plan(directory_spec()), {"storage driver \"rootfs\" is \"off\""});
    planning.config = R"({"storage": {"driver": "overlay"}, "overlay": "off"})";
    planning.drivers.clear();
    expect_refused(planning.plan(run_spec()), {"storage driver \"overlay\" is \"off\""});
}

TEST(Refused, ADirectoryByEachDriverButTheOneForDirectories) {
    for (const char *driver : {"overlay", "btrfs"}) {
        Planning planning;
        planning.drivers["storage"] = driver;
        expect_refused(planning.plan(directory_spec()), {"/root/path", driver, "rootfs"});
    }
    Planning planning;
    planning.drivers["storage"] = "off";
    expect_refused(planning.plan(directory_spec()), {"/root/path", "the slot storage is off", "rootfs"});
    planning.config = R"({"rootfs": "off"})";
    expect_refused(planning.plan(directory_spec()), {"/root/path"});
}

TEST(Refused, WhatWouldRunInTheMachinesRoot) {
    Planning planning = for_directory();
    planning.config = R"({"mounts": "off"})";
    Json spec = directory_spec();
    spec.erase("mounts");
    spec["root"].erase("readonly");
    for (const char *key : {"maskedPaths", "readonlyPaths", "devices"})
        spec["linux"].erase(key);
    expect_refused(planning.plan(spec), {"the program would run in the machine's", "mounts"});
}

TEST(Refused, WhatANetworkDriverDoesNotDoNamesThoseThatDo) {
    Planning planning = for_directory();
    planning.drivers["network"] = "none";
    Json spec = directory_spec();
    spec["ctr"]["dns"] = {{"servers", {"192.0.2.1"}}};
    expect_refused(planning.plan(spec), {"/ctr/dns", "the network driver \"none\" does not", "bridge", "host"});
}

TEST(Refused, AKernelParameterOfTheMachine) {
    Json spec = run_spec();
    spec["linux"]["sysctl"] = {{"vm.swappiness", "1"}};
    expect_refused(Planning().plan(spec), {"vm.swappiness"});
}

TEST(Refused, AMachineWithoutAnyCgroupHierarchy) {
    Planning planning;
    planning.machine["mounts"] = "22 28 0:21 / /proc rw - proc proc rw\n";
    expect_refused(planning.plan(run_spec()), {"cgroup"});
}

TEST(Refused, NoProgram) {
    Json spec = run_spec();
    spec["process"].erase("args");
    expect_refused(Planning().plan(spec), {"/process/args"});
}

} // namespace
