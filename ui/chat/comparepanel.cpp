// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/chat/comparepanel.h"

#include "backend/base/units.h"
#include "backend/chat/conversationjson.h"
#include "ui/chat/conversationview.h"
#include "ui/chat/spreadchart.h"
#include "ui/widgets/card.h"
#include "ui/widgets/text.h"
#include "ui/widgets/tokens.h"

#include <QCheckBox>
#include <QGridLayout>
#include <QHBoxLayout>
#include <QLocale>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QScrollArea>
#include <QSpinBox>
#include <QTimerEvent>

namespace hybridge {

namespace {

constexpr int CompareTickMs = 100;
constexpr int NarrowColumn = 300; ///< under it columns stand below each other
constexpr int LeastColumn = 150; ///< height, px
constexpr int MostColumn = 420;
constexpr int ColumnHead = 44; ///< what stands above and below the answer
constexpr int WaysInARow = 3;

QSpinBox *countBox(int most, int value, const QString &name, const QString &words, QWidget *parent)
{
    auto *box = new QSpinBox(parent);
    box->setRange(1, most);
    box->setValue(value);
    box->setObjectName(name);
    box->setAccessibleName(words);
    box->setButtonSymbols(QAbstractSpinBox::NoButtons); // typed, or by the arrow keys
    box->setFixedWidth(64);
    return box;
}

} // namespace

ComparePanel::ComparePanel(QWidget *parent)
    : QWidget(parent), m_prompt(new QPlainTextEdit), m_targets(new QWidget), m_targetRow(new QGridLayout(m_targets)),
      m_preset(new QPushButton(tr("Edge against direct"))), m_repeat(countBox(200, 1, QStringLiteral("repeat"), tr("Runs of each way"), this)),
      m_atOnce(countBox(16, 1, QStringLiteral("atOnce"), tr("Requests at once on each way"), this)), m_run(new QPushButton(tr("Compare"))),
      m_stopButton(new QPushButton(tr("Stop"))), m_export(new QPushButton(tr("Export CSV…"))), m_note(new Text(Type::Label, Text::Tone::Muted)),
      m_columnsBox(new QWidget), m_columnsRow(new QHBoxLayout(m_columnsBox)), m_summary(new Card), m_table(new QGridLayout),
      m_sentences(new Text(Type::Body, Text::Tone::Text)), m_firstToken(new SpreadChart(tr("First token"))), m_total(new SpreadChart(tr("Whole answer")))
{
    setObjectName(QStringLiteral("comparePanel"));
    m_prompt->setObjectName(QStringLiteral("comparePrompt"));
    m_prompt->setPlaceholderText(tr("One prompt for all ways"));
    m_prompt->setAccessibleName(tr("Prompt to compare with"));
    m_prompt->setFixedHeight(68);
    m_prompt->setProperty("kind", QStringLiteral("field"));
    m_prompt->setTabChangesFocus(true);
    m_run->setProperty("kind", QStringLiteral("primary"));
    m_run->setObjectName(QStringLiteral("runCompare"));
    m_stopButton->setObjectName(QStringLiteral("stopCompare"));
    m_preset->setObjectName(QStringLiteral("edgeAgainstDirect"));
    m_export->setObjectName(QStringLiteral("exportCompare"));
    m_note->setObjectName(QStringLiteral("compareNote"));
    m_note->setMaxLines(2);
    m_note->setAlignment(Qt::AlignLeft | Qt::AlignVCenter);
    m_targetRow->setContentsMargins(0, 0, 0, 0);
    m_targetRow->setHorizontalSpacing(space::L);
    m_targetRow->setVerticalSpacing(space::Xs);
    m_targetRow->setColumnStretch(WaysInARow, 1);
    m_columnsRow->setContentsMargins(0, 0, 0, 0);
    m_columnsRow->setSpacing(space::M);

    auto *ways = new QHBoxLayout;
    ways->setSpacing(space::L);
    ways->addWidget(m_targets, 1);
    ways->addWidget(m_preset, 0, Qt::AlignTop);
    auto *how = new QHBoxLayout;
    how->setSpacing(space::S);
    how->addWidget(new Text(tr("Runs"), Type::Body, Text::Tone::Muted));
    how->addWidget(m_repeat);
    how->addSpacing(space::S);
    how->addWidget(new Text(tr("At once"), Type::Body, Text::Tone::Muted));
    how->addWidget(m_atOnce);
    how->addSpacing(space::M);
    how->addWidget(m_note, 1);
    how->addWidget(m_export);
    how->addWidget(m_stopButton);
    how->addWidget(m_run);

    auto *table = new QVBoxLayout(m_summary);
    table->setContentsMargins(space::L, space::M, space::L, space::M);
    table->setSpacing(space::M);
    m_table->setHorizontalSpacing(space::L);
    m_table->setVerticalSpacing(space::Xs);
    table->addLayout(m_table);
    table->addWidget(m_sentences);
    table->addWidget(m_firstToken);
    table->addWidget(m_total);
    m_summary->setObjectName(QStringLiteral("compareSummary"));
    m_sentences->setObjectName(QStringLiteral("compareSentences"));

    auto *body = new QWidget;
    auto *column = new QVBoxLayout(body);
    column->setContentsMargins(space::Xl, space::S, space::Xl, space::Xl);
    column->setSpacing(space::M);
    column->addWidget(m_prompt);
    column->addLayout(ways);
    column->addLayout(how);
    column->addWidget(m_columnsBox);
    column->addWidget(m_summary);
    column->addStretch(1);
    auto *scroll = new QScrollArea(this);
    scroll->setWidgetResizable(true);
    scroll->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    scroll->setWidget(body);
    scroll->viewport()->setAutoFillBackground(false);
    body->setAutoFillBackground(false);
    auto *whole = new QVBoxLayout(this);
    whole->setContentsMargins(0, 0, 0, 0);
    whole->addWidget(scroll);

    connect(m_run, &QPushButton::clicked, this, &ComparePanel::run);
    connect(m_stopButton, &QPushButton::clicked, this, &ComparePanel::stop);
    connect(m_export, &QPushButton::clicked, this, &ComparePanel::askFile);
    connect(m_preset, &QPushButton::clicked, this, [this] {
        if (m_source)
            choose(m_source->edgeAgainstDirect());
    });
    connect(m_prompt, &QPlainTextEdit::textChanged, this, &ComparePanel::refresh);
    refresh();
    summarise();
}

ComparePanel::~ComparePanel()
{
    m_stop.request_stop();
}

void ComparePanel::setBackends(ChatSource *source, const Clock *clock)
{
    m_stop.request_stop();
    ++m_round;
    m_isBusy = false;
    m_tick.stop();
    m_source = source;
    m_clock = clock;
    m_answers.clear();
    buildColumns({});
    rebuildTargets();
    if (m_source)
        choose(m_source->edgeAgainstDirect());
    summarise();
    refresh();
}

void ComparePanel::setLabels(const NodeLabels &labels)
{
    m_labels = labels;
    for (const Column &column : std::as_const(m_columns)) {
        column.view->setLabels(labels);
        column.head->put(targetWords(column.target, labels));
    }
    for (const auto &[target, box] : std::as_const(m_boxes))
        box->setText(targetWords(target, labels));
}

void ComparePanel::setSettings(const ChatRequest &settings)
{
    m_settings = settings;
}

void ComparePanel::setPrompt(const QString &text)
{
    m_prompt->setPlainText(text);
}

void ComparePanel::setRepeat(int runs)
{
    m_repeat->setValue(runs);
}

void ComparePanel::rebuildTargets()
{
    for (const auto &[target, box] : std::as_const(m_boxes))
        delete box;
    m_boxes.clear();
    const QList<ChatTargetChoice> targets = m_source ? m_source->targets() : QList<ChatTargetChoice>();
    for (const ChatTargetChoice &choice : targets) {
        auto *box = new QCheckBox(targetWords(choice.target, m_labels), m_targets);
        box->setObjectName(QStringLiteral("compare-") + choice.target.text());
        box->setToolTip(safeText(choice.address, 120));
        connect(box, &QCheckBox::toggled, this, &ComparePanel::refresh);
        m_targetRow->addWidget(box, int(m_boxes.size()) / WaysInARow, int(m_boxes.size()) % WaysInARow);
        m_boxes.append({choice.target, box});
    }
}

void ComparePanel::choose(const QList<ChatTarget> &targets)
{
    if (m_isBusy)
        return;
    for (const auto &[target, box] : std::as_const(m_boxes))
        box->setChecked(targets.contains(target));
}

QList<ChatTarget> ComparePanel::chosen() const
{
    QList<ChatTarget> out;
    for (const auto &[target, box] : m_boxes)
        if (box->isChecked())
            out.append(target);
    return out;
}

void ComparePanel::refresh()
{
    const qsizetype count = chosen().size();
    const bool hasPrompt = !m_prompt->toPlainText().trimmed().isEmpty();
    m_run->setEnabled(!m_isBusy && m_source && hasPrompt && count >= 1 && count <= MostColumns);
    m_run->setVisible(!m_isBusy);
    m_stopButton->setVisible(m_isBusy);
    m_preset->setEnabled(!m_isBusy && m_source && !m_source->edgeAgainstDirect().isEmpty());
    m_export->setEnabled(!m_answers.isEmpty() && !m_isBusy);
    if (m_isBusy)
        return;
    if (count > MostColumns)
        m_note->put(tr("At most %1 ways stand side by side.").arg(MostColumns));
    else if (m_answers.isEmpty())
        m_note->put(tr("Each run is a real request: tokens are made and paid for."));
}

void ComparePanel::buildColumns(const QList<ChatTarget> &targets)
{
    for (const Column &column : std::as_const(m_columns))
        delete column.card;
    m_columns.clear();
    for (const ChatTarget &target : targets) {
        Column column;
        column.target = target;
        column.card = new Card(m_columnsBox);
        column.card->setFixedHeight(LeastColumn);
        column.head = new Text(targetWords(target, m_labels), Type::Body, Text::Tone::Text, column.card);
        column.head->setBold(true);
        column.head->setMaxLines(1);
        column.view = new ConversationView(column.card);
        column.view->setSideMargin(space::M);
        column.view->setLabels(m_labels);
        column.view->setBusy(true); // "Ask again" is the button below
        connect(column.view, &ConversationView::nodeRequested, this, &ComparePanel::nodeRequested);
        auto *inside = new QVBoxLayout(column.card);
        inside->setContentsMargins(0, space::M, 0, space::S);
        inside->setSpacing(0);
        auto *head = new QHBoxLayout;
        head->setContentsMargins(space::M, 0, space::M, 0);
        head->addWidget(column.head);
        inside->addLayout(head);
        inside->addWidget(column.view, 1);
        m_columnsRow->addWidget(column.card, 1);
        column.card->show();
        m_columns.append(column);
    }
    m_columnsBox->setVisible(!m_columns.isEmpty());
}

void ComparePanel::run()
{
    const QList<ChatTarget> targets = chosen();
    if (m_isBusy || !m_source || !m_clock || targets.isEmpty() || targets.size() > MostColumns || m_prompt->toPlainText().trimmed().isEmpty())
        return;
    buildColumns(targets);
    m_answers.clear();
    ++m_round;
    m_isBusy = true;
    m_stop = {};
    m_since = m_clock->monotonic();
    for (Column &column : m_columns) {
        ChatTurn turn;
        turn.id = QStringLiteral("run");
        turn.message.role = ChatRole::Assistant;
        turn.state = ChatTurn::State::Streaming;
        ChatAnswer facts;
        facts.target = column.target;
        turn.facts = answerFactsJson(facts);
        column.conversation.add(turn);
        column.view->setBranch(column.conversation);
        column.view->setLive(turn.id, 0);
    }
    ChatRequest request = m_settings;
    ChatMessage prompt;
    prompt.text = m_prompt->toPlainText();
    request.messages = {prompt};
    request.conversationId.clear();
    m_tick.start(CompareTickMs, this);
    summarise();
    refresh();
    m_note->put(tr("0 of %1 runs have ended.").arg(targets.size() * m_repeat->value()));
    go(this, request, targets, m_repeat->value(), m_atOnce->value(), m_stop.get_token());
}

Task<void> ComparePanel::go(QPointer<ComparePanel> self, ChatRequest request, QList<ChatTarget> targets, int repeat, int atOnce, std::stop_token stop)
{
    const int round = self->m_round;
    const ChatSource::CompareSink sink = [self, stop, round](int target, int number, const ChatUpdate &update) {
        if (self && self->m_round == round && !stop.stop_requested())
            self->take(target, number, update);
    };
    const ChatSource::CompareEnded ended = [self, round](int target, int number, const ChatAnswer &answer) {
        if (self && self->m_round == round)
            self->end(target, number, answer);
    };
    const QList<ChatAnswer> answers = co_await self->m_source->compare(request, targets, repeat, atOnce, sink, ended, stop);
    if (!self || self->m_round != round)
        co_return;
    self->m_answers = answers;
    self->m_isBusy = false;
    self->m_tick.stop();
    self->m_note->put(stop.stop_requested() ? tr("Stopped. What came until then counts.") : tr("Runs that ended: %1.").arg(answers.size()));
    self->summarise();
    self->refresh();
    Q_EMIT self->finished();
}

void ComparePanel::stop()
{
    m_stop.request_stop();
}

/// As high as the longest answer needs, within bounds; grows while a comparison runs and never shrinks in it.
void ComparePanel::fitColumns()
{
    if (m_columns.isEmpty())
        return;
    int wanted = m_columns.constFirst().card->height();
    for (const Column &column : std::as_const(m_columns)) {
        column.view->layoutNow();
        wanted = std::max(wanted, std::min(column.view->contentHeight() + ColumnHead, MostColumn));
    }
    for (const Column &column : std::as_const(m_columns))
        column.card->setFixedHeight(wanted);
}

/// Of a repeated run only the newest one of each way is shown.
void ComparePanel::take(int target, int run, const ChatUpdate &update)
{
    if (target < 0 || target >= m_columns.size())
        return;
    Column &column = m_columns[target];
    if (run < column.shown)
        return;
    if (run > column.shown) {
        column.shown = run;
        ChatTurn fresh = *column.conversation.turn(QStringLiteral("run"));
        fresh.message = {};
        fresh.message.role = ChatRole::Assistant;
        fresh.state = ChatTurn::State::Streaming;
        *column.conversation.turn(fresh.id) = fresh;
        column.view->setTurn(fresh);
    }
    column.view->grow(QStringLiteral("run"), update);
}

void ComparePanel::end(int target, int run, const ChatAnswer &answer)
{
    if (target < 0 || target >= m_columns.size())
        return;
    Column &column = m_columns[target];
    ++column.ended;
    m_answers.append(answer);
    if (run >= column.shown) {
        ChatTurn *turn = column.conversation.turn(QStringLiteral("run"));
        turn->message = answer.message;
        turn->message.role = ChatRole::Assistant;
        turn->facts = answerFactsJson(answer);
        turn->state = ChatTurn::State::Complete;
        column.view->setTurn(*turn);
    }
    m_note->put(tr("%1 of %2 runs have ended.").arg(m_answers.size()).arg(m_columns.size() * m_repeat->value()));
    fitColumns();
    summarise();
}

void ComparePanel::resizeEvent(QResizeEvent *event)
{
    QWidget::resizeEvent(event);
    const bool isNarrow = !m_columns.isEmpty() && (width() - 2 * space::Xl) / int(m_columns.size()) < NarrowColumn;
    m_columnsRow->setDirection(isNarrow ? QBoxLayout::TopToBottom : QBoxLayout::LeftToRight);
}

void ComparePanel::timerEvent(QTimerEvent *event)
{
    if (event->timerId() != m_tick.timerId() || !m_clock) {
        QWidget::timerEvent(event);
        return;
    }
    for (const Column &column : std::as_const(m_columns)) {
        const ChatTurn *turn = column.conversation.turn(QStringLiteral("run"));
        if (turn && turn->state == ChatTurn::State::Streaming)
            column.view->setLive(turn->id, double((m_clock->monotonic() - m_since).count()));
    }
    fitColumns();
}

} // namespace hybridge
