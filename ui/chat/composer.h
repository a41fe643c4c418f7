// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/base/async.h"
#include "backend/chat/chattypes.h"

#include <QFrame>
#include <QPointer>
#include <QPushButton>

class QMenu;
class QPlainTextEdit;
class QToolButton;

namespace hybridge {

class Text;

/// A quiet button that says what is chosen and offers the rest in a menu.
class PickButton final : public QPushButton {
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(PickButton)
public:
    struct Choice {
        QString value;
        QString words;
        QString note; ///< in muted words behind it
    };
    explicit PickButton(const QString &what, QWidget *parent = nullptr);
    void setChoices(const QList<Choice> &choices);
    [[nodiscard]] const QList<Choice> &choices() const { return m_choices; }
    void setValue(const QString &value);
    [[nodiscard]] QString value() const { return m_value; }
    /// What stands there while nothing is chosen.
    void setEmptyWords(const QString &words);

Q_SIGNALS:
    void chosen(const QString &value);
    void aboutToShow();

protected:
    void changeEvent(QEvent *event) override;

private:
    void refresh();
    void rebuild();

    QString m_what;
    QString m_value;
    QString m_emptyWords;
    QList<Choice> m_choices;
    QMenu *m_menu;
};

/// Where a prompt is written: several lines, Ctrl+Enter sends; the way and the model; pictures; Stop while an answer comes.
class Composer final : public QFrame {
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(Composer)
public:
    explicit Composer(QWidget *parent = nullptr);
    [[nodiscard]] PickButton &target() { return *m_target; }
    [[nodiscard]] PickButton &model() { return *m_model; }
    void setBusy(bool busy);
    /// Not empty: nothing can be sent, and why.
    void setObstacle(const QString &why);
    /// Loads an old prompt to be sent anew.
    void edit(const QString &text, const QList<ChatImage> &images);
    void endEdit();
    [[nodiscard]] bool isEditing() const { return m_isEditing; }
    [[nodiscard]] QString text() const;
    void setText(const QString &text);
    void clear();
    void focusText();
    /// Reads a picture from a file, on another thread; at most 20 MiB, PNG, JPEG, WebP or GIF. attachEnded() tells; of one that
    /// is refused the note says why.
    void attach(const QString &path);

Q_SIGNALS:
    void sendRequested(const QString &text, const QList<hybridge::ChatImage> &images);
    void stopRequested();
    void editCancelled();
    void attachEnded(bool isAttached);

protected:
    void paintEvent(QPaintEvent *event) override;
    void changeEvent(QEvent *event) override;
    bool eventFilter(QObject *watched, QEvent *event) override;

private:
    static Task<void> read(QPointer<Composer> self, QString path);
    [[nodiscard]] QString take(const QString &path, const Result<QByteArray> &bytes);
    void send();
    void fit();
    void askPicture();
    void showImages();
    void refreshIcons();
    void refreshButtons();

    QPlainTextEdit *m_text;
    PickButton *m_target;
    PickButton *m_model;
    QToolButton *m_attach;
    Text *m_note;
    QPushButton *m_cancel;
    QToolButton *m_removeImages;
    QPushButton *m_send;
    QPushButton *m_stop;
    QList<ChatImage> m_images;
    QString m_obstacle;
    bool m_isEditing = false;
    bool m_isBusy = false;
    int m_round = 0; ///< of attaching: a picture that comes too late is left out
    int m_reading = 0; ///< pictures that are being read
};

} // namespace hybridge
