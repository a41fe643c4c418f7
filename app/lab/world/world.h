// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "app/lab/world/types.h"

#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string_view>
#include <thread>

namespace hybridge::lab {

/// The imitated world: what every room of the lab agrees on. Each public function may be called from any thread; one
/// mutex guards all of it, answers are copies. Physical consequences live here: a room asks what is, and never derives
/// it from a fault's name unless the fault is about that room alone (ssh-*, access-*, api-*, gpu-*).
///
/// A node's id is always valid input: an unknown one gives an empty answer, never an exception.
class World {
public:
    struct Options {
        std::uint64_t seed = 1;
        int nodes = 2; ///< at least 2, at most 1000
        bool tpu = false; ///< one more node, `tpu`
        int gpus = 1;  ///< cards a node, at least 1, at most 16
    };

    explicit World(Options options);
    ~World();
    World(const World &) = delete;
    World &operator=(const World &) = delete;

    // What never changes. These need no lock.
    const std::vector<NodeSpec> &nodes() const { return m_specs; }
    const NodeSpec *find(std::string_view node) const;
    std::uint64_t seed() const { return m_options.seed; }

    // What is.
    MachineState machine(std::string_view node) const;
    /// The operating system runs: SSH, services and engine can exist at all.
    bool machineUp(std::string_view node) const { return machine(node).up; }
    std::vector<Service> services(std::string_view node) const;
    std::optional<Service> service(std::string_view node, std::string_view name) const;
    ConnectorState connector(std::string_view node) const;
    EngineState engine(std::string_view node) const;
    /// Cloudflare's word: "healthy", "degraded", "down", "inactive".
    std::string tunnelStatus(std::string_view node) const;
    /// Varies with the node's seed, the time and the load; the same seed gives the same curve. Knows nothing of gpu-*
    /// faults, except that an engine that died or fell back to the CPU leaves the card idle.
    std::vector<GpuSample> gpus(std::string_view node) const;

    // What an operator does on a node. The state changes at once or after the time that the real thing takes (under
    // 2 s); `waitChange` tells when.
    ServiceOutcome startService(std::string_view node, std::string_view name);
    ServiceOutcome stopService(std::string_view node, std::string_view name);
    ServiceOutcome restartService(std::string_view node, std::string_view name);
    ServiceOutcome setServiceEnabled(std::string_view node, std::string_view name, bool enabled);
    /// Newest last. @p after is a cursor (0: from the beginning of what is kept), an empty @p service means all.
    std::vector<JournalLine> journal(std::string_view node, std::string_view service, std::uint64_t after = 0) const;
    void appendJournal(std::string_view node, std::string_view service, int priority, std::string message);

    // What an operator does over Compute. Each gives the operation as just accepted; for a node that is no VM, nullopt.
    // The same non-empty @p requestId gives the first operation again.
    std::optional<Operation> startMachine(std::string_view node, std::string requestId, std::string user);
    std::optional<Operation> stopMachine(std::string_view node, std::string requestId, std::string user);
    std::optional<Operation> resetMachine(std::string_view node, std::string requestId, std::string user);
    std::optional<Operation> suspendMachine(std::string_view node, std::string requestId, std::string user);
    std::optional<Operation> resumeMachine(std::string_view node, std::string requestId, std::string user);
    /// Another change of a VM's settings. @p effect is called when it is DONE, with the lock held: it must not ask the
    /// world.
    std::optional<Operation> changeMachine(std::string_view node, std::string type, std::string requestId,
        std::string user, std::function<void()> effect);
    /// The same for what belongs to a region: @p target is "resourcePolicies/NAME".
    Operation changeRegion(std::string region, std::string type, std::string target, std::string requestId,
        std::string user, std::function<void()> effect);
    /// From the next start on the machine is stopped after that long; zero: never.
    void setMaxRun(std::string_view node, Monotonic::duration limit);
    /// What the next start asks capacity for: a stock-out may strike one type and leave the others.
    void setMachineType(std::string_view node, std::string type);
    std::optional<Operation> operation(std::string_view name) const;
    /// Newest first, of a zone or of a region.
    std::vector<Operation> operations(std::string_view zoneOrRegion) const;

    // Faults. `addFault` gives the fault that is on already when it is; nullopt when the node or the fault is unknown
    // or does not fit (ask the catalogue why).
    std::optional<ActiveFault> addFault(std::string_view node, std::string_view fault);
    bool removeFault(std::string_view id);
    int removeAllFaults();
    std::vector<ActiveFault> faults() const;
    bool hasFault(std::string_view node, std::string_view fault) const;

    // Requests inside an engine. A slot counts as running; without a free one the caller waits its turn.
    class Slot;
    enum class Admission { Admitted, Refused, Gone };
    /// Blocks until the engine takes the request, Gone when it dies meanwhile or @p abandoned says so (asked every
    /// 100 ms), Refused at once when its queue is full. @p slot is valid only when Admitted.
    Admission admit(std::string_view node, const std::function<bool()> &abandoned, Slot &slot);
    /// Waits @p time; false at once when the engine that holds @p slot died. While the engine is hung it gives true
    /// after 100 ms: look whether the client is still there and come again as long as `frozen` says so.
    bool work(const Slot &slot, Monotonic::duration time);
    bool frozen(const Slot &slot) const;
    void countTokens(const Slot &slot, double prompt, double generated);
    /// Ollama: loads @p model on first use (slow) or unloads it; vLLM ignores it.
    void setLoadedModel(std::string_view node, std::string model);
    void countEdgeRequest(std::string_view node, bool failed);
    /// What part of its usual visitors @p node has from now on, 0 to 2.5: its load follows in some seconds.
    void setVisitors(std::string_view node, double part);
    /// A request is on its way through the connector (+1), or has left it (-1).
    void carry(std::string_view node, int by);

    // Change notification.
    std::uint64_t revision() const;
    /// Waits until something other than a GPU sample or a request count has changed since @p seen; gives the new
    /// revision, or @p seen at the deadline and when the world ends.
    std::uint64_t waitChange(std::uint64_t seen, Monotonic::time_point deadline) const;
    /// Called, without the lock, after each change, on the thread that made it. Keep it short. Not removable: the
    /// listener must outlive the world, or `stop()` be called first.
    void onChange(std::function<void()> listener);

    // Timers of the world's own clock, e.g. for `systemd-run --on-active`. Run without the lock on the world's thread.
    // One with a node dies when that node's machine stops.
    using TimerId = std::uint64_t;
    TimerId after(Monotonic::duration delay, std::function<void()> action, std::string_view node = {});
    bool cancel(TimerId id);
    std::optional<Monotonic::duration> remaining(TimerId id) const;

    // The log, bounded to the newest 10 000.
    void note(
        std::string_view room, std::string_view node, std::string what, int status, std::string_view credentials = {});
    std::vector<LogEntry> log(std::uint64_t after = 0, std::size_t limit = 1000) const;

    /// Ends timers and waits: everything that blocks in here returns. Idempotent.
    void stop();
    bool stopped() const;

    struct Node; ///< known to the files of this folder alone

private:
    struct Timer;

    Node *nodeFor(std::string_view node) const;
    Service *serviceFor(Node &node, std::string_view name) const;
    bool hasFaultLocked(const Node &node, std::string_view fault) const;
    void forgetFaultLocked(Node &node, std::string_view fault);

    void powerOffLocked(Node &node);
    void powerOnLocked(Node &node);
    void setServiceLocked(Node &node, Service &service, ServiceState state);
    void launchLocked(Node &node, Service &service);
    void settleEngineLocked(Node &node, Monotonic::duration delay, int pid);
    void registerConnectionLocked(Node &node, int index, Monotonic::duration delay);
    void killLocked(Node &node, Service &service, ServiceState end, std::string result, int exitStatus);
    void strikeLocked(Node &node, std::string_view fault);
    void healLocked(Node &node, std::string_view fault);
    bool engineHeldDownLocked(const Node &node) const;
    ConnectorState connectorLocked(const Node &node) const;
    EngineState engineLocked(const Node &node) const;
    void integrateLocked(Node &node) const;
    void journalLocked(Node &node, std::string_view service, int priority, std::string message);
    void journalEngineLaunchLocked(Node &node);

    Operation &insertOperationLocked(const Node *node, std::string type, std::string requestId, std::string user);
    std::optional<Operation> powerDown(std::string_view node, const char *type, const char *through, const char *end,
        std::string requestId, std::string user);
    void bootLocked(Node &node, const std::string &operation);
    void preemptLocked(Node &node);
    void armMaxRunLocked(Node &node);
    OperationFailure startFailureLocked(const Node &node) const;
    const Operation *repeatedLocked(const std::string &requestId) const;
    void acceptLocked(const std::string &operation);
    void finishLocked(const std::string &operation, OperationFailure failure = {});

    TimerId scheduleLocked(Monotonic::duration delay, std::function<void()> action, const Node *node, bool locked);
    void runTimers(std::stop_token stop);
    void changed(std::unique_lock<std::mutex> &lock);

    const Options m_options;
    std::vector<NodeSpec> m_specs;
    mutable std::mutex m_mutex;
    mutable std::condition_variable m_changed;
    mutable std::condition_variable m_slots;
    std::condition_variable_any m_timersChanged;
    std::map<std::string, std::unique_ptr<Node>, std::less<>> m_nodes;
    std::deque<Operation> m_operations;
    std::vector<ActiveFault> m_faults;
    std::deque<LogEntry> m_log;
    std::multimap<Monotonic::time_point, Timer> m_timers;
    std::vector<std::function<void()>> m_listeners;
    std::uint64_t m_revision = 1;
    std::uint64_t m_nextFault = 1;
    std::uint64_t m_nextOperation = 1;
    std::uint64_t m_nextTimer = 1;
    std::uint64_t m_nextLog = 1;
    bool m_stopped = false;
    std::jthread m_clock;
};

/// A request that an engine works on; gives its place back when it ends.
class World::Slot {
public:
    Slot() = default;
    ~Slot();
    Slot(const Slot &) = delete;
    Slot &operator=(const Slot &) = delete;

private:
    friend class World;
    void release(std::unique_lock<std::mutex> &lock); ///< with the world's mutex held
    World *m_world = nullptr;
    Node *m_node = nullptr;
    std::uint64_t m_epoch = 0;
};

} // namespace hybridge::lab
