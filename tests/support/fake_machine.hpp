// SPDX-License-Identifier: MIT
//
// A machine for plans that are made by ctr's own planner: answers from a table; what is not in it does not exist. (A
// plugin alone: ctr::testing of the SDK.)
#pragma once

#include "sys/machine.hpp"

#include <map>
#include <optional>
#include <string>
#include <utility>

namespace plan_fixture {

class FakeMachine final : public core::sys::Machine {
public:
    explicit FakeMachine(std::map<std::string, std::string> answers) : answers_(std::move(answers)) {}

protected:
    core::Result<std::optional<std::string>> answer(const std::string &question) override {
        const auto known = answers_.find(question);
        return known == answers_.end() ? std::optional<std::string>() : std::optional<std::string>(known->second);
    }

private:
    std::map<std::string, std::string> answers_;
};

} // namespace plan_fixture
