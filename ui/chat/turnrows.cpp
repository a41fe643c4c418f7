// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/chat/turnrows.h"

#include "backend/base/units.h"
#include "ui/chat/markdowndocument.h"
#include "ui/chat/waterfall.h"
#include "ui/widgets/banner.h"
#include "ui/widgets/card.h"
#include "ui/widgets/icons.h"
#include "ui/widgets/text.h"
#include "ui/widgets/tokens.h"

#include <QEvent>
#include <QGridLayout>
#include <QHBoxLayout>
#include <QLocale>
#include <QPainter>
#include <QPushButton>
#include <QToolButton>
#include <QVBoxLayout>

#include <algorithm>

namespace hybridge {

namespace {

constexpr int BubblePad = 12;
constexpr int ToolHeight = 28;
constexpr int ToolWidth = 34;

QToolButton *quietTool(const QString &name, const QString &words, QWidget *parent)
{
    auto *button = new QToolButton(parent);
    button->setObjectName(name);
    button->setToolTip(words);
    button->setAccessibleName(words);
    button->setIconSize({16, 16});
    button->setFixedSize(ToolWidth, ToolHeight);
    return button;
}

int layoutHeight(const QWidget &widget, int width)
{
    const QLayout *layout = widget.layout();
    return layout->hasHeightForWidth() ? layout->totalHeightForWidth(width) : layout->totalSizeHint().height();
}

} // namespace

BranchSwitch::BranchSwitch(QWidget *parent)
    : QWidget(parent), m_back(quietTool(QStringLiteral("previousBranch"), tr("Show the alternative before"), this)),
      m_on(quietTool(QStringLiteral("nextBranch"), tr("Show the next alternative"), this)), m_words(new Text(Type::Label, Text::Tone::Muted, this))
{
    m_words->setMaxLines(1);
    m_words->setFigures();
    m_words->setObjectName(QStringLiteral("branchWords"));
    auto *row = new QHBoxLayout(this);
    row->setContentsMargins(0, 0, 0, 0);
    row->setSpacing(0);
    row->addWidget(m_back);
    row->addWidget(m_words);
    row->addWidget(m_on);
    connect(m_back, &QToolButton::clicked, this, [this] { Q_EMIT chosen(m_previous); });
    connect(m_on, &QToolButton::clicked, this, [this] { Q_EMIT chosen(m_next); });
    refreshIcons();
}

void BranchSwitch::show(const TurnItem &item)
{
    m_previous = item.previous;
    m_next = item.next;
    m_back->setEnabled(!m_previous.isEmpty());
    m_on->setEnabled(!m_next.isEmpty());
    m_words->put(tr("%1 of %2").arg(item.branch).arg(item.branches));
    setVisible(item.branches > 1);
}

void BranchSwitch::changeEvent(QEvent *event)
{
    QWidget::changeEvent(event);
    if (event->type() == QEvent::PaletteChange)
        refreshIcons();
}

void BranchSwitch::refreshIcons()
{
    const Tokens &tokens = tokensFor(palette());
    const bool isRight = layoutDirection() == Qt::RightToLeft;
    m_back->setIcon(tintedIcon(isRight ? QStringLiteral("forward") : QStringLiteral("back"), tokens.muted, 14));
    m_on->setIcon(tintedIcon(isRight ? QStringLiteral("back") : QStringLiteral("forward"), tokens.muted, 14));
}

PromptRow::PromptRow(QWidget *parent)
    : QWidget(parent), m_text(new Text(Type::Body, Text::Tone::Text, this)), m_images(new Text(Type::Label, Text::Tone::Muted, this)),
      m_whole(new QPushButton(this)), m_branch(new BranchSwitch(this)), m_edit(quietTool(QStringLiteral("editPrompt"), tr("Edit and resend"), this)),
      m_copy(quietTool(QStringLiteral("copyPrompt"), tr("Copy the prompt"), this))
{
    QFont font = typeFont(Type::Body);
    font.setPixelSize(int(Type::Body) + 1);
    m_text->setFont(font);
    m_text->setSelectable();
    m_text->setObjectName(QStringLiteral("promptText"));
    m_whole->setProperty("kind", QStringLiteral("link"));
    m_whole->setObjectName(QStringLiteral("showWhole"));
    connect(m_edit, &QToolButton::clicked, this, &PromptRow::editRequested);
    connect(m_copy, &QToolButton::clicked, this, &PromptRow::copyRequested);
    connect(m_whole, &QPushButton::clicked, this, &PromptRow::wholeRequested);
    connect(m_branch, &BranchSwitch::chosen, this, &PromptRow::branchChosen);
    refreshIcons();
}

void PromptRow::show(const TurnItem &item)
{
    const QString &text = item.turn.message.text;
    const bool isLong = text.size() > MostShown;
    m_text->put(safeText(isLong && !item.isWhole ? text.left(MostShown) : text, isLong && !item.isWhole ? MostShown : 200000));
    m_whole->setVisible(isLong);
    m_whole->setText(item.isWhole ? tr("Show less") : tr("Show all %1 characters").arg(QLocale().toString(text.size())));
    QStringList names;
    for (const ChatImage &image : item.turn.message.images)
        names.append(safeText(image.name, 60));
    m_images->put(names.isEmpty() ? QString() : tr("Picture: %1").arg(names.join(QStringLiteral(", "))));
    m_images->setVisible(!names.isEmpty());
    m_branch->show(item);
}

int PromptRow::heightFor(int width)
{
    const int most = width * 5 / 6;
    const QFontMetrics metrics(m_text->font());
    int widest = 0;
    const QStringList lines = m_text->text().split(QLatin1Char('\n'));
    for (const QString &line : lines)
        widest = std::max(widest, line.size() > 400 ? most : metrics.horizontalAdvance(line));
    if (!m_images->isHidden())
        widest = std::max(widest, m_images->sizeHint().width());
    if (!m_whole->isHidden())
        widest = std::max(widest, m_whole->sizeHint().width());
    const int inner = std::clamp(widest + 2, 24, most - 2 * BubblePad);
    int y = BubblePad - 3;
    const bool isRight = layoutDirection() == Qt::RightToLeft;
    const int left = isRight ? BubblePad : width - inner - BubblePad;
    const auto place = [&](QWidget *part, int height) {
        part->setGeometry(left, y, inner, height);
        y += height;
    };
    if (!m_images->isHidden())
        place(m_images, m_images->heightForWidth(inner) + 4);
    place(m_text, m_text->heightForWidth(inner));
    if (!m_whole->isHidden()) {
        y += 4;
        m_whole->setGeometry(left, y, m_whole->sizeHint().width(), m_whole->sizeHint().height());
        y += m_whole->sizeHint().height();
    }
    y += BubblePad - 3;
    m_bubble = QRect(left - BubblePad, 0, inner + 2 * BubblePad, y);
    const QSize branch = m_branch->sizeHint();
    int x = isRight ? 0 : width;
    const auto tool = [&](QWidget *button, int wide) {
        if (button->isHidden())
            return;
        button->setGeometry(isRight ? x : x - wide, y + 2, wide, ToolHeight);
        x += isRight ? wide : -wide;
    };
    tool(m_copy, ToolWidth);
    tool(m_edit, ToolWidth);
    tool(m_branch, branch.width());
    return y + 2 + ToolHeight;
}

void PromptRow::paintEvent(QPaintEvent * /*event*/)
{
    const Tokens &tokens = tokensFor(palette());
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setPen(Qt::NoPen);
    painter.setBrush(tokens.raised);
    painter.drawRoundedRect(m_bubble, 12, 12);
}

void PromptRow::changeEvent(QEvent *event)
{
    QWidget::changeEvent(event);
    if (event->type() == QEvent::PaletteChange)
        refreshIcons();
}

void PromptRow::refreshIcons()
{
    const Tokens &tokens = tokensFor(palette());
    m_edit->setIcon(tintedIcon(QStringLiteral("edit"), tokens.muted, 16));
    m_copy->setIcon(tintedIcon(QStringLiteral("copy"), tokens.muted, 16));
}

FoldedRow::FoldedRow(QWidget *parent) : QWidget(parent), m_title(new QPushButton(this)), m_text(new Text(Type::Body, Text::Tone::Muted, this))
{
    m_title->setProperty("kind", QStringLiteral("link"));
    m_title->setObjectName(QStringLiteral("foldTitle"));
    m_text->setSelectable();
    connect(m_title, &QPushButton::clicked, this, &FoldedRow::toggled);
}

void FoldedRow::show(const QString &title, const QString &text, bool isOpen, bool isCode)
{
    m_isOpen = isOpen;
    m_title->setText((isOpen ? QStringLiteral("▾ ") : QStringLiteral("▸ ")) + title);
    m_title->setAccessibleName(isOpen ? tr("Fold: %1").arg(title) : tr("Unfold: %1").arg(title));
    if (isCode)
        m_text->setCode();
    if (isOpen)
        m_text->put(safeText(text, 200000));
    m_text->setVisible(isOpen);
    update();
}

int FoldedRow::heightFor(int width)
{
    const QSize title = m_title->sizeHint();
    m_title->setGeometry(layoutDirection() == Qt::RightToLeft ? width - title.width() : 0, 0, title.width(), title.height());
    if (!m_isOpen)
        return title.height();
    const int inner = width - space::L;
    const int height = m_text->heightForWidth(inner);
    m_text->setGeometry(layoutDirection() == Qt::RightToLeft ? 0 : space::L, title.height() + 6, inner, height);
    return title.height() + 6 + height + 2;
}

void FoldedRow::paintEvent(QPaintEvent * /*event*/)
{
    if (!m_isOpen)
        return;
    QPainter painter(this);
    const int x = layoutDirection() == Qt::RightToLeft ? width() - 3 : 2;
    painter.fillRect(QRect(x, m_text->y(), 2, m_text->height()), tokensFor(palette()).border);
}

WaitingRow::WaitingRow(QWidget *parent)
    : QWidget(parent), m_what(new Text(Type::Body, Text::Tone::Muted, this)), m_seconds(new Text(Type::Body, Text::Tone::Text, this))
{
    m_what->setObjectName(QStringLiteral("awaited"));
    m_what->setMaxLines(3);
    m_seconds->setFigures();
    m_seconds->setMaxLines(1);
    m_seconds->setObjectName(QStringLiteral("awaitedSeconds"));
}

void WaitingRow::show(const TurnItem &item)
{
    const double silent = item.sinceMs - std::max(item.live.phaseSinceMs, item.live.lastByteMs);
    QStringList sentences {chatPhaseSentence(item.live.phase, std::max(0.0, silent))};
    if (!item.queue.isEmpty())
        sentences.append(item.queue);
    m_what->put(safeText(sentences.join(QLatin1Char(' ')), 500));
    m_seconds->put(tr("%1 s").arg(QLocale().toString(std::max(0.0, item.sinceMs) / 1000.0, 'f', 1)));
}

QString WaitingRow::words() const
{
    return m_what->text() + QLatin1Char(' ') + m_seconds->text();
}

int WaitingRow::heightFor(int width)
{
    const int seconds = std::max(64, m_seconds->sizeHint().width() + 8);
    const int room = width - seconds - space::S;
    const int height = std::max(22, m_what->heightForWidth(room));
    const bool isRight = layoutDirection() == Qt::RightToLeft;
    // Seconds first: they keep their place whatever the sentence says.
    m_seconds->setGeometry(isRight ? width - seconds : 0, 0, seconds, 22);
    m_what->setGeometry(isRight ? 0 : seconds + space::S, 0, room, height);
    return height;
}

FailureRow::FailureRow(QWidget *parent) : QWidget(parent), m_banner(new Banner(this))
{
    setObjectName(QStringLiteral("failureRow"));
    auto *column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->addWidget(m_banner);
    m_banner->setCondition(NodeCondition::Down);
    connect(m_banner, &Banner::actionTriggered, this, [this] { Q_EMIT nodeRequested(m_node); });
}

void FailureRow::show(const ChatAnswer &answer, const NodeLabels &labels)
{
    if (!answer.failure)
        return;
    const ChatFailure &failure = *answer.failure;
    m_banner->setParts(safeText(failure.summary, 400), failureWhy(answer), safeText(failure.remedy, 600));
    m_node = nodeOf(answer);
    const QString label = safeText(labels.value(m_node, m_node), 40);
    // Where nothing tells which node it was, the fleet shows what each of them lacks.
    const bool isFleets = m_node.isEmpty() && failure.layer >= ChatLayer::Edge && failure.layer <= ChatLayer::Model;
    m_banner->setAction(!m_node.isEmpty() ? tr("Open diagnosis of %1").arg(label) : isFleets ? tr("Open the fleet") : QString());
}

int FailureRow::heightFor(int width)
{
    return layoutHeight(*this, width);
}

AnswerFoot::AnswerFoot(QWidget *parent)
    : QWidget(parent), m_line(new QPushButton(this)), m_branch(new BranchSwitch(this)),
      m_copy(quietTool(QStringLiteral("copyAnswer"), tr("Copy the answer as Markdown"), this)),
      m_again(quietTool(QStringLiteral("regenerate"), tr("Ask again; this answer stays as an alternative"), this)),
      m_continue(quietTool(QStringLiteral("continueAnswer"), tr("Continue this answer"), this)),
      m_request(quietTool(QStringLiteral("showRequest"), tr("Show the request that left and the raw events"), this)), m_detail(new Card(this)),
      m_waterfall(new Waterfall(m_detail)), m_grid(new QGridLayout)
{
    m_line->setProperty("kind", QStringLiteral("link"));
    m_line->setObjectName(QStringLiteral("quietLine"));
    m_line->setFont(figureFont(Type::Label));
    m_line->setToolTip(tr("Show where the time went and how it is known who answered"));
    m_line->setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Fixed);
    m_line->setStyleSheet(QStringLiteral("text-align: left;"));
    auto *row = new QHBoxLayout;
    row->setContentsMargins(0, 0, 0, 0);
    row->setSpacing(0);
    row->addWidget(m_line, 1);
    row->addSpacing(space::S);
    for (QWidget *one : std::initializer_list<QWidget *> {m_branch, m_copy, m_again, m_continue, m_request})
        row->addWidget(one);
    auto *inside = new QVBoxLayout(m_detail);
    inside->setContentsMargins(space::L, space::M, space::L, space::M);
    inside->setSpacing(space::M);
    inside->addWidget(m_waterfall);
    m_grid->setHorizontalSpacing(space::L);
    m_grid->setVerticalSpacing(6);
    m_grid->setColumnStretch(1, 1);
    inside->addLayout(m_grid);
    m_detail->setObjectName(QStringLiteral("answerDetail"));
    auto *column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(space::S);
    column->addLayout(row);
    column->addWidget(m_detail);
    connect(m_line, &QPushButton::clicked, this, &AnswerFoot::toggled);
    connect(m_copy, &QToolButton::clicked, this, &AnswerFoot::copyRequested);
    connect(m_again, &QToolButton::clicked, this, &AnswerFoot::regenerateRequested);
    connect(m_continue, &QToolButton::clicked, this, &AnswerFoot::continueRequested);
    connect(m_request, &QToolButton::clicked, this, &AnswerFoot::requestRequested);
    connect(m_branch, &BranchSwitch::chosen, this, &AnswerFoot::branchChosen);
    refreshIcons();
}

void AnswerFoot::show(TurnItem &item, const NodeLabels &labels, bool isLast, bool isBusy)
{
    QString words;
    if (item.isLive) {
        ChatAnswer now;
        now.target = item.answer().target;
        now.askedModel = item.live.askedModel;
        now.path = item.live.path;
        now.timing = item.live.timing;
        now.tokensPerSecond = item.live.tokensPerSecond;
        words = quietLine(now, labels);
        if (item.live.tokens > 0)
            words += tr(" · %1 tokens so far").arg(QLocale().toString(item.live.tokens));
    } else {
        words = quietLine(item.answer(), labels);
        if (item.turn.state == ChatTurn::State::CutOff)
            words += tr(" · cut off: the program ended while it came");
    }
    m_line->setAccessibleName(words);
    m_words = (item.isUnfolded ? QStringLiteral("▾ ") : QStringLiteral("▸ ")) + words;
    elide();
    m_line->setEnabled(!item.isLive);
    m_branch->show(item);
    m_copy->setVisible(!item.turn.message.text.isEmpty());
    m_again->setVisible(!isBusy);
    m_continue->setVisible(!isBusy && isLast && !item.turn.message.text.isEmpty());
    m_request->setVisible(!item.isLive);
    m_detail->setVisible(item.isUnfolded && !item.isLive);
    if (item.isUnfolded && !item.isLive) {
        m_waterfall->setTiming(item.answer().timing);
        m_waterfall->setVisible(m_waterfall->sizeHint().height() > 0);
        showFacts(answerFacts(item.answer(), labels));
    }
    // Both layouts remember the heights of before; their own way of hearing of it takes a turn of the event loop.
    m_detail->layout()->invalidate();
    layout()->invalidate();
}

void AnswerFoot::elide()
{
    m_line->setText(m_line->width() < 60 ? m_words : m_line->fontMetrics().elidedText(m_words, Qt::ElideRight, m_line->width() - 4));
}

void AnswerFoot::resizeEvent(QResizeEvent *event)
{
    QWidget::resizeEvent(event);
    elide();
}

void AnswerFoot::showFacts(const QList<AnswerFact> &facts)
{
    if (facts == m_facts)
        return;
    m_facts = facts;
    while (QLayoutItem *old = m_grid->takeAt(0)) {
        delete old->widget();
        delete old;
    }
    int row = 0;
    for (const AnswerFact &fact : facts) {
        auto *name = new Text(fact.name, Type::Label, Text::Tone::Muted, m_detail);
        name->setMaxLines(1);
        name->setAlignment(Qt::AlignLeft | Qt::AlignTop);
        auto *value = new Text(fact.value, Type::Label, Text::Tone::Text, m_detail);
        value->setFigures();
        value->setSelectable();
        m_grid->addWidget(name, row, 0, Qt::AlignTop);
        auto *cell = new QVBoxLayout;
        cell->setSpacing(0);
        cell->addWidget(value);
        auto *note = new Text(fact.note, Type::Label, Text::Tone::Muted, m_detail);
        cell->addWidget(note);
        auto *holder = new QWidget(m_detail);
        cell->setContentsMargins(0, 0, 0, 0);
        holder->setLayout(cell);
        m_grid->addWidget(holder, row, 1);
        // A layout counts what is not shown as nothing.
        for (QWidget *one : std::initializer_list<QWidget *> {name, value, holder})
            one->show();
        note->setVisible(!fact.note.isEmpty());
        ++row;
    }
}

int AnswerFoot::heightFor(int width)
{
    return layoutHeight(*this, width);
}

void AnswerFoot::changeEvent(QEvent *event)
{
    QWidget::changeEvent(event);
    if (event->type() == QEvent::PaletteChange)
        refreshIcons();
}

void AnswerFoot::refreshIcons()
{
    const Tokens &tokens = tokensFor(palette());
    m_copy->setIcon(tintedIcon(QStringLiteral("copy"), tokens.muted, 16));
    m_again->setIcon(tintedIcon(QStringLiteral("again"), tokens.muted, 16));
    m_continue->setIcon(tintedIcon(QStringLiteral("forward"), tokens.muted, 16));
    m_request->setIcon(tintedIcon(QStringLiteral("wire"), tokens.muted, 16));
    QPalette quiet = m_line->palette();
    if (quiet.color(QPalette::ButtonText) != tokens.muted)
        m_line->setStyleSheet(QStringLiteral("QPushButton { text-align: %1; color: %2; } QPushButton:hover { color: %3; }")
                                  .arg(layoutDirection() == Qt::RightToLeft ? QStringLiteral("right") : QStringLiteral("left"), tokens.muted.name(), tokens.text.name()));
}

} // namespace hybridge
