// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/shell/hostkeydialog.h"

#include "backend/base/units.h"
#include "ui/widgets/commandbox.h"
#include "ui/widgets/statelamp.h"
#include "ui/widgets/text.h"
#include "ui/widgets/tokens.h"

#include <QHBoxLayout>
#include <QPainter>
#include <QPushButton>

namespace hybridge {

namespace {

QLayout *fingerprint(const QString &label, const QString &value, QWidget *parent)
{
    auto *box = new QVBoxLayout;
    box->setSpacing(2);
    box->addWidget(new Text(label, Type::Label, Text::Tone::Muted, parent));
    auto *command = new CommandBox(parent);
    command->setCommand(safeText(value, 200));
    box->addWidget(command);
    return box;
}

} // namespace

HostKeyDialog::HostKeyDialog(const HostKeyPrompt &question, const QString &label, const QColor &colour, QWidget *parent)
    : QDialog(parent), m_colour(colour)
{
    const bool changed = !question.expected.isEmpty();
    setObjectName(QStringLiteral("hostKeyDialog"));
    setWindowTitle(changed ? tr("%1: host key changed").arg(label) : tr("%1: unknown host key").arg(label));
    setMinimumWidth(520);
    auto *name = new Text(label, Type::Label, Text::Tone::Muted, this);
    auto *title = new Text(
        changed ? tr("The host key of %1 has changed").arg(label) : tr("Is this the host key of %1?").arg(label), Type::Section,
        Text::Tone::Text, this);
    title->setBold(true);
    auto *words = new Text(changed
            ? tr("%1 shows another key than the one on file. The machine was set up anew, or somebody stands in between. Nothing was sent "
                 "to it.")
                  .arg(safeText(question.host, 120))
            : tr("%1 was never seen before. Compare the fingerprint with the one that the machine itself prints; no credential is sent "
                 "until you accept.")
                  .arg(safeText(question.host, 120)),
        Type::Body, Text::Tone::Muted, this);
    auto *lamp = new StateLamp(20, this);
    lamp->setCondition(changed ? NodeCondition::Down : NodeCondition::Unknown);
    auto *head = new QHBoxLayout;
    head->setSpacing(space::M);
    head->addWidget(lamp, 0, Qt::AlignTop);
    auto *texts = new QVBoxLayout;
    texts->setSpacing(space::Xs);
    texts->addWidget(name);
    texts->addWidget(title);
    texts->addWidget(words);
    head->addLayout(texts, 1);
    auto *column = new QVBoxLayout(this);
    column->setContentsMargins(space::Xl, space::Xl, space::Xl, space::L);
    column->setSpacing(space::M);
    column->addLayout(head);
    if (changed)
        column->addLayout(fingerprint(tr("On file"), question.expected, this));
    column->addLayout(fingerprint(
        changed ? tr("Shown now (%1)").arg(safeText(question.keyType, 40)) : tr("Fingerprint (%1)").arg(safeText(question.keyType, 40)),
        question.fingerprint, this));
    if (changed) {
        column->addWidget(new Text(tr("If you know why it changed, remove the old key and connect again:"), Type::Body, Text::Tone::Text, this));
        auto *remedy = new CommandBox(this);
        remedy->setCommand(QStringLiteral("ssh-keygen -R '%1'").arg(safeText(question.host, 120).remove(QLatin1Char('\''))));
        column->addWidget(remedy);
    } else {
        column->addWidget(new Text(tr("On the machine:"), Type::Label, Text::Tone::Muted, this));
        auto *how = new CommandBox(this);
        how->setCommand(QStringLiteral("for f in /etc/ssh/ssh_host_*_key.pub; do ssh-keygen -lf $f; done"));
        column->addWidget(how);
    }
    auto *buttons = new QHBoxLayout;
    buttons->addStretch(1);
    auto *refuse = new QPushButton(changed ? tr("Close") : tr("Refuse"), this);
    refuse->setObjectName(QStringLiteral("refuseHostKey"));
    buttons->addWidget(refuse);
    connect(refuse, &QPushButton::clicked, this, &QDialog::reject);
    if (!changed) {
        auto *accept = new QPushButton(tr("Accept the key of %1").arg(label), this);
        accept->setObjectName(QStringLiteral("acceptHostKey"));
        accept->setProperty("kind", QStringLiteral("primary"));
        accept->setAutoDefault(false);
        buttons->addWidget(accept);
        connect(accept, &QPushButton::clicked, this, &QDialog::accept);
    }
    refuse->setDefault(true); // Enter by accident refuses
    refuse->setFocus();
    column->addSpacing(space::S);
    column->addLayout(buttons);
}

void HostKeyDialog::paintEvent(QPaintEvent *event)
{
    QDialog::paintEvent(event);
    const Tokens &tokens = tokensFor(palette());
    QPainter painter(this);
    painter.fillRect(rect(), tokens.surface);
    painter.setPen(QPen(m_colour, 4));
    painter.drawRect(rect().adjusted(2, 2, -2, -2));
}

} // namespace hybridge
