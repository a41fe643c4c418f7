// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QTextDocument>

namespace hybridge {

struct Tokens;

/// Foreign text made safe to show and otherwise kept as it is, blanks at both ends too: control characters, escape
/// sequences and bidi overrides are taken out. Pure.
[[nodiscard]] QString safeBlock(const QString &foreign);

/// A document that never loads anything: no picture, no style sheet, neither from the network nor from the disk.
class StillDocument final : public QTextDocument {
    Q_OBJECT
public:
    explicit StillDocument(QObject *parent = nullptr);
    /// Markdown in the theme's type and colours. HTML stands there as text; a picture becomes a link to its address.
    void setBlock(const QString &markdown, const Tokens &tokens);
    [[nodiscard]] bool hasTable() const { return m_hasTable; }

protected:
    QVariant loadResource(int type, const QUrl &name) override;

private:
    void dressBlocks(const QString &markdown, const Tokens &tokens);
    void dressFragments(const QTextBlock &block, const Tokens &tokens, bool isHeading);
    void dressTables(const Tokens &tokens);
    void numberLists(const QString &markdown);

    bool m_hasTable = false;
};

} // namespace hybridge
