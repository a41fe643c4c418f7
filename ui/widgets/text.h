// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/widgets/typography.h"

#include <QLabel>

namespace hybridge {

/// A label in one of the theme's sizes and tones. Always plain text: what it shows may come from anywhere.
///
/// By default it wraps to as many lines as it needs, inside a word too where one is wider than the room (a fingerprint, an
/// address), so it never makes its page wider than the window; setMaxLines(n) cuts with an ellipsis after n lines and shows the
/// whole text as a tooltip then.
class Text final : public QLabel {
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(Text)
public:
    enum class Tone { Text, Muted, Accent, Ok, Warn, Down };

    explicit Text(Type type, Tone tone = Tone::Text, QWidget *parent = nullptr);
    Text(const QString &text, Type type, Tone tone = Tone::Text, QWidget *parent = nullptr);

    void setTone(Tone tone);
    [[nodiscard]] Tone tone() const { return m_tone; }
    void setBold(bool bold);
    /// Digits of one width.
    void setFigures();
    void setCode();
    /// 0: no limit.
    void setMaxLines(int lines);
    void setSelectable();
    /// Offers "Copy" in a context menu, for texts that are cut or wrapped inside words.
    void setCopyable();
    /// Leading edge of the layout, whatever direction the letters run.
    void setAlignment(Qt::Alignment alignment);
    /// setText, but only when it differs: labels of live numbers must not relayout for nothing.
    void put(const QString &text);

    /// Whether the text is shown with an ellipsis now.
    [[nodiscard]] bool isCut() const;

    [[nodiscard]] QSize sizeHint() const override;
    [[nodiscard]] QSize minimumSizeHint() const override;
    [[nodiscard]] bool hasHeightForWidth() const override;
    [[nodiscard]] int heightForWidth(int width) const override;

protected:
    void paintEvent(QPaintEvent *event) override;
    void changeEvent(QEvent *event) override;
    void resizeEvent(QResizeEvent *event) override;

private:
    /// The lines as they are cut for @p width; @p cut tells whether an ellipsis was needed.
    [[nodiscard]] QStringList linesFor(int width, bool *cut) const;
    [[nodiscard]] bool breaksWords(int width) const;
    void applyTone();
    void applyAlignment();
    void updateTip();

    Type m_type;
    Tone m_tone;
    int m_maxLines = 0;
    Qt::Alignment m_alignment = Qt::AlignLeft | Qt::AlignVCenter;
    bool m_centred = false; ///< asked for: else several lines begin at the top
    bool m_tipIsOurs = false;
};

} // namespace hybridge
