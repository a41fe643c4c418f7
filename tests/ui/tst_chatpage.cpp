// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
// Markdown in blocks, the conversation as it is seen, and the chat page from typing to the last token.
#include "backend/chat/conversationjson.h"
#include "tests/support/pending.h"
#include "tests/ui/chatfixture.h"
#include "tests/ui/uitest.h"
#include "ui/chat/blockviews.h"
#include "ui/chat/chatpage.h"
#include "ui/chat/chatsession.h"
#include "ui/chat/comparepanel.h"
#include "ui/chat/composer.h"
#include "ui/chat/conversationlist.h"
#include "ui/chat/conversationview.h"
#include "ui/chat/markdowndocument.h"
#include "ui/chat/parameterspanel.h"
#include "ui/chat/requestdialog.h"
#include "ui/chat/settledtext.h"
#include "ui/chat/spreadchart.h"
#include "ui/chat/turnrows.h"
#include "ui/chat/waterfall.h"
#include "ui/widgets/text.h"
#include "ui/widgets/theme.h"
#include "ui/widgets/tokens.h"

#include <QApplication>
#include <QClipboard>
#include <QLabel>
#include <QLineEdit>
#include <QListWidget>
#include <QLocale>
#include <QMenu>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QScrollBar>
#include <QSignalSpy>
#include <QStackedWidget>
#include <QTest>
#include <QTextDocumentFragment>
#include <QTextTable>
#include <QToolButton>

#include <memory>

using namespace hybridge;
using namespace Qt::Literals::StringLiterals;

namespace {

QStringList texts(const QList<MarkdownBlock> &blocks)
{
    QStringList out;
    for (const MarkdownBlock &block : blocks)
        out.append((block.kind == MarkdownBlock::Kind::Code ? u"[%1%2] "_s.arg(block.language, block.continues ? u"+"_s : QString()) : QString()) + block.text);
    return out;
}

template<class T>
T *child(const QWidget &in, const char *name)
{
    return in.findChild<T *>(QLatin1String(name));
}

/// The visible one of those that are called so.
template<class T>
T *shown(const QWidget &in, const char *name)
{
    for (T *one : in.findChildren<T *>(QLatin1String(name)))
        if (one->isVisibleTo(&in))
            return one;
    return nullptr;
}

QString allText(const ConversationView &view)
{
    QString out;
    for (const TextBlockView *block : view.findChildren<const TextBlockView *>())
        if (!block->isHidden())
            out += block->toPlainText() + u'\n';
    return out;
}

} // namespace

class TestChatPage final : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase()
    {
        QLocale::setDefault(QLocale::c());
        m_ui = std::make_unique<UiTest>();
    }
    void init() { UiTest::strict(); }

    void growingWordsAreHeldBack()
    {
        qsizetype held = 0;
        QString unsaved = QStringLiteral("The key is sk-12");
        QCOMPARE(takeSettled(unsaved, held), QStringLiteral("The key is "));
        unsaved += QStringLiteral("34 and more");
        QCOMPARE(takeSettled(unsaved, held), QStringLiteral("sk-1234 and "));
        QCOMPARE(takeSettled(unsaved, held), QStringLiteral("more")); // it grew no more
        QCOMPARE(takeSettled(unsaved, held), QString());
        // A language that sets no blanks is written down as it comes: at most a moment of it may be lost.
        unsaved = QStringLiteral("深圳机房的延迟很低，");
        QCOMPARE(takeSettled(unsaved, held), QStringLiteral("深圳机房的延迟很低，"));
        unsaved = QStringLiteral("延迟 12ms");
        QCOMPARE(takeSettled(unsaved, held), QStringLiteral("延迟 "));
        // Nothing is held for ever.
        unsaved = QString(1000, QLatin1Char('x'));
        QCOMPARE(takeSettled(unsaved, held).size(), 1000);
    }

    void tablesAreDressed()
    {
        const Tokens tokens = tokensFor(QApplication::palette());
        StillDocument document;
        document.setBlock(QStringLiteral("| name | size |\n|---|--:|\n| a | 1 |\n"), tokens);
        QVERIFY(document.hasTable());
        const auto *table = qobject_cast<QTextTable *>(document.rootFrame()->childFrames().value(0));
        QVERIFY(table);
        QVERIFY(table->format().borderCollapse());
        QVERIFY(table->format().cellPadding() >= 4);
        QCOMPARE(table->format().borderBrush().color(), tokens.border);
        QCOMPARE(table->cellAt(0, 0).format().background().color(), tokens.raised);
        QCOMPARE(table->cellAt(1, 0).firstCursorPosition().blockFormat().bottomMargin(), 0.0);
        document.setBlock(QStringLiteral("no table"), tokens);
        QVERIFY(!document.hasTable());
    }
    void blocks_data();
    void blocks();
    void anySplitGivesTheSameBlocks();
    void blocksAreBounded();
    void textIsMadeSafe();
    void nothingIsLoaded();
    void listsGoOnCounting();
    void tellsWhereTheTimeWent();
    void writesSendsAndStreams();
    void tellsWhatIsAwaited();
    void stopKeepsWhatCame();
    void sendingWhileAnotherOpens();
    void editsAsABranch();
    void regeneratesAndContinues();
    void failuresInTheirPlace();
    void showsTheRequest();
    void choosesWayAndModel();
    void parametersAndPresets();
    void attachesPictures();
    void keepsAndFindsConversations();
    void streamsWhileTheReaderReads();
    void longHistoriesAreVirtual();
    void codeIsCopiedWhole();
    void linksAreAskedFor();
    void compares();
    void backendsGoFirst();

private:
    struct Stage {
        Stage()
        {
            page.setLabels({{u"gcp"_s, u"GCP L4"_s}, {u"home"_s, u"Home 3090"_s}});
            page.resize(1200, 760);
            page.setBackends(&source, nullptr, &source.clock);
            page.show();
            QCoreApplication::processEvents();
        }
        ~Stage() { page.setBackends(nullptr, nullptr, nullptr); }
        void type(const QString &text)
        {
            auto *prompt = child<QPlainTextEdit>(page, "prompt");
            prompt->setPlainText(text);
            QTest::keyClick(prompt, Qt::Key_Return, Qt::ControlModifier);
            settle();
        }
        void settle()
        {
            QCoreApplication::sendPostedEvents();
            QCoreApplication::processEvents();
            page.view().layoutNow();
        }
        ChatFixture source;
        ChatPage page;
    };
    std::unique_ptr<UiTest> m_ui;
};

void TestChatPage::blocks_data()
{
    QTest::addColumn<QString>("text");
    QTest::addColumn<QStringList>("blocks");
    const QString para(MarkdownSplitter::Enough, u'x');
    QTest::newRow("nothing") << QString() << QStringList();
    QTest::newRow("blank") << u"\n \n\n"_s << QStringList();
    QTest::newRow("short paragraphs stay together") << u"a\n\nb"_s << QStringList {u"a\n\nb"_s};
    QTest::newRow("long ones do not") << para + u"\n\nb"_s << QStringList {para, u"b"_s};
    QTest::newRow("code") << u"a\n```cpp\nint x;\n\n  y\n```\nb"_s << QStringList {u"a"_s, u"[cpp] int x;\n\n  y"_s, u"b"_s};
    QTest::newRow("code without an end") << u"```\nx"_s << QStringList {u"[] x"_s};
    QTest::newRow("tildes") << u"~~~sh\n```\n~~~"_s << QStringList {u"[sh] ```"_s};
    QTest::newRow("longer fence") << u"````md\n```\nx\n```\n````"_s << QStringList {u"[md] ```\nx\n```"_s};
    QTest::newRow("inline code is none") << u"``` x ``` y"_s << QStringList {u"``` x ``` y"_s};
    QTest::newRow("code in a list") << u"1. a\n   ```sh\n   ls\n   ```\n2. b"_s << QStringList {u"1. a"_s, u"[sh] ls"_s, u"2. b"_s};
    QTest::newRow("lists stay whole") << u"- "_s + para + u"\n\n- b\n\n  c"_s << QStringList {u"- "_s + para + u"\n\n- b\n\n  c"_s};
    QTest::newRow("heading begins anew") << u"a\n\n# b\nc"_s << QStringList {u"a"_s, u"# b\nc"_s};
    QTest::newRow("CRLF") << u"a\r\n```\r\nb\r\n```\r\n"_s << QStringList {u"a"_s, u"[] b"_s};
    QTest::newRow("empty code") << u"```\n```\nz"_s << QStringList {u"[] \n"_s, u"z"_s};
}

void TestChatPage::blocks()
{
    QFETCH(QString, text);
    QFETCH(QStringList, blocks);
    QCOMPARE(texts(markdownBlocks(text)), blocks);
}

void TestChatPage::anySplitGivesTheSameBlocks()
{
    for (const QString &text : {chatCodeAndTable(), chatManyScripts()}) {
        const QList<MarkdownBlock> whole = markdownBlocks(text);
        for (qsizetype at = 0; at <= text.size(); ++at) {
            MarkdownSplitter splitter;
            splitter.append(text.left(at));
            const int settled = splitter.settled();
            for (int i = 0; i < settled; ++i)
                QCOMPARE(splitter.at(i), whole.at(i)); // what is settled stays
            splitter.append(text.mid(at));
            splitter.finish();
            QCOMPARE(splitter.size(), whole.size());
            for (int i = 0; i < whole.size(); ++i)
                QCOMPARE(splitter.at(i), whole.at(i));
        }
    }
}

void TestChatPage::blocksAreBounded()
{
    QString table = u"| a | b |\n|---|---|\n"_s;
    for (int i = 0; i < 900; ++i)
        table += u"| row %1 | value |\n"_s.arg(i);
    const QString one(50000, u'字');
    QString code = u"```\n"_s;
    for (int i = 0; i < 2000; ++i)
        code += u"line %1\n"_s.arg(i);
    for (const QString &text : {table, one, code, QString(QChar(0xD83D)) + QString(9000, QChar(0xDE00))}) {
        const QList<MarkdownBlock> blocks = markdownBlocks(text);
        QVERIFY(blocks.size() > 1);
        for (const MarkdownBlock &block : blocks)
            QVERIFY2(block.text.size() <= MarkdownSplitter::Most + 1, qPrintable(QString::number(block.text.size())));
    }
    for (const MarkdownBlock &block : markdownBlocks(table))
        QVERIFY(block.text.startsWith(u"| a | b |\n|---|---|\n"_s)); // each part has its head
    const QList<MarkdownBlock> parts = markdownBlocks(code);
    QString whole;
    for (const MarkdownBlock &part : parts)
        whole += part.text + u'\n';
    QCOMPARE(u"```\n"_s + whole, code);
    QVERIFY(!parts.first().continues && parts.last().continues);
}

void TestChatPage::textIsMadeSafe()
{
    QCOMPARE(safeBlock(u"  a\tb\n"_s), u"  a\tb\n"_s);
    QCOMPARE(safeBlock(u"a\x1b[31mred\x1b]0;title\x07z\x1b"_s), u"aredz"_s);
    QCOMPARE(safeBlock(u"x\u202Egnp.exe\u2066y"_s), u"xgnp.exey"_s);
    QCOMPARE(safeBlock(QString::fromUtf8("a\0b", 3)), u"ab"_s);
    TextBlockView view;
    view.setMarkdown(u"<b>bold</b> <script>x</script> &lt;i&gt; \x1b[2J"_s);
    QVERIFY2(view.toPlainText().startsWith(u"<b>bold</b> <script>x</script>"_s), qPrintable(view.toPlainText()));
    QVERIFY(!view.toPlainText().contains(QChar(0x1B)));
}

void TestChatPage::nothingIsLoaded()
{
    QTemporaryDir folder;
    QImage image(4, 4, QImage::Format_RGB32);
    image.fill(Qt::red);
    QVERIFY(image.save(folder.filePath(u"red.png"_s)));
    TextBlockView view;
    view.setMarkdown(u"before ![alt words](file://%1/red.png) after\n\n![](https://example.com/x.png)"_s.arg(folder.path()));
    const QString text = view.toPlainText();
    QVERIFY2(text.contains(u"[picture, not loaded: alt words]"_s), qPrintable(text));
    QVERIFY(!text.contains(QChar::ObjectReplacementCharacter));
    QVERIFY(!view.document()->resource(QTextDocument::ImageResource, QUrl::fromLocalFile(folder.filePath(u"red.png"_s))).isValid());
    QVERIFY(view.toHtml().contains(u"file://"_s)); // as a link that is asked for
}

void TestChatPage::listsGoOnCounting()
{
    TextBlockView view;
    view.setMarkdown(u"2. second\n3. third"_s);
    QCOMPARE(view.toPlainText(), u"2. second\n3. third"_s);
    view.setMarkdown(u"1. first\n2. second"_s); // a list of Qt's
    QCOMPARE(view.toPlainText(), u"first\nsecond"_s);
}

void TestChatPage::tellsWhereTheTimeWent()
{
    ChatTiming timing;
    timing.connectMs = 40.0;
    timing.firstByteMs = 100.0;
    timing.firstTokenMs = 250.0;
    timing.totalMs = 1000.0;
    const QList<Waterfall::Bar> bars = Waterfall::barsOf(timing);
    QCOMPARE(bars.size(), 5);
    QCOMPARE(bars.at(0), (Waterfall::Bar {u"Connect"_s, 0, 40, u"40 ms"_s}));
    QCOMPARE(bars.at(1), (Waterfall::Bar {u"First byte"_s, 40, 100, u"60 ms"_s}));
    QCOMPARE(bars.at(3), (Waterfall::Bar {u"Tokens"_s, 250, 1000, u"750 ms"_s}));
    QCOMPARE(bars.at(4).from, 0.0);
    timing.firstTokenMs.reset();
    QCOMPARE(Waterfall::barsOf(timing).at(2).name, u"Nothing more"_s);
    QVERIFY(Waterfall::barsOf({}).isEmpty());

    const NodeLabels labels {{u"gcp"_s, u"GCP L4"_s}};
    const ChatAnswer answer = ChatFixture::answerOf({}, {});
    QCOMPARE(quietLine(answer, labels), u"GCP L4 · Qwen2.5-14B-Instruct-AWQ · first token 255 ms · 41.3 tokens/s · 0.00096 USD"_s);
    ChatAnswer unknown;
    QCOMPARE(quietLine(unknown, labels), u"Protected endpoint"_s); // what is not known is left out
    const QList<AnswerFact> facts = answerFacts(unknown, labels);
    for (const AnswerFact &fact : facts)
        QVERIFY2(!fact.value.contains(u'0'), qPrintable(fact.name)); // unknown is never 0
    QVERIFY(facts.contains(AnswerFact {u"Served by"_s, u"—"_s, u"nothing in the answer proves who served it"_s}));
}

void TestChatPage::writesSendsAndStreams()
{
    Stage stage;
    QVERIFY(child<QWidget>(stage.page, "chatEmpty")->isVisible());
    QVERIFY(!child<QPushButton>(stage.page, "send")->isEnabled());
    stage.type(u"What is a fjord?"_s);
    QCOMPARE(stage.source.requests.size(), 1);
    QCOMPARE(stage.source.requests.first().messages.size(), 1);
    QCOMPARE(stage.source.requests.first().messages.first().text, u"What is a fjord?"_s);
    QVERIFY(!stage.source.requests.first().conversationId.isEmpty());
    QVERIFY(stage.page.view().isVisible());
    QCOMPARE(child<Text>(stage.page, "conversationTitle")->text(), u"What is a fjord?"_s);
    QVERIFY(stage.page.composer().text().isEmpty());
    QVERIFY(child<QPushButton>(stage.page, "stopAnswer")->isVisible());
    stage.source.push(u"A **fjord** is"_s);
    stage.source.push(u" an arm of the sea.\n\n```sh\nls"_s);
    stage.settle();
    QVERIFY2(allText(stage.page.view()).contains(u"A fjord is an arm of the sea."_s), qPrintable(allText(stage.page.view())));
    QVERIFY(stage.page.view().findChild<CodeBlockView *>());
    QVERIFY2(shown<QPushButton>(stage.page, "quietLine")->accessibleName().contains(u"tokens so far"_s), "live figures");
    stage.source.push(u"\n```\nDone."_s);
    stage.source.finish();
    stage.settle();
    QVERIFY(child<QPushButton>(stage.page, "send")->isVisible());
    auto *line = shown<QPushButton>(stage.page, "quietLine");
    QVERIFY2(line->accessibleName().contains(u"first token 255 ms"_s) && line->text().startsWith(u"▸ GCP L4"_s), qPrintable(line->text()));
    QVERIFY(!shown<QWidget>(stage.page, "waterfall"));
    line->click();
    stage.settle();
    QVERIFY(shown<QWidget>(stage.page, "waterfall"));
    QVERIFY(shown<QWidget>(stage.page, "waterfall")->height() > 60);
    QVERIFY(shown<QWidget>(stage.page, "answerDetail")->height() > 300); // and every fact has room
    stage.type(u"And then?"_s);
    QCOMPARE(stage.source.requests.last().messages.size(), 3);
    QCOMPARE(stage.source.requests.last().messages.at(1).role, ChatRole::Assistant);
    QVERIFY(stage.source.requests.last().messages.at(1).text.endsWith(u"Done."_s));
}

void TestChatPage::tellsWhatIsAwaited()
{
    Stage stage;
    stage.type(u"Hello"_s);
    stage.source.pushPhase(ChatPhase::AwaitingToken, 140);
    stage.source.clock.advance(std::chrono::milliseconds(3400));
    QTRY_VERIFY(shown<Text>(stage.page, "awaitedSeconds") && shown<Text>(stage.page, "awaitedSeconds")->text() == u"3.4 s"_s);
    QVERIFY(!shown<Text>(stage.page, "awaited")->text().isEmpty());
    QVERIFY(!shown<QPushButton>(stage.page, "quietLine")); // nothing to say yet
    stage.source.queue = u"GCP L4 runs 8 requests, 12 wait."_s; // the engine's own word, where it is known
    QTRY_VERIFY(shown<Text>(stage.page, "awaited")->text().endsWith(u"12 wait."_s));
    stage.source.push(u"x"_s);
    stage.source.clock.advance(std::chrono::milliseconds(100));
    stage.source.push(u"y"_s);
    stage.settle();
    QVERIFY(shown<QPushButton>(stage.page, "quietLine"));
}

void TestChatPage::stopKeepsWhatCame()
{
    Stage stage;
    stage.type(u"Count"_s);
    stage.source.push(u"one two three"_s);
    QTest::keyClick(child<QPlainTextEdit>(stage.page, "prompt"), Qt::Key_Escape);
    stage.settle();
    QCOMPARE(stage.source.running(), 0);
    QVERIFY(allText(stage.page.view()).contains(u"one two three"_s));
    QVERIFY(shown<QPushButton>(stage.page, "quietLine")->accessibleName().contains(u"stopped"_s));
    QCOMPARE(child<Text>(stage.page, "chatNote")->text(), u"The engine runs one request less."_s);
    QCOMPARE(stage.source.countBefore, std::optional(3.0)); // asked before the connection was closed
    QVERIFY(!stage.page.session().isBusy());
}

void TestChatPage::sendingWhileAnotherOpens()
{
    QTemporaryDir folder;
    ChatHistory history(folder.filePath(u"chat.sqlite"_s));
    Stage stage;
    stage.page.setBackends(&stage.source, &history, &stage.source.clock);
    stage.type(u"First"_s);
    stage.source.finish();
    stage.settle();
    const QString first = stage.page.session().conversation().head.id;
    stage.page.newConversation();
    stage.type(u"Second"_s);
    stage.source.finish();
    stage.settle();
    const QString second = stage.page.session().conversation().head.id;
    // The history answers later: who has sent meanwhile stays with what he sent to.
    stage.page.session().open(first);
    stage.page.session().send(u"More"_s, {});
    QVERIFY(await(history.read(first)));
    stage.settle();
    QCOMPARE(stage.page.session().conversation().head.id, second);
    QVERIFY(stage.page.session().isBusy());
    stage.source.push(u"answer"_s);
    stage.source.finish();
    stage.settle();
    QVERIFY(!stage.page.session().isBusy());
    stage.page.setBackends(nullptr, nullptr, nullptr);
}

void TestChatPage::editsAsABranch()
{
    Stage stage;
    stage.type(u"first"_s);
    stage.source.push(u"answer one"_s);
    stage.source.finish();
    stage.settle();
    shown<QToolButton>(stage.page, "editPrompt")->click();
    QCOMPARE(stage.page.composer().text(), u"first"_s);
    QVERIFY(stage.page.composer().isEditing());
    stage.type(u"first, better"_s);
    QCOMPARE(stage.source.requests.last().messages.size(), 1);
    QCOMPARE(stage.source.requests.last().messages.first().text, u"first, better"_s);
    stage.source.push(u"answer two"_s);
    stage.source.finish();
    stage.settle();
    QCOMPARE(shown<Text>(stage.page, "branchWords")->text(), u"2 of 2"_s);
    shown<QToolButton>(stage.page, "previousBranch")->click();
    stage.settle();
    QVERIFY(allText(stage.page.view()).contains(u"answer one"_s));
    QCOMPARE(shown<Text>(stage.page, "branchWords")->text(), u"1 of 2"_s);
    // An edit that is left changes nothing.
    shown<QToolButton>(stage.page, "editPrompt")->click();
    child<QPushButton>(stage.page, "cancelEdit")->click();
    QVERIFY(stage.page.composer().text().isEmpty());
    stage.type(u"next"_s);
    QCOMPARE(stage.source.requests.last().messages.size(), 3);
}

void TestChatPage::regeneratesAndContinues()
{
    Stage stage;
    stage.type(u"Tell"_s);
    stage.source.push(u"It begins"_s);
    stage.source.finish(u"length"_s);
    stage.settle();
    QVERIFY(shown<QPushButton>(stage.page, "quietLine")->accessibleName().contains(u"cut at max_tokens"_s));
    shown<QToolButton>(stage.page, "continueAnswer")->click();
    QVERIFY(stage.source.requests.last().continueLast);
    QCOMPARE(stage.source.requests.last().messages.last().text, u"It begins"_s);
    stage.source.push(u" and ends."_s);
    stage.source.finish();
    stage.settle();
    QVERIFY2(allText(stage.page.view()).contains(u"It begins and ends."_s), qPrintable(allText(stage.page.view())));
    shown<QToolButton>(stage.page, "regenerate")->click();
    QCOMPARE(stage.source.requests.last().messages.size(), 1);
    QVERIFY(!stage.source.requests.last().continueLast);
    stage.source.push(u"Another."_s);
    stage.source.finish();
    stage.settle();
    QCOMPARE(shown<Text>(stage.page, "branchWords")->text(), u"2 of 2"_s);
    QVERIFY(!allText(stage.page.view()).contains(u"It begins"_s));
}

void TestChatPage::failuresInTheirPlace()
{
    Stage stage;
    stage.type(u"Hello"_s);
    ChatFailure failure;
    failure.layer = ChatLayer::Access;
    failure.kind = u"access-refused"_s;
    failure.summary = u"Cloudflare Access did not let the request in."_s;
    failure.detail = u"302 to example.cloudflareaccess.com"_s;
    failure.remedy = u"Renew the service token."_s;
    stage.source.fail(failure, 302);
    stage.settle();
    auto *row = shown<QWidget>(stage.page, "failureRow");
    QVERIFY(row);
    QStringList words;
    for (const Text *text : row->findChildren<const Text *>())
        words.append(text->text());
    const QString all = words.join(u'\n');
    QVERIFY2(all.contains(failure.summary) && all.contains(failure.detail) && all.contains(failure.remedy), qPrintable(all));
    QSignalSpy wanted(&stage.page, &ChatPage::nodeRequested);
    const auto click = [&](const QString &label) {
        for (QPushButton *button : stage.page.view().findChildren<QPushButton *>())
            if (button->isVisible() && button->text() == label)
                return button->click(), true;
        return false;
    };
    QVERIFY(click(u"Open the fleet"_s)); // which node it was nobody tells
    QCOMPARE(wanted.takeFirst().value(0).toString(), QString());
    // A part that came is kept above it; the node that served it has a page.
    stage.type(u"Again"_s);
    QCOMPARE(stage.source.requests.last().messages.size(), 2); // the failed answer is not sent
    stage.source.push(u"The first half"_s);
    failure.layer = ChatLayer::Engine;
    failure.summary = u"The engine ended the answer."_s;
    stage.source.fail(failure, 200);
    stage.settle();
    QVERIFY(allText(stage.page.view()).contains(u"The first half"_s));
    QVERIFY(click(u"Open diagnosis of GCP L4"_s));
    QCOMPARE(wanted.value(0).value(0).toString(), u"gcp"_s);
}

void TestChatPage::showsTheRequest()
{
    Stage stage;
    stage.type(u"Hello"_s);
    stage.source.push(u"Hi\x1b[31m"_s);
    stage.source.finish();
    stage.settle();
    shown<QToolButton>(stage.page, "showRequest")->click();
    auto *dialog = stage.page.findChild<RequestDialog *>();
    QVERIFY(dialog);
    auto *text = child<QPlainTextEdit>(*dialog, "requestText");
    QVERIFY(text->toPlainText().contains(u"$CF_ACCESS_CLIENT_SECRET"_s));
    dialog->showPage(1);
    QVERIFY(text->toPlainText().startsWith(u"curl"_s));
    child<QPushButton>(*dialog, "copyRequest")->click();
    QVERIFY(QGuiApplication::clipboard()->text().startsWith(u"curl"_s));
    dialog->showPage(3);
    QVERIFY2(text->toPlainText().contains(u"ms  {\"choices\""_s), qPrintable(text->toPlainText()));
    QVERIFY(!text->toPlainText().contains(QChar(0x1B)));
    dialog->close();
}

void TestChatPage::choosesWayAndModel()
{
    Stage stage;
    PickButton &target = stage.page.composer().target();
    PickButton &model = stage.page.composer().model();
    QCOMPARE(target.value(), u"edge"_s);
    QVERIFY(target.text().startsWith(u"Protected endpoint"_s));
    QTRY_COMPARE(model.choices().size(), 4);
    QCOMPARE(model.choices().first().value, u"auto"_s);
    QVERIFY2(model.text().startsWith(u"Qwen/"_s), qPrintable(model.text())); // what is asked for where nobody chooses
    const auto pick = [](PickButton &button, int index) { button.menu()->actions().at(index)->trigger(); };
    pick(model, 1);
    QCOMPARE(stage.page.session().settings().model, u"small"_s);
    pick(target, 3);
    QCOMPARE(stage.page.session().settings().target, (ChatTarget {ChatTarget::Way::Direct, u"gcp"_s}));
    QVERIFY(stage.page.session().settings().model.isEmpty()); // names belong to the way
    QCOMPARE(stage.source.modelsAsked.last(), (ChatTarget {ChatTarget::Way::Direct, u"gcp"_s}));
    stage.type(u"Hi"_s);
    QCOMPARE(stage.source.requests.last().target, (ChatTarget {ChatTarget::Way::Direct, u"gcp"_s}));
    stage.source.finish();
    // A list that cannot be read is said so, and asked for again.
    stage.source.modelList = Error(Error::Kind::Network, u"No connection."_s);
    pick(target, 1);
    QTRY_VERIFY(model.text().startsWith(u"Models not read"_s));
    QCOMPARE(model.toolTip(), u"No connection."_s);
    const qsizetype asked = stage.source.modelsAsked.size();
    Q_EMIT model.aboutToShow();
    QCOMPARE(stage.source.modelsAsked.size(), asked + 1);
}

void TestChatPage::parametersAndPresets()
{
    Stage stage;
    child<QPushButton>(stage.page, "toggleParameters")->click();
    auto *panel = child<ParametersPanel>(stage.page, "parameters");
    QVERIFY(panel->isVisible());
    const auto write = [&](const char *name, const QString &text) {
        auto *field = child<QLineEdit>(*panel, name);
        field->clear();
        QTest::keyClicks(field, text);
    };
    child<QPlainTextEdit>(*panel, "systemPrompt")->setPlainText(u"Be brief."_s);
    write("temperature", u"0.3"_s);
    write("topP", u"0.9"_s);
    write("maxTokens", u"64"_s);
    write("seed", u"7"_s);
    write("stopWords", u"END|STOP"_s);
    child<QPlainTextEdit>(*panel, "extraJson")->setPlainText(u"{\"min_p\": 0.1}"_s);
    const ChatRequest &settings = stage.page.session().settings();
    QCOMPARE(settings.system, u"Be brief."_s);
    QCOMPARE(settings.temperature, std::optional(0.3));
    QCOMPARE(settings.topP, std::optional(0.9));
    QCOMPARE(settings.maxTokens, std::optional(64));
    QCOMPARE(settings.seed, std::optional<qint64>(7));
    QCOMPARE(settings.stop, (QStringList {u"END"_s, u"STOP"_s}));
    QCOMPARE(settings.extraJson, u"{\"min_p\": 0.1}"_s);
    // What cannot be sent is said, and nothing is sent.
    child<QPlainTextEdit>(*panel, "extraJson")->setPlainText(u"{\"min_p\": "_s);
    QVERIFY(child<Text>(*panel, "parameterTrouble")->isVisible());
    stage.type(u"Hi"_s);
    QVERIFY(stage.source.requests.isEmpty());
    child<QPlainTextEdit>(*panel, "extraJson")->setPlainText({});
    write("temperature", u"3"_s);
    QVERIFY(panel->obstacle().contains(u"0 to 2"_s));
    write("temperature", u"0,5"_s);
    QCOMPARE(stage.page.session().settings().temperature, std::optional(0.5));
    QVERIFY(!extraJsonObstacle(u"[1]"_s).isEmpty());
    // A preset brings it back.
    child<QPushButton>(*panel, "savePreset")->click();
    auto *dialog = panel->findChild<QDialog *>(u"presetDialog"_s);
    child<QLineEdit>(*dialog, "presetName")->setText(u"short/answers"_s);
    dialog->accept();
    child<QPlainTextEdit>(*panel, "systemPrompt")->clear();
    QVERIFY(stage.page.session().settings().system.isEmpty());
    child<PickButton>(*panel, "presets")->menu()->actions().first()->trigger();
    QCOMPARE(stage.page.session().settings().system, u"Be brief."_s);
    QCOMPARE(stage.page.session().settings().maxTokens, std::optional(64));
}

void TestChatPage::attachesPictures()
{
    Stage stage;
    QTemporaryDir folder;
    QImage image(4, 4, QImage::Format_RGB32);
    image.fill(Qt::red);
    QVERIFY(image.save(folder.filePath(u"red.png"_s)));
    QFile words(folder.filePath(u"words.png"_s));
    QVERIFY(words.open(QIODevice::WriteOnly));
    words.write("no picture");
    words.close();
    QSignalSpy ended(&stage.page.composer(), &Composer::attachEnded);
    const auto attach = [&](const QString &path) {
        ended.clear();
        stage.page.composer().attach(path); // read on another thread
        QTRY_COMPARE(ended.size(), 1);
    };
    attach(words.fileName()); // by what it holds, not by its name
    QVERIFY(!ended.first().first().toBool());
    QVERIFY(child<Text>(stage.page, "composerNote")->text().contains(u"no PNG"_s));
    attach(folder.filePath(u"gone.png"_s));
    QVERIFY(child<Text>(stage.page, "composerNote")->text().startsWith(u"gone.png cannot be read"_s));
    QFile huge(folder.filePath(u"huge.png"_s));
    QVERIFY(huge.open(QIODevice::WriteOnly) && huge.resize((qint64(20) << 20) + 1));
    attach(huge.fileName());
    QVERIFY(child<Text>(stage.page, "composerNote")->text().contains(u"over 20 MiB"_s));
    attach(folder.filePath(u"red.png"_s));
    QVERIFY(ended.first().first().toBool());
    stage.type(u"What colour?"_s);
    QCOMPARE(stage.source.requests.last().messages.first().images.size(), 1);
    QCOMPARE(stage.source.requests.last().messages.first().images.first().mediaType, u"image/png"_s);
    QVERIFY(child<Text>(stage.page, "composerNote")->isHidden());
}

void TestChatPage::keepsAndFindsConversations()
{
    QTemporaryDir folder;
    ChatHistory history(folder.filePath(u"chat.sqlite"_s));
    Stage stage;
    stage.page.setBackends(&stage.source, &history, &stage.source.clock);
    auto *list = child<QListWidget>(stage.page, "conversations");
    stage.type(u"What is a fjord?"_s);
    stage.source.push(u"An arm of the sea."_s);
    stage.source.finish();
    QTRY_COMPARE(list->count(), 1);
    const QString first = stage.page.session().conversation().head.id;
    child<QPushButton>(stage.page, "newConversation")->click();
    QVERIFY(stage.page.session().isFresh());
    stage.type(u"Another thing"_s);
    stage.source.push(u"half of an ans"_s);
    // Left while it streams: stopped, and kept as far as it came.
    QTRY_COMPARE(list->count(), 2);
    Q_EMIT stage.page.list().chosen(first);
    QTRY_COMPARE(stage.page.session().conversation().head.id, first);
    QCOMPARE(stage.source.running(), 0);
    stage.settle();
    QVERIFY(allText(stage.page.view()).contains(u"An arm of the sea."_s));
    child<QLineEdit>(stage.page, "searchConversations")->setText(u"half"_s);
    QTRY_COMPARE(list->count(), 1);
    QVERIFY(list->item(0)->data(Qt::AccessibleTextRole).toString() == u"Another thing"_s);
    child<QLineEdit>(stage.page, "searchConversations")->clear();
    QTRY_COMPARE(list->count(), 2);
    // Rename and tag one that is not open, and the one that is.
    const QString other = [&] {
        for (int i = 0; i < list->count(); ++i)
            if (list->item(i)->data(Qt::UserRole).toString() != first)
                return list->item(i)->data(Qt::UserRole).toString();
        return QString();
    }();
    Q_EMIT stage.page.list().renamed(other, u"Renamed"_s);
    QTRY_COMPARE(await(history.read(other))->head.title, u"Renamed"_s);
    Q_EMIT stage.page.list().tagged(first, {u" b"_s, u"a "_s});
    QTRY_COMPARE(await(history.read(first))->head.tags, (QStringList {u"a"_s, u"b"_s}));
    // Export, delete, import.
    const QString file = folder.filePath(u"one.json"_s);
    stage.page.list().exportTo(first, file);
    QTRY_VERIFY(child<Text>(stage.page, "chatNote")->text().startsWith(u"Messages written"_s));
    stage.page.list().askRemove(first, u"x"_s);
    auto *dialog = stage.page.list().findChild<QDialog *>(u"removeDialog"_s);
    QVERIFY(dialog);
    child<QPushButton>(*dialog, "confirmRemove")->click();
    QTRY_COMPARE(list->count(), 1);
    QVERIFY(stage.page.session().isFresh()); // it was the one that was open
    stage.page.list().importFrom(file);
    QTRY_COMPARE(list->count(), 2);
    QTRY_COMPARE(stage.page.session().conversation().head.title, u"What is a fjord?"_s);
    stage.page.setBackends(nullptr, nullptr, nullptr);
}

void TestChatPage::streamsWhileTheReaderReads()
{
    Stage stage;
    stage.type(u"Long"_s);
    for (int i = 0; i < 60; ++i)
        stage.source.push(u"Paragraph %1 %2\n\n"_s.arg(i).arg(QString(300, u'x')));
    stage.settle();
    QScrollBar *bar = stage.page.view().verticalScrollBar();
    QCOMPARE(bar->value(), bar->maximum()); // follows
    bar->setValue(bar->maximum() / 2);
    QVERIFY(!stage.page.view().isAtEnd());
    QVERIFY(child<QToolButton>(stage.page, "jumpToEnd")->isVisible());
    const auto top = [&] {
        QString found;
        int y = -100000;
        for (const TextBlockView *block : stage.page.view().findChildren<const TextBlockView *>()) {
            if (block->isVisible() && block->y() <= 0 && block->y() > y) {
                y = block->y();
                found = block->toPlainText().left(16);
            }
        }
        return u"%1 at %2"_s.arg(found).arg(y);
    };
    stage.settle();
    const QString before = top();
    const int most = bar->maximum();
    for (int i = 0; i < 40; ++i) {
        stage.source.push(u"More %1 %2\n\n"_s.arg(i).arg(QString(300, u'y')));
        stage.settle();
        QCOMPARE(top(), before); // the reader stays where he is
    }
    QVERIFY(bar->maximum() > most);
    child<QToolButton>(stage.page, "jumpToEnd")->click();
    QCOMPARE(bar->value(), bar->maximum());
    stage.source.finish();
    stage.settle();
    QVERIFY(stage.page.view().widgetCount() < 40); // only what is near to what is seen
}

void TestChatPage::longHistoriesAreVirtual()
{
    Conversation conversation;
    QString parent;
    for (int i = 0; i < 10000; ++i) {
        ChatTurn turn;
        turn.id = QString::number(i);
        turn.parent = parent;
        turn.message.role = i % 2 ? ChatRole::Assistant : ChatRole::User;
        turn.message.text = u"Message %1 with some words in it."_s.arg(i);
        conversation.add(turn);
        parent = turn.id;
    }
    ConversationView view;
    view.resize(900, 700);
    view.show();
    view.setBranch(conversation);
    view.layoutNow();
    QVERIFY(view.widgetCount() < 80);
    QVERIFY(allText(view).contains(u"Message 9999 "_s));
    QVERIFY(!allText(view).contains(u"Message 4999 "_s));
    view.verticalScrollBar()->setValue(0);
    QCoreApplication::processEvents();
    QVERIFY(allText(view).contains(u"Message 1 "_s));
    QVERIFY2(view.widgetCount() < 160, qPrintable(QString::number(view.widgetCount())));
}

void TestChatPage::codeIsCopiedWhole()
{
    QString code;
    for (int i = 0; i < 1500; ++i)
        code += u"line %1\n"_s.arg(i);
    Stage stage;
    stage.type(u"Code"_s);
    stage.source.push(u"```text\n"_s + code + u"```\n"_s);
    stage.source.finish();
    stage.settle();
    stage.page.view().verticalScrollBar()->setValue(0);
    stage.settle();
    QToolButton *copy = nullptr;
    for (QToolButton *one : stage.page.view().findChildren<QToolButton *>(u"copyCode"_s))
        if (one->isVisible())
            copy = one;
    QVERIFY(copy);
    copy->click();
    QCOMPARE(QGuiApplication::clipboard()->text() + u'\n', code);
}

void TestChatPage::linksAreAskedFor()
{
    Stage stage;
    stage.type(u"Link"_s);
    stage.source.push(u"[good words](https://evil.example.com/path) and [run](javascript:alert(1))"_s);
    stage.source.finish();
    stage.settle();
    QMenu *menu = stage.page.view().linkMenu(QUrl(u"https://evil.example.com/path"_s));
    QCOMPARE(menu->actions().first()->text(), u"https://evil.example.com/path"_s);
    QCOMPARE(menu->actions().size(), 4); // address, line, open, copy
    delete menu;
    menu = stage.page.view().linkMenu(QUrl(u"javascript:alert(1)"_s));
    QCOMPARE(menu->actions().size(), 3); // nothing but the web is opened
    menu->actions().last()->trigger();
    QCOMPARE(QGuiApplication::clipboard()->text(), u"javascript:alert(1)"_s);
    delete menu;
}

void TestChatPage::compares()
{
    Stage stage;
    child<QPlainTextEdit>(stage.page, "prompt")->setPlainText(u"What is a fjord?"_s);
    child<QPushButton>(stage.page, "toggleCompare")->click();
    ComparePanel &compare = stage.page.compare();
    QVERIFY(compare.isVisible());
    QVERIFY(!stage.page.composer().isVisible());
    QCOMPARE(child<QPlainTextEdit>(compare, "comparePrompt")->toPlainText(), u"What is a fjord?"_s);
    QSignalSpy finished(&compare, &ComparePanel::finished);
    child<QPushButton>(compare, "runCompare")->click(); // edge against direct stands there at first
    QVERIFY(compare.isBusy());
    QTRY_COMPARE(finished.size(), 1);
    QCOMPARE(compare.answers().size(), 2);
    QCOMPARE(compare.answers().at(0).target.way, ChatTarget::Way::Edge);
    QCOMPARE(compare.answers().at(1).target.way, ChatTarget::Way::Direct);
    QVERIFY(child<QWidget>(compare, "compareSummary")->isVisible());
    QCOMPARE(compare.findChildren<ConversationView *>().size(), 2);
    // Repeated, with failures.
    compare.setRepeat(5);
    stage.source.runs = [](const ChatTarget &target, int run) {
        ChatAnswer answer = ChatFixture::answerOf(target, u"x"_s, run);
        if (run == 2 && target.way == ChatTarget::Way::Edge)
            answer.failure = ChatFailure {ChatLayer::Edge, u"524"_s, u"Silence."_s, {}, {}, 524, false};
        return answer;
    };
    child<QPushButton>(compare, "runCompare")->click();
    QTRY_COMPARE(finished.size(), 2);
    QCOMPARE(compare.answers().size(), 10);
    QStringList words;
    for (const Text *text : child<QWidget>(compare, "compareSummary")->findChildren<const Text *>())
        words.append(text->text());
    QVERIFY2(words.contains(u"5, 1 failed"_s), qPrintable(words.join(u'|')));
    QTemporaryDir folder;
    auto *spread = compare.findChild<SpreadChart *>();
    QVERIFY(spread && spread->isVisible());
    QCOMPARE(spread->dots(0).size(), 4); // what failed is counted, not measured
    QVERIFY(spread->dots(0).first().x() > 0 && spread->accessibleName().contains(u"median"_s));
    compare.exportCsv(folder.filePath(u"none/runs.csv"_s));
    QTRY_VERIFY(child<Text>(compare, "compareNote")->text().contains(u"cannot be written"_s));
    compare.exportCsv(folder.filePath(u"runs.csv"_s));
    QTRY_VERIFY(child<Text>(compare, "compareNote")->text().startsWith(u"Runs written"_s));
    QFile csv(folder.filePath(u"runs.csv"_s));
    QVERIFY(csv.open(QIODevice::ReadOnly));
    QVERIFY(csv.readAll().count('\n') >= 11);
    // Back, and the conversation is as it was.
    stage.page.showCompare(false);
    QVERIFY(stage.page.composer().isVisible());
}

void TestChatPage::backendsGoFirst()
{
    auto source = std::make_unique<ChatFixture>();
    ChatPage page;
    page.resize(900, 700);
    page.setBackends(source.get(), nullptr, &source->clock);
    page.show();
    page.composer().setText(u"Hi"_s);
    child<QPushButton>(page, "send")->click();
    QVERIFY(page.session().isBusy());
    page.setBackends(nullptr, nullptr, nullptr);
    source.reset();
    QVERIFY(!page.session().isBusy());
    QVERIFY(child<QWidget>(page, "chatEmpty")->isVisible());
    page.composer().setText(u"Hi"_s);
    child<QPushButton>(page, "send")->click();
    QVERIFY(!page.session().isBusy());
}

QTEST_MAIN(TestChatPage)
#include "tst_chatpage.moc"
