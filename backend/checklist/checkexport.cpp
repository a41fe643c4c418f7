// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/checklist/checksource.h"

#include <QCoreApplication>

#include <nlohmann/json.hpp>

namespace hybridge {

namespace {

using json = nlohmann::ordered_json;

QString tr(const char *text)
{
    return QCoreApplication::translate("Checklist", text);
}

json textOrNull(const QString &text)
{
    return text.isEmpty() ? json(nullptr) : json(text.toStdString());
}

json fixDocument(const CheckFix &fix)
{
    json commands = json::array();
    for (const FixCommand &command : fix.commands) {
        json argv = json::array();
        for (const QString &word : command.argv)
            argv.push_back(word.toStdString());
        commands.push_back(argv);
    }
    return {{"title", fix.title.toStdString()}, {"diff", fix.diff.toStdString()}, {"commands", commands}};
}

QString stateWord(CheckState state)
{
    switch (state) {
    case CheckState::Pass: return tr("Passed");
    case CheckState::Fail: return tr("Failed");
    case CheckState::Unknown: return tr("Unknown");
    case CheckState::NotApplicable: break;
    }
    return tr("Does not apply");
}

QString nodeWord(const CheckResult &result)
{
    return result.node.isEmpty() ? tr("fleet") : result.node;
}

QString summaryLine(const CheckReport &report)
{
    return tr("%1 passed, %2 failed, %3 unknown; checked in %4 s.")
        .arg(report.count(CheckState::Pass))
        .arg(report.count(CheckState::Fail))
        .arg(report.count(CheckState::Unknown))
        .arg(report.seconds, 0, 'f', 1);
}

/// Foreign text in a Markdown table cell: nothing in it is Markdown or HTML, and no line ends.
QString cell(QString text)
{
    text.replace(QLatin1Char('\n'), QLatin1Char(' '));
    QString out;
    for (const QChar c : text) {
        if (c == QLatin1Char('<'))
            out += QLatin1String("&lt;");
        else if (c == QLatin1Char('&'))
            out += QLatin1String("&amp;");
        else if (QStringLiteral("\\`*_{}[]()#+!|~").contains(c))
            out += QLatin1Char('\\') + QString(c);
        else
            out += c;
    }
    return out;
}

const char *Style = R"css(body{font:14px/1.45 system-ui,sans-serif;color:#1B2430;background:#F5F6F8;margin:24px auto;max-width:1080px;padding:0 16px}
h1{font-size:20px;margin:0 0 4px}h2{font-size:15px;margin:24px 0 8px}p{margin:0 0 8px}.m{color:#566272}
table{border-collapse:collapse;width:100%;background:#fff;border:1px solid #D8DDE4;border-radius:8px}
td,th{text-align:left;vertical-align:top;padding:8px 12px;border-top:1px solid #D8DDE4}tr:first-child>*{border-top:0}
th{font-weight:600;color:#566272}.s{white-space:nowrap;font-weight:600}.pass{color:#18794A}.fail{color:#BF2626}.unknown{color:#5E6977}
pre{background:#F5F6F8;padding:8px;margin:8px 0 0;white-space:pre-wrap}
@media(prefers-color-scheme:dark){body{color:#E7EBF0;background:#11151A}table{background:#191F27;border-color:#2C3541}td,th{border-color:#2C3541}
.m,th{color:#9DA8B6}.pass{color:#46C083}.fail{color:#F47C7C}.unknown{color:#98A3B0}pre{background:#11151A}}
)css";

QString symbol(CheckState state)
{
    return state == CheckState::Pass ? QStringLiteral("✓") : state == CheckState::Fail ? QStringLiteral("✕") : QStringLiteral("?");
}

} // namespace

json checkDocument(const CheckReport &report)
{
    json out;
    out["summary"] = {{"pass", report.count(CheckState::Pass)}, {"fail", report.count(CheckState::Fail)}, {"unknown", report.count(CheckState::Unknown)}};
    out["fleet"] = report.fleet.toStdString();
    out["at"] = report.at.toUTC().toString(Qt::ISODate).toStdString();
    out["seconds"] = report.seconds;
    out["checks"] = json::array();
    for (const CheckResult &result : report.results) {
        json item;
        item["id"] = result.id.toStdString();
        item["node"] = textOrNull(result.node);
        item["state"] = checkStateName(result.verdict.state).toStdString();
        item["evidence"] = result.verdict.evidence.toStdString();
        item["remedy"] = textOrNull(result.verdict.remedy);
        item["group"] = checkGroupName(result.group).toStdString();
        item["title"] = result.title.toStdString();
        item["why"] = result.why.toStdString();
        item["fix"] = result.verdict.fix ? fixDocument(*result.verdict.fix) : json(nullptr);
        out["checks"].push_back(item);
    }
    return out;
}

QByteArray checkJson(const CheckReport &report)
{
    return QByteArray::fromStdString(checkDocument(report).dump(2, ' ', false, json::error_handler_t::replace)) + '\n';
}

QByteArray checkMarkdown(const CheckReport &report)
{
    QString out = QStringLiteral("# %1\n\n%2, %3\n\n| | | | | |\n| --- | --- | --- | --- | --- |\n")
                      .arg(tr("Checklist of %1").arg(cell(report.fleet)), report.at.toUTC().toString(Qt::ISODate), summaryLine(report));
    for (const CheckResult &result : report.failedFirst()) {
        out += QStringLiteral("| %1 | %2 | %3 | %4 | %5 |\n")
                   .arg(stateWord(result.verdict.state), cell(nodeWord(result)), cell(result.title), cell(result.verdict.evidence), cell(result.verdict.remedy));
    }
    return out.toUtf8();
}

QByteArray checkHtml(const CheckReport &report)
{
    const auto safe = [](const QString &text) { return text.toHtmlEscaped(); };
    QString out = QStringLiteral("<!doctype html>\n<html><head><meta charset=\"utf-8\"><title>%1</title>\n<style>%2</style></head><body>\n<h1>%1</h1>\n<p class=\"m\">%3 · %4</p>\n")
                      .arg(safe(tr("Checklist of %1").arg(report.fleet)), QString::fromUtf8(Style), report.at.toUTC().toString(Qt::ISODate), safe(summaryLine(report)));
    const auto table = [&](const QString &title, const QList<CheckResult> &results) {
        if (results.isEmpty())
            return;
        out += QStringLiteral("<h2>%1</h2>\n<table>\n").arg(safe(title));
        for (const CheckResult &result : results) {
            out += QStringLiteral("<tr><td class=\"s %1\">%2 %3</td><td class=\"m\">%4</td><td><b>%5</b><br>%6")
                       .arg(checkStateName(result.verdict.state), symbol(result.verdict.state), safe(stateWord(result.verdict.state)), safe(nodeWord(result)), safe(result.title),
                           safe(result.verdict.evidence));
            if (!result.verdict.remedy.isEmpty())
                out += QStringLiteral("<br><span class=\"m\">%1</span>").arg(safe(result.verdict.remedy));
            if (result.verdict.fix && !result.verdict.fix->diff.isEmpty())
                out += QStringLiteral("<pre>%1</pre>").arg(safe(result.verdict.fix->diff));
            out += QStringLiteral("</td></tr>\n");
        }
        out += QStringLiteral("</table>\n");
    };
    QList<CheckResult> bad;
    for (const CheckResult &result : report.failedFirst())
        if (result.verdict.state != CheckState::Pass)
            bad.append(result);
    table(tr("What wants a look"), bad);
    for (int group = 0; group <= int(CheckGroup::Account); ++group) {
        QList<CheckResult> good;
        for (const CheckResult &result : report.results)
            if (int(result.group) == group && result.verdict.state == CheckState::Pass)
                good.append(result);
        table(checkGroupLabel(CheckGroup(group)), good);
    }
    return (out + QStringLiteral("</body></html>\n")).toUtf8();
}

} // namespace hybridge
