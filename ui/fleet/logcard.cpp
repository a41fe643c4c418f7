// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/fleet/logcard.h"

#include "ui/widgets/text.h"
#include "ui/widgets/tokens.h"
#include "ui/widgets/typography.h"

#include <QHBoxLayout>
#include <QPlainTextEdit>
#include <QScrollBar>
#include <QToolButton>
#include <QVBoxLayout>

namespace hybridge {

namespace {
constexpr int FirstLines = 200;
} // namespace

LogCard::LogCard(QWidget *parent)
    : Card(parent), m_choices(new QHBoxLayout), m_state(new Text(Type::Label, Text::Tone::Muted, this)), m_lines(new QPlainTextEdit(this))
{
    setObjectName(QStringLiteral("logCard"));
    auto *title = new Text(tr("Log"), Type::Body, Text::Tone::Text, this);
    title->setBold(true);
    m_state->setObjectName(QStringLiteral("logState"));
    m_lines->setObjectName(QStringLiteral("logLines"));
    m_lines->setAccessibleName(tr("Log lines"));
    m_lines->setReadOnly(true);
    m_lines->setUndoRedoEnabled(false);
    m_lines->setMaximumBlockCount(MostLines);
    m_lines->setLineWrapMode(QPlainTextEdit::NoWrap);
    m_lines->setFrameShape(QFrame::NoFrame);
    m_lines->setFont(codeFont(Type::Label));
    m_lines->setFixedHeight(260);
    m_choices->setSpacing(space::S);
    auto *head = new QHBoxLayout;
    head->setSpacing(space::M);
    head->addWidget(title);
    head->addLayout(m_choices);
    head->addWidget(m_state, 1);
    auto *column = new QVBoxLayout(this);
    column->setContentsMargins(space::L, space::M, space::L, space::M);
    column->setSpacing(space::S);
    column->addLayout(head);
    column->addWidget(m_lines);
    refresh();
}

LogCard::~LogCard() = default;

void LogCard::setShells(ShellOf shells)
{
    follow({});
    m_shells = std::move(shells);
    refresh();
}

void LogCard::setNode(const NodeConfig &node)
{
    QStringList services;
    if (node.engine && !node.engine->service.isEmpty())
        services.append(node.engine->service);
    if (node.connector && !node.connector->service.isEmpty() && !services.contains(node.connector->service))
        services.append(node.connector->service);
    if (!node.ssh)
        services.clear(); // nothing else leads to a log
    if (node.id == m_node && services == m_services)
        return;
    follow({});
    m_node = node.id;
    m_services = services;
    qDeleteAll(m_buttons);
    m_buttons.clear();
    for (const QString &service : std::as_const(m_services)) {
        auto *button = new QToolButton(this);
        button->setText(service.section(QLatin1Char(':'), 1));
        button->setToolTip(tr("Follow the log of %1").arg(service));
        button->setCheckable(true);
        button->setObjectName(QStringLiteral("follow:%1").arg(service));
        connect(button, &QToolButton::clicked, this, [this, service](bool on) { follow(on ? service : QString()); });
        m_choices->addWidget(button);
        m_buttons.append(button);
    }
    refresh();
}

void LogCard::follow(const QString &service)
{
    if (service == m_service && (m_stream || service.isEmpty()))
        return;
    m_stream.reset();
    m_service = service;
    m_lines->clear();
    if (!service.isEmpty() && isVisible())
        open();
    refresh();
}

void LogCard::open()
{
    Shell *shell = m_shells ? m_shells(m_node) : nullptr;
    if (!shell)
        return;
    if (!m_stream) {
        m_stream = std::make_unique<LogStream>(*shell, m_service);
        connect(m_stream.get(), &LogStream::linesReceived, this, &LogCard::add);
        connect(m_stream.get(), &LogStream::stateChanged, this, &LogCard::refresh);
    }
    m_stream->start(FirstLines);
}

void LogCard::add(const QList<JournalLine> &lines)
{
    // Whoever has scrolled up reads there; the newest line is followed only from the end.
    QScrollBar *bar = m_lines->verticalScrollBar();
    const bool isAtEnd = bar->value() >= bar->maximum() - 2;
    const int before = bar->value();
    QStringList all;
    for (const JournalLine &line : lines) {
        const QString time = line.time.isValid() ? line.time.toLocalTime().toString(QStringLiteral("HH:mm:ss")) : QStringLiteral("        ");
        const QString mark = line.priority && *line.priority <= 3 ? QStringLiteral("✖ ") : line.priority && *line.priority == 4 ? QStringLiteral("▲ ") : QStringLiteral("  ");
        all.append(QStringLiteral("%1  %2%3").arg(time, mark, line.missing ? tr("(the journal withheld this line: it is too long)") : line.message));
    }
    m_lines->appendPlainText(all.join(QLatin1Char('\n')));
    bar->setValue(isAtEnd ? bar->maximum() : std::min(before, bar->maximum()));
}

QString LogCard::text() const
{
    return m_lines->toPlainText();
}

QString LogCard::stateWords() const
{
    return m_state->text();
}

void LogCard::refresh()
{
    setVisible(!m_services.isEmpty());
    for (qsizetype i = 0; i < m_buttons.size(); ++i)
        m_buttons.at(i)->setChecked(m_services.at(i) == m_service);
    m_lines->setVisible(!m_service.isEmpty());
    QString words;
    Text::Tone tone = Text::Tone::Muted;
    const QString why = m_stream && m_stream->error() ? m_stream->error()->summary : QString();
    if (m_service.isEmpty()) {
        words = tr("Choose a service to follow its log.");
    } else if (!m_stream || m_stream->state() == LogStream::State::Idle) {
        words = m_shells && m_shells(m_node) ? tr("Not followed while nobody looks.") : tr("No link leads to this node.");
    } else if (m_stream->state() == LogStream::State::Live) {
        words = tr("Live");
        tone = Text::Tone::Ok;
    } else if (m_stream->state() == LogStream::State::Reconnecting) {
        words = why.isEmpty() ? tr("Connecting again; no line is lost.") : tr("%1 Connecting again; no line is lost.").arg(why);
        tone = Text::Tone::Warn;
    } else {
        words = why.isEmpty() ? tr("The log has ended.") : why;
        tone = Text::Tone::Down;
    }
    m_state->setTone(tone);
    m_state->put(words);
}

void LogCard::showEvent(QShowEvent *event)
{
    Card::showEvent(event);
    if (!m_service.isEmpty() && (!m_stream || m_stream->state() == LogStream::State::Idle))
        open();
}

void LogCard::hideEvent(QHideEvent *event)
{
    Card::hideEvent(event);
    if (m_stream)
        m_stream->stop(); // its place in the log is kept
}

} // namespace hybridge
