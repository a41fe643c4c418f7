// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/shell/answer.h"

#include <QDialog>

#include <memory>
#include <utility>

namespace hybridge {

namespace {

class Answer final {
public:
    explicit Answer(std::function<void(bool)> call) : m_call(std::move(call)) { }
    Q_DISABLE_COPY_MOVE(Answer)
    ~Answer() { give(false); }
    void give(bool yes)
    {
        if (const auto call = std::exchange(m_call, nullptr))
            call(yes);
    }

private:
    std::function<void(bool)> m_call;
};

} // namespace

void deliverAnswer(QDialog &dialog, std::function<void(bool)> call)
{
    // The connection owns the answer; it goes with the dialog.
    const auto answer = std::make_shared<Answer>(std::move(call));
    QObject::connect(&dialog, &QDialog::finished, &dialog, [answer](int result) { answer->give(result == QDialog::Accepted); });
}

} // namespace hybridge
