// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/fleet/fleetconfig.h"
#include "backend/host/logstream.h"
#include "ui/widgets/card.h"

#include <functional>
#include <memory>

class QHBoxLayout;
class QPlainTextEdit;
class QToolButton;

namespace hybridge {

class Text;

/// The live log of one service of a node. Nothing is read before the operator has chosen a service, and nothing while the
/// page is hidden; it then goes on with the next line. At most MostLines stay.
class LogCard final : public Card {
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(LogCard)
public:
    static constexpr int MostLines = 2000;
    using ShellOf = std::function<Shell *(const QString &node)>;

    explicit LogCard(QWidget *parent = nullptr);
    ~LogCard() override;
    /// Where links come from; empty: nothing can be followed.
    void setShells(ShellOf shells);
    /// Another node ends what is followed.
    void setNode(const NodeConfig &node);
    /// "systemd:UNIT" or "docker:NAME"; empty: stop.
    void follow(const QString &service);
    [[nodiscard]] QString followed() const { return m_service; }
    [[nodiscard]] QString text() const;
    [[nodiscard]] QString stateWords() const;

protected:
    void showEvent(QShowEvent *event) override;
    void hideEvent(QHideEvent *event) override;

private:
    void open();
    void add(const QList<JournalLine> &lines);
    void refresh();

    ShellOf m_shells;
    QString m_node;
    QStringList m_services;
    QString m_service; ///< that is followed; empty: none
    std::unique_ptr<LogStream> m_stream;
    QHBoxLayout *m_choices;
    QList<QToolButton *> m_buttons;
    Text *m_state;
    QPlainTextEdit *m_lines;
};

} // namespace hybridge
