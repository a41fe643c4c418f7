// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QWidget>

class QVBoxLayout;

namespace hybridge {

class RailButton;

/// The pages, down the leading edge: icon and word, or the icon alone when collapsed. Tools stand at the bottom.
class Rail final : public QWidget {
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(Rail)
public:
    static constexpr int Wide = 176;
    static constexpr int Narrow = 60;

    explicit Rail(QWidget *parent = nullptr);
    /// A page; @p id is what pageChosen() says.
    void addPage(const QString &id, const QString &icon, const QString &words, const QString &shortcut);
    /// A tool at the bottom; not checkable.
    void addTool(const QString &id, const QString &icon, const QString &words, const QString &shortcut);
    void setToolWords(const QString &id, const QString &words);
    void setCurrent(const QString &id);
    void setCollapsed(bool collapsed);
    /// The window is too narrow for words: icons alone, whatever isCollapsed() says.
    void setSqueezed(bool squeezed);
    [[nodiscard]] bool isCollapsed() const { return m_collapsed; }
    [[nodiscard]] RailButton *button(const QString &id) const;

Q_SIGNALS:
    void chosen(const QString &id);
    void collapsedChanged(bool collapsed);

protected:
    void paintEvent(QPaintEvent *event) override;

private:
    RailButton *add(const QString &id, const QString &icon, const QString &words, const QString &shortcut);

    QVBoxLayout *m_pages;
    QVBoxLayout *m_tools;
    QList<RailButton *> m_buttons;
    void refresh();

    RailButton *m_fold;
    bool m_collapsed = false;
    bool m_squeezed = false;
};

} // namespace hybridge
