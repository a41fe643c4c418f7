// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/base/async.h"
#include "backend/base/clock.h"
#include "backend/chat/chatcompare.h"
#include "backend/chat/chattypes.h"
#include "backend/fleet/fleetconfig.h"

#include <chrono>
#include <functional>
#include <memory>
#include <stop_token>

namespace hybridge {

class FleetSession;

/// A way that an operator can choose.
struct ChatTargetChoice {
    ChatTarget target;
    QString label; ///< "Protected endpoint", "gcp: its own hostname", "gcp: direct, past the edge"
    QString address; ///< host, for showing
};

/// A model that a target offers.
struct ChatModelChoice {
    QString name;
    bool isVirtual = false; ///< the router's: auto, small, large, an alias
    QStringList onlyOn {}; ///< labels of the nodes that have it, where a balancer may also send the request to one that has not
};

/// What the engine said after an answer was stopped.
struct ChatStopProof {
    enum class State {
        Confirmed, ///< its count of running requests fell
        NotConfirmed, ///< the count did not fall in time: something still runs, perhaps others' requests
        NotConfirmable, ///< the engine does not count, or cannot be asked
    };
    State state = State::NotConfirmable;
    QString sentence; ///< what was seen
};

/// Streams chat answers by any way into the fleet. GUI thread; never blocks it. Its coroutines live on when it is
/// deleted and end as stopped.
class ChatService final {
public:
    /// Called with what is new, on the GUI thread, never inside stream() itself before its first suspension, never after its
    /// task has ended.
    using Sink = std::function<void(const ChatUpdate &)>;

    /// @p config is the whole fleet; @p session gives secrets and SSH links, and may have been made of a narrower
    /// configuration. Both session and clock must outlive this.
    ChatService(FleetConfig config, FleetSession &session, const Clock &clock);
    ~ChatService();
    ChatService(const ChatService &) = delete;
    ChatService &operator=(const ChatService &) = delete;

    /// How long is waited for what. For tests, and for patient operators.
    struct Patience {
        std::chrono::milliseconds connect {20'000}; ///< until the request has left
        std::chrono::milliseconds answer {600'000}; ///< until the head of the answer: a large model loads for minutes
        std::chrono::milliseconds silence {180'000}; ///< between two pieces
    };
    void setPatience(Patience patience);
    /// How it is known that this computer has no network, when a name is not found. For tests; set before the first request.
    void setOfflineProbe(std::function<bool()> isOffline);

    /// The ways that this fleet has, the protected endpoint first.
    [[nodiscard]] QList<ChatTargetChoice> targets() const;
    /// Two of targets(): the endpoint and the first direct way, the preset "edge against direct"; empty without them.
    [[nodiscard]] QList<ChatTarget> edgeAgainstDirect() const;

    /// What the target lists now, in its order; the router's virtual names first. Errors as a failure of an answer.
    Task<Result<QList<ChatModelChoice>>> models(ChatTarget target, std::stop_token stop);

    /// One answer. Never throws, always ends: failures and a stop stand in the answer, with the part that came. Stopping
    /// closes the connection, which is how an engine is told to end. @p sink may be null.
    Task<ChatAnswer> stream(ChatRequest request, Sink sink, std::stop_token stop);

    /// After a stop: whether the engine's count of running requests has fallen. Waits 3 s at most. @p before: runningNow()
    /// while it streamed.
    Task<ChatStopProof> confirmStopped(ChatTarget target, QString servedBy, std::optional<double> before, std::stop_token stop);
    /// How many requests the engine behind @p target runs; empty when it cannot be told.
    Task<std::optional<double>> runningNow(ChatTarget target, QString servedBy, std::stop_token stop);

    /// What the engines behind @p target told last of their queues ("gcp runs 3 requests, 12 wait."); of all nodes while it
    /// is open which one serves. Empty: nothing fresh is known. Reads the fleet's state alone, asks nobody.
    [[nodiscard]] QString queueSentence(const ChatTarget &target, const QString &servedBy) const;

    /// One prompt to several targets, @p repeat times each (1 to 200), at most @p atOnce (1 to 16) requests of one target
    /// in flight. @p sink is told which run an update belongs to: index of the target, number of the run. @p ended is
    /// called as each run ends. Returns all answers, by target, then run.
    using CompareSink = std::function<void(int target, int run, const ChatUpdate &)>;
    using CompareEnded = std::function<void(int target, int run, const ChatAnswer &)>;
    Task<QList<ChatAnswer>> compare(ChatRequest request, QList<ChatTarget> targets, int repeat, int atOnce, CompareSink sink,
        CompareEnded ended, std::stop_token stop);

    /// The request as it leaves, masked. Error: Invalid (the request cannot be sent as it is: extra JSON, target).
    [[nodiscard]] Result<ChatRequestText> requestText(const ChatRequest &request) const;

    struct Core; ///< chatcore.h; of no use outside this room

private:
    std::shared_ptr<Core> m_core;
};

} // namespace hybridge
