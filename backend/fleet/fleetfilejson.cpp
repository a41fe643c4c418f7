// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/fleet/fleetfilejson.h"

#include "backend/base/units.h"

#include <QCoreApplication>

#include <set>
#include <vector>

namespace hybridge {

using namespace Qt::Literals::StringLiterals;

namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t depthLimit = 32;
constexpr std::size_t keyLimit = 1000;
constexpr std::size_t itemLimit = 10000;
constexpr std::size_t keyBytesLimit = 200;
constexpr std::size_t lineBytesLimit = std::size_t(16) * 1024 * 1024;

QString tr(const char *text)
{
    return QCoreApplication::translate("FleetFile", text);
}

/// Where the tokenizer stands; it reads one character at a time through CountingIterator.
struct Position {
    int line = 1;
    char last = '\0';
    /// The line of the token that was read last: a number is only known to be over one character too late.
    [[nodiscard]] int tokenLine() const { return last == '\n' ? line - 1 : line; }
};

struct CountingIterator {
    using iterator_category = std::input_iterator_tag;
    using value_type = char;
    using difference_type = std::ptrdiff_t;
    using pointer = const char *;
    using reference = const char &;

    const char *at = nullptr;
    Position *position = nullptr;

    reference operator*() const { return *at; }
    CountingIterator &operator++()
    {
        position->last = *at;
        if (*at == '\n')
            ++position->line;
        ++at;
        return *this;
    }
    CountingIterator operator++(int)
    {
        const CountingIterator before = *this;
        ++*this;
        return before;
    }
    bool operator==(const CountingIterator &other) const { return at == other.at; }
    bool operator!=(const CountingIterator &other) const { return at != other.at; }
};

/// Builds the document from nlohmann's events, keeps lines, refuses duplicate keys and anything out of bounds.
class Builder final : public nlohmann::json_sax<Json> {
public:
    Builder(FleetDocument &document, QList<FleetProblem> &problems, const Position &position)
        : m_document(document)
        , m_problems(problems)
        , m_position(position)
    {
    }

    bool null() override { return add(Json(nullptr)); }
    bool boolean(bool value) override { return add(Json(value)); }
    bool number_integer(number_integer_t value) override { return add(Json(value)); }
    bool number_unsigned(number_unsigned_t value) override { return add(Json(value)); }
    bool number_float(number_float_t value, const string_t & /*text*/) override { return add(Json(value)); }
    bool string(string_t &value) override { return add(Json(std::move(value))); }
    bool binary(binary_t & /*value*/) override { return false; } // JSON text has none
    bool start_object(std::size_t /*size*/) override { return open(Json::object()); }
    bool start_array(std::size_t /*size*/) override { return open(Json::array()); }
    bool end_object() override { return close(); }
    bool end_array() override { return close(); }

    bool key(string_t &value) override
    {
        Frame &top = m_frames.back();
        if (value.size() > keyBytesLimit)
            return refuse(top.pointer, tr("a key of %1 bytes").arg(value.size()), tr("keys of at most 200 bytes"));
        const QString shown = safeText(QString::fromStdString(value), 80);
        if (top.keys.size() >= keyLimit)
            return refuse(top.pointer, tr("more than 1000 keys"), tr("at most 1000 keys in an object"));
        top.key = value;
        top.isDuplicate = !top.keys.insert(value).second;
        if (top.isDuplicate) {
            const int first = m_document.lineOf(pointerTo(top.pointer, value));
            FleetProblem problem;
            problem.pointer = QString::fromStdString(pointerTo(top.pointer, value));
            problem.line = m_position.tokenLine();
            problem.found = tr("the key \"%1\" a second time").arg(shown);
            problem.expected
                = first > 0 ? tr("each key once (the first stands in line %1)").arg(first) : tr("each key once");
            problem.remedy = tr("Remove one of the two.");
            m_problems.append(problem);
        }
        return true;
    }

    bool parse_error(
        std::size_t /*position*/, const std::string & /*token*/, const nlohmann::detail::exception &e) override
    {
        m_syntax = e.what();
        return false;
    }
    /// nlohmann's sentence about a syntax error; empty when there was none.
    [[nodiscard]] const std::string &syntaxError() const { return m_syntax; }
    /// The document is over; an error after that is about what follows it.
    [[nodiscard]] bool isComplete() const { return m_isComplete; }
    [[nodiscard]] std::string pointer() const { return m_frames.empty() ? std::string() : pointerOfNext(); }

private:
    struct Frame {
        Json value;
        std::string pointer;
        std::string key;
        bool isDuplicate = false;
        std::set<std::string> keys;
    };

    [[nodiscard]] std::string pointerOfNext() const
    {
        const Frame &top = m_frames.back();
        if (top.value.is_array())
            return pointerTo(top.pointer, std::to_string(top.value.size()));
        return top.key.empty() ? top.pointer : pointerTo(top.pointer, top.key);
    }
    bool refuse(const std::string &pointer, const QString &found, const QString &expected)
    {
        FleetProblem problem;
        problem.pointer = QString::fromStdString(pointer);
        problem.line = m_position.tokenLine();
        problem.found = found;
        problem.expected = expected;
        m_problems.append(problem);
        return false;
    }
    void note(const std::string &pointer)
    {
        if (m_lineBytes > lineBytesLimit)
            return;
        m_lineBytes += pointer.size() + 64;
        m_document.lines.try_emplace(pointer, m_position.tokenLine());
    }
    bool open(Json &&value)
    {
        const std::string pointer = m_frames.empty() ? std::string() : pointerOfNext();
        if (m_frames.size() >= depthLimit)
            return refuse(pointer, tr("values nested more than 32 deep"), tr("at most 32 levels"));
        note(pointer);
        Frame frame;
        frame.value = std::move(value);
        frame.pointer = pointer;
        m_frames.push_back(std::move(frame));
        return true;
    }
    bool close()
    {
        Json value = std::move(m_frames.back().value);
        m_frames.pop_back();
        return insert(std::move(value));
    }
    bool add(Json &&value)
    {
        note(m_frames.empty() ? std::string() : pointerOfNext());
        return insert(std::move(value));
    }
    bool insert(Json &&value)
    {
        if (m_frames.empty()) {
            m_document.root = std::move(value);
            m_isComplete = true;
            return true;
        }
        Frame &top = m_frames.back();
        if (top.value.is_array()) {
            if (top.value.size() >= itemLimit)
                return refuse(top.pointer, tr("more than 10 000 items"), tr("at most 10 000 items in a list"));
            top.value.push_back(std::move(value));
        } else if (!top.isDuplicate) {
            top.value.emplace(top.key, std::move(value));
        }
        return true;
    }

    FleetDocument &m_document;
    QList<FleetProblem> &m_problems;
    const Position &m_position;
    std::vector<Frame> m_frames;
    std::string m_syntax;
    std::size_t m_lineBytes = 0;
    bool m_isComplete = false;
};

/// Offset of the first byte that is not UTF-8 (RFC 3629), or -1.
qsizetype firstBadUtf8(const QByteArray &bytes)
{
    const auto *p = reinterpret_cast<const unsigned char *>(bytes.constData());
    const qsizetype size = bytes.size();
    for (qsizetype i = 0; i < size;) {
        const unsigned char lead = p[i];
        int more = 0;
        unsigned char low = 0x80;
        unsigned char high = 0xBF;
        if (lead < 0x80)
            more = 0;
        else if (lead >= 0xC2 && lead <= 0xDF)
            more = 1;
        else if (lead >= 0xE0 && lead <= 0xEF)
            more = 2;
        else if (lead >= 0xF0 && lead <= 0xF4)
            more = 3;
        else
            return i;
        if (lead == 0xE0)
            low = 0xA0; // overlong
        else if (lead == 0xED)
            high = 0x9F; // surrogates
        else if (lead == 0xF0)
            low = 0x90; // overlong
        else if (lead == 0xF4)
            high = 0x8F; // above U+10FFFF
        if (i + more >= size && more > 0)
            return i;
        for (int k = 1; k <= more; ++k) {
            const unsigned char next = p[i + k];
            if (next < (k == 1 ? low : 0x80) || next > (k == 1 ? high : 0xBF))
                return i;
        }
        i += 1 + more;
    }
    return -1;
}

int lineAt(const QByteArray &bytes, qsizetype offset)
{
    return 1 + int(bytes.left(offset).count('\n'));
}

/// Makes a problem of nlohmann's sentence, without the part that repeats the file's text.
FleetProblem syntaxProblem(const std::string &sentence, const Position &position, bool isComplete)
{
    FleetProblem problem;
    problem.line = position.tokenLine();
    if (isComplete) {
        problem.found = tr("more text after the end of the document");
        problem.expected = tr("the end of the file");
        problem.remedy = tr("Remove what stands behind the last closing brace.");
        return problem;
    }
    const QString text = QString::fromStdString(sentence);
    const qsizetype dash = text.indexOf(u" - "_s);
    QString what = dash < 0 ? tr("a syntax error") : text.mid(dash + 3);
    if (const qsizetype cut = what.indexOf(u"; last read"_s); cut >= 0)
        what.truncate(cut);
    QString expected = tr("JSON (RFC 8259)");
    if (const qsizetype cut = what.indexOf(u"; expected "_s); cut >= 0) {
        expected = what.mid(cut + 11);
        what.truncate(cut);
    }
    if (what.contains(u"end of input"_s)) {
        problem.found = tr("the end of the file in the middle of the document");
        problem.expected = tr("the rest of it");
        problem.remedy = tr("The file is cut off: restore it from a copy, or close its braces and brackets.");
        return problem;
    }
    problem.found = tr("text that is no JSON: %1").arg(safeText(what, 120));
    problem.expected = safeText(expected, 80);
    if (position.last == '/' || position.last == '#')
        problem.remedy = tr("JSON has no comments: put them into a key that begins with \"x-\".");
    else if (position.last == '\'')
        problem.remedy = tr("JSON texts stand in double quotes.");
    else if (what.contains(u"']'"_s) || what.contains(u"'}'"_s))
        problem.remedy = tr("JSON has no comma before a closing brace or bracket: remove it.");
    else
        problem.remedy = tr("Look for a missing comma, quote or brace in this line and the one before.");
    return problem;
}

} // namespace

std::string pointerTo(const std::string &pointer, const std::string &key)
{
    std::string result = pointer + '/';
    for (const char c : key) {
        if (c == '~')
            result += "~0";
        else if (c == '/')
            result += "~1";
        else
            result += c;
    }
    return result;
}

bool readFleetJson(const QByteArray &bytes, FleetDocument &document, QList<FleetProblem> &problems)
{
    if (const qsizetype bad = firstBadUtf8(bytes); bad >= 0) {
        FleetProblem problem;
        problem.line = lineAt(bytes, bad);
        problem.found = tr("a byte that is not UTF-8 (at offset %1)").arg(bad);
        problem.expected = tr("text in UTF-8");
        problem.remedy = tr("Save the file as UTF-8.");
        problems.append(problem);
        return false;
    }
    Position position;
    Builder builder(document, problems, position);
    const CountingIterator first{bytes.constData(), &position};
    const CountingIterator last{bytes.constData() + bytes.size(), &position};
    // nlohmann may throw only what its handler throws; memory aside nothing here does.
    const bool whole = Json::sax_parse(first, last, &builder);
    if (whole)
        return true;
    if (!builder.syntaxError().empty()) {
        FleetProblem problem = syntaxProblem(builder.syntaxError(), position, builder.isComplete());
        problem.pointer = safeText(QString::fromStdString(builder.pointer()), 300);
        if (bytes.trimmed().isEmpty()) {
            problem.found = tr("an empty file");
            problem.expected = tr("a JSON object");
            problem.remedy = tr("The smallest fleet file is { \"version\": 1 }.");
        }
        problems.append(problem);
    }
    return false;
}

} // namespace hybridge
