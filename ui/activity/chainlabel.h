// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/activity/activitytypes.h"
#include "backend/base/result.h"

#include <QPointer>
#include <QWidget>

#include <stop_token>

class QPushButton;

namespace hybridge {

class ActivityLog;
class StateLamp;
class Text;

/// Whether the chain of hashes holds: a lamp and a sentence, and a button that walks it again.
class ChainLabel final : public QWidget {
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(ChainLabel)
public:
    explicit ChainLabel(QWidget *parent = nullptr);
    ~ChainLabel() override;
    /// Forgets what was found; @p log may go before the label.
    void setLog(ActivityLog *log);
    /// Walks the chain unless it has been walked already.
    void checkOnce();
    void check();
    [[nodiscard]] QString words() const;

Q_SIGNALS:
    void checked(const hybridge::ChainCheck &check);

private:
    void show(const Result<ChainCheck> &check);

    QPointer<ActivityLog> m_log;
    StateLamp *m_lamp;
    Text *m_words;
    QPushButton *m_again;
    std::stop_source m_stop;
    bool m_isWalking = false;
    bool m_isWalked = false;
    int m_round = 0; ///< answers about an earlier log are dropped
};

} // namespace hybridge
