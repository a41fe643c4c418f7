// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/chat/markdownblocks.h"

#include <QFrame>
#include <QPointer>
#include <QSyntaxHighlighter>
#include <QTextBrowser>

class QPlainTextEdit;
class QToolButton;

namespace hybridge {

class StillDocument;
class Text;

/// A block of Markdown to read, select and copy. Never loads anything. A link is not followed: linkActivated() tells.
class TextBlockView final : public QTextBrowser {
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(TextBlockView)
public:
    explicit TextBlockView(QWidget *parent = nullptr);
    void setMarkdown(const QString &markdown);
    [[nodiscard]] int heightFor(int width);

Q_SIGNALS:
    void linkActivated(const QUrl &url);

protected:
    void paintEvent(QPaintEvent *event) override;
    void wheelEvent(QWheelEvent *event) override;
    void changeEvent(QEvent *event) override;
    QVariant loadResource(int type, const QUrl &name) override;

private:
    void render();

    StillDocument *m_document;
    QString m_markdown;
};

/// A block of code: what language, "Copy", the code itself with lines as long as they are.
class CodeBlockView final : public QFrame {
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(CodeBlockView)
public:
    explicit CodeBlockView(QWidget *parent = nullptr);
    /// @p goesOn: code that was cut follows.
    void setCode(const MarkdownBlock &block, bool goesOn);
    [[nodiscard]] int heightFor(int width);

Q_SIGNALS:
    /// The whole of it is wanted on the clipboard.
    void copyRequested();

protected:
    void paintEvent(QPaintEvent *event) override;
    void changeEvent(QEvent *event) override;
    bool eventFilter(QObject *watched, QEvent *event) override;

private:
    void refreshIcon();
    void colour();
    [[nodiscard]] int headHeight() const;

    Text *m_language;
    QToolButton *m_copy;
    QPlainTextEdit *m_code;
    QPointer<QSyntaxHighlighter> m_colours; ///< null: one colour for all
    MarkdownBlock m_block;
    bool m_goesOn = false;
    bool m_copied = false;
    int m_lines = 1;
    int m_longest = 0;
};

} // namespace hybridge
