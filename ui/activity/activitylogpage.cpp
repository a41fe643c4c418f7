// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/activity/activitylogpage.h"

#include "backend/activity/activityexport.h"
#include "backend/activity/activitylog.h"
#include "backend/base/units.h"
#include "backend/fleet/fleetstate.h"
#include "ui/activity/activityfilterbar.h"
#include "ui/activity/activitylistmodel.h"
#include "ui/activity/chainlabel.h"
#include "ui/activity/operationdelegate.h"
#include "ui/activity/operationdetail.h"
#include "ui/widgets/card.h"
#include "ui/widgets/emptystate.h"
#include "ui/widgets/skeleton.h"
#include "ui/widgets/text.h"
#include "ui/widgets/tokens.h"

#include <QFileDialog>
#include <QHBoxLayout>
#include <QKeyEvent>
#include <QListView>
#include <QLocale>
#include <QMenu>
#include <QPushButton>
#include <QTimerEvent>

namespace hybridge {

namespace {
constexpr int NarrowPage = 820;
constexpr int GrownMs = 250;
} // namespace

ActivityLogPage::ActivityLogPage(QWidget *parent)
    : QWidget(parent), m_model(new ActivityListModel(this)), m_delegate(new OperationDelegate(this)),
      m_filter(new ActivityFilterBar(this)), m_chain(new ChainLabel(this)), m_count(new Text(Type::Body, Text::Tone::Muted, this)),
      m_note(new Text(Type::Body, Text::Tone::Muted, this)), m_export(new QPushButton(tr("Export…"), this)), m_list(new QListView(this)),
      m_body(new QWidget(this)), m_listCard(new Card(m_body)), m_detailCard(new Card(m_body)), m_detail(new OperationDetail(m_detailCard)),
      m_choose(new Text(tr("Choose an operation to see its steps and calls."), Type::Body, Text::Tone::Muted, m_detailCard)),
      m_loading(new Skeleton(this)),
      m_empty(new EmptyState(QStringLiteral("log"), tr("Nothing has been done yet"),
          tr("What you start, stop or change is kept here with its plan, each call and its end. Nothing in it can be edited."), {}, this)),
      m_noMatch(new EmptyState(QStringLiteral("search"), tr("No operation matches"),
          tr("No line of the log has these words, this node, this kind and this result."), tr("Clear the filter"), this)),
      m_failed(new EmptyState(QStringLiteral("log"), tr("The log cannot be read"), {}, tr("Read it again"), this))
{
    setObjectName(QStringLiteral("activityPage"));
    setFocusPolicy(Qt::StrongFocus);
    m_list->setObjectName(QStringLiteral("operationList"));
    m_list->setAccessibleName(tr("Operations, newest first"));
    m_list->setModel(m_model);
    m_list->setItemDelegate(m_delegate);
    m_list->setUniformItemSizes(true);
    m_list->setVerticalScrollMode(QListView::ScrollPerPixel);
    m_list->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    m_list->setMouseTracking(true);
    m_list->setFrameShape(QFrame::NoFrame);
    auto *listBox = new QVBoxLayout(m_listCard);
    listBox->setContentsMargins(1, 6, 1, 6);
    listBox->addWidget(m_list);
    m_choose->setAlignment(Qt::AlignCenter);
    auto *detailBox = new QVBoxLayout(m_detailCard);
    detailBox->setContentsMargins(0, 0, 0, 0);
    detailBox->addWidget(m_detail);
    detailBox->addWidget(m_choose);
    m_note->setMaxLines(1);
    m_note->setObjectName(QStringLiteral("exportNote"));

    auto *body = new QHBoxLayout(m_body);
    body->setContentsMargins(0, 0, 0, 0);
    body->setSpacing(space::L);
    body->addWidget(m_listCard, 11);
    body->addWidget(m_detailCard, 9);
    auto *column = new QVBoxLayout(this);
    column->setContentsMargins(space::Xl, space::L, space::Xl, space::Xl);
    column->setSpacing(space::M);
    column->addWidget(buildHead());
    column->addWidget(m_filter);
    column->addWidget(m_loading);
    column->addWidget(m_body, 1);
    for (EmptyState *state : {m_empty, m_noMatch, m_failed})
        column->addWidget(state, 1);

    connect(m_filter, &ActivityFilterBar::changed, this, &ActivityLogPage::applyFilter);
    connect(m_noMatch, &EmptyState::actionTriggered, m_filter, &ActivityFilterBar::clear);
    connect(m_failed, &EmptyState::actionTriggered, m_model, &ActivityListModel::refresh);
    connect(m_model, &ActivityListModel::stateChanged, this, &ActivityLogPage::refreshBody);
    connect(m_model, &QAbstractItemModel::rowsInserted, this, &ActivityLogPage::refreshBody);
    connect(m_model, &QAbstractItemModel::modelReset, this, &ActivityLogPage::closeDetail);
    connect(m_model, &QAbstractItemModel::dataChanged, this, [this](const QModelIndex &first) {
        if (m_model->at(first.row()).id == m_detail->shownId())
            readDetail();
    });
    connect(m_list->selectionModel(), &QItemSelectionModel::currentChanged, this, &ActivityLogPage::openCurrent);
    connect(m_list, &QListView::clicked, this, &ActivityLogPage::openCurrent);
    connect(m_detail, &OperationDetail::nodeRequested, this, &ActivityLogPage::nodeRequested);
    connect(m_detail, &OperationDetail::backRequested, this, [this] {
        closeDetail();
        m_list->setFocus();
    });
    refreshBody();
}

ActivityLogPage::~ActivityLogPage()
{
    m_stop.request_stop();
}

QWidget *ActivityLogPage::buildHead()
{
    auto *head = new QWidget(this);
    auto *title = new Text(tr("Activity"), Type::Title, Text::Tone::Text, head);
    title->setBold(true);
    title->setMaxLines(1);
    m_count->setMaxLines(1);
    m_export->setObjectName(QStringLiteral("activityExport"));
    auto *menu = new QMenu(m_export);
    menu->setObjectName(QStringLiteral("exportMenu"));
    connect(menu->addAction(tr("As JSON lines…")), &QAction::triggered, this, [this] { askFile(false); });
    connect(menu->addAction(tr("As CSV…")), &QAction::triggered, this, [this] { askFile(true); });
    connect(m_export, &QPushButton::clicked, this,
        [this, menu] { menu->popup(m_export->mapToGlobal(QPoint(m_export->width() - menu->sizeHint().width(), m_export->height()))); });
    auto *row = new QHBoxLayout(head);
    row->setContentsMargins(0, 0, 0, 0);
    row->setSpacing(space::L);
    row->addWidget(title);
    row->addWidget(m_chain);
    row->addWidget(m_note, 1);
    row->addWidget(m_export);
    return head;
}

void ActivityLogPage::setSource(ActivityLog *log, FleetState *fleet)
{
    m_stop.request_stop();
    m_stop = std::stop_source();
    if (m_log)
        m_log->disconnect(this);
    m_log = log;
    m_fleet = fleet;
    NodeLooks looks;
    QList<QPair<QString, QString>> nodes;
    for (int i = 0; fleet && i < fleet->nodeCount(); ++i) {
        const NodeConfig &node = fleet->at(i).config;
        looks.insert(node.id, {node.label, QColor(nodeColour(node.colour, i, tokensFor(palette())))});
        nodes.append({node.id, node.label});
    }
    m_delegate->setLooks(looks);
    m_detail->setLooks(looks);
    m_filter->setNodes(nodes);
    m_note->put({});
    m_chain->setLog(log);
    applyFilter();
    m_model->setLog(log);
    if (log) {
        connect(log, &ActivityLog::changed, this, [this] {
            if (isVisible() && !m_soon.isActive())
                m_soon.start(GrownMs, this);
        });
        log->watchFile();
    }
    if (isVisible())
        m_chain->checkOnce();
}

void ActivityLogPage::setNode(const QString &id)
{
    m_filter->setNode(id);
}

void ActivityLogPage::focusFilter()
{
    m_filter->focusText();
}

void ActivityLogPage::applyFilter()
{
    ActivityFilter filter = m_filter->filter();
    if (m_fleet)
        filter.fleet = m_fleet->config().name;
    m_model->setFilter(filter);
}

void ActivityLogPage::select(const QString &operation)
{
    m_wanted = operation;
    const int row = m_model->rowOf(operation);
    if (row < 0)
        return;
    m_wanted.clear();
    m_list->setCurrentIndex(m_model->index(row));
    m_list->scrollTo(m_model->index(row));
}

void ActivityLogPage::refreshBody()
{
    const int rows = m_model->rowCount();
    const bool loading = m_model->state() == ActivityListModel::State::Loading && rows == 0 && m_log;
    const bool failed = m_model->state() == ActivityListModel::State::Failed && rows == 0;
    const bool none = !loading && !failed && rows == 0;
    const bool filtered = !m_filter->filter().isEmpty();
    if (failed) {
        const Error &error = m_model->error();
        m_failed->setWords(error.summary, error.remedy.isEmpty() ? error.detail : error.remedy);
    }
    m_loading->setVisible(loading);
    m_failed->setVisible(failed);
    m_empty->setVisible(none && !filtered);
    m_noMatch->setVisible(none && filtered);
    m_filter->setVisible(rows > 0 || filtered);
    m_export->setEnabled(rows > 0);
    const bool detailOpen = !m_detail->shownId().isEmpty();
    m_body->setVisible(rows > 0);
    m_listCard->setVisible(rows > 0 && !(m_isNarrow && detailOpen));
    m_detailCard->setVisible(rows > 0 && (!m_isNarrow || detailOpen));
    m_detail->setVisible(detailOpen);
    m_detail->setBackShown(m_isNarrow);
    m_choose->setVisible(!detailOpen);
    if (!m_wanted.isEmpty() && rows > 0)
        select(m_wanted);
}

void ActivityLogPage::openCurrent()
{
    const QModelIndex current = m_list->currentIndex();
    if (!current.isValid())
        return;
    m_detail->show(m_model->at(current.row()), {});
    refreshBody();
    readDetail();
}

void ActivityLogPage::readDetail()
{
    const QString id = m_detail->shownId();
    if (id.isEmpty() || !m_log)
        return;
    QCoro::connect(m_log->operation(id), this, [this, id](const Result<QList<ActivityRecord>> &records) {
        const int row = m_model->rowOf(id);
        if (row < 0 || m_detail->shownId() != id)
            return;
        m_detail->show(m_model->at(row), records.value_or({}));
    });
}

void ActivityLogPage::closeDetail()
{
    m_detail->clear();
    m_list->clearSelection();
    m_list->setCurrentIndex({});
    refreshBody();
}

void ActivityLogPage::askFile(bool csv)
{
    auto *dialog = new QFileDialog(this, csv ? tr("Export as CSV") : tr("Export as JSON lines"), {},
        csv ? tr("CSV files (*.csv)") : tr("JSON lines (*.jsonl)"));
    dialog->setObjectName(QStringLiteral("exportDialog"));
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->setAcceptMode(QFileDialog::AcceptSave);
    dialog->setDefaultSuffix(csv ? QStringLiteral("csv") : QStringLiteral("jsonl"));
    dialog->selectFile(csv ? QStringLiteral("activity.csv") : QStringLiteral("activity.jsonl"));
    connect(dialog, &QFileDialog::fileSelected, this, [this, csv](const QString &path) { writeFile(path, csv); });
    dialog->open();
}

void ActivityLogPage::writeFile(const QString &path, bool csv)
{
    if (!m_log)
        return;
    m_note->setTone(Text::Tone::Muted);
    m_note->put(tr("Exporting…"));
    QCoro::connect(exportActivityToFile(*m_log, m_model->filter(), csv ? ActivityFormat::Csv : ActivityFormat::JsonLines, path, m_stop.get_token()),
        this, [this, path](const Result<qint64> &lines) { showExport(path, lines); });
}

void ActivityLogPage::showExport(const QString &path, const Result<qint64> &lines)
{
    if (!lines && lines.error().kind == Error::Kind::Cancelled)
        return;
    m_note->setTone(lines ? Text::Tone::Muted : Text::Tone::Down);
    m_note->put(lines ? tr("%1 lines written to %2").arg(QLocale().toString(*lines), safeText(path, 120)) : lines.error().summary);
    Q_EMIT exported(path, lines);
}

void ActivityLogPage::showEvent(QShowEvent *event)
{
    QWidget::showEvent(event);
    m_delegate->setNow(m_fleet ? m_fleet->clock().now() : QDateTime::currentDateTimeUtc());
    if (m_log)
        m_model->refresh();
    m_chain->checkOnce();
}

void ActivityLogPage::resizeEvent(QResizeEvent *event)
{
    QWidget::resizeEvent(event);
    const bool narrow = width() < NarrowPage;
    if (narrow == m_isNarrow)
        return;
    m_isNarrow = narrow;
    refreshBody();
}

void ActivityLogPage::keyPressEvent(QKeyEvent *event)
{
    if (event->key() == Qt::Key_Escape && !m_detail->shownId().isEmpty()) {
        closeDetail();
        m_list->setFocus();
    } else if (event->key() == Qt::Key_Escape && !m_filter->filter().isEmpty()) {
        m_filter->clear();
    } else if (event->key() == Qt::Key_Down && m_model->rowCount() > 0 && !m_list->hasFocus()) {
        m_list->setFocus();
        if (!m_list->currentIndex().isValid())
            m_list->setCurrentIndex(m_model->index(0));
    } else {
        QWidget::keyPressEvent(event);
    }
}

void ActivityLogPage::timerEvent(QTimerEvent *event)
{
    if (event->timerId() != m_soon.timerId()) {
        QWidget::timerEvent(event);
        return;
    }
    m_soon.stop();
    m_delegate->setNow(m_fleet ? m_fleet->clock().now() : QDateTime::currentDateTimeUtc());
    m_model->refresh();
}

} // namespace hybridge
