// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/fleet/nodepage.h"

#include "backend/fleet/fleetstate.h"
#include "backend/lifecycle/lifecycleservice.h"
#include "ui/fleet/factcard.h"
#include "ui/fleet/fleethistory.h"
#include "ui/fleet/idlecard.h"
#include "ui/fleet/logcard.h"
#include "ui/fleet/nodecharts.h"
#include "ui/fleet/nodehead.h"
#include "ui/fleet/spotcard.h"
#include "ui/lifecycle/actionbar.h"
#include "ui/widgets/cardgrid.h"
#include "ui/widgets/icons.h"
#include "ui/widgets/text.h"
#include "ui/widgets/tokens.h"

#include <QEvent>
#include <QHBoxLayout>
#include <QKeyEvent>
#include <QPushButton>
#include <QScrollArea>
#include <QScrollBar>
#include <QTimerEvent>

namespace hybridge {

namespace {
constexpr int RoundMs = 500;
} // namespace

NodePage::NodePage(QWidget *parent)
    : QWidget(parent), m_scroll(new QScrollArea(this)), m_content(new QWidget(m_scroll)), m_head(new NodeHead(m_content)),
      m_charts(new NodeCharts(m_content)), m_log(new LogCard(m_content)), m_idle(new IdleCard(m_content)),
      m_spot(new SpotCard(m_content))
{
    setObjectName(QStringLiteral("nodePage"));
    auto *back = new QPushButton(tr("Fleet"), m_content);
    back->setObjectName(QStringLiteral("backToFleet"));
    back->setProperty("kind", QStringLiteral("link"));
    back->setAccessibleName(tr("Back to the fleet"));
    back->setIconSize({14, 14});
    m_back = back;
    refreshBack();
    connect(back, &QPushButton::clicked, this, &NodePage::backRequested);

    connect(&m_head->actions(), &ActionBar::operationRequested, this, &NodePage::operationRequested);
    connect(&m_head->actions(), &ActionBar::runningRequested, this, &NodePage::runningRequested);
    auto *tables = new QVBoxLayout;
    tables->setSpacing(space::L);
    auto *grid = new CardGrid(380, 0, CardGrid::Fill::Masonry);
    constexpr const char *Names[] {"accelerators", "services", "engine", "tunnel", "connector", "edge", "machine", "link"};
    for (int section = 0; section < SectionCount; ++section) {
        auto *card = new FactCard(m_content);
        card->setObjectName(QStringLiteral("facts:%1").arg(QLatin1String(Names[section])));
        m_cards[std::size_t(section)] = card;
        if (section == Accelerators || section == Services)
            tables->addWidget(card);
        else
            grid->addWidget(card);
    }
    auto *column = new QVBoxLayout(m_content);
    column->setContentsMargins(space::Xl, space::M, space::Xl, space::Xl);
    column->setSpacing(space::L);
    column->addWidget(back, 0, Qt::AlignLeft);
    column->addWidget(m_head);
    column->addWidget(m_charts);
    column->addLayout(tables);
    column->addWidget(m_spot);
    column->addWidget(m_idle);
    column->addWidget(m_log);
    column->addLayout(grid);
    column->addStretch(1);
    m_scroll->setWidgetResizable(true);
    m_scroll->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    m_scroll->setFocusPolicy(Qt::NoFocus);
    m_scroll->setWidget(m_content);
    m_scroll->viewport()->setAutoFillBackground(false);
    m_content->setAutoFillBackground(false);
    auto *whole = new QVBoxLayout(this);
    whole->setContentsMargins(0, 0, 0, 0);
    whole->addWidget(m_scroll);
}

NodePage::~NodePage() = default;

void NodePage::setFleet(FleetState *fleet, FleetHistory *history)
{
    if (m_fleet)
        m_fleet->disconnect(this);
    if (m_history)
        m_history->disconnect(this);
    m_fleet = fleet;
    m_history = history;
    m_id.clear();
    m_log->setNode({});
    m_idle->setNode({}, nullptr);
    if (fleet) {
        connect(fleet, &FleetState::nodesChanged, this, [this](const QStringList &ids) {
            if (!ids.contains(m_id) || !isVisible())
                return;
            if (m_soon.isActive()) {
                m_pending = true;
                return;
            }
            refreshNow();
            m_soon.start(RoundMs, this);
        });
    }
    if (history)
        connect(history, &FleetHistory::sampled, this, &NodePage::refreshCharts);
}

void NodePage::setNode(const QString &id)
{
    const bool other = id != m_id;
    m_id = id;
    if (other)
        m_scroll->verticalScrollBar()->setValue(0);
    refreshNow();
    refreshCharts();
}

void NodePage::setLifecycle(LifecycleService *service)
{
    if (m_lifecycle)
        m_lifecycle->disconnect(this);
    m_lifecycle = service;
    if (service) {
        for (const auto signal : {&LifecycleService::operationStarted, &LifecycleService::operationChanged, &LifecycleService::operationFinished})
            connect(service, signal, this, &NodePage::refreshNow);
    }
    refreshNow();
}

void NodePage::setSpot(SpotOf spotOf)
{
    m_spotOf = std::move(spotOf);
    refreshNow();
}

void NodePage::refreshNow()
{
    const NodeState *node = m_fleet ? m_fleet->node(m_id) : nullptr;
    if (!node)
        return;
    const MonotonicMs now = m_fleet->clock().monotonic();
    m_head->setNode(summarize(*node, now), m_fleet->indexOf(m_id), now);
    m_head->actions().setNode(m_lifecycle, *node, now);
    m_cards[Accelerators]->setSection(acceleratorSection(*node, now));
    m_cards[Services]->setSection(serviceSection(*node, now));
    m_cards[Engine]->setSection(engineSection(*node, now));
    m_cards[Tunnel]->setSection(tunnelSection(*node, now));
    m_cards[Connector]->setSection(connectorSection(*node, now));
    m_cards[Edge]->setSection(edgeSection(*node, now));
    m_cards[Machine]->setSection(machineSection(*node, now));
    m_cards[Link]->setSection(linkSection(*node, now));
    m_log->setNode(node->config);
    m_spot->setOutlook(m_spotOf ? m_spotOf(m_id) : SpotOutlook());
    // It is read over SSH, and only where idleness can be seen at all.
    m_idle->setNode(node->config.ssh && usualIdleAction(node->config) ? m_id : QString(), &m_fleet->clock());
    m_charts->setVisible(node->config.accelerator != AcceleratorKind::None);
}

void NodePage::refreshCharts()
{
    if (!m_fleet || m_id.isEmpty() || !isVisible())
        return;
    const NodeState *node = m_fleet->node(m_id);
    if (!node)
        return;
    m_charts->setHistory(
        m_history ? m_history->node(m_id) : nullptr, nodeColour(node->config.colour, m_fleet->indexOf(m_id), tokensFor(palette())));
}

void NodePage::refreshBack()
{
    const bool mirrored = layoutDirection() == Qt::RightToLeft;
    m_back->setIcon(
        tintedIcon(mirrored ? QStringLiteral("forward") : QStringLiteral("back"), tokensFor(palette()).accent, 14));
}

void NodePage::step(int by)
{
    if (!m_fleet || m_fleet->nodeCount() < 2)
        return;
    const int count = m_fleet->nodeCount();
    Q_EMIT nodeRequested(m_fleet->at((m_fleet->indexOf(m_id) + by + count) % count).config.id);
}

void NodePage::scrollTo(int y)
{
    m_scroll->verticalScrollBar()->setValue(y);
}

void NodePage::timerEvent(QTimerEvent *event)
{
    if (event->timerId() == m_soon.timerId()) {
        m_soon.stop();
        if (std::exchange(m_pending, false)) {
            refreshNow();
            m_soon.start(RoundMs, this);
        }
    } else if (event->timerId() == m_second.timerId()) {
        refreshNow();
    } else {
        QWidget::timerEvent(event);
    }
}

void NodePage::showEvent(QShowEvent *event)
{
    QWidget::showEvent(event);
    m_second.start(1000, this);
    refreshNow();
    refreshCharts();
}

void NodePage::hideEvent(QHideEvent *event)
{
    QWidget::hideEvent(event);
    m_second.stop();
    m_soon.stop();
    m_pending = false;
}

void NodePage::keyPressEvent(QKeyEvent *event)
{
    if (event->key() == Qt::Key_Escape || event->key() == Qt::Key_Backspace) {
        Q_EMIT backRequested();
    } else if (event->key() == Qt::Key_BracketLeft) {
        step(-1);
    } else if (event->key() == Qt::Key_BracketRight) {
        step(1);
    } else {
        QWidget::keyPressEvent(event);
    }
}

void NodePage::changeEvent(QEvent *event)
{
    QWidget::changeEvent(event);
    if (event->type() == QEvent::LayoutDirectionChange)
        refreshBack();
    if (event->type() == QEvent::PaletteChange) {
        refreshBack();
        // The charts below learn of the new palette after this.
        QMetaObject::invokeMethod(this, &NodePage::refreshCharts, Qt::QueuedConnection);
    }
}

} // namespace hybridge
