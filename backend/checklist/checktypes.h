// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/base/result.h"

#include <nlohmann/json_fwd.hpp>

#include <QByteArray>
#include <QDateTime>
#include <QList>
#include <QString>
#include <QStringList>

#include <optional>

namespace hybridge {

/// The verification checklist as values. Any thread.

enum class CheckState {
    Pass,
    Fail,
    Unknown, ///< it applies, and could not be found out: never green
    NotApplicable, ///< the set-up has nothing that it could be about; not listed
};
[[nodiscard]] QString checkStateName(CheckState state); ///< "pass" | "fail" | "unknown" | "not-applicable"; never translated

/// The layer a check is about, from the bottom up.
enum class CheckGroup { Machine, Accelerator, Engine, Model, Connector, Tunnel, Access, Edge, Router, Login, Account };
[[nodiscard]] QString checkGroupName(CheckGroup group); ///< "machine" …; never translated
[[nodiscard]] QString checkGroupLabel(CheckGroup group); ///< translated, for people

/// One order of a fix, as it leaves.
struct FixCommand {
    QStringList argv; ///< without sudo
    bool asRoot = true;
    QByteArray input; ///< its stdin; empty: none
    bool operator==(const FixCommand &) const = default;
};

/// How a failed check can be put right by one click: only where nothing can be lost by it.
struct CheckFix {
    QString title; ///< the button: "Add the drop-in"
    QString diff; ///< what changes, line by line with - and +
    QList<FixCommand> commands; ///< on the node, in this order
    QString localPath; ///< a file of this computer whose rights are set instead to 0600; empty: none
    QString undo; ///< how to take it back; may be empty
    bool operator==(const CheckFix &) const = default;
};

/// What a check found.
struct CheckVerdict {
    CheckState state = CheckState::Unknown;
    QString evidence; ///< what was seen; safe to show
    QString remedy; ///< what to do; empty unless it failed or could not be found out
    std::optional<CheckFix> fix; ///< only of a failure
    bool operator==(const CheckVerdict &) const = default;
};

/// One cell of the checklist.
struct CheckResult {
    QString id; ///< "access.refuses-without-token"
    QString node; ///< empty: about no single node
    CheckGroup group = CheckGroup::Machine;
    QString title; ///< translated
    QString why; ///< translated: why it matters
    CheckVerdict verdict;
    QDateTime at; ///< UTC, when it was judged
    bool operator==(const CheckResult &) const = default;
};

/// All of them, as far as they apply.
struct CheckReport {
    QString fleet;
    QDateTime at; ///< UTC
    double seconds = 0; ///< how long the whole took
    QList<CheckResult> results; ///< in the catalogue's order, a check's nodes together
    [[nodiscard]] int count(CheckState state) const;
    [[nodiscard]] const CheckResult *find(const QString &id, const QString &node) const;
    /// Failed first, then unknown, then passed; otherwise as they are.
    [[nodiscard]] QList<CheckResult> failedFirst() const;
};

/// The document of "check --json": { "summary", "checks": [ { "id", "node", "state", "evidence", "remedy", … } ] }. Pure.
[[nodiscard]] nlohmann::ordered_json checkDocument(const CheckReport &report);
/// For people and tickets. Everything foreign in it is escaped. Pure.
[[nodiscard]] QByteArray checkMarkdown(const CheckReport &report);
/// One self-contained page: no script, nothing is loaded. Pure.
[[nodiscard]] QByteArray checkHtml(const CheckReport &report);

} // namespace hybridge
