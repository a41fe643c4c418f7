// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/checklist/commandreference.h"

#include "backend/base/units.h"
#include "backend/fleet/fleetstate.h"
#include "backend/lifecycle/lifecycletypes.h"
#include "ui/widgets/card.h"
#include "ui/widgets/commandbox.h"
#include "ui/widgets/text.h"
#include "ui/widgets/tokens.h"

#include <QApplication>
#include <QHBoxLayout>
#include <QPainter>
#include <QPushButton>
#include <QScrollArea>
#include <QToolButton>
#include <QVBoxLayout>

namespace hybridge {

namespace {
constexpr int ButtonRoom = 236;
constexpr int MostLines = 400;
} // namespace

/// One command: its button, its text, and below what came of it.
class CommandCard final : public QWidget {
public:
    CommandCard(const NodeCommand &wanted, QWidget *parent) : QWidget(parent), command(wanted), button(new QPushButton(this)), no(new QPushButton(QObject::tr("Leave it"), this)), m_column(new QVBoxLayout(this))
    {
        setObjectName(QStringLiteral("command:") + wanted.id);
        button->setObjectName(QStringLiteral("run:") + wanted.id);
        button->setText(wanted.title);
        button->setFixedWidth(ButtonRoom);
        no->hide();
        auto *box = new CommandBox(this);
        box->setCommand(wanted.text());
        auto *row = new QHBoxLayout;
        row->setSpacing(space::M);
        row->addWidget(button, 0, Qt::AlignTop);
        row->addWidget(no, 0, Qt::AlignTop);
        row->addWidget(box, 1);
        m_column->setContentsMargins(space::L, space::M, space::L, space::M);
        m_column->setSpacing(space::Xs);
        m_column->addLayout(row);
        if (!wanted.note.isEmpty()) {
            auto *note = new Text(wanted.note, Type::Label, Text::Tone::Muted, this);
            auto *indent = new QHBoxLayout;
            indent->addSpacing(ButtonRoom + space::M);
            indent->addWidget(note, 1);
            m_column->addLayout(indent);
        }
    }

    void tell(const QString &line, Text::Tone tone, const QString &output)
    {
        if (!m_line) {
            m_line = new Text(Type::Label, tone, this);
            m_line->setObjectName(QStringLiteral("outcome"));
            m_output = new Text(Type::Label, Text::Tone::Text, this);
            m_output->setObjectName(QStringLiteral("output"));
            m_output->setCode();
            m_output->setSelectable();
            for (QWidget *widget : {static_cast<QWidget *>(m_line), static_cast<QWidget *>(m_output)}) {
                auto *indent = new QHBoxLayout;
                indent->addSpacing(ButtonRoom + space::M);
                indent->addWidget(widget, 1);
                m_column->addLayout(indent);
            }
        }
        m_line->setTone(tone);
        m_line->put(line);
        m_output->put(output);
        m_output->setVisible(!output.isEmpty());
    }

    const NodeCommand command;
    QPushButton *button;
    QPushButton *no;
    bool asking = false;

protected:
    void paintEvent(QPaintEvent *) override
    {
        QPainter painter(this);
        painter.setPen(tokensFor(palette()).border);
        painter.drawLine(QPointF(space::L, 0.5), QPointF(width() - space::L, 0.5));
    }

private:
    QVBoxLayout *m_column;
    Text *m_line = nullptr;
    Text *m_output = nullptr;
};

CommandReference::CommandReference(QWidget *parent) : QWidget(parent), m_tabs(new QWidget(this)), m_tabRow(new QHBoxLayout(m_tabs)), m_scroll(new QScrollArea(this))
{
    setObjectName(QStringLiteral("commandReference"));
    m_tabRow->setContentsMargins(space::Xl, 0, space::Xl, 0);
    m_tabRow->setSpacing(space::Xs);
    m_scroll->setFrameShape(QFrame::NoFrame);
    m_scroll->setWidgetResizable(true);
    m_scroll->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    m_scroll->viewport()->setAutoFillBackground(false);
    auto *column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(space::M);
    column->addWidget(m_tabs);
    column->addWidget(m_scroll, 1);
}

CommandReference::~CommandReference()
{
    m_stop.request_stop();
}

void CommandReference::setSource(CheckSource *source, FleetState *fleet)
{
    m_source = source;
    m_fleet = fleet;
    if (!fleet || !fleet->node(m_node))
        m_node = fleet && fleet->nodeCount() > 0 ? fleet->at(0).config.id : QString();
    rebuildTabs();
    rebuild();
}

void CommandReference::setNode(const QString &id)
{
    if (m_node == id)
        return;
    m_node = id;
    for (QToolButton *tab : m_tabs->findChildren<QToolButton *>())
        tab->setChecked(tab->objectName() == QStringLiteral("tab:") + id);
    rebuild();
}

void CommandReference::rebuildTabs()
{
    while (QLayoutItem *item = m_tabRow->takeAt(0)) {
        delete item->widget();
        delete item;
    }
    for (int i = 0; m_fleet && i < m_fleet->nodeCount(); ++i) {
        const NodeConfig &node = m_fleet->at(i).config;
        auto *tab = new QToolButton(m_tabs);
        tab->setObjectName(QStringLiteral("tab:") + node.id);
        // Many nodes: their ids are shorter.
        tab->setText(m_fleet->nodeCount() > 6 || node.label.isEmpty() ? node.id : safeText(node.label, 40));
        tab->setToolTip(safeText(node.label, 60));
        tab->setCheckable(true);
        tab->setAutoExclusive(true);
        tab->setFocusPolicy(Qt::StrongFocus);
        tab->setChecked(node.id == m_node);
        connect(tab, &QToolButton::clicked, this, [this, id = node.id] { setNode(id); });
        m_tabRow->addWidget(tab);
    }
    m_tabRow->addStretch(1);
}

void CommandReference::rebuild()
{
    m_body = new QWidget;
    m_body->setAutoFillBackground(false);
    auto *column = new QVBoxLayout(m_body);
    column->setContentsMargins(space::Xl, 0, space::Xl, space::Xl);
    const NodeState *state = m_fleet ? m_fleet->node(m_node) : nullptr;
    const QList<NodeCommand> commands = state ? nodeCommands(state->config) : QList<NodeCommand>();
    auto *card = new Card(m_body);
    if (state)
        card->setStripe(nodeColour(state->config.colour, m_fleet->indexOf(m_node), tokensFor(QApplication::palette())));
    auto *box = new QVBoxLayout(card);
    box->setContentsMargins(5, space::M, 1, space::Xs);
    box->setSpacing(0);
    auto *title = new Text(state ? safeText(state->config.label.isEmpty() ? state->config.id : state->config.label, 60) : tr("No node"), Type::Section, Text::Tone::Text, card);
    title->setBold(true);
    title->setContentsMargins(space::L, 0, space::L, space::S);
    box->addWidget(title);
    if (commands.isEmpty()) {
        auto *none = new Text(tr("Commands run over SSH; the fleet file names no login for this node."), Type::Body, Text::Tone::Muted, card);
        none->setContentsMargins(space::L, 0, space::L, space::M);
        box->addWidget(none);
    }
    for (const NodeCommand &command : commands) {
        auto *row = new CommandCard(command, card);
        box->addWidget(row);
        connect(row->button, &QPushButton::clicked, this, [this, row] { run(row); });
        connect(row->no, &QPushButton::clicked, this, [row] {
            row->asking = false;
            row->no->hide();
            row->button->setText(row->command.title);
        });
    }
    column->addWidget(card);
    column->addStretch(1);
    m_scroll->setWidget(m_body);
}

void CommandReference::run(CommandCard *card)
{
    if (!m_source)
        return;
    const NodeCommand command = card->command;
    if (command.kind == NodeCommand::Kind::Service) {
        OperationRequest request;
        request.kind = command.stops ? OperationKind::ServiceStop : OperationKind::ServiceStart;
        request.node = m_node;
        request.service = command.service;
        Q_EMIT operationRequested(request);
        return;
    }
    if (command.kind == NodeCommand::Kind::Change && !card->asking) {
        card->asking = true;
        card->no->show();
        card->button->setText(tr("Run it on %1").arg(m_node));
        card->tell(tr("It changes the node."), Text::Tone::Warn, {});
        return;
    }
    card->asking = false;
    card->no->hide();
    card->button->setText(command.title);
    card->button->setEnabled(false);
    card->tell(tr("Runs."), Text::Tone::Muted, {});
    const QPointer<CommandCard> row(card);
    QCoro::connect(m_source->runCommand(m_node, command.id, m_stop.get_token()), this, [row](const Result<CommandOutput> &output) {
        if (!row)
            return;
        row->button->setEnabled(true);
        if (!output) {
            row->tell(QStringLiteral("%1 %2").arg(output.error().summary, output.error().remedy).trimmed(), Text::Tone::Down, {});
            return;
        }
        QStringList lines = output->text.split(QLatin1Char('\n'));
        if (lines.size() > MostLines)
            lines = lines.mid(lines.size() - MostLines);
        row->tell(tr("Exit code %1 after %2 s.").arg(output->exitCode).arg(output->seconds, 0, 'f', 1), output->exitCode == 0 ? Text::Tone::Ok : Text::Tone::Down,
            output->text.isEmpty() ? tr("(no output)") : lines.join(QLatin1Char('\n')));
    });
}

} // namespace hybridge
