// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace hybridge::lab {

using Monotonic = std::chrono::steady_clock;
using Wall = std::chrono::system_clock;

enum class MachineKind { Gce, Tpu, Host };
enum class EngineKind { Vllm, Ollama };
/// As systemd says it; a docker container is active while it runs, inactive when stopped by hand, failed when it exited
/// by itself.
enum class ServiceState { Active, Inactive, Failed, Activating };

struct GpuSpec {
    int index = 0;
    std::string name; ///< as nvidia-smi prints it
    std::string uuid; ///< "GPU-…"
    double memoryTotalMiB = 0;
    double powerLimitW = 0;
    double idlePowerW = 0;
};

/// One moment of one GPU, in the units of `nvidia-smi --format=csv,nounits`.
struct GpuSample {
    GpuSpec gpu;
    double utilization = 0;       ///< 0 to 100 %
    double memoryUtilization = 0; ///< 0 to 100 %
    double memoryUsedMiB = 0;
    double temperatureC = 0;
    double powerW = 0;
    double fanPercent = 0;
    int smClockMHz = 0;
    int memClockMHz = 0;
    int pstate = 8;
};

/// What a node is; fixed for the life of the lab.
struct NodeSpec {
    std::string id;    ///< "gcp", "home", "gcp-2", …
    std::string label; ///< "GCP L4", "Home 3090", "GCP L4 2", …
    std::string colour;
    MachineKind machine = MachineKind::Host;
    EngineKind engine = EngineKind::Vllm;
    std::string zone;        ///< Gce and Tpu
    std::string instance;    ///< Gce, Tpu: the name of the VM; Host: its hostname
    std::string instanceId;  ///< Gce and Tpu, decimal
    std::string machineType; ///< Gce: "g2-standard-8"; Tpu: its accelerator type, "v5litepod-1"
    std::string tunnelId;    ///< uuid
    std::string tunnelName;
    std::string engineService; ///< "docker:vllm" or "systemd:ollama"
    std::string model;         ///< the model that the fleet file names
    std::vector<GpuSpec> gpus;
    int weight = 0; ///< percent of the endpoint's traffic
    std::uint64_t seed = 0;
};

/// The one connector service that every node has.
inline constexpr const char *ConnectorService = "systemd:cloudflared";
inline constexpr const char *CloudflaredVersion = "2026.8.2";

struct Service {
    std::string name; ///< "systemd:UNIT" or "docker:NAME"
    ServiceState state = ServiceState::Inactive;
    std::string result = "success"; ///< systemd's Result=: success, exit-code, signal, oom-kill
    int exitStatus = 0;
    Wall::time_point since; ///< of the newest change of state
    int restarts = 0;       ///< automatic ones, back to 0 at a start by hand
    bool enabled = true;
    int pid = 0;        ///< 0 while not running
    std::string health; ///< docker's Health.Status: "starting", "healthy"; empty for systemd
};

struct JournalLine {
    std::uint64_t cursor = 0; ///< grows by 1 within a node
    Wall::time_point at;
    std::string service;
    int priority = 6; ///< syslog: 3 error, 4 warning, 6 info
    int pid = 0;
    std::string message;
};

struct EdgeConnection {
    int index = 0;
    std::string uuid;
    std::string colo;
    std::string edgeAddress;
    Wall::time_point openedAt;
};

struct ConnectorState {
    bool running = false; ///< the process lives (service active or activating)
    std::string connectorId;
    Wall::time_point runAt;
    std::vector<EdgeConnection> connections;   ///< only the registered ones
    std::optional<Wall::time_point> downSince; ///< while there is none
    std::uint64_t requests = 0;
    std::uint64_t requestErrors = 0;
    int concurrent = 0; ///< requests that it carries now, other people's too
};

struct EngineState {
    bool listening = false; ///< the port accepts connections
    bool hung = false;      ///< accepts, never answers
    bool loading = false;   ///< the process lives, its port does not yet
    double loadProgress = 1.0;
    std::vector<std::string> models; ///< what /v1/models and /api/tags list
    std::string loadedModel;         ///< Ollama: in memory now; vLLM: the one it serves
    Wall::time_point modelExpires;   ///< Ollama: when it lets the model go unless it is asked again
    double vramFraction = 1.0;       ///< Ollama: size_vram / size
    int running = 0;
    int waiting = 0;
    double kvCacheUsage = 0;
    double promptTokens = 0;
    double generationTokens = 0;
    double requestsDone = 0;
    Wall::time_point startedAt;
    std::uint64_t epoch = 0; ///< changes whenever the process dies: whatever it was doing is lost
};

struct MachineState {
    std::string status = "RUNNING"; ///< Compute's word; on kind Host always RUNNING
    bool up = true;                 ///< the operating system runs
    Wall::time_point lastStart;
    std::optional<Wall::time_point> lastStop;
    std::optional<Wall::time_point> endsAt; ///< when maxRunDuration stops it
};

/// How an operation ends that fails.
struct OperationFailure {
    std::string code; ///< empty: it does not fail
    std::string message;
    std::string details; ///< JSON: what stands in errorDetails; empty: nothing
    int httpStatus = 503;
};

/// A Compute zone operation, or one of a region.
struct Operation {
    std::string name;
    std::string numericId;
    std::string zone;   ///< empty for one of a region
    std::string region; ///< empty for one of a zone
    std::string type;   ///< "start", "stop", "reset", "compute.instances.preempted"…
    std::string node;   ///< empty for one of a region
    std::string target; ///< of a region's: "resourcePolicies/offpeak"
    std::string user;
    std::string requestId; ///< given back as clientOperationId
    std::string status = "PENDING";
    Wall::time_point insertTime;
    std::optional<Wall::time_point> startTime;
    std::optional<Wall::time_point> endTime;
    OperationFailure failure; ///< told once it is DONE
};

struct ActiveFault {
    std::string id; ///< "f1", "f2", … never used twice in a run
    std::string node;
    std::string fault;
    Wall::time_point since;
};

/// One call or command that the lab received.
struct LogEntry {
    std::uint64_t seq = 0;
    Wall::time_point at;
    std::string room;        ///< "cloudflare", "edge", "gcp", "engine", "connector", "ssh", "shell", "lab"
    std::string node;        ///< empty where none is meant
    std::string what;        ///< "GET /client/v4/…", or a command line; never a secret
    int status = 0;          ///< HTTP status or exit code; -1: no answer was given
    std::string credentials; ///< of what kind they were: "service-token", "bearer", or empty for none
};

/// What the shell's `systemctl` or `docker` must tell its caller.
enum class ServiceOutcome {
    Done,    ///< accepted; the state may still be Activating
    Unknown, ///< no such unit or container
    Failed,  ///< the job ran and failed at once
    Off,     ///< the machine is not running
};

} // namespace hybridge::lab
