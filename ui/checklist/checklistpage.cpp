// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/checklist/checklistpage.h"

#include "backend/base/units.h"
#include "backend/fleet/fleetstate.h"
#include "backend/lifecycle/lifecycletypes.h"
#include "ui/checklist/commandreference.h"
#include "ui/widgets/banner.h"
#include "ui/widgets/card.h"
#include "ui/widgets/emptystate.h"
#include "ui/widgets/text.h"
#include "ui/widgets/tokens.h"

#include <QApplication>
#include <QFileDialog>
#include <QHBoxLayout>
#include <QMenu>
#include <QPushButton>
#include <QSaveFile>
#include <QScrollArea>
#include <QScrollBar>
#include <QStackedWidget>
#include <QToolButton>

#include <algorithm>

namespace hybridge {

namespace {

constexpr int LeastTitle = 300;
constexpr int MostCell = 104;
constexpr int LeastCell = 40;

} // namespace

ChecklistPage::ChecklistPage(QWidget *parent)
    : QWidget(parent), m_summary(new Text(Type::Body, Text::Tone::Muted, this)), m_note(new Text(Type::Body, Text::Tone::Muted, this)), m_listButton(new QToolButton(this)),
      m_commandsButton(new QToolButton(this)), m_export(new QPushButton(tr("Export report…"), this)), m_run(new QPushButton(this)), m_stack(new QStackedWidget(this)),
      m_trouble(new Banner(this)), m_names(new CheckHead(this)), m_scroll(new QScrollArea(this)), m_body(new QWidget), m_column(new QVBoxLayout(m_body)),
      m_empty(new EmptyState(QStringLiteral("shield"), tr("Nothing to check yet"), tr("Write hostnames, tunnels and logins of the nodes into the fleet file; each brings its rows."), {}, this)),
      m_commands(new CommandReference(this))
{
    setObjectName(QStringLiteral("checklistPage"));
    setFocusPolicy(Qt::StrongFocus);
    m_trouble->setCondition(NodeCondition::Degraded);
    m_trouble->setDismissable(true);
    m_trouble->hide();
    connect(m_trouble, &Banner::dismissed, m_trouble, &QWidget::hide);
    m_column->setContentsMargins(space::Xl, 0, space::Xl, space::Xl);
    m_column->setSpacing(space::M);
    m_scroll->setFrameShape(QFrame::NoFrame);
    m_scroll->setWidgetResizable(true);
    m_scroll->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    m_scroll->setVerticalScrollBarPolicy(Qt::ScrollBarAlwaysOn); // lamps must not move when a row unfolds
    m_scroll->setWidget(m_body);
    m_scroll->viewport()->setAutoFillBackground(false);
    m_body->setAutoFillBackground(false);
    auto *list = new QWidget(this);
    auto *listColumn = new QVBoxLayout(list);
    listColumn->setContentsMargins(0, 0, 0, 0);
    listColumn->setSpacing(0);
    auto *names = new QHBoxLayout;
    names->setContentsMargins(space::Xl, 0, space::Xl, 0);
    names->addWidget(m_names);
    listColumn->addLayout(names);
    listColumn->addWidget(m_scroll, 1);
    m_stack->addWidget(list);
    m_stack->addWidget(m_commands);
    m_stack->addWidget(m_empty);
    auto *column = new QVBoxLayout(this);
    column->setContentsMargins(0, space::L, 0, 0);
    column->setSpacing(space::M);
    column->addWidget(buildHead());
    auto *above = new QVBoxLayout;
    above->setContentsMargins(space::Xl, 0, space::Xl, 0);
    above->addWidget(m_trouble);
    column->addLayout(above);
    column->addWidget(m_stack, 1);
    connect(m_run, &QPushButton::clicked, this, [this] {
        if (!m_source)
            return;
        if (m_source->isRunning())
            m_source->stop();
        else
            m_source->run({}, {});
        refresh();
    });
    connect(m_commands, &CommandReference::operationRequested, this, &ChecklistPage::operationRequested);
    refresh();
}

ChecklistPage::~ChecklistPage()
{
    m_stop.request_stop();
}

QWidget *ChecklistPage::buildHead()
{
    auto *head = new QWidget(this);
    auto *title = new Text(tr("Checklist"), Type::Title, Text::Tone::Text, head);
    title->setBold(true);
    title->setMaxLines(1);
    m_summary->setObjectName(QStringLiteral("checkSummary"));
    m_summary->setMaxLines(3); // in a narrow window
    m_summary->setAlignment(Qt::AlignLeft | Qt::AlignVCenter);
    m_summary->setFigures();
    m_note->setMaxLines(1);
    m_note->hide(); // it takes room from the summary
    m_note->setObjectName(QStringLiteral("checkNote"));
    m_note->setAlignment(Qt::AlignRight | Qt::AlignVCenter);
    m_listButton->setText(tr("Rows"));
    m_commandsButton->setText(tr("Commands"));
    for (QToolButton *button : {m_listButton, m_commandsButton}) {
        button->setCheckable(true);
        button->setAutoExclusive(true);
        button->setFocusPolicy(Qt::StrongFocus);
    }
    m_listButton->setChecked(true);
    m_listButton->setObjectName(QStringLiteral("checkRows"));
    m_commandsButton->setObjectName(QStringLiteral("checkCommands"));
    m_commandsButton->setToolTip(tr("The quick reference: each command of a node, to run and to copy"));
    connect(m_listButton, &QToolButton::clicked, this, [this] { setView(View::Checklist); });
    connect(m_commandsButton, &QToolButton::clicked, this, [this] { setView(View::Commands); });
    auto *menu = new QMenu(m_export);
    for (const auto &[words, ending] : {std::pair {tr("Export as a web page"), QStringLiteral("html")}, {tr("Export as Markdown"), QStringLiteral("md")}, {tr("Export as JSON"), QStringLiteral("json")}})
        connect(menu->addAction(words), &QAction::triggered, this, [this, ending = ending] { askFile(ending); });
    m_export->setMenu(menu);
    m_export->setObjectName(QStringLiteral("checkExport"));
    m_run->setObjectName(QStringLiteral("checkRun"));
    m_run->setProperty("kind", QStringLiteral("primary"));
    auto *row = new QHBoxLayout(head);
    row->setContentsMargins(space::Xl, 0, space::Xl, 0);
    row->setSpacing(space::M);
    row->addWidget(title);
    row->addWidget(m_summary, 3);
    row->addWidget(m_note, 1);
    row->addWidget(m_listButton);
    row->addWidget(m_commandsButton);
    row->addWidget(m_export);
    row->addWidget(m_run);
    return head;
}

void ChecklistPage::setSource(CheckSource *source, FleetState *fleet)
{
    if (m_source)
        m_source->disconnect(this);
    m_source = source;
    m_fleet = fleet;
    m_trouble->hide();
    if (source) {
        connect(source, &CheckSource::changed, this, &ChecklistPage::refresh);
        // Rows change places only when everything has come: nothing moves under the pointer.
        connect(source, &CheckSource::finished, this, &ChecklistPage::arrange);
        connect(source, &CheckSource::logFailed, this, [this](const Error &error) {
            m_trouble->setParts(tr("The activity log cannot be written; fixes go on without a record."), error.summary, error.remedy);
            m_trouble->show();
        });
    }
    m_commands->setSource(source, fleet);
    rebuild();
    if (source && isVisible() && !source->isChecked() && !source->isRunning())
        source->run({}, {});
}

void ChecklistPage::setView(View view)
{
    m_view = view;
    (view == View::Checklist ? m_listButton : m_commandsButton)->setChecked(true);
    refresh();
}

QList<CheckColumn> ChecklistPage::columns() const
{
    QList<CheckColumn> columns {{QString(), tr("Fleet"), tr("Fleet"), {}}};
    for (int i = 0; m_fleet && i < m_fleet->nodeCount(); ++i) {
        const NodeConfig &node = m_fleet->at(i).config;
        columns.append({node.id, node.label.isEmpty() ? node.id : safeText(node.label, 60), node.id, nodeColour(node.colour, i, tokensFor(QApplication::palette()))});
    }
    return columns;
}

QList<CheckLine> ChecklistPage::lines(const CheckReport &report) const
{
    QHash<QString, qsizetype> columnOf;
    for (qsizetype i = 0; i < m_columns.size(); ++i)
        columnOf.insert(m_columns.at(i).node, i);
    QList<CheckLine> lines;
    for (const CheckResult &result : report.results) {
        if (lines.isEmpty() || lines.last().id != result.id) {
            CheckLine line;
            line.id = result.id;
            line.group = result.group;
            line.title = result.title;
            line.why = result.why;
            line.cells.resize(m_columns.size());
            lines.append(line);
        }
        const auto column = columnOf.constFind(result.node);
        if (column == columnOf.constEnd())
            continue;
        CheckCell &cell = lines.last().cells[*column];
        cell.applies = true;
        cell.verdict = result.verdict;
        cell.pending = m_source->isPending(result.id, result.node);
    }
    return lines;
}

void ChecklistPage::rebuild()
{
    while (QLayoutItem *item = m_column->takeAt(0)) {
        if (QWidget *old = item->widget()) {
            old->hide(); // it goes later, and must not shine through till then
            old->deleteLater();
        }
        delete item;
    }
    m_rows.clear();
    m_order.clear();
    m_columns = columns();
    m_names->setColumns(m_columns);
    arrange();
}

/// Puts groups and rows in their places: groups in which something failed first, and in them the failed rows.
void ChecklistPage::arrange()
{
    if (!m_source) {
        refresh();
        return;
    }
    const QList<CheckLine> all = lines(m_source->report());
    struct Section {
        CheckGroup group;
        QList<const CheckLine *> lines;
        bool failed = false;
    };
    QList<Section> sections;
    for (const CheckLine &line : all) {
        auto found = std::find_if(sections.begin(), sections.end(), [&](const Section &section) { return section.group == line.group; });
        if (found == sections.end())
            found = sections.insert(sections.end(), Section {line.group, {}, false});
        found->lines.append(&line);
        found->failed = found->failed || line.hasFailed();
    }
    std::stable_sort(sections.begin(), sections.end(), [](const Section &a, const Section &b) { return a.failed && !b.failed; });
    QStringList order;
    for (Section &section : sections) {
        std::stable_sort(section.lines.begin(), section.lines.end(), [](const CheckLine *a, const CheckLine *b) { return a->hasFailed() && !b->hasFailed(); });
        for (const CheckLine *line : section.lines)
            order.append(line->id);
    }
    if (order == m_order && !m_rows.isEmpty()) {
        refresh();
        return;
    }
    m_order = order;
    QHash<QString, CheckRow *> rows;
    for (const CheckLine &line : all) {
        CheckRow *row = m_rows.take(line.id);
        if (!row) {
            row = new CheckRow(m_columns);
            connect(row, &CheckRow::runRequested, this, [this](const QString &id) {
                if (m_source)
                    m_source->run(id, {});
            });
            connect(row, &CheckRow::fixRequested, this, &ChecklistPage::startFix);
        }
        row->setParent(nullptr);
        rows.insert(line.id, row);
    }
    qDeleteAll(m_rows);
    m_rows = rows;
    while (QLayoutItem *item = m_column->takeAt(0)) {
        if (QWidget *old = item->widget()) {
            old->hide(); // it goes later, and must not shine through till then
            old->deleteLater();
        }
        delete item;
    }
    for (const Section &section : sections) {
        auto *card = new Card(m_body);
        auto *box = new QVBoxLayout(card);
        box->setContentsMargins(1, space::M, 1, 1);
        box->setSpacing(0);
        auto *title = new Text(checkGroupLabel(section.group), Type::Section, Text::Tone::Text, card);
        title->setBold(true);
        title->setContentsMargins(space::L, 0, space::L, space::S);
        box->addWidget(title);
        for (const CheckLine *line : section.lines) {
            box->addWidget(m_rows.value(line->id));
            m_rows.value(line->id)->show();
        }
        m_column->addWidget(card);
    }
    m_column->addStretch(1);
    place();
    refresh();
}

void ChecklistPage::refresh()
{
    const bool running = m_source && m_source->isRunning();
    m_run->setText(running ? tr("Stop checking") : tr("Check everything"));
    m_run->setEnabled(m_source);
    if (!m_source) {
        m_summary->put({});
        m_stack->setCurrentWidget(m_empty);
        return;
    }
    const CheckReport report = m_source->report();
    const QList<CheckLine> all = lines(report);
    for (const CheckLine &line : all)
        if (CheckRow *row = m_rows.value(line.id))
            row->setLine(line);
    int pending = 0;
    int cells = 0;
    for (const CheckLine &line : all)
        for (const CheckCell &cell : line.cells) {
            cells += cell.applies ? 1 : 0;
            pending += cell.applies && cell.pending ? 1 : 0;
        }
    m_export->setEnabled(m_source->isChecked());
    const QString counts = tr("%1 passed, %2 failed, %3 unknown").arg(report.count(CheckState::Pass)).arg(report.count(CheckState::Fail)).arg(report.count(CheckState::Unknown));
    if (running)
        m_summary->put(tr("Checking: %1 of %2 known.").arg(cells - pending).arg(cells));
    else if (m_source->isChecked())
        m_summary->put(tr("%1. Checked at %2 in %3 s.").arg(counts, report.at.toLocalTime().toString(QStringLiteral("HH:mm:ss"))).arg(report.seconds, 0, 'f', 1));
    else
        m_summary->put(tr("Not checked yet."));
    m_stack->setCurrentWidget(all.isEmpty() ? static_cast<QWidget *>(m_empty) : m_view == View::Commands ? static_cast<QWidget *>(m_commands) : m_stack->widget(0));
    m_export->setVisible(m_view == View::Checklist);
    m_run->setVisible(m_view == View::Checklist);
}

void ChecklistPage::place()
{
    const int scroll = m_scroll->verticalScrollBar()->sizeHint().width();
    const bool mirrored = layoutDirection() == Qt::RightToLeft;
    m_column->setContentsMargins(mirrored ? space::Xl - scroll : space::Xl, 0, mirrored ? space::Xl : space::Xl - scroll, space::Xl);
    const int room = width() - 2 * space::Xl - space::S;
    CheckGeometry geometry;
    const int count = std::max(1, int(m_columns.size()));
    geometry.width = std::clamp((room - LeastTitle) / count, LeastCell, MostCell);
    geometry.left = std::max(160, room - geometry.width * count);
    m_names->setGeometryOfCells(geometry);
    for (CheckRow *row : std::as_const(m_rows))
        row->setGeometryOfCells(geometry);
}

void ChecklistPage::startFix(const QString &id, const QString &node)
{
    CheckRow *row = m_rows.value(id);
    if (!m_source || !row)
        return;
    row->setFixing(node, true, {}, {});
    QCoro::connect(m_source->fix(id, node, m_stop.get_token()), this, [this, id, node](const Result<void> &done) {
        CheckRow *again = m_rows.value(id);
        if (!again)
            return;
        QString error;
        if (!done)
            error = done.error().detail.isEmpty() ? done.error().summary : QStringLiteral("%1 %2").arg(done.error().summary, safeText(done.error().detail, 300));
        again->setFixing(node, false, error, done ? QString() : done.error().remedy);
        tellNote(done ? tr("Put right, and read back.") : QString());
        refresh();
    });
}

void ChecklistPage::askFile(const QString &ending)
{
    auto *dialog = new QFileDialog(this, tr("Export the checklist"));
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->setAcceptMode(QFileDialog::AcceptSave);
    dialog->setDefaultSuffix(ending);
    dialog->selectFile(QStringLiteral("checklist.") + ending);
    connect(dialog, &QFileDialog::fileSelected, this, [this](const QString &path) { tellNote(writeReport(path) ? tr("Written to %1.").arg(path) : tr("%1 could not be written.").arg(path)); });
    dialog->open();
}

void ChecklistPage::tellNote(const QString &text)
{
    m_note->put(text);
    m_note->setVisible(!text.isEmpty());
}

bool ChecklistPage::writeReport(const QString &path)
{
    if (!m_source)
        return false;
    const CheckReport report = m_source->report();
    const QByteArray bytes = path.endsWith(QLatin1String(".html")) ? checkHtml(report) : path.endsWith(QLatin1String(".md")) ? checkMarkdown(report) : checkJson(report);
    QSaveFile file(path);
    return file.open(QIODevice::WriteOnly) && file.write(bytes) == bytes.size() && file.commit();
}

void ChecklistPage::showEvent(QShowEvent *event)
{
    QWidget::showEvent(event);
    place();
    // Whoever opens the page wants to know; later looks are asked for.
    if (m_source && !m_source->isChecked() && !m_source->isRunning())
        m_source->run({}, {});
}

void ChecklistPage::resizeEvent(QResizeEvent *event)
{
    QWidget::resizeEvent(event);
    place();
}

} // namespace hybridge
