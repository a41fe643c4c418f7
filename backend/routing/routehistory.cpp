// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/routing/routehistory.h"

#include "backend/base/units.h"

#include <nlohmann/json.hpp>

#include <QCoreApplication>

#include <cmath>

namespace hybridge {

using Json = nlohmann::ordered_json;
using State = RouteHistoryEntry::State;

namespace {

QString tr(const char *text)
{
    return QCoreApplication::translate("RouteHistory", text);
}

ShareMap sharesFrom(const Json &object, const char *key)
{
    ShareMap out;
    const auto found = object.find(key);
    if (found == object.end() || !found->is_object())
        return out;
    for (const auto &[node, share] : found->items())
        if (share.is_number())
            out.insert(safeText(QString::fromStdString(node), 80), share.get<double>());
    return out;
}

/// The object under "route" of a line; null: none.
Json routePart(const ActivityRecord &record, const char *key)
{
    const Json json = Json::parse(record.json.toStdString(), nullptr, false);
    if (!json.is_object() || !json.contains(key) || !json[key].is_object())
        return {};
    return json[key];
}

bool sameShares(const ShareMap &a, const ShareMap &b)
{
    for (const ShareMap *one : {&a, &b})
        for (auto it = one->begin(); it != one->end(); ++it)
            if (std::abs(a.value(it.key()) - b.value(it.key())) > 0.05)
                return false;
    return true;
}

} // namespace

QString historyStateName(State state)
{
    switch (state) {
    case State::Verified: return QStringLiteral("verified");
    case State::Differs: return QStringLiteral("differs");
    case State::NotVerified: return QStringLiteral("not-verified");
    case State::Unfinished: return QStringLiteral("unfinished");
    case State::Failed: return QStringLiteral("failed");
    case State::Running: return QStringLiteral("running");
    }
    return {};
}

QString historyStateLabel(State state)
{
    switch (state) {
    case State::Verified: return tr("Verified");
    case State::Differs: return tr("Counted, does not agree");
    case State::NotVerified: return tr("Read back, not verified");
    case State::Unfinished: return tr("Cut off, not verified");
    case State::Failed: return tr("Failed");
    case State::Running: return tr("Running");
    }
    return {};
}

Json changeNote(const ShareMap &before, const ShareMap &after, std::optional<qint64> version, const QString &takesBack)
{
    Json out;
    out["before"] = sharesDocument(before);
    out["after"] = sharesDocument(after);
    out["version"] = version ? Json(*version) : Json(nullptr);
    if (!takesBack.isEmpty())
        out["takesBack"] = takesBack.toStdString();
    return out;
}

std::optional<RouteHistoryEntry> historyEntry(const OperationSummary &summary, const QList<ActivityRecord> &lines)
{
    if (!summary.kind.startsWith(QLatin1String("route ")) || summary.kind == QLatin1String("route verify") || summary.kind == QLatin1String("route marks")
        || summary.result == OperationResult::Refused)
        return std::nullopt;
    RouteHistoryEntry entry;
    entry.operation = summary.id;
    entry.kind = summary.kind;
    entry.who = summary.who;
    entry.at = summary.begun;
    bool planned = false;
    bool readBack = false;
    for (const ActivityRecord &line : lines) {
        if (line.event != ActivityEvent::Plan && line.event != ActivityEvent::Note)
            continue;
        const Json part = routePart(line, "route");
        if (!part.is_object())
            continue;
        planned = planned || line.event == ActivityEvent::Plan;
        readBack = readBack || line.event == ActivityEvent::Note;
        entry.before = sharesFrom(part, "before");
        entry.after = sharesFrom(part, "after");
        if (part.contains("version") && part["version"].is_number_integer())
            entry.version = part["version"].get<qint64>();
        if (part.contains("takesBack") && part["takesBack"].is_string())
            entry.takesBack = QString::fromStdString(part["takesBack"].get<std::string>());
    }
    if (!planned)
        return std::nullopt;
    if (readBack) {
        entry.state = State::NotVerified;
    } else if (summary.result != OperationResult::Running) {
        entry.state = State::Failed;
        entry.note = summary.errorSummary;
    } else if (summary.holder == HolderState::Gone) {
        entry.state = State::Unfinished;
        entry.note = tr("The program ended before it had read back: the router may have these shares or the ones before. Look with \"hybridgectl route show\".");
    } else {
        entry.state = State::Running;
    }
    return entry;
}

std::optional<RouteCount> countedIn(const QList<ActivityRecord> &lines)
{
    for (const ActivityRecord &line : lines) {
        const Json part = line.event == ActivityEvent::Note ? routePart(line, "split") : Json();
        if (!part.is_object() || !part.contains("agrees") || !part["agrees"].is_boolean())
            continue;
        RouteCount count;
        count.at = line.at;
        count.agrees = part["agrees"].get<bool>();
        for (const char *key : {"samples", "failed", "stale"})
            if (part.contains(key) && part[key].is_number_integer())
                count.samples += part[key].get<qint64>();
        count.expected = sharesFrom(part, "expected");
        for (double &share : count.expected)
            share *= 100;
        return count;
    }
    return std::nullopt;
}

qint64 requestsIn(const QList<ActivityRecord> &lines)
{
    qint64 sum = 0;
    if (const std::optional<RouteCount> count = countedIn(lines))
        sum += count->samples;
    for (const ActivityRecord &line : lines) {
        const Json part = line.event == ActivityEvent::Note ? routePart(line, "requests") : Json();
        if (part.is_object() && part.contains("sent") && part["sent"].is_number_integer())
            sum += std::max<qint64>(0, part["sent"].get<qint64>());
    }
    return sum;
}

void markHistory(QList<RouteHistoryEntry> &entries, const QList<RouteCount> &counts)
{
    QDateTime until; // begin of the change after this one
    QStringList takenBack;
    for (RouteHistoryEntry &entry : entries) {
        if (!entry.takesBack.isEmpty() && entry.wasApplied())
            takenBack.append(entry.takesBack);
        entry.rolledBack = takenBack.contains(entry.operation);
        if (entry.state == State::NotVerified) {
            for (const RouteCount &count : counts) {
                if (count.at < entry.at || (until.isValid() && count.at >= until) || !sameShares(count.expected, entry.after))
                    continue;
                entry.state = count.agrees ? State::Verified : State::Differs;
                break; // counts come newest first
            }
        }
        if (entry.state == State::NotVerified)
            entry.note = tr("Nobody has counted since: \"hybridgectl route verify\".");
        if (entry.wasApplied())
            until = entry.at;
    }
}

Json historyDocument(const QList<RouteHistoryEntry> &entries)
{
    Json list = Json::array();
    for (const RouteHistoryEntry &entry : entries) {
        Json one;
        one["operation"] = entry.operation.toStdString();
        one["kind"] = entry.kind.toStdString();
        one["at"] = entry.at.toUTC().toString(Qt::ISODate).toStdString();
        one["who"] = entry.who.toStdString();
        one["before"] = sharesDocument(entry.before);
        one["after"] = sharesDocument(entry.after);
        one["version"] = entry.version ? Json(*entry.version) : Json(nullptr);
        one["state"] = historyStateName(entry.state).toStdString();
        one["verified"] = entry.state == State::Verified;
        one["rolledBack"] = entry.rolledBack;
        one["note"] = entry.note.isEmpty() ? Json(nullptr) : Json(entry.note.toStdString());
        list.push_back(std::move(one));
    }
    Json out;
    out["changes"] = std::move(list);
    return out;
}

} // namespace hybridge
