// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/base/secret.h"
#include "ui/shell/shelltypes.h"

#include <QFrame>

class QLabel;
class QLineEdit;
class QPushButton;

namespace hybridge {

class Text;

/// Asks for one missing secret in place: what it is, who gets it, where it is kept.
class SecretForm final : public QFrame {
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(SecretForm)
public:
    explicit SecretForm(QWidget *parent = nullptr);
    void ask(const SecretRequest &request, int further);
    [[nodiscard]] QString name() const { return m_name; }

Q_SIGNALS:
    void provided(const QString &name, const hybridge::Secret &value);
    void declined(const QString &name);

protected:
    void paintEvent(QPaintEvent *event) override;
    void changeEvent(QEvent *event) override;

private:
    void submit();
    void refreshIcon();

    QString m_name;
    QLabel *m_icon;
    Text *m_title;
    Text *m_words;
    QLineEdit *m_field;
    QPushButton *m_save;
    QPushButton *m_later;
};

} // namespace hybridge
