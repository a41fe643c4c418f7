// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/shell/secretform.h"

#include "backend/base/units.h"
#include "ui/widgets/icons.h"
#include "ui/widgets/text.h"
#include "ui/widgets/tokens.h"

#include <QEvent>
#include <QHBoxLayout>
#include <QLabel>
#include <QLineEdit>
#include <QPainter>
#include <QPushButton>

namespace hybridge {

SecretForm::SecretForm(QWidget *parent)
    : QFrame(parent), m_icon(new QLabel(this)), m_title(new Text(Type::Body, Text::Tone::Text, this)),
      m_words(new Text(Type::Body, Text::Tone::Muted, this)), m_field(new QLineEdit(this)),
      m_save(new QPushButton(tr("Save the secret"), this)), m_later(new QPushButton(tr("Not now"), this))
{
    setObjectName(QStringLiteral("secretForm"));
    m_title->setBold(true);
    m_field->setObjectName(QStringLiteral("secretField"));
    m_field->setEchoMode(QLineEdit::Password);
    m_field->setMaximumWidth(380);
    m_save->setObjectName(QStringLiteral("saveSecret"));
    m_save->setProperty("kind", QStringLiteral("primary"));
    m_save->setEnabled(false);
    m_later->setObjectName(QStringLiteral("declineSecret"));
    m_later->setProperty("kind", QStringLiteral("quiet"));
    auto *line = new QHBoxLayout;
    line->setSpacing(space::S);
    line->addWidget(m_field, 1);
    line->addWidget(m_save);
    line->addWidget(m_later);
    line->addStretch(1);
    auto *words = new QVBoxLayout;
    words->setSpacing(space::Xs);
    words->addWidget(m_title);
    words->addWidget(m_words);
    words->addSpacing(space::Xs);
    words->addLayout(line);
    auto *row = new QHBoxLayout(this);
    row->setContentsMargins(space::L, space::M, space::L, space::M);
    row->setSpacing(space::M);
    row->addWidget(m_icon, 0, Qt::AlignTop);
    row->addLayout(words, 1);
    connect(m_field, &QLineEdit::textChanged, this, [this](const QString &text) { m_save->setEnabled(!text.trimmed().isEmpty()); });
    connect(m_field, &QLineEdit::returnPressed, this, &SecretForm::submit);
    connect(m_save, &QPushButton::clicked, this, &SecretForm::submit);
    connect(m_later, &QPushButton::clicked, this, [this] {
        m_field->clear();
        Q_EMIT declined(m_name);
    });
    refreshIcon();
}

void SecretForm::ask(const SecretRequest &request, int further)
{
    if (m_name != request.name)
        m_field->clear();
    m_name = request.name;
    m_title->put(tr("A secret is missing: %1").arg(request.purpose.isEmpty() ? request.name : request.purpose));
    QStringList words {tr("The fleet file refers to it as %1.").arg(safeText(request.name, 120))};
    if (!request.host.isEmpty())
        words.append(tr("It is sent to %1 alone.").arg(safeText(request.host, 120)));
    if (!request.storage.isEmpty())
        words.append(request.storage);
    if (further > 0)
        words.append(further == 1 ? tr("One more is missing.") : tr("%1 more are missing.").arg(further));
    m_words->put(words.join(QLatin1Char(' ')));
    m_field->setAccessibleName(m_title->text());
    m_field->setPlaceholderText(tr("Paste the secret"));
}

void SecretForm::submit()
{
    const QByteArray bytes = m_field->text().trimmed().toUtf8();
    if (bytes.isEmpty())
        return;
    const Secret value(bytes);
    m_field->clear();
    Q_EMIT provided(m_name, value);
}

void SecretForm::refreshIcon()
{
    m_icon->setPixmap(iconPixmap(QStringLiteral("key"), tokensFor(palette()).accent, 20, std::max(2.0, devicePixelRatioF())));
}

void SecretForm::changeEvent(QEvent *event)
{
    QFrame::changeEvent(event);
    if (event->type() == QEvent::PaletteChange)
        refreshIcon();
}

void SecretForm::paintEvent(QPaintEvent *)
{
    const Tokens &tokens = tokensFor(palette());
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setPen(QPen(mixed(tokens.border, tokens.accent, 0.4), 1));
    painter.setBrush(tokens.surface);
    painter.drawRoundedRect(QRectF(rect()).adjusted(0.5, 0.5, -0.5, -0.5), radius::Card, radius::Card);
}

} // namespace hybridge
