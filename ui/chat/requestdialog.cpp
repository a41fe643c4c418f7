// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/chat/requestdialog.h"

#include "backend/base/units.h"
#include "ui/chat/markdowndocument.h"
#include "ui/widgets/text.h"
#include "ui/widgets/tokens.h"

#include <QClipboard>
#include <QGuiApplication>
#include <QHBoxLayout>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QTabBar>
#include <QVBoxLayout>

namespace hybridge {

QString rawEventText(const QList<ChatRawEvent> &events)
{
    QString out;
    for (const ChatRawEvent &event : events) {
        out += QStringLiteral("%1 ms  ").arg(event.atMs, 9, 'f', 1);
        out += safeBlock(QString::fromUtf8(event.data)).replace(QLatin1Char('\n'), QLatin1String("\n              ")) + QLatin1Char('\n');
    }
    return out;
}

RequestDialog::RequestDialog(const Result<ChatRequestText> &request, const QList<ChatRawEvent> &events, QWidget *parent)
    : QDialog(parent), m_tabs(new QTabBar(this)), m_text(new QPlainTextEdit(this)), m_copy(new QPushButton(tr("Copy"), this)),
      m_note(new Text(Type::Label, Text::Tone::Muted, this))
{
    setObjectName(QStringLiteral("requestDialog"));
    setWindowTitle(tr("The request and what came"));
    setMinimumSize(760, 520);
    const QString masked = tr("Secrets stand as variables of the environment; with those set, this can be run as it is.");
    const QString none = request ? QString() : request.error().summary;
    m_pages = {request ? request->http : none, request ? request->curl : none, request ? request->python : none,
        events.isEmpty() ? tr("Nothing: raw events are kept until the program ends, never written down.") : rawEventText(events)};
    m_notes = {masked, masked, masked, tr("Events: %1, with the time since the request was ordered.").arg(events.size())};
    for (const QString &name : {tr("HTTP"), tr("curl"), tr("Python"), tr("Raw events")})
        m_tabs->addTab(name);
    m_tabs->setObjectName(QStringLiteral("requestTabs"));
    m_tabs->setDrawBase(false);
    m_tabs->setExpanding(false);
    m_text->setObjectName(QStringLiteral("requestText"));
    m_text->setReadOnly(true);
    m_text->setLineWrapMode(QPlainTextEdit::NoWrap);
    m_text->setFont(codeFont(Type::Body));
    m_copy->setObjectName(QStringLiteral("copyRequest"));
    auto *close = new QPushButton(tr("Close"), this);
    close->setDefault(true);
    auto *row = new QHBoxLayout;
    row->addWidget(m_note, 1);
    row->addWidget(m_copy);
    row->addWidget(close);
    auto *column = new QVBoxLayout(this);
    column->setContentsMargins(space::Xl, space::L, space::Xl, space::L);
    column->setSpacing(space::S);
    column->addWidget(m_tabs);
    column->addWidget(m_text, 1);
    column->addLayout(row);
    connect(m_tabs, &QTabBar::currentChanged, this, &RequestDialog::showPage);
    connect(m_copy, &QPushButton::clicked, this, [this] {
        QGuiApplication::clipboard()->setText(m_pages.value(m_tabs->currentIndex()));
        m_copy->setText(tr("Copied"));
    });
    connect(close, &QPushButton::clicked, this, &QDialog::accept);
    showPage(0);
}

void RequestDialog::showPage(int index)
{
    if (m_tabs->currentIndex() != index) {
        m_tabs->setCurrentIndex(index);
        return;
    }
    m_text->setPlainText(m_pages.value(index));
    m_note->put(m_notes.value(index));
    m_copy->setText(tr("Copy"));
}

} // namespace hybridge
