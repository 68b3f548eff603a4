// SPDX-License-Identifier: MIT
//
// The only way in which planning looks at the machine: questions with answers in text (sdk/include/ctr/host.h, ask).
// Every question of a plan is kept with its answer, so that a plan can be explained, and made again elsewhere from this
// record.
#pragma once

#include "base/result.hpp"

#include <map>
#include <optional>
#include <string>

namespace core::sys {

class Machine {
public:
    virtual ~Machine() = default;
    /// The answer; std::nullopt if the thing asked for does not exist. Errors: the question is unknown or cannot be
    /// answered.
    Result<std::optional<std::string>> ask(const std::string &question);
    /// All questions so far, with their answers.
    const std::map<std::string, std::optional<std::string>> &record() const { return record_; }

protected:
    virtual Result<std::optional<std::string>> answer(const std::string &question) = 0;

private:
    std::map<std::string, std::optional<std::string>> record_;
};

/// The machine that ctr runs on.
class RealMachine final : public Machine {
protected:
    Result<std::optional<std::string>> answer(const std::string &question) override;
};

} // namespace core::sys
