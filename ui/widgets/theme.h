// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/widgets/tokens.h"

#include <QObject>

class QApplication;

namespace hybridge {

/// Dresses the application: palette, style sheet, font. One per process, owned by whoever owns the first window.
class Theme final : public QObject {
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(Theme)
public:
    enum class Choice { System, Light, Dark };
    Q_ENUM(Choice)

    /// Reads what the desktop wants and applies @p choice at once.
    explicit Theme(QApplication &application, Choice choice = Choice::System, QObject *parent = nullptr);

    [[nodiscard]] Choice choice() const { return m_choice; }
    [[nodiscard]] bool isDark() const { return m_dark; }
    void setChoice(Choice choice);
    /// System → Light → Dark → System.
    void cycle();

Q_SIGNALS:
    void changed();

private:
    void apply();
    [[nodiscard]] bool systemIsDark() const;

    QApplication &m_application;
    Choice m_choice;
    bool m_desktopWasDark; ///< by the palette that the desktop gave before ours; all that Qt 6.4 tells
    bool m_dark = false;
    bool m_applied = false;
};

/// The palette of a scheme. Pure.
[[nodiscard]] QPalette paletteOf(const Tokens &tokens);
/// The style sheet of a scheme: what a palette cannot say about standard controls. Pure.
[[nodiscard]] QString styleSheetOf(const Tokens &tokens);

} // namespace hybridge
