// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/fleet/fleetpage.h"

#include "backend/fleet/fleetstate.h"
#include "backend/lifecycle/lifecycleservice.h"
#include "ui/fleet/fleetmodel.h"
#include "ui/fleet/fleetsort.h"
#include "ui/fleet/fleetsummary.h"
#include "ui/fleet/fleettable.h"
#include "ui/fleet/nodecard.h"
#include "ui/lifecycle/actionbar.h"
#include "ui/widgets/banner.h"
#include "ui/widgets/cardgrid.h"
#include "ui/widgets/emptystate.h"
#include "ui/widgets/icons.h"
#include "ui/widgets/text.h"
#include "ui/widgets/tokens.h"

#include <QButtonGroup>
#include <QHBoxLayout>
#include <QKeyEvent>
#include <QLineEdit>
#include <QMenu>
#include <QScrollArea>
#include <QTimerEvent>
#include <QToolButton>

namespace hybridge {

namespace {

/// Two sentences after each other, either may be empty.
QString sentences(const QString &first, const QString &second)
{
    if (first.isEmpty() || second.isEmpty())
        return first + second;
    return first + (first.endsWith(QLatin1Char('.')) ? QStringLiteral(" ") : QStringLiteral(". ")) + second;
}

} // namespace

FleetPage::FleetPage(QWidget *parent)
    : QWidget(parent), m_model(new FleetModel(this)), m_sort(new FleetSort(this)),
      m_count(new Text(Type::Body, Text::Tone::Muted, this)), m_filter(new QLineEdit(this)), m_cardsButton(new QToolButton(this)),
      m_tableButton(new QToolButton(this)), m_summary(new FleetSummary(this)), m_root(new Banner(this))
{
    setObjectName(QStringLiteral("fleetPage"));
    m_sort->setSourceModel(m_model);

    auto *scroll = new QScrollArea(this);
    scroll->setWidgetResizable(true);
    scroll->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    scroll->setFocusPolicy(Qt::NoFocus);
    auto *content = new QWidget(scroll);
    m_cardsHost = new QWidget(content);
    m_cardsHost->setObjectName(QStringLiteral("nodeCards"));
    m_cardsHost->setLayout(new CardGrid(330, 860, CardGrid::Fill::Rows));
    QSizePolicy packed(QSizePolicy::Preferred, QSizePolicy::Maximum);
    packed.setHeightForWidth(true);
    m_cardsHost->setSizePolicy(packed);

    auto *tableCard = new Card(content);
    tableCard->setMinimumHeight(140);
    m_table = new FleetTable(*m_model, *m_sort, tableCard);
    auto *tableBox = new QVBoxLayout(tableCard);
    tableBox->setContentsMargins(1, 6, 1, 6);
    tableBox->addWidget(m_table);
    m_tableCard = tableCard;

    m_empty = new EmptyState(QStringLiteral("fleet"), tr("No nodes in this fleet"),
        tr("The fleet file names no nodes yet. Add one under \"nodes\" and open the file again."), {}, content);
    m_noMatch = new EmptyState(
        QStringLiteral("search"), tr("No node matches"), tr("No name, state or model contains these words."), tr("Clear the filter"), content);

    m_root->setObjectName(QStringLiteral("rootBanner"));
    m_root->hide();
    auto *column = new QVBoxLayout(content);
    column->setContentsMargins(space::Xl, space::L, space::Xl, space::Xl);
    column->setSpacing(space::L);
    column->addWidget(buildHead());
    column->addWidget(m_summary);
    column->addWidget(m_root);
    column->addWidget(m_cardsHost);
    column->addWidget(m_tableCard, 1000);
    column->addWidget(m_empty, 1000);
    column->addWidget(m_noMatch, 1000);
    column->addStretch(1); // with cards alone the room goes here, not into the banner
    scroll->setWidget(content);
    scroll->viewport()->setAutoFillBackground(false);
    content->setAutoFillBackground(false);
    auto *whole = new QVBoxLayout(this);
    whole->setContentsMargins(0, 0, 0, 0);
    whole->addWidget(scroll);

    connect(m_filter, &QLineEdit::textChanged, this, &FleetPage::setFilter);
    connect(m_noMatch, &EmptyState::actionTriggered, m_filter, &QLineEdit::clear);
    connect(m_table, &FleetTable::nodeActivated, this, &FleetPage::nodeRequested);
    connect(m_table, &FleetTable::menuRequested, this, &FleetPage::openMenu);
    connect(m_root, &Banner::actionTriggered, this, [this] { Q_EMIT nodeRequested(m_rootNode); });
    connect(m_model, &QAbstractItemModel::dataChanged, this,
        [this](const QModelIndex &first, const QModelIndex &last) { markDirty(first.row(), last.row()); });
}

FleetPage::~FleetPage() = default;

QWidget *FleetPage::buildHead()
{
    auto *head = new QWidget(this);
    auto *title = new Text(tr("Fleet"), Type::Title, Text::Tone::Text, head);
    title->setBold(true);
    title->setMaxLines(1);
    m_count->setMaxLines(1);
    m_filter->setObjectName(QStringLiteral("fleetFilter"));
    m_filter->setPlaceholderText(tr("Filter nodes"));
    m_filter->setAccessibleName(tr("Filter nodes"));
    m_filter->setClearButtonEnabled(true);
    m_filter->setFixedWidth(240);
    auto *group = new QButtonGroup(this);
    const auto dress = [group](QToolButton *button, const QString &name, const QString &words) {
        button->setObjectName(name);
        button->setCheckable(true);
        button->setToolTip(words);
        button->setAccessibleName(words);
        button->setIconSize({20, 20});
        button->setFocusPolicy(Qt::StrongFocus);
        group->addButton(button);
    };
    dress(m_cardsButton, QStringLiteral("viewCards"), tr("Show as cards"));
    dress(m_tableButton, QStringLiteral("viewTable"), tr("Show as a table"));
    connect(m_cardsButton, &QToolButton::clicked, this, [this] {
        setView(View::Cards);
        Q_EMIT viewChosen(m_view);
    });
    connect(m_tableButton, &QToolButton::clicked, this, [this] {
        setView(View::Table);
        Q_EMIT viewChosen(m_view);
    });
    auto *row = new QHBoxLayout(head);
    row->setContentsMargins(0, 0, 0, 0);
    row->setSpacing(space::S);
    row->addWidget(title, 0, Qt::AlignBaseline);
    row->addWidget(m_count, 0, Qt::AlignBaseline);
    row->addStretch(1);
    row->addWidget(m_filter);
    row->addWidget(m_cardsButton);
    row->addWidget(m_tableButton);
    return head;
}

void FleetPage::setFleet(FleetState *fleet)
{
    if (m_fleet)
        m_fleet->disconnect(this);
    m_fleet = fleet;
    m_filter->clear();
    qDeleteAll(m_cards);
    m_cards.clear();
    m_model->setFleet(fleet);
    if (fleet) {
        connect(fleet, &FleetState::endpointChanged, this, [this] { markDirty(0, -1); });
        m_view = fleet->nodeCount() <= CardsAtFirst ? View::Cards : View::Table;
        buildCards();
    }
    refreshNow();
    showBody();
}

void FleetPage::buildCards()
{
    if (!m_fleet || m_view != View::Cards || !m_cards.isEmpty())
        return;
    for (int row = 0; row < m_fleet->nodeCount(); ++row) {
        auto *card = new NodeCard(m_fleet->at(row).config.id, row, m_cardsHost);
        m_cardsHost->layout()->addWidget(card);
        connect(card, &Card::clicked, this, [this, card] { Q_EMIT nodeRequested(card->id()); });
        connect(&card->actions(), &ActionBar::operationRequested, this, &FleetPage::operationRequested);
        connect(&card->actions(), &ActionBar::runningRequested, this, &FleetPage::runningRequested);
        m_cards.append(card);
    }
    applyFilter();
}

FleetPage::View FleetPage::view() const
{
    return m_view;
}

void FleetPage::setView(View view)
{
    if (view == View::Cards && m_fleet && m_fleet->nodeCount() > MostCards)
        view = View::Table;
    m_view = view;
    buildCards();
    refreshNow();
    showBody();
}

void FleetPage::setFilter(const QString &words)
{
    if (m_filter->text() != words) {
        m_filter->setText(words);
        return; // comes back through textChanged
    }
    m_sort->setWords(words);
    applyFilter();
    showBody();
}

void FleetPage::applyFilter()
{
    for (int row = 0; row < m_cards.size(); ++row)
        m_cards.at(row)->setVisible(m_sort->mapFromSource(m_model->index(row, 0)).isValid());
}

int FleetPage::shownNodes() const
{
    return m_sort->rowCount();
}

void FleetPage::showBody()
{
    const bool none = !m_fleet || m_fleet->nodeCount() == 0;
    m_cardsButton->setChecked(m_view == View::Cards);
    m_tableButton->setChecked(m_view == View::Table);
    const Tokens &tokens = tokensFor(palette());
    m_cardsButton->setIcon(tintedIcon(QStringLiteral("cards"), m_view == View::Cards ? tokens.accent : tokens.muted));
    m_tableButton->setIcon(tintedIcon(QStringLiteral("table"), m_view == View::Table ? tokens.accent : tokens.muted));
    m_filter->setVisible(!none);
    const bool choice = !none && m_fleet->nodeCount() <= MostCards;
    m_cardsButton->setVisible(choice);
    m_tableButton->setVisible(choice);
    m_tableCard->setMaximumHeight(std::max(m_tableCard->minimumHeight(), m_table->heightOf(shownNodes()) + 14));
    const int all = none ? 0 : m_fleet->nodeCount();
    m_count->put(shownNodes() == all ? QString() : tr("%1 of %2").arg(shownNodes()).arg(all));
    const bool nobody = !none && shownNodes() == 0;
    m_empty->setVisible(none);
    m_noMatch->setVisible(nobody);
    m_cardsHost->setVisible(!none && !nobody && m_view == View::Cards);
    m_tableCard->setVisible(!none && !nobody && m_view == View::Table);
    if (m_view == View::Table)
        m_table->fitColumns();
}

// Cells of one row change in several signals: all that comes within one turn of the event loop is drawn once.
void FleetPage::markDirty(int first, int last)
{
    for (int row = first; row <= last; ++row)
        m_dirty.insert(row);
    m_dirtySummary = true;
    if (isVisible() && !m_refresh.isActive())
        m_refresh.start(0, this);
}

void FleetPage::timerEvent(QTimerEvent *event)
{
    if (event->timerId() != m_refresh.timerId()) {
        QWidget::timerEvent(event);
        return;
    }
    m_refresh.stop();
    const QSet<int> dirty = std::exchange(m_dirty, {});
    if (!m_fleet)
        return;
    const MonotonicMs now = m_fleet->clock().monotonic();
    if (m_view == View::Cards)
        for (const int row : dirty)
            if (row < m_cards.size())
                refreshCard(row, now);
    if (std::exchange(m_dirtySummary, false)) {
        m_summary->refresh(*m_fleet, *m_model);
        refreshRoot();
    }
}

void FleetPage::showEvent(QShowEvent *event)
{
    QWidget::showEvent(event);
    refreshNow();
    showBody();
}

void FleetPage::changeEvent(QEvent *event)
{
    QWidget::changeEvent(event);
    if (event->type() == QEvent::PaletteChange)
        showBody(); // the icons of the two views
}

void FleetPage::keyPressEvent(QKeyEvent *event)
{
    if (event->key() == Qt::Key_Escape && !m_filter->text().isEmpty()) {
        m_filter->clear();
        return;
    }
    QWidget::keyPressEvent(event);
}

void FleetPage::setLifecycle(LifecycleService *service)
{
    if (m_lifecycle)
        m_lifecycle->disconnect(this);
    m_lifecycle = service;
    if (service) {
        const auto refresh = [this](RunningOperation *operation) {
            const int row = m_fleet ? m_fleet->indexOf(operation->report().node) : -1;
            if (row >= 0)
                markDirty(row, row);
        };
        for (const auto signal : {&LifecycleService::operationStarted, &LifecycleService::operationChanged, &LifecycleService::operationFinished})
            connect(service, signal, this, refresh);
    }
    refreshNow();
}

void FleetPage::refreshCard(int row, MonotonicMs now)
{
    NodeCard *card = m_cards.at(row);
    card->setNode(m_model->summary(row), m_model->trend(row), now);
    card->actions().setNode(m_lifecycle, m_fleet->at(row), now);
}

void FleetPage::openMenu(const QString &id, const QPoint &at)
{
    const NodeState *node = m_fleet ? m_fleet->node(id) : nullptr;
    if (!node)
        return;
    auto *menu = new QMenu(this);
    menu->setAttribute(Qt::WA_DeleteOnClose);
    connect(menu->addAction(tr("Open")), &QAction::triggered, this, [this, id] { Q_EMIT nodeRequested(id); });
    if (m_lifecycle) {
        menu->addSeparator();
        addNodeActions(*menu, nodeActions(*node, m_fleet->clock().monotonic()), !m_lifecycle->runningOn(id),
            [this](const OperationRequest &request) { Q_EMIT operationRequested(request); });
    }
    menu->popup(at);
}

void FleetPage::refreshNow()
{
    m_refresh.stop();
    m_dirty.clear();
    m_dirtySummary = false;
    m_summary->setVisible(m_fleet && (m_fleet->nodeCount() > 0 || m_fleet->endpoint().config));
    if (!m_fleet) {
        m_root->hide();
        return;
    }
    const MonotonicMs now = m_fleet->clock().monotonic();
    for (int row = 0; row < m_cards.size(); ++row)
        refreshCard(row, now);
    m_summary->refresh(*m_fleet, *m_model);
    refreshRoot();
}

void FleetPage::refreshRoot()
{
    const RootTrouble trouble = rootTrouble(*m_model);
    m_root->setVisible(trouble.row >= 0);
    if (trouble.row < 0)
        return;
    const NodeSummary &node = m_model->summary(trouble.row);
    m_rootNode = node.id;
    m_root->setCondition(node.diagnosis.condition);
    const QString what = tr("%1: %2", "node: sentence").arg(isolated(node.label), node.diagnosis.summary);
    const QString others = trouble.others == 0 ? QString()
        : trouble.others == 1                  ? tr("One more node needs a look.")
                                               : tr("%1 more nodes need a look.").arg(trouble.others);
    // A card says the rest itself; a row of the table has no room for it.
    if (m_view == View::Cards)
        m_root->setParts(what, others, {});
    else
        m_root->setParts(what, sentences(node.diagnosis.evidence, others), node.diagnosis.remedy, node.diagnosis.command);
    m_root->setAction(tr("Open %1").arg(node.label.size() > 24 ? node.id : node.label));
}

RootTrouble rootTrouble(const FleetModel &model)
{
    RootTrouble out;
    int count = 0;
    for (int row = 0; row < model.rowCount(); ++row) {
        const NodeCondition condition = model.summary(row).diagnosis.condition;
        if (condition != NodeCondition::Down && condition != NodeCondition::Degraded)
            continue;
        ++count;
        if (out.row < 0 || severityRank(condition) < severityRank(model.summary(out.row).diagnosis.condition))
            out.row = row;
    }
    out.others = std::max(0, count - 1);
    return out;
}

} // namespace hybridge
