// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/checklist/checksource.h"

#include <QPointer>
#include <QWidget>

#include <stop_token>

class QHBoxLayout;
class QScrollArea;
class QVBoxLayout;

namespace hybridge {

class CommandCard;
class FleetState;
struct OperationRequest;

/// The quick reference: for the chosen node each command with a button that runs it, its text to copy, and what it printed.
/// What stops or starts a service is asked for as an operation, behind the guards; what changes the node asks first. GUI thread.
class CommandReference final : public QWidget {
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(CommandReference)
public:
    explicit CommandReference(QWidget *parent = nullptr);
    ~CommandReference() override;
    /// Both may go before this.
    void setSource(CheckSource *source, FleetState *fleet);
    void setNode(const QString &id);
    [[nodiscard]] QString node() const { return m_node; }

Q_SIGNALS:
    void operationRequested(const hybridge::OperationRequest &request);

private:
    void rebuildTabs();
    void rebuild();
    void run(CommandCard *card);

    QPointer<CheckSource> m_source;
    QPointer<FleetState> m_fleet;
    QString m_node;
    QWidget *m_tabs;
    QHBoxLayout *m_tabRow;
    QScrollArea *m_scroll;
    QWidget *m_body = nullptr;
    std::stop_source m_stop;
};

} // namespace hybridge
