// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/shell/shortcutspanel.h"

#include "ui/shell/windowpages.h"
#include "ui/widgets/text.h"
#include "ui/widgets/tokens.h"

#include <QGridLayout>
#include <QKeySequence>

namespace hybridge {

ShortcutsPanel::ShortcutsPanel(QWidget *parent) : QWidget(parent)
{
    setObjectName(QStringLiteral("shortcutsPanel"));
    const auto key = [](QKeyCombination combination) { return QKeySequence(combination).toString(QKeySequence::NativeText); };
    QList<QPair<QString, QString>> lines {{key(Qt::CTRL | Qt::Key_K), tr("Search nodes, pages and actions")}};
    for (const WindowPage &page : windowPages())
        lines.append({page.shortcutText(), page.words()});
    lines.append({{key(Qt::CTRL | Qt::Key_F), tr("Filter what is shown")},
        {QStringLiteral("[  ]"), tr("Previous and next node")},
        {QStringLiteral("←  →"), tr("Move the cursor in a chart")},
        {key(Qt::CTRL | Qt::Key_Z), tr("Take the newest change of shares back, on Routing")},
        {key(Qt::CTRL | Qt::Key_H), tr("Events of this session")},
        {key(Qt::CTRL | Qt::Key_J), tr("Operations")},
        {key(Qt::CTRL | Qt::Key_B), tr("Collapse or expand the rail")},
        {key(Qt::CTRL | Qt::Key_O), tr("Open a fleet file")},
        {key(Qt::CTRL | Qt::SHIFT | Qt::Key_L), tr("Light, dark or as the system")},
        {tr("Esc"), tr("Back, or close what is open")},
        {QStringLiteral("?"), tr("This list")},
        {key(Qt::CTRL | Qt::Key_Q), tr("Quit")}});
    auto *grid = new QGridLayout(this);
    grid->setContentsMargins(space::Xl, space::S, space::Xl, space::Xl);
    grid->setVerticalSpacing(space::M);
    grid->setHorizontalSpacing(space::L);
    int row = 0;
    for (const auto &[keys, words] : lines) {
        auto *left = new Text(keys, Type::Body, Text::Tone::Text, this);
        left->setBold(true);
        left->setMaxLines(1);
        auto *right = new Text(words, Type::Body, Text::Tone::Muted, this);
        right->setMaxLines(1);
        grid->addWidget(left, row, 0);
        grid->addWidget(right, row, 1);
        ++row;
    }
    grid->setColumnMinimumWidth(0, 110);
    grid->setColumnStretch(1, 1);
    grid->setRowStretch(row, 1);
}

} // namespace hybridge
