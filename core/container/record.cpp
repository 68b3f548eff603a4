// SPDX-License-Identifier: MIT
#include "container/record.hpp"

#include "plan/plan_json.hpp"
#include "sys/files.hpp"

#include <algorithm>
#include <climits>

namespace core::container {
namespace {

Error damaged(const std::string &what) { return failure(CTR_E_INVALID, "a damaged line: " + what); }

bool is_text(const Json &value) { return value.is_string(); }
bool is_flag(const Json &value) { return value.is_boolean(); }
bool is_object(const Json &value) { return value.is_object(); }
bool are_texts(const Json &value) {
    return value.is_array() &&
           std::all_of(value.begin(), value.end(), [](const Json &each) { return each.is_string(); });
}
bool are_named_texts(const Json &value) {
    return value.is_object() &&
           std::all_of(value.begin(), value.end(), [](const Json &each) { return each.is_string(); });
}

/// The members that commands show or act on, with their types. Each of them may be missing.
struct Member {
    const char *where;
    bool (*fits)(const Json &);
};
constexpr Member members[] = {
    {"/about", is_object},
    {"/about/rm", is_flag},
    {"/about/created", is_text},
    {"/about/bundle", is_text},
    {"/about/image", is_text},
    {"/about/rootfs", is_text},
    {"/about/command", are_texts},
    {"/spec", is_object},
    {"/spec/ociVersion", is_text},
    {"/spec/root", is_object},
    {"/spec/root/path", is_text},
    {"/spec/annotations", are_named_texts},
    {"/spec/process", is_object},
    {"/spec/process/args", are_texts},
    {"/spec/linux", is_object},
    {"/spec/ctr", is_object},
    {"/spec/ctr/image", is_object},
    {"/spec/ctr/image/name", is_text},
    {"/spec/ctr/image/layers", are_texts},
};

Result<void> check_meta(const Json &meta) {
    if (!meta.is_object()) return damaged("\"meta\" is no object");
    for (const Member &each : members)
        if (const Json::json_pointer at(each.where); meta.contains(at) && !each.fits(meta[at]))
            return damaged(std::string("/meta") + each.where + " is of another type");
    return {};
}

/// True for what launch::restore_values accepts: a number, a text, or an array of bytes.
bool is_durable(const Json &value) {
    if (value.is_number_integer() || value.is_string()) return true;
    return value.is_array() && std::all_of(value.begin(), value.end(), [](const Json &byte) {
               return byte.is_number_unsigned() && byte.get<std::uint64_t>() <= 255;
           });
}

Result<std::uint64_t> number(const Json &line, const char *word, std::uint64_t most) {
    const auto found = line.find(word);
    if (found == line.end() || !found->is_number_unsigned() || found->get<std::uint64_t>() > most)
        return damaged(std::string("\"") + word + "\" is no number from 0 to " + std::to_string(most));
    return found->get<std::uint64_t>();
}

/// Adds up the lines of one journal.
class Reader {
public:
    explicit Reader(Record::Part part) : part_(part) {}

    bool has_plan() const { return has_plan_; }
    Record take() && { return std::move(record_); }

    /// `line` comes without its newline.
    Result<void> add(std::string_view line, const std::string &path) {
        const std::size_t at = lines_++;
        const bool is_plan = line.substr(0, 8) == "{\"plan\":";
        if (is_plan != (at == 1))
            return damaged(is_plan ? "a plan in another place than the second line" : "the second line is no plan");
        if (is_plan && part_ == Record::Part::without_steps) return has_plan_ = true, Result<void>();
        CTR_ASSIGN(const Json json, parse_json(line, path));
        if (!json.is_object()) return damaged("it is no object");
        if (at == 0) return head(json);
        return is_plan ? plan(json) : event(json);
    }

    /// Lines behind the damage are unknown, so every step is taken for done. This is safe because an undo removes only
    /// what its own step made.
    void give_up(const std::string &why) {
        record_.damage = why;
        record_.intended.assign(std::max<std::size_t>(record_.plan.steps.size(), 1), true);
    }

private:
    Result<void> head(const Json &line) {
        for (const auto &[word, fits] :
             {Member{"boot_id", is_text}, Member{"drivers", are_named_texts}, Member{"cgroup", is_text}})
            if (const auto found = line.find(word); found == line.end() || !fits(*found))
                return damaged(std::string("\"") + word + "\" is missing or of another type");
        record_.boot_id = line["boot_id"].get<std::string>();
        record_.plan.drivers = line["drivers"].get<std::map<std::string, std::string>>();
        record_.cgroup = line["cgroup"].get<std::string>();
        record_.meta = line.value("meta", Json());
        if (record_.meta.is_null()) record_.meta = Json::object();
        return check_meta(record_.meta);
    }

    Result<void> plan(const Json &line) {
        CTR_ASSIGN(record_.plan, plan::from_json(line["plan"]));
        record_.intended.assign(record_.plan.steps.size(), false);
        record_.undone.assign(record_.plan.steps.size(), false);
        has_plan_ = true;
        return {};
    }

    Result<void> mark(std::vector<bool> &steps, const Json &line, const char *word) {
        CTR_ASSIGN(const std::uint64_t step, number(line, word, UINT32_MAX));
        if (part_ == Record::Part::without_steps) {
            // Without steps, callers only ask whether there is any mark.
            if (steps.empty()) steps.push_back(true);
            return {};
        }
        if (step >= steps.size()) return damaged("it is about a step that the plan does not have");
        steps[step] = true;
        return {};
    }

    Result<void> values(const Json &line) {
        const Json all = line.value("values", Json::object());
        if (!all.is_object()) return damaged("\"values\" is no object");
        for (const auto &[name, value] : all.items()) {
            if (!is_durable(value)) return damaged("the value " + name + " is of another type");
            record_.values[name] = value;
        }
        return {};
    }

    Result<void> child(const Json &line) {
        CTR_ASSIGN(const std::uint64_t pid, number(line, "child", INT_MAX));
        if (pid < 2) return damaged("the container's first process cannot have the pid " + std::to_string(pid));
        CTR_ASSIGN(record_.start_time, number(line, "start_time", UINT64_MAX));
        record_.pid = static_cast<int>(pid);
        return {};
    }

    Result<void> event(const Json &line) {
        if (line.contains("intent")) return mark(record_.intended, line, "intent");
        if (line.contains("undone")) return mark(record_.undone, line, "undone");
        if (line.contains("done") || line.contains("gave")) return values(line);
        if (line.contains("child")) return child(line);
        if (line.contains("created")) return record_.stage = Stage::created, Result<void>();
        if (line.contains("running")) return record_.stage = Stage::running, Result<void>();
        if (line.contains("removing")) return record_.removing = true, Result<void>();
        if (line.contains("stuck")) return record_.stuck = true, Result<void>();
        if (line.contains("committed")) return record_.committed = true, Result<void>();
        if (const auto paused = line.find("paused"); paused != line.end()) {
            if (!paused->is_boolean()) return damaged("\"paused\" is neither true nor false");
            record_.paused = paused->get<bool>();
            return {};
        }
        if (const auto stopped = line.find("stopped"); stopped != line.end()) {
            if (!stopped->is_number_integer()) return damaged("\"stopped\" is no number");
            record_.stage = Stage::stopped;
            record_.exit_status = stopped->get<std::int64_t>();
            return {};
        }
        return damaged("it says nothing that is known");
    }

    Record::Part part_;
    Record record_;
    std::size_t lines_ = 0;
    bool has_plan_ = false;
};

} // namespace

bool Record::alive() const {
    return pid > 0 && boot_id == sys::boot_id() && start_time != 0 && sys::process_start_time(pid) == start_time;
}

Result<Record> read_record(std::string_view text, const std::string &path, Record::Part part, std::size_t *whole) {
    Reader reader(part);
    std::size_t at = 0;
    for (auto end = text.find('\n'); end != std::string_view::npos; at = end + 1, end = text.find('\n', at)) {
        auto added = reader.add(text.substr(at, end - at), path);
        if (added.ok()) continue;
        if (!reader.has_plan()) return std::move(added).in(path).error();
        reader.give_up(added.error().text());
        at = text.size();
        break;
    }
    if (whole != nullptr) *whole = at;
    if (reader.has_plan()) return std::move(reader).take();
    return Error{.error_class = CTR_E_NOT_FOUND,
                 .message = "the journal has no plan: its owner died before it had done anything",
                 .path = path};
}

} // namespace core::container
