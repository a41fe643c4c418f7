// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/base/result.h"
#include "backend/routing/routingtypes.h"

#include <QList>
#include <QSet>
#include <QString>

#include <optional>

namespace hybridge {

/// The editor's arithmetic: whole percents that always sum to 100. Plain value; pure; any thread.
class WeightDraft {
public:
    WeightDraft() = default;
    /// @p percents need not sum to 100: they are taken as proportions. All 0: shared evenly.
    explicit WeightDraft(const PercentMap &percents);

    [[nodiscard]] const PercentMap &percents() const { return m_percents; }
    [[nodiscard]] int percent(const QString &node) const { return m_percents.value(node, 0); }
    [[nodiscard]] bool isLocked(const QString &node) const { return m_locked.contains(node); }
    void setLocked(const QString &node, bool locked);

    /// Gives @p node @p percent and shares what is left among the unlocked others as they stood to one another (evenly
    /// where all of them had 0). Bounded by what locked ones leave. False: nothing could move.
    bool set(const QString &node, int percent);
    /// Nothing for @p node; the others keep their proportions. False: nobody could take its share.
    bool drain(const QString &node) { return set(node, 0); }

    /// The same for everybody.
    [[nodiscard]] static WeightDraft even(const QStringList &nodes);
    /// Everything to one.
    [[nodiscard]] static WeightDraft only(const QStringList &nodes, const QString &node);
    /// As their capacities stand to one another; those with none get 0. Even when nobody has one.
    [[nodiscard]] static WeightDraft proportional(const QMap<QString, double> &capacities);

private:
    PercentMap m_percents;
    QSet<QString> m_locked;
};

/// Whole percents that sum to @p total, as close to @p parts' proportions as can be (largest remainder; ties by name).
/// Parts at or below 0 get 0. Empty or all 0: all 0. Pure.
[[nodiscard]] PercentMap wholePercents(const ShareMap &parts, int total = 100);

/// "gcp=70 home=30" as the change to make. Nodes left out share what is left as they stand now. Errors (Invalid): an
/// unknown node, one twice, not 0 to 100, all named and not 100 together, more than 100. Pure.
[[nodiscard]] Result<PercentMap> percentsFromWords(const QStringList &words, const PercentMap &now);

/// The steps of a canary: from @p before to @p after in @p fractions of the way (percent, ascending; 100 is added when it
/// is missing). Each sums to 100; equal neighbours are left out. Pure.
[[nodiscard]] QList<PercentMap> canarySteps(const PercentMap &before, const PercentMap &after, const QList<int> &fractions = {10, 50, 100});

/// What a node can do and does, in generated tokens a second, as measured; empty: not known.
struct NodeLoad {
    QString node;
    std::optional<double> now;
    std::optional<double> most; ///< the highest that was seen
};

/// What the loss of one node would mean under the shares meant.
struct HeadroomLine {
    enum class Verdict { Carries, Overloads, Unknown };
    QString lost; ///< node that fails; empty: nobody fails
    Verdict verdict = Verdict::Unknown;
    std::optional<double> demand; ///< tokens/s that the rest would have to carry
    std::optional<double> capacity; ///< of the rest
    QString tight; ///< the node that is overloaded first; empty: none
    ShareMap shares; ///< of the rest, percent
};
/// First the shares themselves, then N-1: each node with a share lost in turn. Demand is what all do now. A node whose
/// highest is not known makes the verdict Unknown, never Carries. Pure.
[[nodiscard]] QList<HeadroomLine> headroom(const PercentMap &percents, const QList<NodeLoad> &loads);
/// One sentence for the operator. Pure.
[[nodiscard]] QString headroomSentence(const HeadroomLine &line);

} // namespace hybridge
