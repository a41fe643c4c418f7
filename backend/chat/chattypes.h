// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/base/result.h"

#include <QByteArray>
#include <QDateTime>
#include <QList>
#include <QString>
#include <QStringList>

#include <optional>
#include <utility>

namespace hybridge {

enum class ChatRole { System, User, Assistant, Tool };

/// "system", "user", "assistant", "tool": OpenAI's words, also those of exports.
[[nodiscard]] QString chatRoleName(ChatRole role);
[[nodiscard]] std::optional<ChatRole> chatRoleFromName(const QString &name);

/// A picture for a vision model; it leaves as a data: address inside the request.
struct ChatImage {
    static constexpr qint64 MostBytes = qint64(20) << 20; ///< a file is that long at most
    QString mediaType; ///< "image/png"
    QByteArray bytes; ///< the file as it is
    QString name; ///< for showing alone
    bool operator==(const ChatImage &) const = default;
};

/// The media type of a picture by what its file begins with, not by its name; empty: none that vision models take (PNG, JPEG,
/// GIF, WebP). Pure.
[[nodiscard]] QString chatImageType(const QByteArray &bytes);

/// A tool call as received; nothing is ever executed.
struct ChatToolCall {
    int index = 0;
    QString id;
    QString name;
    QString arguments; ///< JSON text as far as it came; may be no JSON
    bool operator==(const ChatToolCall &) const = default;
};

struct ChatMessage {
    ChatRole role = ChatRole::User;
    QString text;
    QString reasoning; ///< what the model thought aloud; never sent back
    QList<ChatImage> images; ///< of the user's messages
    QList<ChatToolCall> toolCalls; ///< of the assistant's messages
    QString toolCallId; ///< of a tool's messages
    bool operator==(const ChatMessage &) const = default;
};

/// By which way a request goes.
struct ChatTarget {
    enum class Way {
        Edge, ///< the protected hostname that joins all nodes
        Node, ///< one node's own hostname, through Access and its tunnel
        Direct, ///< past the edge: the node's SSH session, then the engine's own address
    };
    Way way = Way::Edge;
    QString node; ///< id; empty for Edge
    [[nodiscard]] QString text() const; ///< "edge", "node:gcp", "direct:gcp"
    /// Reads text(); "node" and "direct" need an id. Error: Invalid.
    [[nodiscard]] static Result<ChatTarget> parse(const QString &text);
    bool operator==(const ChatTarget &) const = default;
};

/// One request. A class of values; nothing here is secret.
struct ChatRequest {
    ChatTarget target;
    QString model; ///< empty: the first that the target lists
    QString system; ///< goes before all messages; empty: none
    QList<ChatMessage> messages; ///< oldest first
    std::optional<double> temperature; ///< 0 to 2
    std::optional<double> topP; ///< 0 to 1
    std::optional<int> maxTokens;
    QStringList stop; ///< at most 4 are sent
    std::optional<qint64> seed;
    QString extraJson; ///< an object whose keys are added to the body and win over the ones above; empty: none
    QString conversationId; ///< sent as x-conversation-id, by which a router may keep to one node; empty: not sent
    bool continueLast = false; ///< the last message is an unfinished answer that is to be continued, not a question
    bool operator==(const ChatRequest &) const = default;
};

/// What an answer waits for.
enum class ChatPhase {
    Preparing, ///< secrets, the list of models
    Connecting, ///< TCP, TLS or the SSH link
    AwaitingAnswer, ///< the request has left, no header has come
    AwaitingToken, ///< the answer has begun, no token has come: the engine queues, loads or reads the prompt
    Streaming,
    Over,
};
[[nodiscard]] QString chatPhaseName(ChatPhase phase); ///< "awaiting-token": stable, for JSON and tests
/// One sentence for the operator: what is waited for. @p silentMs: since when nothing came. Pure.
[[nodiscard]] QString chatPhaseSentence(ChatPhase phase, double silentMs);

/// Times in ms since the request was ordered; absent = not reached, or not measurable on this way.
struct ChatTiming {
    std::optional<double> connectMs; ///< the request had left: connection and TLS stood (near 0 on a kept connection)
    std::optional<double> firstByteMs; ///< the answer's head
    std::optional<double> firstTokenMs; ///< text, reasoning or a tool call
    std::optional<double> totalMs; ///< the end, whatever it was
    std::optional<double> gapMedianMs; ///< between two tokens; absent under two
    std::optional<double> gapP95Ms;
    std::optional<double> gapMaxMs;
    bool operator==(const ChatTiming &) const = default;
};

struct ChatUsage {
    std::optional<qint64> prompt; ///< tokens; absent: the engine did not tell
    std::optional<qint64> completion; ///< tokens; counted from the pieces that came when the engine did not tell
    bool estimated = false; ///< completion was counted, not told
    bool operator==(const ChatUsage &) const = default;
};

/// How it is known who answered. Never guessed from the model's name.
enum class ChatProof { None, Header, Tunnel, Log };
[[nodiscard]] QString chatProofName(ChatProof proof); ///< "header"; empty for None

/// What the answer's head says about the way it came.
struct ChatPath {
    QString servedBy; ///< id of the node; empty: not known
    ChatProof proof = ChatProof::None;
    int status = 0; ///< HTTP; 0: no answer
    QString ray; ///< cf-ray
    QString requestId; ///< x-request-id of the engine or router
    std::optional<int> attempts; ///< how many backends the router tried; absent: it does not tell
    QString routesVersion; ///< of the router; empty: not told
    QString colo; ///< the edge's location, from cf-ray
    bool operator==(const ChatPath &) const = default;
};

/// Where in the path an answer failed, lowest that explains it.
enum class ChatLayer { Computer, Network, Tls, Dns, Edge, Access, Tunnel, Router, Ssh, Engine, Model, Request };
[[nodiscard]] QString chatLayerName(ChatLayer layer); ///< "access"

struct ChatFailure {
    ChatLayer layer = ChatLayer::Network;
    QString kind; ///< a stable word: "access-refused", "queue-full", "no-finish-reason"
    QString summary; ///< what happened
    QString detail; ///< evidence, redacted
    QString remedy; ///< what to do
    int status = 0; ///< HTTP status; 0: none
    bool partial = false; ///< a part of the answer came before it and is kept
    bool operator==(const ChatFailure &) const = default;
};

/// One piece of the wire as it came, for the "raw" view.
struct ChatRawEvent {
    double atMs = 0; ///< since the request was ordered
    QByteArray data; ///< the payload, comments with their colon; at most 4 KiB of it
    bool operator==(const ChatRawEvent &) const = default;
};

/// What the tokens cost: the node's price for the seconds it worked.
struct ChatCost {
    double amount = 0;
    QString currency;
    QString basis; ///< a sentence: how it was reckoned
    bool operator==(const ChatCost &) const = default;
};

/// How evenly the tokens came.
enum class ChatFlow { Unknown, Even, Lumps };
struct ChatFlowFinding {
    ChatFlow flow = ChatFlow::Unknown;
    int lumps = 0; ///< arrivals that brought several tokens after a silence
    double tokensPerLump = 0;
    double pauseMs = 0; ///< median silence before a lump
    bool operator==(const ChatFlowFinding &) const = default;
};

/// One answer with everything that is known about it, finished or not.
struct ChatAnswer {
    ChatTarget target;
    QString model; ///< that the answer names; empty: it named none
    QString askedModel; ///< that the request named
    ChatMessage message; ///< role Assistant
    QString finish; ///< "stop", "length", "tool_calls"…; empty: none came
    bool stopped = false; ///< the operator stopped it
    ChatPath path;
    ChatTiming timing;
    ChatUsage usage;
    std::optional<double> tokensPerSecond; ///< completion tokens after the first, over their time
    ChatFlowFinding flow;
    std::optional<ChatCost> cost;
    std::optional<ChatFailure> failure;
    QStringList notes; ///< sentences: what was odd in the stream
    QDateTime startedAt; ///< UTC
};

/// What is new since the last update of one answer. Comes in batches: the first token at once, then at most one a
/// frame. GUI thread.
struct ChatUpdate {
    QString text; ///< to append
    QString reasoning; ///< to append
    QList<ChatToolCall> toolCalls; ///< whole, as known now; empty: unchanged
    QList<ChatRawEvent> raw; ///< new ones; the stream's first 2 000 and its last one
    ChatPhase phase = ChatPhase::Preparing;
    double phaseSinceMs = 0; ///< since the request was ordered
    double lastByteMs = 0; ///< when something last came, since the request was ordered; 0: nothing yet
    qint64 tokens = 0; ///< pieces so far
    std::optional<double> tokensPerSecond; ///< over the last two seconds
    QString askedModel; ///< as soon as it is settled
    ChatPath path; ///< known from AwaitingToken on
    ChatTiming timing; ///< as far as known
};

/// The request that left, with secrets as environment variables.
struct ChatRequestText {
    QString http;
    QString curl;
    QString python; ///< the `openai` package
};

} // namespace hybridge
