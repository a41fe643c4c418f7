// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QFrame>

class QToolButton;

namespace hybridge {

class Text;

/// A command in a fixed-width font with a button that copies it. The button says that it has copied for a moment.
class CommandBox final : public QFrame {
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(CommandBox)
public:
    explicit CommandBox(QWidget *parent = nullptr);
    void setCommand(const QString &command);
    [[nodiscard]] QString command() const { return m_command; }
    /// 0: as many as needed; 1 on cards.
    void setMaxLines(int lines);

protected:
    void paintEvent(QPaintEvent *event) override;
    void changeEvent(QEvent *event) override;

private:
    void copy();
    void refreshIcon();

    QString m_command;
    Text *m_text;
    QToolButton *m_button;
    bool m_copied = false;
};

} // namespace hybridge
