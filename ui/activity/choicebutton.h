// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QList>
#include <QPair>
#include <QPushButton>

class QMenu;

namespace hybridge {

/// A button that says what is chosen, "Node: home", and offers the rest in a menu. The first choice is "all of them".
class ChoiceButton final : public QPushButton {
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(ChoiceButton)
public:
    /// @p what stands before the choice: "Node"; @p all is the first choice: "all".
    ChoiceButton(const QString &what, const QString &all, QWidget *parent = nullptr);
    /// Value and words of each choice. What was chosen stays, also when it is no longer among them.
    void setChoices(const QList<QPair<QString, QString>> &choices);
    /// Empty: all.
    [[nodiscard]] QString value() const { return m_value; }
    void setValue(const QString &value);

Q_SIGNALS:
    void chosen(const QString &value);

protected:
    void changeEvent(QEvent *event) override;

private:
    void refresh();
    void rebuild();

    QString m_what;
    QString m_all;
    QString m_value;
    QList<QPair<QString, QString>> m_choices;
    QMenu *m_menu;
};

} // namespace hybridge
