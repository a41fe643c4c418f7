// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/base/clock.h"
#include "backend/lifecycle/idletypes.h"
#include "ui/widgets/card.h"

#include <QBasicTimer>

#include <optional>

class QPushButton;

namespace hybridge {

class CommandBox;
class Text;

/// The idle stop that lives on a node: its countdown, and pause and resume. Asks by signals; shows only what was read back.
class IdleCard final : public Card {
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(IdleCard)
public:
    /// @p clock: the countdown goes on by it between two looks.
    explicit IdleCard(QWidget *parent = nullptr);
    /// Empty: hidden. Another node forgets what was known.
    void setNode(const QString &node, const Clock *clock);
    /// The answer to a request about @p node; one about another node is ignored.
    void setStatus(const QString &node, const Result<IdleStatus> &status);
    [[nodiscard]] QString words() const;

Q_SIGNALS:
    void lookRequested(const QString &node);
    void pauseRequested(const QString &node);
    void resumeRequested(const QString &node);

protected:
    void showEvent(QShowEvent *event) override;
    void hideEvent(QHideEvent *event) override;
    void timerEvent(QTimerEvent *event) override;

private:
    void refresh();
    void ask();
    QString m_node;
    const Clock *m_clock = nullptr;
    std::optional<Result<IdleStatus>> m_status;
    MonotonicMs m_readAt {0};
    MonotonicMs m_askedAt {0};
    bool m_isAsking = false;
    Text *m_sentence;
    Text *m_reason;
    CommandBox *m_command;
    QPushButton *m_pause;
    QPushButton *m_resume;
    QBasicTimer m_second;
};

/// @p status as it is @p later than it was read: countdown and pause have gone on. Pure.
[[nodiscard]] IdleStatus idleLater(IdleStatus status, std::chrono::seconds later);

} // namespace hybridge
