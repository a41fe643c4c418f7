// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/lab/node/commands/command.h"
#include "app/lab/node/commands/text.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>

// nvidia-smi. Texts, exit codes and value forms: facts on inference, section 4.
namespace hybridge::lab {

namespace {

using namespace std::chrono_literals;

constexpr std::string_view kDriver = "570.124.06";
constexpr std::string_view kNoDriver
    = "NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver. Make sure that the latest NVIDIA "
      "driver is installed and running.\n\n";
constexpr std::string_view kLost = "[GPU is lost]";
constexpr int kNoDriverExit = 9;
constexpr int kNoDeviceExit = 6;
constexpr int kBadFieldExit = 2;
constexpr int kBadUsageExit = 2;
constexpr int kLostExit = 15;
constexpr auto kHungPoll = 100ms;
constexpr auto kSlowStart = 12s;
constexpr auto kSlowPoll = 200ms;

std::string whole(double value)
{
    return number(std::round(value));
}

std::string busId(const GpuSpec &gpu)
{
    return "00000000:" + std::string(gpu.index < 9 ? "0" : "") + std::to_string(gpu.index + 3) + ":00.0";
}

bool isPassive(const GpuSpec &gpu)
{
    return gpu.name == "NVIDIA L4"; // data-centre cards have no fan of their own
}

bool isConsumer(const GpuSpec &gpu)
{
    return gpu.name.find("GeForce") != std::string::npos;
}

/// A field of --query-gpu. What a lost card still tells comes from the driver's memory, not from the card.
struct Field {
    std::string_view name;
    std::string_view header; ///< with its unit, as the CSV header shows it
    std::string_view unit;   ///< appended without nounits
    bool survivesLoss;
    std::string (*value)(const GpuSample &);
};

constexpr std::array kFields{
    Field{"timestamp", "timestamp", "", true,
        [](const GpuSample &) {
            const auto now = Wall::now();
            const std::string milliseconds = std::to_string(1000 + (microseconds(now) / 1000) % 1000).substr(1);
            return localTime(now, "%Y/%m/%d %H:%M:%S.") + milliseconds;
        }},
    Field{"index", "index", "", true, [](const GpuSample &s) { return std::to_string(s.gpu.index); }},
    Field{"count", "count", "", true, [](const GpuSample &) { return std::string("1"); }},
    Field{"uuid", "uuid", "", true, [](const GpuSample &s) { return s.gpu.uuid; }},
    Field{"gpu_uuid", "uuid", "", true, [](const GpuSample &s) { return s.gpu.uuid; }},
    Field{"name", "name", "", true, [](const GpuSample &s) { return s.gpu.name; }},
    Field{"gpu_name", "name", "", true, [](const GpuSample &s) { return s.gpu.name; }},
    Field{"pci.bus_id", "pci.bus_id", "", true, [](const GpuSample &s) { return busId(s.gpu); }},
    Field{"gpu_bus_id", "pci.bus_id", "", true, [](const GpuSample &s) { return busId(s.gpu); }},
    Field{"driver_version", "driver_version", "", true, [](const GpuSample &) { return std::string(kDriver); }},
    Field{
        "utilization.gpu", "utilization.gpu [%]", " %", false, [](const GpuSample &s) { return whole(s.utilization); }},
    Field{"utilization.memory", "utilization.memory [%]", " %", false,
        [](const GpuSample &s) { return whole(s.memoryUtilization); }},
    Field{"memory.used", "memory.used [MiB]", " MiB", false, [](const GpuSample &s) { return whole(s.memoryUsedMiB); }},
    Field{"memory.free", "memory.free [MiB]", " MiB", false,
        [](const GpuSample &s) { return whole(s.gpu.memoryTotalMiB - s.memoryUsedMiB); }},
    Field{"memory.total", "memory.total [MiB]", " MiB", false,
        [](const GpuSample &s) { return whole(s.gpu.memoryTotalMiB); }},
    Field{"temperature.gpu", "temperature.gpu", "", false, [](const GpuSample &s) { return whole(s.temperatureC); }},
    Field{"temperature.memory", "temperature.memory", "", false, [](const GpuSample &) { return std::string("N/A"); }},
    Field{"power.draw", "power.draw [W]", " W", false, [](const GpuSample &s) { return number(s.powerW, 2); }},
    Field{
        "power.limit", "power.limit [W]", " W", false, [](const GpuSample &s) { return number(s.gpu.powerLimitW, 2); }},
    Field{"enforced.power.limit", "enforced.power.limit [W]", " W", false,
        [](const GpuSample &s) { return number(s.gpu.powerLimitW, 2); }},
    Field{"fan.speed", "fan.speed [%]", " %", false,
        [](const GpuSample &s) { return isPassive(s.gpu) ? std::string("[N/A]") : whole(s.fanPercent); }},
    Field{"clocks.sm", "clocks.current.sm [MHz]", " MHz", false,
        [](const GpuSample &s) { return std::to_string(s.smClockMHz); }},
    Field{"clocks.gr", "clocks.current.graphics [MHz]", " MHz", false,
        [](const GpuSample &s) { return std::to_string(s.smClockMHz); }},
    Field{"clocks.mem", "clocks.current.memory [MHz]", " MHz", false,
        [](const GpuSample &s) { return std::to_string(s.memClockMHz); }},
    Field{"pstate", "pstate", "", false, [](const GpuSample &s) { return "P" + std::to_string(s.pstate); }},
    Field{"mig.mode.current", "mig.mode.current", "", false, [](const GpuSample &) { return std::string("[N/A]"); }},
    Field{"ecc.errors.uncorrected.volatile.total", "ecc.errors.uncorrected.volatile.total", "", false,
        [](const GpuSample &s) { return std::string(isConsumer(s.gpu) ? "[N/A]" : "0"); }},
    Field{"persistence_mode", "persistence_mode", "", false, [](const GpuSample &) { return std::string("Enabled"); }},
    Field{"clocks_event_reasons.active", "clocks_event_reasons.active", "", false,
        [](const GpuSample &s) {
            return std::string(s.utilization > 0 ? "0x0000000000000000" : "0x0000000000000001");
        }},
    Field{"clocks_throttle_reasons.active", "clocks_event_reasons.active", "", false,
        [](const GpuSample &s) {
            return std::string(s.utilization > 0 ? "0x0000000000000000" : "0x0000000000000001");
        }},
};

struct Options {
    enum class What { Table, List, Query, Processes, Persistence } what = What::Table;
    std::vector<std::string> fields;
    bool header = true;
    bool units = true;
    std::optional<std::chrono::milliseconds> period;
    std::string selected; ///< -i: indexes or uuids, separated by commas
    std::string error;    ///< bad usage: what to print
    int errorExit = 1;
};

/// Of --query-compute-apps.
constexpr std::array<std::string_view, 8> kProcessFields{
    "timestamp", "gpu_name", "gpu_bus_id", "gpu_uuid", "pid", "process_name", "name", "used_memory"};

Options parse(const std::vector<std::string> &arguments)
{
    Options options;
    bool csv = false;
    for (std::size_t i = 0; i < arguments.size() && options.error.empty(); ++i) {
        if (const auto fields = optionValue(arguments, i, "--query-gpu")) {
            options.what = Options::What::Query;
            options.fields = split(*fields, ',');
        } else if (const auto processFields = optionValue(arguments, i, "--query-compute-apps")) {
            options.what = Options::What::Processes;
            options.fields = split(*processFields, ',');
        } else if (const auto format = optionValue(arguments, i, "--format")) {
            for (const std::string &word : split(*format, ',')) {
                csv = csv || word == "csv";
                options.header = options.header && word != "noheader";
                options.units = options.units && word != "nounits";
            }
        } else if (arguments[i] == "-L" || arguments[i] == "--list-gpus") {
            options.what = Options::What::List;
        } else if (const auto milliseconds = optionValue(arguments, i, "--loop-ms", "-lms")) {
            options.period = std::chrono::milliseconds(wholeNumber(*milliseconds).value_or(0));
        } else if (const auto seconds = optionValue(arguments, i, "--loop", "-l")) {
            options.period = std::chrono::seconds(seconds->empty() ? 5 : wholeNumber(*seconds).value_or(0));
        } else if (const auto mode = optionValue(arguments, i, "--persistence-mode", "-pm")) {
            options.what = Options::What::Persistence;
        } else if (const auto selected = optionValue(arguments, i, "--id", "-i")) {
            options.selected = *selected;
        } else {
            options.error = "ERROR: Option " + arguments[i] + " is not recognized. Please run 'nvidia-smi -h' for help.\n\n";
            options.errorExit = kBadUsageExit;
        }
    }
    if (options.period && *options.period <= 0ms && options.error.empty()) {
        options.error = "Provided [-l(ms) | --loop(-ms)=] value is incorrect. Loop frequency must be greater than 0.\n\n";
        options.errorExit = kBadUsageExit;
    }
    for (std::string &field : options.fields) {
        const std::size_t first = field.find_first_not_of(' ');
        field
            = first == std::string::npos ? std::string() : field.substr(first, field.find_last_not_of(' ') - first + 1);
        const bool known = options.what == Options::What::Query
            ? std::any_of(kFields.begin(), kFields.end(), [&](const Field &f) { return f.name == field; })
            : std::find(kProcessFields.begin(), kProcessFields.end(), field) != kProcessFields.end();
        if (!known && options.error.empty()) {
            options.error = "Field \"" + field + "\" is not a valid field to query.\n\n";
            options.errorExit = kBadFieldExit;
        }
    }
    if (!options.fields.empty() && !csv && options.error.empty())
        options.error = "Missing format option. Use \"--format=csv\".\n";
    return options;
}

std::vector<GpuSample> select(std::vector<GpuSample> samples, const std::string &selected)
{
    if (selected.empty())
        return samples;
    const std::vector<std::string> wanted = split(selected, ',');
    std::erase_if(samples, [&](const GpuSample &sample) {
        return std::none_of(wanted.begin(), wanted.end(), [&](const std::string &id) {
            return id == std::to_string(sample.gpu.index) || id == sample.gpu.uuid || id == busId(sample.gpu);
        });
    });
    return samples;
}

const Field &fieldNamed(const std::string &name)
{
    return *std::find_if(kFields.begin(), kFields.end(), [&](const Field &field) { return field.name == name; });
}

std::string queryHeader(const Options &options)
{
    std::vector<std::string> cells;
    for (const std::string &name : options.fields)
        cells.emplace_back(fieldNamed(name).header);
    return join(cells, ", ") + '\n';
}

/// How much the card tells of itself.
enum class Candour { Everything, Mig, Nothing, Lost };

/// Empty: the value itself.
std::string_view refusal(const Field &field, Candour candour)
{
    switch (candour) {
    case Candour::Everything:
        return {};
    case Candour::Mig:
        return field.name.starts_with("utilization.") ? "[N/A]" : field.name == "mig.mode.current" ? "Enabled" : "";
    case Candour::Nothing:
        return field.survivesLoss ? "" : "[N/A]";
    case Candour::Lost:
        return field.survivesLoss ? std::string_view() : kLost;
    }
    return {};
}

/// The slices of a card under MIG, as `nvidia-smi -L` lists them below it.
std::string migLines(const GpuSpec &gpu)
{
    std::string text;
    for (int i = 0; i < 2; ++i)
        text += "  MIG 1g.10gb     Device  " + std::to_string(i) + ": (UUID: MIG-" + gpu.uuid.substr(4, 35)
            + std::to_string(i) + ")\n";
    return text;
}

std::string queryRow(const Options &options, const GpuSample &sample, Candour candour, bool persistent)
{
    std::vector<std::string> cells;
    for (const std::string &name : options.fields) {
        const Field &field = fieldNamed(name);
        if (const std::string_view instead = refusal(field, candour); !instead.empty()) {
            cells.emplace_back(instead);
            continue;
        }
        std::string value = !persistent && field.name == "persistence_mode" ? std::string("Disabled") : field.value(sample);
        if (options.units && value != "[N/A]")
            value += field.unit;
        cells.push_back(std::move(value));
    }
    return join(cells, ", ") + '\n';
}

/// The engine's process on the card, if it is there.
struct GpuProcess {
    int pid = 0;
    std::string name;
    double memoryMiB = 0;
};

std::optional<GpuProcess> engineProcess(const CommandRequest &request, const GpuSample &sample)
{
    const EngineState engine = request.world.engine(request.node.id);
    const auto service = request.world.service(request.node.id, request.node.engineService);
    const bool vllm = request.node.engine == EngineKind::Vllm;
    const bool loaded = vllm || !engine.loadedModel.empty();
    if (!service || service->pid == 0 || !engine.listening || !loaded || engine.vramFraction <= 0)
        return std::nullopt;
    return GpuProcess{service->pid + 1, vllm ? "VLLM::EngineCore" : "/usr/local/bin/ollama", sample.memoryUsedMiB};
}

std::string processRows(const CommandRequest &request, const Options &options, const std::vector<GpuSample> &samples)
{
    std::string text;
    if (options.header) {
        std::vector<std::string> cells;
        for (const std::string &name : options.fields)
            cells.push_back(name == "used_memory" ? "used_gpu_memory [MiB]" : name == "gpu_uuid" ? "gpu_uuid" : name);
        text = join(cells, ", ") + '\n';
    }
    for (const GpuSample &sample : samples) {
        const auto process = engineProcess(request, sample);
        if (!process)
            continue;
        std::vector<std::string> cells;
        for (const std::string &name : options.fields) {
            if (name == "pid")
                cells.push_back(std::to_string(process->pid));
            else if (name == "process_name" || name == "name")
                cells.push_back(process->name);
            else if (name == "used_memory")
                cells.push_back(whole(process->memoryMiB) + (options.units ? " MiB" : ""));
            else
                cells.push_back(fieldNamed(name).value(sample));
        }
        text += join(cells, ", ") + '\n';
    }
    return text;
}

std::string padded(std::string text, std::size_t width)
{
    text.resize(width, ' ');
    return text;
}

std::string leftPadded(const std::string &text, std::size_t width)
{
    return text.size() < width ? std::string(width - text.size(), ' ') + text : text;
}

std::string table(const CommandRequest &request, const std::vector<GpuSample> &samples, bool lost)
{
    const std::string rule
        = "+-----------------------------------------+------------------------+----------------------+\n";
    std::string text = localTime(Wall::now(), "%a %b %e %H:%M:%S %Y") + "       \n";
    text += "+-----------------------------------------------------------------------------------------+\n";
    text += "| NVIDIA-SMI " + padded(std::string(kDriver), 23) + "Driver Version: " + padded(std::string(kDriver), 15)
        + "CUDA Version: 12.8     |\n";
    text += "|-----------------------------------------+------------------------+----------------------+\n";
    text += "| GPU  Name                 Persistence-M | Bus-Id          Disp.A | Volatile Uncorr. ECC |\n";
    text += "| Fan  Temp   Perf          Pwr:Usage/Cap |           Memory-Usage | GPU-Util  Compute M. |\n";
    text += "|                                         |                        |               MIG M. |\n";
    text += "|=========================================+========================+======================|\n";
    for (const GpuSample &s : samples) {
        const std::string fan = lost ? "ERR!" : isPassive(s.gpu) ? "N/A" : whole(s.fanPercent) + "%";
        text += "| " + leftPadded(std::to_string(s.gpu.index), 3) + "  " + padded(s.gpu.name, 31) + "On  |   "
            + busId(s.gpu) + " Off |" + leftPadded(isConsumer(s.gpu) ? "N/A" : "0", 21) + " |\n";
        const std::string heat = lost ? "ERR!" : whole(s.temperatureC) + "C";
        const std::string power = lost ? "ERR! / ERR!" : whole(s.powerW) + "W / " + whole(s.gpu.powerLimitW) + "W";
        const std::string memory
            = lost ? "ERR!" : whole(s.memoryUsedMiB) + "MiB / " + whole(s.gpu.memoryTotalMiB) + "MiB";
        text += "| " + leftPadded(fan, 4) + leftPadded(heat, 6) + "    "
            + padded(lost ? "ERR!" : "P" + std::to_string(s.pstate), 6) + leftPadded(power, 19) + " | "
            + leftPadded(memory, 22) + " | " + leftPadded(lost ? "ERR!" : whole(s.utilization) + "%", 8)
            + "      Default |\n";
        text += "|                                         |                        |                  N/A |\n" + rule;
    }
    text += "\n+-----------------------------------------------------------------------------------------+\n";
    text += "| Processes:                                                                              |\n";
    text += "|  GPU   GI   CI              PID   Type   Process name                        GPU Memory |\n";
    text += "|        ID   ID                                                               Usage      |\n";
    text += "|=========================================================================================|\n";
    bool any = false;
    for (const GpuSample &s : samples) {
        const auto process = lost ? std::nullopt : engineProcess(request, s);
        if (!process)
            continue;
        any = true;
        text += "|" + leftPadded(std::to_string(s.gpu.index), 5) + "   N/A  N/A"
            + leftPadded(std::to_string(process->pid), 17) + "      C   " + padded(process->name, 36)
            + leftPadded(whole(process->memoryMiB) + "MiB", 10) + " |\n";
    }
    if (!any)
        text += "|  No running processes found                                                             |\n";
    return text + "+-----------------------------------------------------------------------------------------+\n";
}

class NvidiaSmi : public Command {
public:
    explicit NvidiaSmi(CommandRequest request) : m_request(std::move(request)), m_options(parse(m_request.arguments()))
    {
    }

    bool endless() const override { return m_options.period.has_value(); }

    CommandStep step(CommandOutput &output) override
    {
        if (m_request.node.gpus.empty()) {
            output.err = "/bin/sh: 1: nvidia-smi: not found\n";
            return CommandStep::exit(127);
        }
        if (!m_options.error.empty()) {
            output.out = m_options.error;
            return CommandStep::exit(m_options.errorExit);
        }
        const std::string &node = m_request.node.id;
        output.uninterruptible = m_request.world.hasFault(node, "gpu-hung");
        if (output.uninterruptible)
            return CommandStep::wait(kHungPoll); // as in the D state: until the driver answers again
        if (m_request.world.hasFault(node, "gpu-slow") && Monotonic::now() - m_begun < kSlowStart) {
            output.busy = true;
            return CommandStep::wait(kSlowPoll);
        }
        if (m_request.world.hasFault(node, "gpu-absent")) {
            output.out = kNoDriver;
            return CommandStep::exit(kNoDriverExit);
        }
        const std::vector<GpuSample> samples = select(m_request.world.gpus(node), m_options.selected);
        if (samples.empty()) {
            output.out = "No devices were found\n";
            return CommandStep::exit(kNoDeviceExit);
        }
        const bool lost = m_request.world.hasFault(node, "gpu-error");
        print(samples,
            lost                                          ? Candour::Lost
                : m_request.world.hasFault(node, "gpu-na")  ? Candour::Nothing
                : m_request.world.hasFault(node, "gpu-mig") ? Candour::Mig
                                                            : Candour::Everything,
            output);
        if (!m_options.period)
            return CommandStep::exit(lost ? kLostExit : 0);
        return CommandStep::wait(*m_options.period);
    }

private:
    void print(const std::vector<GpuSample> &samples, Candour candour, CommandOutput &output)
    {
        const bool lost = candour == Candour::Lost;
        switch (m_options.what) {
        case Options::What::Table:
            output.out += table(m_request, samples, lost);
            break;
        case Options::What::List:
            for (const GpuSample &sample : samples) {
                output.out += lost ? "Unable to determine the device handle for gpu 0000:" + busId(sample.gpu).substr(9)
                        + ": GPU is lost.  Reboot the system to recover this GPU\n"
                                   : "GPU " + std::to_string(sample.gpu.index) + ": " + sample.gpu.name
                        + " (UUID: " + sample.gpu.uuid + ")\n";
                if (candour == Candour::Mig)
                    output.out += migLines(sample.gpu);
            }
            break;
        case Options::What::Query:
            if (m_options.header && !m_headerShown)
                output.out += queryHeader(m_options);
            m_headerShown = true;
            for (const GpuSample &sample : samples)
                output.out += queryRow(m_options, sample, candour, !m_request.world.hasFault(m_request.node.id, "persistence-off"));
            break;
        case Options::What::Persistence:
            if (!m_request.root) {
                output.out += "Unable to set persistence mode for GPU: Insufficient Permissions\n";
                break;
            }
            for (const ActiveFault &fault : m_request.world.faults())
                if (fault.node == m_request.node.id && fault.fault == "persistence-off")
                    m_request.world.removeFault(fault.id);
            output.out += "Enabled persistence mode for GPU.\nAll done.\n";
            break;
        case Options::What::Processes:
            if (!lost)
                output.out += processRows(m_request, m_options, samples);
            break;
        }
    }

    CommandRequest m_request;
    Options m_options;
    Monotonic::time_point m_begun = Monotonic::now();
    bool m_headerShown = false;
};

} // namespace

std::unique_ptr<Command> makeNvidiaSmi(CommandRequest request)
{
    return std::make_unique<NvidiaSmi>(std::move(request));
}

} // namespace hybridge::lab
