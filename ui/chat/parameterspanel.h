// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/chat/chattypes.h"

#include <QWidget>

class QLineEdit;
class QPlainTextEdit;
class QPushButton;

namespace hybridge {

class PickButton;
class Text;

/// System prompt and parameters of the next request, and presets of them. What is left empty is not sent. GUI thread.
class ParametersPanel final : public QWidget {
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(ParametersPanel)
public:
    explicit ParametersPanel(QWidget *parent = nullptr);
    /// Target, model and messages are none of its business.
    void show(const ChatRequest &settings);
    /// Puts what stands here into @p settings.
    void apply(ChatRequest &settings) const;
    /// Empty: all that stands here can be sent. Else what cannot, one sentence.
    [[nodiscard]] QString obstacle() const;

Q_SIGNALS:
    void changed();

private:
    void check();
    void edited();
    void refreshPresets();
    void choosePreset(const QString &name);
    void askPresetName();

    QPlainTextEdit *m_system;
    QLineEdit *m_temperature;
    QLineEdit *m_topP;
    QLineEdit *m_maxTokens;
    QLineEdit *m_stop;
    QLineEdit *m_seed;
    QPlainTextEdit *m_extra;
    Text *m_trouble;
    PickButton *m_presets;
    QPushButton *m_keep;
    QPushButton *m_forget;
    bool m_isShowing = false;
};

/// What of a JSON text for additional keys cannot be sent; empty: all well. Pure.
[[nodiscard]] QString extraJsonObstacle(const QString &text);

} // namespace hybridge
