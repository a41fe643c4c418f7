// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/base/result.h"

#include <QWidget>

class QPushButton;
class QVBoxLayout;

namespace hybridge {

class Banner;
class Text;

/// No fleet yet: the demo cloud or a file. Shows why a file was refused.
class FirstStartPage final : public QWidget {
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(FirstStartPage)
public:
    explicit FirstStartPage(QWidget *parent = nullptr);
    /// While something is being opened the choices rest; empty: they are back.
    void setOpening(const QString &what);
    void setErrors(const QString &path, const QList<Error> &errors);

Q_SIGNALS:
    void demoRequested();
    void fileRequested();

private:
    QWidget *choice(const QString &icon, const QString &title, const QString &words, QPushButton *button);

    QPushButton *m_demo;
    QPushButton *m_file;
    Banner *m_errors;
    Banner *m_opening;
};

} // namespace hybridge
