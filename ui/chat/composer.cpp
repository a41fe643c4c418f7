// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/chat/composer.h"

#include "backend/base/units.h"
#include "ui/chat/fileaside.h"
#include "ui/widgets/icons.h"
#include "ui/widgets/text.h"
#include "ui/widgets/tokens.h"

#include <QFileDialog>
#include <QFileInfo>
#include <QHBoxLayout>
#include <QKeyEvent>
#include <QMenu>
#include <QPainter>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QScrollBar>
#include <QToolButton>

#include <algorithm>

namespace hybridge {

namespace {

constexpr int MostComposerLines = 9;

} // namespace

PickButton::PickButton(const QString &what, QWidget *parent) : QPushButton(parent), m_what(what), m_menu(new QMenu(this))
{
    setProperty("kind", QStringLiteral("quiet"));
    setMenu(m_menu);
    connect(m_menu, &QMenu::aboutToShow, this, &PickButton::aboutToShow);
    refresh();
}

void PickButton::setChoices(const QList<Choice> &choices)
{
    m_choices = choices;
    rebuild();
    refresh();
}

void PickButton::setValue(const QString &value)
{
    m_value = value;
    rebuild();
    refresh();
}

void PickButton::setEmptyWords(const QString &words)
{
    m_emptyWords = words;
    refresh();
}

void PickButton::rebuild()
{
    m_menu->clear();
    for (const Choice &choice : std::as_const(m_choices)) {
        QAction *action = m_menu->addAction(choice.note.isEmpty() ? choice.words : choice.words + QLatin1Char('\t') + choice.note);
        action->setCheckable(true);
        action->setChecked(choice.value == m_value);
        connect(action, &QAction::triggered, this, [this, value = choice.value] {
            setValue(value);
            Q_EMIT chosen(value);
        });
    }
}

void PickButton::refresh()
{
    QString words = m_value.isEmpty() ? m_emptyWords : m_value;
    for (const Choice &choice : std::as_const(m_choices))
        if (choice.value == m_value)
            words = choice.words;
    setText(fontMetrics().elidedText(words, Qt::ElideMiddle, 190) + QStringLiteral(" ▾"));
    setToolTip(m_what + QStringLiteral(": ") + words);
    setAccessibleName(toolTip());
}

void PickButton::changeEvent(QEvent *event)
{
    QPushButton::changeEvent(event);
    if (event->type() == QEvent::FontChange)
        refresh();
}

Composer::Composer(QWidget *parent)
    : QFrame(parent), m_text(new QPlainTextEdit(this)), m_target(new PickButton(tr("Way"), this)), m_model(new PickButton(tr("Model"), this)),
      m_attach(new QToolButton(this)), m_note(new Text(Type::Label, Text::Tone::Muted, this)), m_cancel(new QPushButton(tr("Leave the edit"), this)),
      m_removeImages(new QToolButton(this)), m_send(new QPushButton(tr("Send"), this)), m_stop(new QPushButton(tr("Stop"), this))
{
    setObjectName(QStringLiteral("composer"));
    m_text->setObjectName(QStringLiteral("prompt"));
    m_text->setPlaceholderText(tr("Write a prompt. Ctrl+Enter sends it."));
    m_text->setAccessibleName(tr("Prompt"));
    m_text->setFrameShape(QFrame::NoFrame);
    m_text->setTabChangesFocus(true);
    m_text->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    m_text->setProperty("kind", QStringLiteral("plain"));
    QFont font = typeFont(Type::Body);
    font.setPixelSize(int(Type::Body) + 1);
    m_text->setFont(font);
    m_text->document()->setDocumentMargin(2);
    m_text->installEventFilter(this);
    m_target->setObjectName(QStringLiteral("targetPicker"));
    m_model->setObjectName(QStringLiteral("modelPicker"));
    m_model->setEmptyWords(tr("First model of the list"));
    m_attach->setObjectName(QStringLiteral("attachPicture"));
    m_attach->setToolTip(tr("Attach a picture for a vision model"));
    m_attach->setAccessibleName(m_attach->toolTip());
    m_removeImages->setToolTip(tr("Take the pictures away"));
    m_removeImages->setAccessibleName(m_removeImages->toolTip());
    m_note->setMaxLines(1);
    m_note->setObjectName(QStringLiteral("composerNote"));
    m_cancel->setProperty("kind", QStringLiteral("link"));
    m_cancel->setObjectName(QStringLiteral("cancelEdit"));
    m_send->setProperty("kind", QStringLiteral("primary"));
    m_send->setObjectName(QStringLiteral("send"));
    m_send->setToolTip(tr("Send the prompt (Ctrl+Enter)"));
    m_stop->setObjectName(QStringLiteral("stopAnswer"));
    m_stop->setToolTip(tr("Stop the answer (Esc); what came is kept"));
    auto *row = new QHBoxLayout;
    row->setSpacing(2);
    row->addWidget(m_attach);
    row->addWidget(m_target);
    row->addWidget(m_model);
    row->addStretch(1);
    row->addWidget(m_stop);
    row->addWidget(m_send);
    auto *noteRow = new QHBoxLayout;
    noteRow->setSpacing(space::S);
    noteRow->addWidget(m_note, 1);
    noteRow->addWidget(m_removeImages);
    noteRow->addWidget(m_cancel);
    auto *column = new QVBoxLayout(this);
    column->setContentsMargins(space::M, space::S + 2, space::S, space::S);
    column->setSpacing(space::Xs);
    column->addLayout(noteRow);
    column->addWidget(m_text);
    column->addLayout(row);
    connect(m_text, &QPlainTextEdit::textChanged, this, [this] {
        fit();
        refreshButtons();
    });
    connect(m_send, &QPushButton::clicked, this, &Composer::send);
    connect(m_stop, &QPushButton::clicked, this, &Composer::stopRequested);
    connect(m_attach, &QToolButton::clicked, this, &Composer::askPicture);
    connect(m_removeImages, &QToolButton::clicked, this, [this] {
        ++m_round;
        m_images.clear();
        showImages();
    });
    connect(m_cancel, &QPushButton::clicked, this, [this] {
        endEdit();
        Q_EMIT editCancelled();
    });
    setFocusProxy(m_text);
    m_stop->hide();
    showImages();
    refreshIcons();
    fit();
    refreshButtons();
}

void Composer::setBusy(bool busy)
{
    m_isBusy = busy;
    m_stop->setVisible(busy);
    m_send->setVisible(!busy);
    refreshButtons();
}

void Composer::setObstacle(const QString &why)
{
    m_obstacle = why;
    showImages();
    refreshButtons();
}

void Composer::edit(const QString &text, const QList<ChatImage> &images)
{
    ++m_round;
    m_isEditing = true;
    m_images = images;
    m_text->setPlainText(text);
    m_text->moveCursor(QTextCursor::End);
    showImages();
    focusText();
}

void Composer::endEdit()
{
    m_isEditing = false;
    clear();
}

QString Composer::text() const
{
    return m_text->toPlainText();
}

void Composer::setText(const QString &text)
{
    m_text->setPlainText(text);
}

void Composer::clear()
{
    ++m_round;
    m_images.clear();
    m_text->clear();
    showImages();
}

void Composer::focusText()
{
    m_text->setFocus();
}

void Composer::send()
{
    if (m_isBusy || m_reading > 0 || !m_obstacle.isEmpty() || (text().trimmed().isEmpty() && m_images.isEmpty()))
        return;
    // By value: whoever sends it clears this.
    const QString words = text();
    const QList<ChatImage> images = m_images;
    Q_EMIT sendRequested(words, images);
}

void Composer::attach(const QString &path)
{
    read(this, path);
}

Task<void> Composer::read(QPointer<Composer> self, QString path)
{
    const int round = self->m_round;
    ++self->m_reading;
    self->refreshButtons();
    const Result<QByteArray> bytes = co_await readFileAside(path, ChatImage::MostBytes);
    if (!self)
        co_return;
    --self->m_reading;
    QString trouble;
    if (round == self->m_round) {
        trouble = self->take(path, bytes);
        self->showImages();
        if (!trouble.isEmpty()) {
            self->m_note->put(trouble);
            self->m_note->show();
        }
    }
    self->refreshButtons();
    Q_EMIT self->attachEnded(round == self->m_round && trouble.isEmpty());
}

/// Why it was refused; empty: it is attached.
QString Composer::take(const QString &path, const Result<QByteArray> &bytes)
{
    const QString name = QFileInfo(path).fileName();
    if (!bytes)
        return bytes.error().kind == Error::Kind::Invalid ? tr("%1 is over 20 MiB and was not attached.").arg(safeText(name, 60)) : bytes.error().summary;
    const QString type = chatImageType(*bytes);
    if (type.isEmpty())
        return tr("%1 is no PNG, JPEG, GIF or WebP picture and was not attached.").arg(safeText(name, 60));
    m_images.append({type, *bytes, name});
    return {};
}

void Composer::askPicture()
{
    auto *dialog = new QFileDialog(this, tr("Attach a picture"), {}, tr("Pictures (*.png *.jpg *.jpeg *.gif *.webp)"));
    dialog->setObjectName(QStringLiteral("pictureDialog"));
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->setFileMode(QFileDialog::ExistingFile);
    connect(dialog, &QFileDialog::fileSelected, this, &Composer::attach);
    dialog->open();
}

void Composer::showImages()
{
    QStringList parts;
    if (m_isEditing)
        parts.append(tr("Edit: the prompt is sent anew, the old branch stays."));
    if (!m_images.isEmpty()) {
        QStringList names;
        for (const ChatImage &image : std::as_const(m_images))
            names.append(safeText(image.name, 40));
        parts.append(tr("Attached: %1").arg(names.join(QStringLiteral(", "))));
    }
    if (!m_obstacle.isEmpty())
        parts.append(m_obstacle);
    m_note->put(parts.join(QLatin1Char(' ')));
    m_note->setVisible(!parts.isEmpty());
    m_cancel->setVisible(m_isEditing);
    m_removeImages->setVisible(!m_images.isEmpty());
}

void Composer::fit()
{
    const int line = m_text->fontMetrics().lineSpacing();
    const int lines = std::clamp(int(m_text->document()->size().height()), 2, MostComposerLines);
    m_text->setFixedHeight(lines * line + 8);
    m_text->setVerticalScrollBarPolicy(lines < MostComposerLines ? Qt::ScrollBarAlwaysOff : Qt::ScrollBarAsNeeded);
}

void Composer::refreshButtons()
{
    m_send->setEnabled(!m_isBusy && m_reading == 0 && m_obstacle.isEmpty() && (!m_text->document()->isEmpty() || !m_images.isEmpty()));
}

bool Composer::eventFilter(QObject *watched, QEvent *event)
{
    if (watched == m_text && event->type() == QEvent::KeyPress) {
        const auto *key = static_cast<QKeyEvent *>(event);
        const bool isEnter = key->key() == Qt::Key_Return || key->key() == Qt::Key_Enter;
        if (isEnter && key->modifiers().testFlag(Qt::ControlModifier)) {
            send();
            return true;
        }
        if (key->key() == Qt::Key_Escape && m_isBusy) {
            Q_EMIT stopRequested();
            return true;
        }
        if (key->key() == Qt::Key_Escape && m_isEditing) {
            endEdit();
            Q_EMIT editCancelled();
            return true;
        }
    }
    if (watched == m_text && (event->type() == QEvent::FocusIn || event->type() == QEvent::FocusOut))
        update();
    if (watched == m_text && event->type() == QEvent::Resize)
        fit();
    return QFrame::eventFilter(watched, event);
}

void Composer::paintEvent(QPaintEvent * /*event*/)
{
    const Tokens &tokens = tokensFor(palette());
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setPen(m_text->hasFocus() ? tokens.accent : tokens.border);
    painter.setBrush(tokens.surface);
    painter.drawRoundedRect(QRectF(rect()).adjusted(0.5, 0.5, -0.5, -0.5), 12, 12);
}

void Composer::changeEvent(QEvent *event)
{
    QFrame::changeEvent(event);
    if (event->type() == QEvent::PaletteChange)
        refreshIcons();
}

void Composer::refreshIcons()
{
    const Tokens &tokens = tokensFor(palette());
    m_attach->setIcon(tintedIcon(QStringLiteral("attach"), tokens.muted, 18));
    m_removeImages->setIcon(tintedIcon(QStringLiteral("close"), tokens.muted, 14));
}

} // namespace hybridge
