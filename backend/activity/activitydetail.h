// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/activity/activitytypes.h"

namespace hybridge {

/// One operation whole, read back from its lines. What the lines do not tell is empty; what they tell wrongly is left out.
struct ActivityDetail {
    struct Call {
        QDateTime at; ///< UTC
        CallReport call;
        bool operator==(const Call &) const = default;
    };
    struct Note {
        QDateTime at; ///< UTC
        QString text;
        bool operator==(const Note &) const = default;
    };
    OperationPlan plan;
    bool hasPlan = false;
    QList<StepReport> steps; ///< the newest state of each
    QList<Call> calls;
    QList<Note> notes;
    QString errorLayer;
    QString errorKind;
    QString errorSummary; ///< empty: it did not end with an error
    QString errorDetail;
    bool operator==(const ActivityDetail &) const = default;
};

/// @p records of one operation, oldest first. Pure; never throws.
[[nodiscard]] ActivityDetail activityDetail(const QList<ActivityRecord> &records);

/// Steps as they lie in the database. Pure; what cannot be read gives fewer steps.
[[nodiscard]] QByteArray stepsToJson(const QList<StepReport> &steps);
[[nodiscard]] QList<StepReport> stepsFromJson(const QByteArray &json);
/// The steps of an operation after @p record, when they were @p before.
[[nodiscard]] QList<StepReport> stepsAfter(QList<StepReport> before, ActivityEvent event, const QByteArray &json);

/// How an operation ended, from the payload of its last line.
struct ActivityEnd {
    OperationResult result = OperationResult::Failed;
    QString errorLayer;
    QString errorKind;
    QString errorSummary;
    QString errorDetail;
};
[[nodiscard]] ActivityEnd activityEnd(const QByteArray &json);

/// The words of a payload by which it is found: its texts, without their keys. At most 16 000 characters.
[[nodiscard]] QString searchText(const QByteArray &json);

} // namespace hybridge
