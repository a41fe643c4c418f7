// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/cost/costpage.h"

#include "backend/base/units.h"
#include "backend/fleet/fleetstate.h"
#include "ui/cost/budgetscard.h"
#include "ui/cost/cloudcards.h"
#include "ui/cost/costcharts.h"
#include "ui/cost/costdelegate.h"
#include "ui/cost/costmodel.h"
#include "ui/cost/figurecard.h"
#include "ui/cost/pricescard.h"
#include "ui/cost/schedulescard.h"
#include "ui/widgets/banner.h"
#include "ui/widgets/cardgrid.h"
#include "ui/widgets/emptystate.h"
#include "ui/widgets/skeleton.h"
#include "ui/widgets/text.h"
#include "ui/widgets/tokens.h"

#include <QFileDialog>
#include <QGridLayout>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QLocale>
#include <QPushButton>
#include <QScrollArea>
#include <QScrollBar>
#include <QTableView>
#include <QTimerEvent>

#include <algorithm>
#include <array>

namespace hybridge {

namespace {

constexpr int TickMs = 2000;
constexpr int NarrowPage = 900; ///< under it charts stand below each other
constexpr int MostRows = 12; ///< of the table without a scroll bar of its own

struct ColumnRoom {
    CostModel::Column column;
    const char *widest;
};
constexpr std::array Rooms {ColumnRoom {CostModel::Now, "88.88 standing"}, ColumnRoom {CostModel::Today, "8,888.88"},
    ColumnRoom {CostModel::Month, "888.88 standing"}, ColumnRoom {CostModel::Projected, "88,888.88"}, ColumnRoom {CostModel::PerToken, "888.8 M tokens"},
    ColumnRoom {CostModel::Idle, "888.88 idle"}, ColumnRoom {CostModel::Energy, "8,888.8 kWh"}, ColumnRoom {CostModel::Watched, "100 % by Google"}};
// Who steps aside first when the window is narrow.
constexpr std::array StepAside {CostModel::Energy, CostModel::Watched, CostModel::Today, CostModel::Idle, CostModel::PerToken, CostModel::Projected};
constexpr int NodeRoom = 190;
constexpr int MostNodeSpare = 260;

} // namespace

CostPage::CostPage(QWidget *parent)
    : QWidget(parent), m_model(new CostModel(this)), m_coverage(new Text(Type::Body, Text::Tone::Muted, this)),
      m_note(new Text(Type::Body, Text::Tone::Muted, this)), m_export(new QPushButton(tr("Export CSV…"), this)), m_trouble(new Banner(this)),
      m_loading(new Skeleton(this)),
      m_empty(new EmptyState(QStringLiteral("cost"), tr("No node has a price"),
          tr("Write \"price\" into the fleet file: an amount per hour, or watts and a tariff. Machines of Google's are priced by its list, "
             "once the section \"gcp\" with project and credentials is there."),
          {}, this)),
      m_scroll(new QScrollArea(this)), m_body(new QWidget), m_days(new DaysCard(m_body)), m_burn(new BurnCard(m_body)), m_table(new QTableView),
      m_tableCard(new Card(m_body)), m_prices(new PricesCard(m_body)), m_cloud(new CloudCards(m_body, this))
{
    setObjectName(QStringLiteral("costPage"));
    setFocusPolicy(Qt::StrongFocus);
    m_trouble->setCondition(NodeCondition::Degraded);
    m_trouble->setAction(tr("Read it again"));
    m_trouble->hide();
    buildTable();
    buildBody();
    auto *column = new QVBoxLayout(this);
    column->setContentsMargins(0, space::L, 0, 0);
    column->setSpacing(space::M);
    column->addWidget(buildHead());
    auto *above = new QVBoxLayout;
    above->setContentsMargins(space::Xl, 0, space::Xl, 0);
    above->addWidget(m_trouble);
    above->addWidget(m_loading);
    column->addLayout(above);
    column->addWidget(m_scroll, 1);
    column->addWidget(m_empty, 1);
    column->addStretch(0); // while nothing of that is shown, the head stays on top

    connect(m_trouble, &Banner::actionTriggered, this, [this] {
        if (m_source)
            m_source->refresh();
    });
    connect(m_export, &QPushButton::clicked, this, &CostPage::askFile);
    connect(m_table, &QTableView::activated, this, [this](const QModelIndex &index) { Q_EMIT nodeRequested(index.data(CostModel::IdRole).toString()); });
    refresh();
}

CostPage::~CostPage() = default;

QWidget *CostPage::buildHead()
{
    auto *head = new QWidget(this);
    auto *title = new Text(tr("Cost"), Type::Title, Text::Tone::Text, head);
    title->setBold(true);
    title->setMaxLines(1);
    m_coverage->setMaxLines(3); // in a narrow window
    m_coverage->setAlignment(Qt::AlignLeft | Qt::AlignVCenter);
    m_coverage->setObjectName(QStringLiteral("costCoverage"));
    m_note->setMaxLines(1);
    m_note->setObjectName(QStringLiteral("exportNote"));
    m_note->setAlignment(Qt::AlignRight | Qt::AlignVCenter);
    m_export->setObjectName(QStringLiteral("costExport"));
    auto *row = new QHBoxLayout(head);
    row->setContentsMargins(space::Xl, 0, space::Xl, 0);
    row->setSpacing(space::L);
    row->addWidget(title);
    row->addWidget(m_coverage, 3);
    row->addWidget(m_note, 2);
    row->addWidget(m_export);
    return head;
}

void CostPage::buildTable()
{
    m_table->setObjectName(QStringLiteral("costTable"));
    m_table->setAccessibleName(tr("Nodes"));
    m_table->setModel(m_model);
    m_table->setItemDelegate(new CostDelegate(m_table));
    m_table->setSelectionBehavior(QTableView::SelectRows);
    m_table->setSelectionMode(QTableView::SingleSelection);
    m_table->setEditTriggers(QTableView::NoEditTriggers);
    m_table->setTabKeyNavigation(false);
    m_table->setShowGrid(false);
    m_table->setMouseTracking(true);
    m_table->setFrameShape(QFrame::NoFrame);
    m_table->setWordWrap(false);
    m_table->setVerticalScrollMode(QTableView::ScrollPerPixel);
    m_table->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    m_table->verticalHeader()->hide();
    m_table->verticalHeader()->setSectionResizeMode(QHeaderView::Fixed);
    m_table->verticalHeader()->setDefaultSectionSize(CostDelegate::RowHeight);
    m_table->horizontalHeader()->setFixedHeight(34);
    m_table->horizontalHeader()->setHighlightSections(false);
    m_table->horizontalHeader()->setSectionsClickable(false);
    m_table->horizontalHeader()->setSectionResizeMode(QHeaderView::Fixed);
    m_table->horizontalHeader()->setFont(typeFont(Type::Label));
    auto *box = new QVBoxLayout(m_tableCard);
    box->setContentsMargins(1, 4, 1, 4);
    box->addWidget(m_table);
    connect(m_model, &QAbstractItemModel::modelReset, this, &CostPage::fitTable);
}

void CostPage::buildBody()
{
    m_sums = new QGridLayout;
    m_sums->setSpacing(space::L);
    for (const QString &title : {tr("Burning now"), tr("Today"), tr("This month"), tr("Projected")})
        m_figures.append(new FigureCard(title, m_body));
    m_charts = new QBoxLayout(QBoxLayout::LeftToRight);
    m_charts->setSpacing(space::L);
    m_charts->addWidget(m_days, 1);
    m_charts->addWidget(m_burn, 1);
    m_days->setMinimumHeight(264);
    m_burn->setMinimumHeight(264);
    auto *cards = new QWidget(m_body);
    auto *below = new CardGrid(316, 0, CardGrid::Fill::Rows, cards);
    below->setContentsMargins(0, 0, 0, 0);
    below->setSpacing(space::L);
    below->addWidget(m_prices);
    below->addWidget(&m_cloud->budgets());
    below->addWidget(&m_cloud->schedules());
    auto *column = new QVBoxLayout(m_body);
    column->setContentsMargins(space::Xl, space::Xs, space::Xl, space::Xl);
    column->setSpacing(space::L);
    column->addLayout(m_sums);
    column->addLayout(m_charts);
    column->addWidget(m_tableCard);
    column->addWidget(cards);
    column->addStretch(1);
    m_scroll->setObjectName(QStringLiteral("costScroll"));
    m_scroll->setFrameShape(QFrame::NoFrame);
    m_scroll->setWidgetResizable(true);
    m_scroll->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    m_scroll->setWidget(m_body);
    // The cards keep the edge of the head, with a scroll bar beside them too.
    connect(m_scroll->verticalScrollBar(), &QScrollBar::rangeChanged, this, [this, column](int least, int most) {
        const int bar = most > least ? m_scroll->verticalScrollBar()->sizeHint().width() : 0;
        column->setContentsMargins(layoutDirection() == Qt::RightToLeft ? space::Xl - bar : space::Xl, space::Xs,
            layoutDirection() == Qt::RightToLeft ? space::Xl : space::Xl - bar, space::Xl);
    });
    m_scroll->viewport()->setAutoFillBackground(false);
    m_body->setAutoFillBackground(false);
}

void CostPage::setSource(CostSource *source, FleetState *fleet)
{
    if (m_source)
        m_source->disconnect(this);
    m_source = source;
    m_fleet = fleet;
    m_cloud->setSource(source, fleet);
    m_note->put({});
    if (source)
        connect(source, &CostSource::changed, this, [this] {
            if (isVisible())
                refresh();
        });
    refresh();
    if (isVisible())
        m_cloud->read();
}

QHash<QString, QColor> CostPage::colours() const
{
    QHash<QString, QColor> out;
    const Tokens &tokens = tokensFor(palette());
    for (int i = 0; m_fleet && i < m_fleet->nodeCount(); ++i)
        out.insert(m_fleet->at(i).config.id, nodeColour(m_fleet->at(i).config.colour, i, tokens));
    return out;
}

void CostPage::refresh()
{
    const bool isThere = m_source && m_fleet;
    const bool isLoading = isThere && !m_source->isRead();
    const CostReport report = isThere ? m_source->report({}) : CostReport();
    const bool isPriced = report.isPriced();
    m_loading->setVisible(isLoading);
    m_empty->setVisible(isThere && !isLoading && !isPriced);
    m_scroll->setVisible(isThere && !isLoading && isPriced);
    m_export->setEnabled(isThere && !isLoading && isPriced);
    const std::optional<Error> error = isThere ? m_source->ledgerError() : std::nullopt;
    m_trouble->setVisible(error.has_value());
    if (error)
        m_trouble->setParts(tr("What was recorded cannot be read or written; what costs now is shown all the same."), error->summary, error->remedy);
    if (!isThere || isLoading || !isPriced) {
        m_coverage->put({});
        return;
    }
    const QHash<QString, QColor> looks = colours();
    const QString currency = report.totals.first().currency;
    showFigures(report);
    m_model->setReport(report, looks);
    m_days->setReport(report, currency, looks);
    m_burn->setReport(report, currency, looks);
    m_prices->setReport(report);
    fitTable();
}

void CostPage::showFigures(const CostReport &report)
{
    const CostTotal &total = report.totals.first();
    const auto labels = [&report](const QStringList &ids) {
        QStringList out;
        for (const NodeCostRow &row : report.nodes)
            if (ids.contains(row.id))
                out.append(row.label);
        return out.size() > 2 ? tr("%1 and %2 more").arg(out.first()).arg(out.size() - 1) : out.join(tr(" and "));
    };
    // Other currencies are never added up: they stand beside it.
    const auto beside = [&report](const QString &note, auto &&amount, const QString &per) {
        QStringList parts;
        if (!note.isEmpty())
            parts.append(note);
        for (qsizetype i = 1; i < report.totals.size(); ++i)
            parts.append(tr("and %1%2").arg(formatMoney(amount(report.totals.at(i)), report.totals.at(i).currency), per));
        return parts.join(QStringLiteral(" · "));
    };
    const auto put = [&](int index, std::optional<double> amount, const QString &unit, const QString &note, const QString &warning) {
        const QString money = formatMoney(amount, total.currency);
        m_figures.at(index)->setFigure(amount ? money.left(money.size() - total.currency.size() - 1) : money, unit, !amount);
        m_figures.at(index)->setNotes(note, warning);
    };
    double standing = 0;
    int up = 0;
    for (const NodeCostRow &row : report.nodes) {
        if (row.currency == total.currency && row.isPriced())
            standing += row.standingPerHour;
        up += row.isUp.value_or(false) && row.isPriced() ? 1 : 0;
    }
    QString now = up == 1 ? tr("1 node runs") : tr("%1 nodes run").arg(up);
    if (standing > 0)
        now += QStringLiteral(" · ") + tr("%1 of it standing").arg(formatMoney(standing, total.currency));
    const bool isAllUnknown = total.unknownNow.size() == total.nodes;
    const QString missing = total.unknownNow.isEmpty() ? QString() : tr("Without %1: not known").arg(labels(total.unknownNow));
    put(0, isAllUnknown ? std::nullopt : std::optional(total.perHour), tr("%1 / h").arg(total.currency),
        beside(now, [](const CostTotal &other) { return std::optional(other.perHour); }, QStringLiteral("/h")), missing);
    put(1, total.today, total.currency, beside(tr("since midnight"), [](const CostTotal &other) { return other.today; }, {}), {});
    const QLocale locale;
    const QString first = locale.toString(report.monthFrom.toLocalTime().date(), QStringLiteral("d MMMM"));
    const int all = total.minutesSeen + total.minutesUnseen;
    const double unseen = all > 0 ? 100.0 * total.minutesUnseen / all : 0;
    put(2, total.month, total.currency, beside(tr("since %1").arg(first), [](const CostTotal &other) { return other.month; }, {}),
        unseen >= 1 ? tr("%1 of the time was not watched and is not in it").arg(formatPercent(unseen)) : QString());
    const QString last = locale.toString(report.monthTo.addSecs(-1).toLocalTime().date(), QStringLiteral("d MMMM"));
    put(3, total.projected, total.currency,
        total.projected ? beside(tr("by %1, if the rest is like what was seen").arg(last), [](const CostTotal &other) { return other.projected; }, {})
                        : tr("once an hour has been watched"),
        total.projected && !total.unprojected.isEmpty() ? tr("Without %1: not watched yet").arg(labels(total.unprojected)) : QString());
    const double watched = all > 0 ? 100.0 * (total.minutesSeen - total.minutesTold) / all : 0;
    const double told = all > 0 ? 100.0 * total.minutesTold / all : 0;
    QStringList words {locale.toString(report.at.toLocalTime().date(), QStringLiteral("MMMM yyyy")), tr("%1 watched").arg(formatPercent(watched))};
    if (total.minutesTold > 0)
        words.append(tr("%1 told by Google").arg(formatPercent(told)));
    if (total.idleShare)
        words.append(tr("%1 spent idle").arg(formatPercent(*total.idleShare * 100)));
    m_coverage->put(words.join(QStringLiteral("  ·  ")));
}

// Four beside each other, two and two, or all below each other: never three and one.
void CostPage::placeSums()
{
    const int columns = width() >= 880 ? 4 : width() >= 480 ? 2 : 1;
    if (m_sums->count() > 0 && m_sums->itemAtPosition(0, columns - 1) && !m_sums->itemAtPosition(0, columns))
        return;
    for (int i = 0; i < m_figures.size(); ++i) {
        m_sums->removeWidget(m_figures.at(i));
        m_sums->addWidget(m_figures.at(i), i / columns, i % columns);
    }
    for (int i = 0; i < m_figures.size(); ++i)
        m_sums->setColumnStretch(i, i < columns ? 1 : 0);
}

void CostPage::fitTable()
{
    const int rows = std::min(MostRows, m_model->rowCount());
    const int height = m_table->horizontalHeader()->height() + rows * CostDelegate::RowHeight;
    if (m_table->height() != height || m_table->minimumHeight() != height)
        m_table->setFixedHeight(height);
    fitColumns();
}

void CostPage::fitColumns()
{
    const QFontMetrics cells(figureFont(Type::Label));
    const QFontMetrics values(figureFont(Type::Body));
    const QFontMetrics titles(typeFont(Type::Label));
    std::array<int, CostModel::ColumnCount> width {};
    width[CostModel::Node] = NodeRoom;
    for (const ColumnRoom &room : Rooms) {
        const QString title = m_model->headerData(room.column, Qt::Horizontal, Qt::DisplayRole).toString();
        const QString widest = QString::fromUtf8(room.widest);
        width[std::size_t(room.column)]
            = std::max({cells.horizontalAdvance(widest) + 26, values.horizontalAdvance(widest.section(QLatin1Char(' '), 0, 0)) + 26, titles.horizontalAdvance(title) + 24});
    }
    if (!m_model->isAnyKnown(CostModel::Energy))
        width[CostModel::Energy] = 0;
    const auto sum = [&width] {
        int all = 0;
        for (const int each : width)
            all += each;
        return all;
    };
    const int available = m_table->viewport()->width();
    for (const CostModel::Column column : StepAside) {
        if (sum() <= available)
            break;
        width[column] = 0;
    }
    // Names get room first; what is left over goes to all, so that a row can be followed with the eye.
    const int spare = std::max(0, available - sum());
    width[CostModel::Node] += std::min(spare, MostNodeSpare);
    const auto shown = int(std::count_if(width.cbegin(), width.cend(), [](int wide) { return wide > 0; }));
    for (int &wide : width)
        wide += wide > 0 ? std::max(0, spare - MostNodeSpare) / shown : 0;
    for (int column = 0; column < CostModel::ColumnCount; ++column) {
        const int wide = width[std::size_t(column)];
        m_table->setColumnHidden(column, wide == 0);
        if (wide > 0 && m_table->columnWidth(column) != wide)
            m_table->setColumnWidth(column, wide);
    }
}

void CostPage::readCloud()
{
    m_cloud->readAgain();
}

void CostPage::askFile()
{
    auto *dialog = new QFileDialog(this, tr("Export as CSV"), {}, tr("CSV files (*.csv)"));
    dialog->setObjectName(QStringLiteral("exportDialog"));
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->setAcceptMode(QFileDialog::AcceptSave);
    dialog->setDefaultSuffix(QStringLiteral("csv"));
    dialog->selectFile(QStringLiteral("cost.csv"));
    connect(dialog, &QFileDialog::fileSelected, this, [this](const QString &path) {
        if (!m_source)
            return;
        const Result<qint64> lines = writeCostCsv(m_source->report({}), path);
        m_note->setTone(lines ? Text::Tone::Muted : Text::Tone::Down);
        m_note->put(lines ? tr("%1 lines written to %2").arg(QLocale().toString(*lines), safeText(path, 120)) : lines.error().summary);
        Q_EMIT exported(path, lines);
    });
    dialog->open();
}

void CostPage::scrollTo(int y)
{
    m_scroll->verticalScrollBar()->setValue(y);
}

void CostPage::showEvent(QShowEvent *event)
{
    QWidget::showEvent(event);
    m_tick.start(TickMs, this);
    refresh();
    if (m_source)
        m_source->refresh();
    m_cloud->read();
}

void CostPage::hideEvent(QHideEvent *event)
{
    QWidget::hideEvent(event);
    m_tick.stop();
}

void CostPage::timerEvent(QTimerEvent *event)
{
    if (event->timerId() == m_tick.timerId())
        refresh();
    else
        QWidget::timerEvent(event);
}

void CostPage::resizeEvent(QResizeEvent *event)
{
    QWidget::resizeEvent(event);
    placeSums();
    m_charts->setDirection(width() < NarrowPage ? QBoxLayout::TopToBottom : QBoxLayout::LeftToRight);
    fitTable();
}

void CostPage::changeEvent(QEvent *event)
{
    QWidget::changeEvent(event);
    if (event->type() == QEvent::PaletteChange && isVisible())
        refresh(); // a node's colour is drawn otherwise on another surface
}

} // namespace hybridge
