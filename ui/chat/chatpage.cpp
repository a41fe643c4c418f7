// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/chat/chatpage.h"

#include "backend/base/units.h"
#include "backend/chat/chatmodels.h"
#include "ui/chat/chatsession.h"
#include "ui/chat/comparepanel.h"
#include "ui/chat/composer.h"
#include "ui/chat/conversationlist.h"
#include "ui/chat/conversationview.h"
#include "ui/chat/parameterspanel.h"
#include "ui/chat/requestdialog.h"
#include "ui/widgets/banner.h"
#include "ui/widgets/text.h"
#include "ui/widgets/tokens.h"

#include <QKeyEvent>
#include <QPainter>
#include <QPushButton>
#include <QStackedWidget>
#include <QToolButton>

namespace hybridge {

namespace {

constexpr int RoomForList = 860; ///< under it the list hides
constexpr int RoomForParameters = 1180; ///< with list and parameters beside the column

/// What stands beside a model's name in the menu.
QString noteOf(const ChatModelChoice &model)
{
    if (model.isVirtual)
        return ChatPage::tr("the router chooses");
    return model.onlyOn.isEmpty() ? QString() : ChatPage::tr("only on %1").arg(safeText(model.onlyOn.join(QStringLiteral(", ")), 60));
}

} // namespace

ChatPage::~ChatPage()
{
    m_modelsStop.request_stop();
    m_session->disconnect(this); // what it says while it is put away reaches widgets that are half gone
}

void ChatPage::setBackends(ChatSource *source, ChatHistory *history, const Clock *clock)
{
    m_modelsStop.request_stop();
    m_source = source;
    m_history = history;
    m_areModelsRead = false;
    m_edited.clear();
    m_composer->endEdit();
    m_session->setBackends(source, history, clock);
    m_list->setHistory(history);
    m_compare->setBackends(source, clock);
    fillTargets();
    refreshHead();
    refreshBody();
    if (isVisible())
        readModels();
}

void ChatPage::setLabels(const NodeLabels &labels)
{
    m_labels = labels;
    m_view->setLabels(labels);
    m_compare->setLabels(labels);
    fillTargets();
}

void ChatPage::connectSession()
{
    connect(m_session, &ChatSession::branchChanged, this, [this] {
        m_view->setBranch(m_session->conversation());
        m_list->setCurrent(m_session->conversation().head.id);
        refreshBody();
    });
    connect(m_session, &ChatSession::headChanged, this, [this] {
        refreshHead();
        m_parameters->show(m_session->settings());
        m_compare->setSettings(m_session->settings());
        m_composer->target().setValue(m_session->settings().target.text());
        m_composer->model().setValue(m_session->settings().model);
    });
    connect(m_session, &ChatSession::turnChanged, m_view, &ConversationView::setTurn);
    connect(m_session, &ChatSession::grew, m_view, &ConversationView::grow);
    connect(m_session, &ChatSession::lives, m_view, &ConversationView::setLive);
    connect(m_session, &ChatSession::busyChanged, this, [this](bool busy) {
        m_composer->setBusy(busy);
        m_view->setBusy(busy);
        if (busy)
            tell({});
    });
    connect(m_session, &ChatSession::troubled, this, &ChatPage::trouble);
    connect(m_session, &ChatSession::stopProved, this, [this](const QString & /*id*/, const ChatStopProof &proof) { tell(safeText(proof.sentence, 200)); });

    connect(m_composer, &Composer::sendRequested, this, [this](const QString &text, const QList<ChatImage> &images) {
        const QString edited = std::exchange(m_edited, {});
        m_composer->endEdit();
        if (edited.isEmpty())
            m_session->send(text, images);
        else
            m_session->resend(edited, text, images);
        m_view->scrollToEnd();
    });
    connect(m_composer, &Composer::stopRequested, m_session, &ChatSession::stop);
    connect(m_composer, &Composer::editCancelled, this, [this] { m_edited.clear(); });
    connect(&m_composer->target(), &PickButton::chosen, this, [this](const QString &text) {
        const Result<ChatTarget> target = ChatTarget::parse(text);
        if (!target)
            return;
        ChatRequest settings = m_session->settings();
        settings.target = *target;
        settings.model.clear(); // names belong to the way
        m_session->setSettings(settings);
        readModels();
    });
    connect(&m_composer->model(), &PickButton::chosen, this, [this](const QString &model) {
        ChatRequest settings = m_session->settings();
        settings.model = model;
        m_session->setSettings(settings);
    });
    connect(&m_composer->model(), &PickButton::aboutToShow, this, [this] {
        if (!m_areModelsRead)
            readModels();
    });
    connect(m_parameters, &ParametersPanel::changed, this, [this] {
        m_composer->setObstacle(m_parameters->obstacle());
        if (!m_parameters->obstacle().isEmpty())
            return;
        ChatRequest settings = m_session->settings();
        m_parameters->apply(settings);
        m_session->setSettings(settings);
    });

    connect(m_view, &ConversationView::editRequested, this, [this](const QString &id) {
        const ChatTurn *turn = m_session->conversation().turn(id);
        if (!turn || m_session->isBusy())
            return;
        m_edited = id;
        m_composer->edit(turn->message.text, turn->message.images);
    });
    connect(m_view, &ConversationView::regenerateRequested, m_session, &ChatSession::regenerate);
    connect(m_view, &ConversationView::continueRequested, m_session, &ChatSession::continueAnswer);
    connect(m_view, &ConversationView::branchChosen, m_session, &ChatSession::choose);
    connect(m_view, &ConversationView::requestRequested, this, &ChatPage::showRequest);
    connect(m_view, &ConversationView::nodeRequested, this, &ChatPage::nodeRequested);
    connect(m_compare, &ComparePanel::nodeRequested, this, &ChatPage::nodeRequested);
}

void ChatPage::connectList()
{
    connect(m_list, &ConversationList::chosen, this, [this](const QString &id) {
        showCompare(false);
        m_composer->endEdit();
        m_edited.clear();
        m_session->open(id);
        m_view->scrollToEnd();
    });
    connect(m_list, &ConversationList::newRequested, this, &ChatPage::newConversation);
    connect(m_list, &ConversationList::renamed, this, [this](const QString &id, const QString &title) {
        if (id == m_session->conversation().head.id)
            m_session->rename(title);
        else if (m_history)
            patch(this, id, HeadPart::Title, {title});
    });
    connect(m_list, &ConversationList::tagged, this, [this](const QString &id, const QStringList &tags) {
        if (id == m_session->conversation().head.id)
            m_session->setTags(tags);
        else if (m_history)
            patch(this, id, HeadPart::Tags, tags);
    });
    connect(m_list, &ConversationList::removed, this, [this](const QString &id) {
        if (id == m_session->conversation().head.id)
            newConversation();
    });
    connect(m_list, &ConversationList::told, this, [this](const Result<QString> &what) {
        if (what)
            tell(*what);
        else
            trouble(what.error());
    });
}

Task<void> ChatPage::patch(QPointer<ChatPage> self, QString id, HeadPart part, QStringList words)
{
    const QPointer<ChatHistory> history = self->m_history;
    Result<Conversation> found = co_await history->read(id);
    if (!self || !history || !found)
        co_return;
    ConversationHead head = found->head;
    if (part == HeadPart::Title)
        head.title = words.value(0);
    else
        head.tags = cleanTags(words);
    const Result<void> done = co_await history->put(head);
    if (self && !done)
        self->trouble(done.error());
}

void ChatPage::newConversation()
{
    showCompare(false);
    m_edited.clear();
    m_composer->endEdit();
    m_session->begin();
    m_composer->focusText();
}

void ChatPage::fillTargets()
{
    QList<PickButton::Choice> choices;
    const QList<ChatTargetChoice> targets = m_source ? m_source->targets() : QList<ChatTargetChoice>();
    bool isThere = false;
    for (const ChatTargetChoice &choice : targets) {
        choices.append({choice.target.text(), targetWords(choice.target, m_labels), safeText(choice.address, 60)});
        isThere |= choice.target == m_session->settings().target;
    }
    m_composer->target().setEmptyWords(tr("No way is configured"));
    m_composer->target().setChoices(choices);
    if (!isThere && !targets.isEmpty()) {
        ChatRequest settings = m_session->settings();
        settings.target = targets.first().target;
        m_session->setSettings(settings);
    }
    m_composer->target().setValue(targets.isEmpty() ? QString() : m_session->settings().target.text());
    m_composer->target().setEnabled(!targets.isEmpty());
    const bool isNowhere = m_source && targets.isEmpty();
    m_composer->setObstacle(isNowhere ? tr("The fleet file names no endpoint and no node that could be asked.") : m_parameters->obstacle());
}

void ChatPage::readModels()
{
    m_modelsStop.request_stop();
    m_modelsStop = {};
    m_composer->model().setChoices({});
    if (!m_source || m_source->targets().isEmpty())
        return;
    m_composer->model().setEmptyWords(tr("Reading the models"));
    m_areModelsRead = true;
    loadModels(this, m_session->settings().target, m_modelsStop.get_token());
}

Task<void> ChatPage::loadModels(QPointer<ChatPage> self, ChatTarget target, std::stop_token stop)
{
    const Result<QList<ChatModelChoice>> models = co_await self->m_source->models(target, stop);
    if (!self || stop.stop_requested())
        co_return;
    PickButton &picker = self->m_composer->model();
    if (!models) {
        self->m_areModelsRead = false; // the next click on it tries again
        picker.setEmptyWords(tr("Models not read"));
        picker.setToolTip(safeText(models.error().summary, 300));
        co_return;
    }
    QList<PickButton::Choice> choices;
    for (const ChatModelChoice &model : *models)
        choices.append({model.name, safeText(model.name, 80), noteOf(model)});
    const QString usual = usualModel(*models);
    picker.setEmptyWords(usual.isEmpty() ? tr("No model") : safeText(usual, 80));
    picker.setChoices(choices);
}

void ChatPage::refreshHead()
{
    const QString title = safeText(m_session->conversation().head.title, 120);
    m_title->put(m_isCompare ? tr("Compare ways") : title.isEmpty() ? tr("New conversation") : title);
    m_compareButton->setChecked(m_isCompare);
}

void ChatPage::refreshBody()
{
    m_middle->setCurrentWidget(m_isCompare ? static_cast<QWidget *>(m_compare) : m_session->isFresh() ? m_empty : static_cast<QWidget *>(m_view));
    m_composerBox->setVisible(!m_isCompare);
    placeJump();
}

void ChatPage::showCompare(bool shown)
{
    if (shown && !m_isCompare && !m_composer->text().trimmed().isEmpty())
        m_compare->setPrompt(m_composer->text());
    m_isCompare = shown;
    refreshHead();
    refreshBody();
}

void ChatPage::showParameters(bool shown)
{
    m_parametersButton->setChecked(shown);
    m_parameters->setVisible(shown);
    m_listBox->setVisible(m_isListWanted && width() >= (shown ? RoomForParameters : RoomForList));
    update();
}

void ChatPage::focusSearch()
{
    m_listBox->show();
    m_list->focusSearch();
}

void ChatPage::showRequest(const QString &answer)
{
    if (!m_source)
        return;
    auto *dialog = new RequestDialog(m_source->requestText(m_session->requestOf(answer)), m_session->rawOf(answer), this);
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->open();
}

void ChatPage::tell(const QString &words)
{
    m_note->put(words);
    m_note->setVisible(!words.isEmpty());
}

void ChatPage::trouble(const Error &error)
{
    m_trouble->setParts(error.summary, safeText(error.detail, 400), error.remedy);
    m_trouble->show();
}

void ChatPage::placeJump()
{
    const bool isWanted = m_middle->currentWidget() == m_view && !m_view->isAtEnd();
    m_jump->setVisible(isWanted);
    if (!isWanted)
        return;
    const QPoint corner = m_view->mapTo(this, QPoint(m_view->width() / 2 - m_jump->width() / 2, m_view->height() - m_jump->height() - space::S));
    m_jump->move(corner);
    m_jump->raise();
}

void ChatPage::showEvent(QShowEvent *event)
{
    QWidget::showEvent(event);
    if (!m_areModelsRead)
        readModels();
}

void ChatPage::resizeEvent(QResizeEvent *event)
{
    QWidget::resizeEvent(event);
    m_listBox->setVisible(m_isListWanted && width() >= (m_parameters->isHidden() ? RoomForList : RoomForParameters));
    placeJump();
}

void ChatPage::keyPressEvent(QKeyEvent *event)
{
    if (event->key() == Qt::Key_Escape && m_session->isBusy()) {
        m_session->stop();
        return;
    }
    if (event->key() == Qt::Key_N && event->modifiers() == Qt::ControlModifier) {
        newConversation();
        return;
    }
    QWidget::keyPressEvent(event);
}

void ChatPage::paintEvent(QPaintEvent * /*event*/)
{
    const Tokens &tokens = tokensFor(palette());
    QPainter painter(this);
    const bool isRight = layoutDirection() == Qt::RightToLeft;
    if (!m_listBox->isHidden())
        painter.fillRect(QRect(isRight ? m_listBox->x() : m_listBox->geometry().right(), 0, 1, height()), tokens.border);
    if (!m_parameters->isHidden()) {
        painter.fillRect(m_parameters->geometry(), tokens.surface);
        painter.fillRect(QRect(isRight ? m_parameters->geometry().right() : m_parameters->x(), 0, 1, height()), tokens.border);
    }
}

void ChatPage::changeEvent(QEvent *event)
{
    QWidget::changeEvent(event);
    if (event->type() == QEvent::PaletteChange)
        refreshIcons();
}

} // namespace hybridge
