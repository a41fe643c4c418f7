// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/widgets/theme.h"

#include "ui/widgets/typography.h"

namespace hybridge {

namespace {

// @name is replaced by the token of that name. Kept to standard controls; everything of our own is painted.
constexpr const char *Sheet = R"(
QToolTip { background: @raised; color: @text; border: 1px solid @border; padding: 6px 8px; }
QPushButton { background: @surface; color: @text; border: 1px solid @border; border-radius: 6px; padding: 6px 12px; min-height: 18px; }
QPushButton:hover { background: @raised; }
QPushButton:pressed { background: @track; }
QPushButton:focus { border-color: @accent; }
QPushButton:disabled { color: @muted; background: @background; }
QPushButton[kind="primary"] { background: @accent; color: @onAccent; border-color: @accent; }
QPushButton[kind="primary"]:hover { background: @accentHover; border-color: @accentHover; }
QPushButton[kind="primary"]:focus { border: 2px solid @text; padding: 5px 11px; }
QPushButton[kind="primary"]:disabled { background: @track; color: @muted; border-color: @track; }
QPushButton[kind="quiet"], QToolButton { background: transparent; border: 1px solid transparent; border-radius: 6px; padding: 5px 8px; color: @text; }
QPushButton[kind="quiet"]:hover, QToolButton:hover { background: @raised; }
QPushButton[kind="quiet"]:pressed, QToolButton:pressed { background: @track; }
QPushButton[kind="quiet"]:focus, QToolButton:focus { border-color: @accent; }
QToolButton:checked { background: @selection; color: @accent; }
QPushButton[kind="link"] { background: transparent; border: 1px solid transparent; border-radius: 4px; padding: 1px 0; min-height: 0; color: @accent; }
QPushButton[kind="link"]:hover { text-decoration: underline; }
QPushButton[kind="link"]:focus { border-color: @accent; }
QToolButton::menu-indicator { image: none; }
QPushButton::menu-indicator { image: none; }
QLineEdit { background: @surface; border: 1px solid @border; border-radius: 6px; padding: 5px 8px; min-height: 20px;
    selection-background-color: @accent; selection-color: @onAccent; }
QLineEdit:focus { border-color: @accent; }
QPlainTextEdit { background: @background; color: @text; border: 1px solid @border; border-radius: 6px; padding: 6px;
    selection-background-color: @accent; selection-color: @onAccent; }
QPlainTextEdit[kind="field"] { background: @surface; }
QPlainTextEdit[kind="field"]:focus { border-color: @accent; }
QPlainTextEdit[kind="plain"], QListView[kind="plain"] { background: transparent; border: none; padding: 0; }
QMenu { background: @surface; color: @text; border: 1px solid @border; padding: 4px; }
QMenu::item { padding: 6px 20px 6px 12px; border-radius: 4px; }
QMenu::item:selected { background: @selection; color: @text; }
QMenu::item:disabled { color: @muted; }
QMenu::separator { height: 1px; background: @border; margin: 4px 8px; }
QMenu::indicator { width: 14px; height: 14px; margin-left: 6px; }
QScrollArea { background: transparent; border: none; }
QScrollBar:vertical { background: transparent; width: 12px; margin: 0; }
QScrollBar::handle:vertical { background: @scroll; border-radius: 3px; min-height: 32px; margin: 2px 3px; }
QScrollBar::handle:vertical:hover { background: @muted; }
QScrollBar:horizontal { background: transparent; height: 12px; margin: 0; }
QScrollBar::handle:horizontal { background: @scroll; border-radius: 3px; min-width: 32px; margin: 3px 2px; }
QScrollBar::handle:horizontal:hover { background: @muted; }
QScrollBar::add-line, QScrollBar::sub-line { width: 0; height: 0; background: none; border: none; }
QScrollBar::add-page, QScrollBar::sub-page { background: transparent; }
QTableView { background: @surface; border: none; gridline-color: @border; selection-background-color: @selection; selection-color: @text; outline: 0; }
QHeaderView { background: @surface; border: none; }
QHeaderView::section { background: @surface; color: @muted; border: none; border-bottom: 1px solid @border; padding: 0 10px; font-size: @label; }
QHeaderView::section:hover { color: @text; }
QTableCornerButton::section { background: @surface; border: none; }
QListView { background: @surface; border: none; outline: 0; }
QDialog { background: @surface; }
QCheckBox, QRadioButton { spacing: 8px; }
QCheckBox:disabled, QRadioButton:disabled { color: @muted; }
QCheckBox::indicator { width: 12px; height: 12px; border: 1px solid @muted; border-radius: 3px; background: @surface; }
QCheckBox::indicator:checked { border-color: @accent; background: @accent; image: url(:/hybridge/icons/tick-@tone.svg); }
QCheckBox::indicator:disabled { border-color: @border; background: @background; }
QCheckBox::indicator:checked:disabled { border-color: @muted; background: @muted; }
QCheckBox::indicator:focus, QCheckBox::indicator:hover { border-color: @accent; }
QRadioButton::indicator { width: 12px; height: 12px; border: 1px solid @muted; border-radius: 7px; background: @surface; }
QRadioButton::indicator:checked { width: 6px; height: 6px; border: 4px solid @accent; border-radius: 7px; background: @surface; }
QRadioButton::indicator:focus, QRadioButton::indicator:hover { border-color: @accent; }
QSpinBox { background: @surface; border: 1px solid @border; border-radius: 6px; padding: 3px 8px; min-height: 20px;
    selection-background-color: @accent; selection-color: @onAccent; }
QSpinBox:focus { border-color: @accent; }
QSpinBox:disabled { color: @muted; background: @background; }
QComboBox { background: @surface; color: @text; border: 1px solid @border; border-radius: 6px; padding: 5px 8px; min-height: 20px; }
QComboBox:hover { background: @raised; }
QComboBox:focus, QComboBox:on { border-color: @accent; }
QComboBox:disabled { color: @muted; background: @background; }
QComboBox::drop-down { border: none; width: 24px; }
QComboBox::down-arrow { image: url(:/hybridge/icons/drop.svg); width: 12px; height: 12px; }
QComboBox QAbstractItemView { background: @surface; color: @text; border: 1px solid @border; padding: 4px; outline: 0; selection-background-color: @selection; selection-color: @text; }
QSlider::groove:horizontal { height: 4px; border-radius: 2px; background: @track; }
QSlider::sub-page:horizontal { height: 4px; border-radius: 2px; background: @muted; }
QSlider::handle:horizontal { width: 12px; height: 12px; margin: -5px 0; border-radius: 7px; background: @surface; border: 1px solid @muted; }
QSlider::handle:horizontal:hover, QSlider::handle:horizontal:focus { border: 2px solid @accent; width: 10px; height: 10px; margin: -5px 0; }
QSlider::handle:horizontal:disabled { background: @background; border-color: @border; }
)";

} // namespace

QString styleSheetOf(const Tokens &t)
{
    struct Name {
        const char *name;
        QColor colour;
    };
    // Longer names first: "@accentHover" begins with "@accent".
    const Name names[] {{"@accentHover", mixed(t.accent, t.text, 0.14)}, {"@background", t.background}, {"@selection", t.selection},
        {"@onAccent", t.onAccent}, {"@surface", t.surface}, {"@raised", t.raised}, {"@border", t.border}, {"@accent", t.accent},
        {"@scroll", mixed(t.background, t.muted, 0.4)}, {"@track", t.track}, {"@muted", t.muted}, {"@text", t.text}};
    QString sheet = QString::fromLatin1(Sheet);
    // Pictures cannot take a colour from the sheet: one for each theme.
    sheet.replace(QLatin1String("@tone"), t.onAccent.lightness() > 127 ? QStringLiteral("light") : QStringLiteral("dark"));
    sheet.replace(QLatin1String("@label"), QStringLiteral("%1px").arg(typeFont(Type::Label).pixelSize()));
    for (const Name &name : names)
        sheet.replace(QLatin1String(name.name), name.colour.name());
    return sheet;
}

} // namespace hybridge
