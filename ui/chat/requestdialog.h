// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/chat/chattypes.h"

#include <QDialog>

class QPlainTextEdit;
class QPushButton;
class QTabBar;

namespace hybridge {

class Text;

/// The request that left, masked, as HTTP, curl and Python, and the events that came, with their times.
class RequestDialog final : public QDialog {
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(RequestDialog)
public:
    RequestDialog(const Result<ChatRequestText> &request, const QList<ChatRawEvent> &events, QWidget *parent = nullptr);
    void showPage(int index);

private:
    QTabBar *m_tabs;
    QPlainTextEdit *m_text;
    QPushButton *m_copy;
    Text *m_note;
    QStringList m_pages;
    QStringList m_notes;
};

/// One event a line: "  212.4 ms  {…}". Pure.
[[nodiscard]] QString rawEventText(const QList<ChatRawEvent> &events);

} // namespace hybridge
