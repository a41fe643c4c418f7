// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/ui/uitest.h"
#include "ui/widgets/statelamp.h"
#include "ui/widgets/text.h"
#include "ui/widgets/theme.h"
#include "ui/widgets/typography.h"

#include <QApplication>
#include <QTest>

#include <memory>

using namespace hybridge;

class TestTheme final : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase() { m_ui = std::make_unique<UiTest>(); }
    void init() { UiTest::strict(); }
    void textIsReadable_data();
    void textIsReadable();
    void nodeColoursAreDrawable_data();
    void nodeColoursAreDrawable();
    void seriesDiffer();
    void paletteTellsItsTokens();
    void sheetNamesOnlyColours();
    void choiceReachesWidgets();
    void figuresHaveOneWidth();
    void lampsSayTheirWord();
    void cutTextHasATip();

private:
    std::unique_ptr<UiTest> m_ui;
};

void TestTheme::textIsReadable_data()
{
    QTest::addColumn<QColor>("ink");
    QTest::addColumn<QColor>("ground");
    for (const Tokens *t : {&lightTokens(), &darkTokens()}) {
        const char *scheme = t->dark ? "dark" : "light";
        const QList<QPair<const char *, QColor>> inks {{"text", t->text}, {"muted", t->muted}, {"accent", t->accent}, {"ok", t->ok},
            {"warn", t->warn}, {"down", t->down}, {"unknown", t->unknown}};
        const QList<QPair<const char *, QColor>> grounds {{"background", t->background}, {"surface", t->surface}};
        for (const auto &ink : inks)
            for (const auto &ground : grounds)
                QTest::addRow("%s %s on %s", scheme, ink.first, ground.first) << ink.second << ground.second;
        for (const auto &ground : {qMakePair("raised", t->raised), qMakePair("selection", t->selection)})
            for (const auto &ink : {qMakePair("text", t->text), qMakePair("muted", t->muted)})
                QTest::addRow("%s %s on %s", scheme, ink.first, ground.first) << ink.second << ground.second;
        QTest::addRow("%s on accent", scheme) << t->onAccent << t->accent;
        // Banners lay a faint tint under ordinary and muted text.
        for (const auto &tone : {qMakePair("down", t->down), qMakePair("warn", t->warn), qMakePair("accent", t->accent)})
            for (const auto &ink : {qMakePair("text", t->text), qMakePair("muted", t->muted)})
                QTest::addRow("%s %s on tint of %s", scheme, ink.first, tone.first)
                    << ink.second << mixed(t->surface, tone.second, t->dark ? 0.08 : 0.045);
    }
}

void TestTheme::textIsReadable()
{
    QFETCH(QColor, ink);
    QFETCH(QColor, ground);
    const double ratio = contrast(ink, ground);
    QVERIFY2(ratio >= 5.0, qPrintable(QStringLiteral("%1 on %2: %3").arg(ink.name(), ground.name()).arg(ratio)));
}

void TestTheme::nodeColoursAreDrawable_data()
{
    QTest::addColumn<QString>("colour");
    for (const char *name : {"#4285F4", "#F4A142", "#FFFFFF", "#000000", "#FFFF00", "#0000FF", "#808080", "", "no colour", "#12"})
        QTest::addRow("'%s'", name) << QString::fromLatin1(name);
}

void TestTheme::nodeColoursAreDrawable()
{
    QFETCH(QString, colour);
    for (const Tokens *t : {&lightTokens(), &darkTokens()})
        for (int index = 0; index < 9; ++index) {
            const QColor drawn = nodeColour(colour, index, *t);
            QVERIFY(drawn.isValid());
            QVERIFY2(contrast(drawn, t->surface) >= 3.0, qPrintable(drawn.name()));
        }
}

void TestTheme::seriesDiffer()
{
    for (const Tokens *t : {&lightTokens(), &darkTokens()})
        for (const QColor first : {QColor(0x42, 0x85, 0xF4), QColor(0xF4, 0xA1, 0x42), QColor(0x77, 0x77, 0x77)}) {
            QSet<QRgb> seen;
            for (int i = 0; i < 5; ++i)
                seen.insert(seriesColour(first, i, *t).rgb());
            QCOMPARE(seen.size(), 5);
        }
}

void TestTheme::paletteTellsItsTokens()
{
    QVERIFY(!tokensFor(paletteOf(lightTokens())).dark);
    QVERIFY(tokensFor(paletteOf(darkTokens())).dark);
}

void TestTheme::sheetNamesOnlyColours()
{
    for (const Tokens *t : {&lightTokens(), &darkTokens()}) {
        const QString sheet = styleSheetOf(*t);
        QVERIFY2(!sheet.contains(QLatin1Char('@')), "a token was not replaced");
        QVERIFY(sheet.contains(t->accent.name()));
    }
}

void TestTheme::choiceReachesWidgets()
{
    Theme theme(*qApp, Theme::Choice::Light);
    Text label(QStringLiteral("38 s ago"), Type::Label, Text::Tone::Muted);
    label.show();
    QCOMPARE(label.palette().color(QPalette::WindowText), lightTokens().muted);
    theme.setChoice(Theme::Choice::Dark);
    QVERIFY(theme.isDark());
    QTRY_COMPARE(label.palette().color(QPalette::WindowText), darkTokens().muted);
    theme.setChoice(Theme::Choice::Light);
    QTRY_COMPARE(label.palette().color(QPalette::WindowText), lightTokens().muted);
}

void TestTheme::figuresHaveOneWidth()
{
    for (const Type type : {Type::Label, Type::Body, Type::Section, Type::Title, Type::Figure})
        QVERIFY(hasTabularFigures(figureFont(type)));
    QCOMPARE(typeFont(Type::Figure).pixelSize() * 13, typeFont(Type::Body).pixelSize() * 28);
}

void TestTheme::lampsSayTheirWord()
{
    StateLamp lamp;
    for (const NodeCondition condition : {NodeCondition::Down, NodeCondition::Healthy, NodeCondition::Starting, NodeCondition::Stopped}) {
        lamp.setCondition(condition);
        QCOMPARE(lamp.accessibleName(), conditionLabel(condition));
    }
    // Shape alone must tell them apart, too: drawn in one colour, no two pictures are alike.
    QSet<QByteArray> pictures;
    for (int c = 0; c < 6; ++c) {
        lamp.setCondition(NodeCondition(c));
        QImage image = lamp.grab().toImage().convertToFormat(QImage::Format_Grayscale8);
        QByteArray shape;
        const int ground = qGray(image.pixel(0, 0));
        for (int y = 0; y < image.height(); ++y)
            for (int x = 0; x < image.width(); ++x)
                shape.append(std::abs(qGray(image.pixel(x, y)) - ground) > 24 ? '#' : ' ');
        pictures.insert(shape);
    }
    QCOMPARE(pictures.size(), 6);
}

void TestTheme::cutTextHasATip()
{
    Text label(Type::Body);
    label.setMaxLines(1);
    label.resize(60, 20);
    label.show();
    const QString name = QStringLiteral("Production inference node in Frankfurt");
    label.put(name);
    QCOMPARE(label.toolTip(), name);
    label.resize(900, 20);
    QTRY_VERIFY(label.toolTip().isEmpty());
}

QTEST_MAIN(TestTheme)
#include "tst_theme.moc"
