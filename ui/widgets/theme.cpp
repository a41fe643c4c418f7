// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/widgets/theme.h"

#include "ui/widgets/typography.h"

#include <QApplication>
#include <QStyleFactory>
#include <QStyleHints>

namespace hybridge {

Theme::Theme(QApplication &application, Choice choice, QObject *parent)
    : QObject(parent), m_application(application), m_choice(choice),
      m_desktopWasDark(application.palette().color(QPalette::Window).lightness() < 128)
{
#if QT_VERSION >= QT_VERSION_CHECK(6, 5, 0)
    connect(application.styleHints(), &QStyleHints::colorSchemeChanged, this, [this] { apply(); });
#endif
    apply();
}

void Theme::setChoice(Choice choice)
{
    if (choice == m_choice)
        return;
    m_choice = choice;
    apply();
    Q_EMIT changed();
}

void Theme::cycle()
{
    switch (m_choice) {
    case Choice::System:
        return setChoice(Choice::Light);
    case Choice::Light:
        return setChoice(Choice::Dark);
    case Choice::Dark:
        break;
    }
    setChoice(Choice::System);
}

bool Theme::systemIsDark() const
{
#if QT_VERSION >= QT_VERSION_CHECK(6, 5, 0)
    if (m_application.styleHints()->colorScheme() != Qt::ColorScheme::Unknown)
        return m_application.styleHints()->colorScheme() == Qt::ColorScheme::Dark;
#endif
    return m_desktopWasDark;
}

void Theme::apply()
{
    const bool dark = m_choice == Choice::Dark || (m_choice == Choice::System && systemIsDark());
    if (m_applied && dark == m_dark)
        return;
    const Tokens &tokens = dark ? darkTokens() : lightTokens();
    if (!m_applied) {
        // Fusion alone follows a palette everywhere; a desktop's own style would mix its colours with ours.
        m_application.setStyle(QStyleFactory::create(QStringLiteral("Fusion")));
        m_application.setFont(typeFont(Type::Body));
    }
    m_dark = dark;
    m_applied = true;
    m_application.setPalette(paletteOf(tokens));
    m_application.setStyleSheet(styleSheetOf(tokens));
}

QPalette paletteOf(const Tokens &t)
{
    QPalette p;
    p.setColor(QPalette::Window, t.background);
    p.setColor(QPalette::WindowText, t.text);
    p.setColor(QPalette::Base, t.surface);
    p.setColor(QPalette::AlternateBase, t.raised);
    p.setColor(QPalette::Text, t.text);
    p.setColor(QPalette::PlaceholderText, t.muted);
    p.setColor(QPalette::Button, t.surface);
    p.setColor(QPalette::ButtonText, t.text);
    p.setColor(QPalette::BrightText, t.down);
    p.setColor(QPalette::ToolTipBase, t.raised);
    p.setColor(QPalette::ToolTipText, t.text);
    p.setColor(QPalette::Highlight, t.accent);
    p.setColor(QPalette::HighlightedText, t.onAccent);
    p.setColor(QPalette::Link, t.accent);
    p.setColor(QPalette::LinkVisited, t.accent);
    p.setColor(QPalette::Light, t.surface);
    p.setColor(QPalette::Midlight, t.raised);
    p.setColor(QPalette::Mid, t.border);
    p.setColor(QPalette::Dark, t.border);
    p.setColor(QPalette::Shadow, t.border);
    const QColor faded = mixed(t.surface, t.muted, 0.6);
    for (const QPalette::ColorRole role : {QPalette::WindowText, QPalette::Text, QPalette::ButtonText})
        p.setColor(QPalette::Disabled, role, faded);
    return p;
}

} // namespace hybridge
