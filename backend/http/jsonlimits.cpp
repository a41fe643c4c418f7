// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/http/jsonlimits.h"

#include "backend/base/units.h"

#include <QCoreApplication>

#include <algorithm>

namespace hybridge {

namespace {
QString tr(const char *text)
{
    return QCoreApplication::translate("Http", text);
}

/// Deepest nesting of brackets outside strings; counts no further than @p most + 1.
int depthOf(const QByteArray &bytes, int most)
{
    int depth = 0;
    int deepest = 0;
    bool inString = false;
    for (qsizetype i = 0; i < bytes.size(); ++i) {
        const char c = bytes[i];
        if (inString) {
            if (c == '\\')
                ++i;
            else if (c == '"')
                inString = false;
        } else if (c == '"') {
            inString = true;
        } else if (c == '[' || c == '{') {
            deepest = std::max(deepest, ++depth);
            if (deepest > most)
                return deepest;
        } else if (c == ']' || c == '}') {
            --depth;
        }
    }
    return deepest;
}
} // namespace

Result<nlohmann::json> parseJson(const QByteArray &bytes, qsizetype mostBytes, int mostDepth)
{
    const auto refuse
        = [](const QString &sentence, const QString &detail) { return Error(Error::Kind::Protocol, sentence, detail); };
    if (bytes.size() > mostBytes)
        return refuse(
            tr("The answer is too long."), QStringLiteral("%1 bytes, %2 are read").arg(bytes.size()).arg(mostBytes));
    if (bytes.trimmed().isEmpty())
        return refuse(tr("The answer is empty."), {});
    if (depthOf(bytes, mostDepth) > mostDepth)
        return refuse(tr("The answer is nested too deeply."), QStringLiteral("over %1 levels").arg(mostDepth));
    nlohmann::json json = nlohmann::json::parse(bytes.begin(), bytes.end(), nullptr, false);
    if (json.is_discarded())
        return refuse(tr("The answer is not JSON."), {});
    return json;
}

Error shapeError(const char *what)
{
    // nlohmann quotes the offending value in some of its texts; the part up to there tells what was expected.
    return Error(Error::Kind::Protocol, tr("The answer has another form than expected."),
        safeText(QString::fromUtf8(what), 200));
}

} // namespace hybridge
