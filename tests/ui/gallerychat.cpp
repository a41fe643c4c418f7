// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
// Writes pictures of the chat page in every state into a folder: gallery_chat DIR [WORD…] (only names that contain a
// WORD). Not a test; needs no display with QT_QPA_PLATFORM=offscreen.
#include "backend/chat/chathistory.h"
#include "tests/ui/chatfixture.h"
#include "ui/chat/chatpage.h"
#include "ui/chat/chatsession.h"
#include "ui/chat/comparepanel.h"
#include "ui/chat/composer.h"
#include "ui/chat/conversationlist.h"
#include "ui/chat/conversationview.h"
#include "ui/chat/requestdialog.h"
#include "ui/widgets/statelamp.h"
#include "ui/widgets/theme.h"

#include <QApplication>
#include <QDir>
#include <QElapsedTimer>
#include <QImage>
#include <QPlainTextEdit>
#include <QScrollBar>
#include <QSettings>
#include <QTemporaryDir>

#include <algorithm>
#include <cstdio>
#include <memory>

using namespace hybridge;
using namespace Qt::Literals::StringLiterals;

namespace {

QString dir;
QStringList wantedWords;
Theme *theme = nullptr;

void settle(int ms = 30)
{
    QElapsedTimer timer;
    timer.start();
    while (timer.elapsed() < ms) {
        QCoreApplication::sendPostedEvents();
        QCoreApplication::processEvents(QEventLoop::AllEvents, 10);
    }
}

void shoot(QWidget &widget, const QString &name, const QSize &size = {1080, 740}, qreal ratio = 1.0)
{
    const auto isWanted = [&name](const QString &word) { return name.contains(word); };
    if (!wantedWords.isEmpty() && std::none_of(wantedWords.cbegin(), wantedWords.cend(), isWanted))
        return;
    for (const bool dark : {false, true}) {
        theme->setChoice(dark ? Theme::Choice::Dark : Theme::Choice::Light);
        widget.resize(size);
        settle();
        QImage image(size * ratio, QImage::Format_RGB32);
        image.setDevicePixelRatio(ratio);
        image.fill(widget.palette().color(QPalette::Window));
        widget.render(&image);
        const QString path = QDir(dir).filePath(u"chat-%1-%2.png"_s.arg(name, dark ? u"dark"_s : u"light"_s));
        if (!image.save(path))
            std::fprintf(stderr, "cannot write %s\n", qPrintable(path));
    }
}

struct Stage {
    explicit Stage(const char *name) : history(folder.filePath(QString::fromLatin1(name) + u".sqlite"_s))
    {
        page.setLabels({{u"gcp"_s, u"GCP L4"_s}, {u"home"_s, u"Home 3090"_s}});
        page.resize(1080, 740);
        page.setBackends(&source, &history, &source.clock);
        page.show();
        settle();
    }
    ~Stage() { page.setBackends(nullptr, nullptr, nullptr); }
    void send(const QString &text)
    {
        Q_EMIT page.composer().sendRequested(text, {});
        settle();
    }
    void answer(const QString &text)
    {
        source.push(text);
        source.finish();
        settle();
    }
    /// Other conversations for the list.
    void past()
    {
        for (const QString &title : {u"Which model answers behind auto?"_s, u"A fjord in one sentence"_s, u"深圳机房的延迟"_s, u"Compare vLLM and Ollama on long prompts, with a table"_s}) {
            page.newConversation();
            send(title);
            answer(u"Done."_s);
        }
        page.session().setTags({u"latency"_s});
        page.newConversation();
        settle(300);
    }
    QTemporaryDir folder;
    ChatFixture source;
    ChatHistory history;
    ChatPage page;
};

ChatFailure failure(ChatLayer layer, const QString &kind, const QString &summary, const QString &detail, const QString &remedy)
{
    ChatFailure out;
    out.layer = layer;
    out.kind = kind;
    out.summary = summary;
    out.detail = detail;
    out.remedy = remedy;
    return out;
}

void shootConversation()
{
    Stage stage("one");
    shoot(stage.page, u"first-use"_s);
    stage.past();
    shoot(stage.page, u"empty"_s);
    stage.send(u"Write a Python function that reads a CSV file, and a table of its parameters."_s);
    stage.source.clock.advance(std::chrono::milliseconds(2300));
    stage.source.pushPhase(ChatPhase::AwaitingToken, 140);
    settle(150);
    shoot(stage.page, u"awaited"_s);
    const QString text = chatCodeAndTable();
    stage.source.push(text.left(700), u"The user wants a CSV reader. I should keep it short and show a table of the parameters."_s);
    stage.source.clock.advance(std::chrono::milliseconds(100));
    settle(150);
    shoot(stage.page, u"streaming"_s);
    stage.source.push(text.mid(700));
    stage.source.finish();
    settle();
    shoot(stage.page, u"end"_s);
    stage.page.view().verticalScrollBar()->setValue(0);
    settle();
    shoot(stage.page, u"code-and-table"_s);
    shoot(stage.page, u"code-and-table-4k"_s, {1700, 1000}, 2.0);
    shoot(stage.page, u"tall"_s, {1080, 1500});
    stage.page.view().setUnfolded(stage.page.view().items().last().turn.id, true);
    stage.page.view().scrollToEnd();
    settle();
    shoot(stage.page, u"unfolded"_s);
    stage.page.view().setUnfolded(stage.page.view().items().last().turn.id, false);
    Q_EMIT stage.page.view().regenerateRequested(stage.page.view().items().last().turn.id);
    stage.answer(u"A shorter answer this time."_s);
    shoot(stage.page, u"branches"_s);
    stage.page.showParameters(true);
    shoot(stage.page, u"parameters"_s);
    shoot(stage.page, u"parameters-wide"_s, {1400, 820});
    stage.page.showParameters(false);
    shoot(stage.page, u"narrow"_s, {640, 700});
    stage.page.setLayoutDirection(Qt::RightToLeft);
    shoot(stage.page, u"rtl"_s);
    stage.page.setLayoutDirection(Qt::LeftToRight);
    RequestDialog dialog(stage.source.requestText(stage.page.session().requestOf(stage.page.view().items().last().turn.id)), {{212.4, "{\"choices\":[]}"}});
    shoot(dialog, u"request"_s, {760, 520});
}

void shootScripts()
{
    Stage stage("scripts");
    stage.send(u"اكتب عن الخادم، وعن 服务器, and mix them."_s);
    stage.answer(chatManyScripts());
    stage.page.view().verticalScrollBar()->setValue(0);
    settle();
    shoot(stage.page, u"scripts"_s);
    stage.send(u"A long prompt. "_s.repeated(250));
    stage.answer(u"| a | b | c | d | e | f | g | h |\n|---|---|---|---|---|---|---|---|\n| averyveryverylongidentifierwithoutanyblanks | anotherveryverylongidentifier | three | four | five | sixsixsixsixsixsixsix | seven | eight |\n\nhttps://example.com/"_s
        + QString(200, u'a'));
    shoot(stage.page, u"long-words"_s);
}

void shootFailures()
{
    Stage stage("failures");
    stage.send(u"Hello"_s);
    stage.source.fail(failure(ChatLayer::Access, u"access-refused"_s, u"Cloudflare Access did not let the request in."_s,
                          u"HTTP 302 to example.cloudflareaccess.com: the service token is not accepted (expired, or not in the policy)."_s,
                          u"Renew the service token in Zero Trust, then set it with: hybridgectl secret set access-secret"_s),
        302);
    settle();
    stage.send(u"And past the edge?"_s);
    stage.source.push(u"The first half of an answer came before the engine went away, and it is"_s);
    stage.source.fail(failure(ChatLayer::Engine, u"no-finish-reason"_s, u"The answer broke off in the middle."_s,
                          u"The body ended without a finish reason and without [DONE] after 14 tokens."_s, u"Look at the engine's log on the node."_s),
        200);
    settle();
    stage.send(u"Once more"_s);
    stage.source.fail(failure(ChatLayer::Tunnel, u"1033"_s, u"The tunnel of Home 3090 is down."_s, u"Cloudflare answered 530 with error 1033: no connector is registered."_s,
                          u"Start cloudflared on the node."_s),
        530);
    settle();
    shoot(stage.page, u"failures-below"_s);
    shoot(stage.page, u"failures"_s, {1080, 980});
}

void shootCompare()
{
    Stage stage("compare");
    stage.page.showCompare(true);
    shoot(stage.page, u"compare-first"_s);
    stage.page.compare().setPrompt(u"What is a fjord? Two sentences."_s);
    stage.source.runs = [](const ChatTarget &target, int run) {
        ChatAnswer answer = ChatFixture::answerOf(
            target, u"A **fjord** is a long, narrow arm of the sea between steep cliffs. It was carved by a glacier and filled by the sea when the ice went."_s, run);
        if (run % 9 == 5 && target.way == ChatTarget::Way::Edge)
            answer.failure = failure(ChatLayer::Edge, u"524"_s, u"The edge gave up after two minutes of silence."_s, {}, {});
        return answer;
    };
    stage.page.compare().run();
    settle(60);
    shoot(stage.page, u"compare"_s);
    stage.page.compare().setRepeat(20);
    stage.page.compare().run();
    settle(100);
    shoot(stage.page, u"compare-repeated"_s, {1080, 1100});
    shoot(stage.page, u"compare-narrow"_s, {700, 1100});
}

} // namespace

int main(int argc, char **argv)
{
    QApplication app(argc, argv);
    const QStringList arguments = QCoreApplication::arguments();
    if (arguments.size() < 2) {
        std::fprintf(stderr, "usage: gallery_chat DIR [WORD…]\n");
        return 2;
    }
    dir = arguments.at(1);
    wantedWords = arguments.mid(2);
    QTemporaryDir settings;
    QCoreApplication::setOrganizationName(u"hybridge-gallery"_s);
    QSettings::setDefaultFormat(QSettings::IniFormat);
    QSettings::setPath(QSettings::IniFormat, QSettings::UserScope, settings.path());
    StateLamp::setMotionReduced(true);
    Theme look(app, Theme::Choice::Light);
    theme = &look;
    if (!QDir().mkpath(dir))
        return 1;
    for (const auto section : {shootConversation, shootScripts, shootFailures, shootCompare})
        section();
    return 0;
}
