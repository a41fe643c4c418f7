// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/shell/trustdialog.h"

#include "backend/base/units.h"
#include "ui/widgets/commandbox.h"
#include "ui/widgets/text.h"
#include "ui/widgets/tokens.h"

#include <QGridLayout>
#include <QHBoxLayout>
#include <QPushButton>
#include <QScrollArea>

namespace hybridge {

namespace {

Text *heading(const QString &words, QWidget *parent)
{
    auto *text = new Text(words, Type::Body, Text::Tone::Text, parent);
    text->setBold(true);
    return text;
}

} // namespace

TrustDialog::TrustDialog(const TrustQuestion &question, QWidget *parent) : QDialog(parent)
{
    setObjectName(QStringLiteral("trustDialog"));
    setWindowTitle(tr("Unknown fleet file"));
    setMinimumWidth(600);
    auto *title = new Text(tr("Do you trust this fleet file?"), Type::Section, Text::Tone::Text, this);
    title->setBold(true);
    auto *path = new Text(safeText(question.path, 400), Type::Label, Text::Tone::Muted, this);
    path->setCode();
    auto *words = new Text(
        tr("It was not written here and has not been opened before. Opened, it does what is listed below. You are asked once."), Type::Body,
        Text::Tone::Muted, this);

    auto *list = new QWidget;
    auto *rows = new QVBoxLayout(list);
    rows->setContentsMargins(0, 0, space::S, 0);
    rows->setSpacing(space::S);
    rows->addWidget(heading(question.commands.isEmpty() ? tr("It runs no commands") : tr("It runs these commands on this computer"), list));
    for (const QString &command : question.commands) {
        auto *box = new CommandBox(list);
        box->setCommand(safeText(command, 600));
        rows->addWidget(box);
    }
    rows->addSpacing(space::S);
    rows->addWidget(heading(question.secrets.isEmpty() ? tr("It sends no secrets") : tr("It sends these secrets"), list));
    auto *grid = new QGridLayout;
    grid->setHorizontalSpacing(space::L);
    grid->setVerticalSpacing(space::Xs);
    int row = 0;
    for (const TrustQuestion::SecretUse &use : question.secrets) {
        auto *secret = new Text(safeText(use.secret, 200), Type::Label, Text::Tone::Text, list);
        secret->setCode();
        auto *host = new Text(tr("to %1").arg(safeText(use.host, 200)), Type::Body, Text::Tone::Text, list);
        grid->addWidget(secret, row, 0);
        grid->addWidget(host, row, 1);
        ++row;
    }
    grid->setColumnStretch(1, 1);
    rows->addLayout(grid);
    rows->addStretch(1);
    auto *scroll = new QScrollArea(this);
    scroll->setWidgetResizable(true);
    scroll->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    scroll->setWidget(list);
    scroll->viewport()->setAutoFillBackground(false);
    list->setAutoFillBackground(false);
    scroll->setMinimumHeight(std::min(360, 90 + 38 * int(question.commands.size()) + 24 * int(question.secrets.size())));

    auto *refuse = new QPushButton(tr("Do not open"), this);
    refuse->setObjectName(QStringLiteral("refuseTrust"));
    refuse->setDefault(true);
    auto *trust = new QPushButton(tr("Trust and open the file"), this);
    trust->setObjectName(QStringLiteral("acceptTrust"));
    trust->setProperty("kind", QStringLiteral("primary"));
    trust->setAutoDefault(false);
    connect(refuse, &QPushButton::clicked, this, &QDialog::reject);
    connect(trust, &QPushButton::clicked, this, &QDialog::accept);
    auto *buttons = new QHBoxLayout;
    buttons->addStretch(1);
    buttons->addWidget(refuse);
    buttons->addWidget(trust);
    auto *column = new QVBoxLayout(this);
    column->setContentsMargins(space::Xl, space::Xl, space::Xl, space::L);
    column->setSpacing(space::S);
    column->addWidget(title);
    column->addWidget(path);
    column->addWidget(words);
    column->addSpacing(space::S);
    column->addWidget(scroll, 1);
    column->addSpacing(space::S);
    column->addLayout(buttons);
    refuse->setFocus();
}

} // namespace hybridge
