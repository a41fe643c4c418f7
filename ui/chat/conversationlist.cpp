// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/chat/conversationlist.h"

#include "backend/base/units.h"
#include "ui/widgets/icons.h"
#include "ui/widgets/text.h"
#include "ui/widgets/tokens.h"

#include <QDialog>
#include <QFileDialog>
#include <QGuiApplication>
#include <QHBoxLayout>
#include <QLineEdit>
#include <QListWidget>
#include <QLocale>
#include <QMenu>
#include <QPainter>
#include <QPushButton>
#include <QStyledItemDelegate>
#include <QTimerEvent>
#include <QVBoxLayout>

namespace hybridge {

namespace {

constexpr int ListSoonMs = 150;
constexpr int MostListed = 500;
enum ListRole { IdRole = Qt::UserRole, TitleRole, NoteRole, TagsRole };

QString dayWords(const QDateTime &at)
{
    const QDateTime local = at.toLocalTime();
    return local.date() == QDate::currentDate() ? QLocale().toString(local.time(), QLocale::ShortFormat) : QLocale().toString(local.date(), QLocale::ShortFormat);
}

/// Title, and under it when it was, its tags or what the search found.
class SummaryDelegate final : public QStyledItemDelegate {
public:
    using QStyledItemDelegate::QStyledItemDelegate;
    QSize sizeHint(const QStyleOptionViewItem &option, const QModelIndex & /*index*/) const override { return {option.rect.width(), 50}; }
    void paint(QPainter *painter, const QStyleOptionViewItem &option, const QModelIndex &index) const override
    {
        // Not the option's palette: a list with a rule of its own keeps the one of the scheme before.
        const QPalette scheme = QGuiApplication::palette();
        const Tokens &tokens = tokensFor(scheme);
        const bool isSelected = option.state.testFlag(QStyle::State_Selected);
        const QRect card = option.rect.adjusted(space::S, 1, -space::S, -1);
        painter->save();
        painter->setRenderHint(QPainter::Antialiasing);
        painter->setPen(Qt::NoPen);
        if (isSelected || option.state.testFlag(QStyle::State_MouseOver)) {
            painter->setBrush(isSelected ? tokens.selection : tokens.raised);
            painter->drawRoundedRect(card, radius::Control, radius::Control);
        }
        const QRect inner = card.adjusted(space::M, 6, -space::M, -6);
        const Qt::Alignment lead = option.direction == Qt::RightToLeft ? Qt::AlignRight : Qt::AlignLeft;
        const QFont body = typeFont(Type::Body);
        painter->setFont(body);
        painter->setPen(tokens.text);
        painter->drawText(QRect(inner.left(), inner.top(), inner.width(), 18), lead | Qt::AlignVCenter,
            QFontMetrics(body).elidedText(index.data(TitleRole).toString(), Qt::ElideRight, inner.width()));
        const QFont label = typeFont(Type::Label);
        painter->setFont(label);
        painter->setPen(tokens.muted);
        painter->drawText(QRect(inner.left(), inner.top() + 20, inner.width(), 16), lead | Qt::AlignVCenter,
            QFontMetrics(label).elidedText(index.data(NoteRole).toString(), Qt::ElideRight, inner.width()));
        painter->restore();
    }
};

} // namespace

ConversationList::ConversationList(QWidget *parent)
    : QWidget(parent), m_search(new QLineEdit(this)), m_list(new QListWidget(this)), m_empty(new Text(Type::Label, Text::Tone::Muted, this)),
      m_new(new QPushButton(tr("New conversation"), this)), m_import(new QPushButton(tr("Import…"), this))
{
    setObjectName(QStringLiteral("conversationList"));
    m_search->setObjectName(QStringLiteral("searchConversations"));
    m_search->setPlaceholderText(tr("Search all that was said"));
    m_search->setClearButtonEnabled(false);
    m_list->setObjectName(QStringLiteral("conversations"));
    m_list->setItemDelegate(new SummaryDelegate(m_list));
    m_list->setContextMenuPolicy(Qt::CustomContextMenu);
    m_list->setMouseTracking(true);
    m_list->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    m_list->setVerticalScrollMode(QAbstractItemView::ScrollPerPixel);
    m_list->setProperty("kind", QStringLiteral("plain"));
    m_list->setAccessibleName(tr("Conversations"));
    m_new->setObjectName(QStringLiteral("newConversation"));
    m_new->setToolTip(tr("Begin a new conversation (Ctrl+N)"));
    m_import->setProperty("kind", QStringLiteral("link"));
    m_import->setObjectName(QStringLiteral("importConversation"));
    auto *column = new QVBoxLayout(this);
    column->setContentsMargins(0, space::L, 0, space::S);
    column->setSpacing(space::S);
    auto *head = new QVBoxLayout;
    head->setContentsMargins(space::M, 0, space::M, 0);
    head->setSpacing(space::S);
    head->addWidget(m_new);
    head->addWidget(m_search);
    head->addWidget(m_empty);
    column->addLayout(head);
    column->addWidget(m_list, 1);
    auto *foot = new QHBoxLayout;
    foot->setContentsMargins(space::L, 0, space::L, 0);
    foot->addWidget(m_import);
    foot->addStretch(1);
    column->addLayout(foot);
    connect(m_new, &QPushButton::clicked, this, &ConversationList::newRequested);
    connect(m_import, &QPushButton::clicked, this, &ConversationList::askImport);
    connect(m_search, &QLineEdit::textChanged, this, [this] { m_soon.start(ListSoonMs, this); });
    connect(m_list, &QListWidget::itemClicked, this, [this](const QListWidgetItem *item) { Q_EMIT chosen(item->data(IdRole).toString()); });
    connect(m_list, &QListWidget::itemActivated, this, [this](const QListWidgetItem *item) { Q_EMIT chosen(item->data(IdRole).toString()); });
    connect(m_list, &QListWidget::customContextMenuRequested, this, &ConversationList::showMenu);
    m_empty->hide();
}

ConversationList::~ConversationList() = default;

void ConversationList::setHistory(ChatHistory *history)
{
    if (m_history)
        m_history->disconnect(this);
    m_history = history;
    show({});
    if (!history)
        return;
    connect(history, &ChatHistory::changed, this, [this] { m_soon.start(ListSoonMs, this); });
    refresh();
}

void ConversationList::setCurrent(const QString &id)
{
    m_current = id;
    for (int i = 0; i < m_list->count(); ++i)
        m_list->item(i)->setSelected(m_list->item(i)->data(IdRole).toString() == id);
}

void ConversationList::focusSearch()
{
    m_search->setFocus();
    m_search->selectAll();
}

void ConversationList::refresh()
{
    m_soon.stop();
    if (m_history)
        read(this, m_search->text(), ++m_number);
}

Task<void> ConversationList::read(QPointer<ConversationList> self, QString words, int number)
{
    const Result<QList<ConversationSummary>> all = co_await self->m_history->list(words, MostListed);
    if (!self || number != self->m_number)
        co_return; // a newer question is on its way
    if (!all) {
        self->show({});
        self->m_empty->put(all.error().summary);
        self->m_empty->show();
        co_return;
    }
    self->show(*all);
}

void ConversationList::show(const QList<ConversationSummary> &all)
{
    m_list->clear();
    for (const ConversationSummary &one : all) {
        auto *item = new QListWidgetItem(m_list);
        const QString title = safeText(one.title, 100);
        item->setData(IdRole, one.id);
        item->setData(TitleRole, title.isEmpty() ? tr("Untitled") : title);
        item->setData(Qt::AccessibleTextRole, item->data(TitleRole));
        item->setData(TagsRole, one.tags);
        const QString when = dayWords(one.changed);
        const QString found = safeText(one.snippet, 120).simplified();
        item->setData(NoteRole, !found.isEmpty() ? found : one.tags.isEmpty() ? when : tr("%1 · %2").arg(when, one.tags.join(QStringLiteral(", "))));
        item->setSelected(one.id == m_current);
    }
    m_empty->put(m_search->text().trimmed().isEmpty() ? tr("What is said here is kept on this computer. Nothing yet.") : tr("Nothing of that was said."));
    m_empty->setVisible(all.isEmpty());
}

void ConversationList::showMenu(const QPoint &at)
{
    const QListWidgetItem *item = m_list->itemAt(at);
    if (!item)
        return;
    const QString id = item->data(IdRole).toString();
    const QString title = item->data(TitleRole).toString();
    const QStringList tags = item->data(TagsRole).toStringList();
    auto *menu = new QMenu(this);
    menu->setObjectName(QStringLiteral("conversationMenu"));
    menu->setAttribute(Qt::WA_DeleteOnClose);
    connect(menu->addAction(tr("Rename…")), &QAction::triggered, this, [=, this] { askWords(id, title, tr("Title"), title, true); });
    connect(menu->addAction(tr("Set tags…")), &QAction::triggered, this,
        [=, this] { askWords(id, title, tr("Tags, divided by commas"), tags.join(QStringLiteral(", ")), false); });
    connect(menu->addAction(tr("Export…")), &QAction::triggered, this, [=, this] { askExport(id, title); });
    menu->addSeparator();
    connect(menu->addAction(tr("Delete…")), &QAction::triggered, this, [=, this] { askRemove(id, title); });
    menu->popup(m_list->viewport()->mapToGlobal(at));
}

void ConversationList::askWords(const QString &id, const QString &title, const QString &label, const QString &now, bool isTitle)
{
    auto *dialog = new QDialog(this);
    dialog->setObjectName(QStringLiteral("wordsDialog"));
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->setWindowTitle(isTitle ? tr("Rename conversation") : tr("Tags of “%1”").arg(title));
    dialog->setMinimumWidth(420);
    auto *field = new QLineEdit(now, dialog);
    field->setObjectName(QStringLiteral("words"));
    field->setMaxLength(400);
    auto *keep = new QPushButton(isTitle ? tr("Rename") : tr("Set tags"), dialog);
    keep->setProperty("kind", QStringLiteral("primary"));
    keep->setDefault(true);
    auto *leave = new QPushButton(tr("Leave as it is"), dialog);
    leave->setAutoDefault(false);
    auto *buttons = new QHBoxLayout;
    buttons->addStretch(1);
    buttons->addWidget(leave);
    buttons->addWidget(keep);
    auto *column = new QVBoxLayout(dialog);
    column->setContentsMargins(space::Xl, space::L, space::Xl, space::L);
    column->setSpacing(space::S);
    column->addWidget(new Text(label, Type::Label, Text::Tone::Muted, dialog));
    column->addWidget(field);
    column->addSpacing(space::S);
    column->addLayout(buttons);
    connect(leave, &QPushButton::clicked, dialog, &QDialog::reject);
    connect(keep, &QPushButton::clicked, dialog, &QDialog::accept);
    connect(dialog, &QDialog::accepted, this, [this, id, field, isTitle] {
        if (isTitle)
            Q_EMIT renamed(id, safeText(field->text(), 200).simplified());
        else
            Q_EMIT tagged(id, field->text().split(QLatin1Char(','), Qt::SkipEmptyParts));
    });
    dialog->open();
    field->selectAll();
}

void ConversationList::askExport(const QString &id, const QString &title)
{
    QString name = title.left(40);
    for (QChar &c : name)
        if (!c.isLetterOrNumber())
            c = QLatin1Char('-');
    auto *dialog = new QFileDialog(this, tr("Export conversation"), name, tr("JSON, with all branches (*.json);;Markdown, the branch that is shown (*.md)"));
    dialog->setObjectName(QStringLiteral("exportDialog"));
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->setAcceptMode(QFileDialog::AcceptSave);
    dialog->setDefaultSuffix(QStringLiteral("json"));
    connect(dialog, &QFileDialog::filterSelected, dialog,
        [dialog](const QString &filter) { dialog->setDefaultSuffix(filter.contains(QLatin1String("*.md")) ? QStringLiteral("md") : QStringLiteral("json")); });
    connect(dialog, &QFileDialog::fileSelected, this, [this, id](const QString &path) { exportTo(id, path); });
    dialog->open();
}

void ConversationList::askImport()
{
    auto *dialog = new QFileDialog(this, tr("Import a conversation"), {}, tr("Conversations (*.json);;All files (*)"));
    dialog->setObjectName(QStringLiteral("importDialog"));
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->setFileMode(QFileDialog::ExistingFile);
    connect(dialog, &QFileDialog::fileSelected, this, &ConversationList::importFrom);
    dialog->open();
}

void ConversationList::exportTo(const QString &id, const QString &path)
{
    if (m_history)
        write(this, id, path);
}

void ConversationList::importFrom(const QString &path)
{
    if (m_history)
        take(this, path);
}

Task<void> ConversationList::write(QPointer<ConversationList> self, QString id, QString path)
{
    const Result<qint64> written = co_await self->m_history->exportFile(id, path);
    if (!self)
        co_return;
    if (!written)
        Q_EMIT self->told(written.error());
    else
        Q_EMIT self->told(tr("Messages written to %1: %2.").arg(safeText(path, 200)).arg(*written));
}

Task<void> ConversationList::take(QPointer<ConversationList> self, QString path)
{
    const Result<QString> id = co_await self->m_history->importFile(path);
    if (!self)
        co_return;
    if (!id) {
        Q_EMIT self->told(id.error());
        co_return;
    }
    Q_EMIT self->told(tr("The conversation was imported."));
    if (self)
        Q_EMIT self->chosen(*id);
}

Task<void> ConversationList::erase(QPointer<ConversationList> self, QString id)
{
    const Result<void> gone = co_await self->m_history->remove(id);
    if (!self)
        co_return;
    if (!gone)
        Q_EMIT self->told(gone.error());
    else
        Q_EMIT self->removed(id);
}

void ConversationList::askRemove(const QString &id, const QString &title)
{
    auto *dialog = new QDialog(this);
    dialog->setObjectName(QStringLiteral("removeDialog"));
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->setWindowTitle(tr("Delete conversation"));
    dialog->setMinimumWidth(460);
    auto *what = new Text(tr("Delete “%1”?").arg(safeText(title, 100)), Type::Section, Text::Tone::Text, dialog);
    what->setBold(true);
    auto *words = new Text(tr("All its messages and branches go from this computer. There is no way back but an export that was made before."), Type::Body,
        Text::Tone::Muted, dialog);
    auto *keep = new QPushButton(tr("Keep conversation"), dialog);
    keep->setDefault(true);
    auto *remove = new QPushButton(tr("Delete conversation"), dialog);
    remove->setObjectName(QStringLiteral("confirmRemove"));
    remove->setAutoDefault(false);
    auto *buttons = new QHBoxLayout;
    buttons->addStretch(1);
    buttons->addWidget(keep);
    buttons->addWidget(remove);
    auto *column = new QVBoxLayout(dialog);
    column->setContentsMargins(space::Xl, space::Xl, space::Xl, space::L);
    column->setSpacing(space::S);
    column->addWidget(what);
    column->addWidget(words);
    column->addSpacing(space::S);
    column->addLayout(buttons);
    connect(keep, &QPushButton::clicked, dialog, &QDialog::reject);
    connect(remove, &QPushButton::clicked, dialog, &QDialog::accept);
    connect(dialog, &QDialog::accepted, this, [this, id] {
        if (m_history)
            erase(this, id);
    });
    dialog->open();
}

void ConversationList::timerEvent(QTimerEvent *event)
{
    if (event->timerId() == m_soon.timerId())
        refresh();
    else
        QWidget::timerEvent(event);
}

void ConversationList::changeEvent(QEvent *event)
{
    QWidget::changeEvent(event);
    if (event->type() == QEvent::PaletteChange)
        m_list->viewport()->update();
}

} // namespace hybridge
