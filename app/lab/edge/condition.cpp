// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/lab/edge/condition.h"

#include <array>
#include <charconv>
#include <optional>
#include <string_view>

namespace hybridge::lab {

struct Condition::Node {
    enum class Kind { And, Or, Not, Compare };
    enum class Operator { Equal, NotEqual, Less, LessEqual, Greater, GreaterEqual, Contains };
    Kind kind = Kind::Compare;
    std::shared_ptr<const Node> left;
    std::shared_ptr<const Node> right;
    std::string field;
    Operator compare = Operator::Equal;
    std::string text;
    std::int64_t number = 0;
};

namespace {

using Node = Condition::Node;
using NodePtr = std::shared_ptr<const Node>;

constexpr std::string_view Second = "http.request.timestamp.sec";
constexpr int Deepest = 32;

std::optional<std::string> textField(std::string_view name, const RequestFacts &facts)
{
    if (name == "http.request.method")
        return facts.method;
    if (name == "http.host")
        return facts.host;
    if (name == "http.request.uri.path")
        return facts.path;
    if (name == "http.request.uri.query")
        return facts.query;
    if (name == "http.request.uri")
        return facts.query.empty() ? facts.path : facts.path + '?' + facts.query;
    if (name == "http.user_agent")
        return facts.userAgent;
    return std::nullopt;
}

class Parser {
public:
    explicit Parser(std::string_view text) : m_rest(text) { }

    NodePtr whole()
    {
        NodePtr root = either();
        skip();
        if (root && !m_rest.empty())
            return fail("unexpected \"" + std::string(m_rest.substr(0, 20)) + '"');
        return root;
    }
    const std::string &wrong() const { return m_wrong; }

private:
    NodePtr fail(std::string why)
    {
        if (m_wrong.empty())
            m_wrong = std::move(why);
        return nullptr;
    }
    void skip()
    {
        while (!m_rest.empty() && (m_rest.front() == ' ' || m_rest.front() == '\t' || m_rest.front() == '\n'))
            m_rest.remove_prefix(1);
    }
    static bool isName(char c)
    {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_'
            || c == '-';
    }
    bool take(std::string_view word)
    {
        skip();
        if (!m_rest.starts_with(word))
            return false;
        if (isName(word.back()) && m_rest.size() > word.size() && isName(m_rest[word.size()]))
            return false;
        m_rest.remove_prefix(word.size());
        return true;
    }
    std::string_view name()
    {
        skip();
        std::size_t length = 0;
        while (length < m_rest.size() && isName(m_rest[length]))
            ++length;
        const std::string_view found = m_rest.substr(0, length);
        m_rest.remove_prefix(length);
        return found;
    }
    static NodePtr joined(Node::Kind kind, NodePtr left, NodePtr right)
    {
        auto node = std::make_shared<Node>();
        node->kind = kind;
        node->left = std::move(left);
        node->right = std::move(right);
        return node;
    }

    NodePtr either()
    {
        NodePtr left = both();
        while (left && (take("or") || take("||"))) {
            NodePtr right = both();
            left = right ? joined(Node::Kind::Or, left, right) : nullptr;
        }
        return left;
    }
    NodePtr both()
    {
        NodePtr left = single();
        while (left && (take("and") || take("&&"))) {
            NodePtr right = single();
            left = right ? joined(Node::Kind::And, left, right) : nullptr;
        }
        return left;
    }
    NodePtr single()
    {
        if (++m_depth > Deepest)
            return fail("nested too deep");
        NodePtr found;
        if (take("not") || (!m_rest.starts_with("!=") && take("!"))) {
            NodePtr inner = single();
            found = inner ? joined(Node::Kind::Not, inner, nullptr) : nullptr;
        } else if (take("(")) {
            found = either();
            if (found && !take(")"))
                found = fail("a parenthesis is not closed");
        } else {
            found = comparison();
        }
        --m_depth;
        return found;
    }
    NodePtr comparison()
    {
        auto node = std::make_shared<Node>();
        node->field = name();
        const bool number = node->field == Second;
        if (!number && !textField(node->field, {}))
            return fail("unknown identifier \"" + node->field + '"');
        using Operator = Node::Operator;
        static constexpr std::array<std::pair<std::string_view, Operator>, 13> Operators{
            {{"eq", Operator::Equal}, {"==", Operator::Equal}, {"ne", Operator::NotEqual}, {"!=", Operator::NotEqual},
                {"le", Operator::LessEqual}, {"<=", Operator::LessEqual}, {"lt", Operator::Less}, {"<", Operator::Less},
                {"ge", Operator::GreaterEqual}, {">=", Operator::GreaterEqual}, {"gt", Operator::Greater},
                {">", Operator::Greater}, {"contains", Operator::Contains}}};
        bool found = false;
        for (const auto &[word, meaning] : Operators) {
            if (take(word)) {
                node->compare = meaning;
                found = true;
                break;
            }
        }
        const bool ordered = found && node->compare != Operator::Contains;
        if (!found || (number && !ordered))
            return fail("an operator is missing after \"" + node->field + '"');
        skip();
        return (number ? numberValue(*node) : textValue(*node)) ? node : nullptr;
    }
    bool numberValue(Node &node)
    {
        const auto [end, error] = std::from_chars(m_rest.data(), m_rest.data() + m_rest.size(), node.number);
        if (error != std::errc()) {
            fail("expected a number");
            return false;
        }
        m_rest.remove_prefix(static_cast<std::size_t>(end - m_rest.data()));
        return true;
    }
    bool textValue(Node &node)
    {
        bool closed = false;
        if (m_rest.starts_with('"')) {
            std::size_t at = 1;
            for (; at < m_rest.size() && m_rest[at] != '"'; ++at) {
                if (m_rest[at] == '\\' && at + 1 < m_rest.size())
                    ++at;
                node.text += m_rest[at];
            }
            closed = at < m_rest.size();
            m_rest.remove_prefix(closed ? at + 1 : at);
        }
        if (!closed)
            fail("expected a text in quotes");
        return closed;
    }

    std::string_view m_rest;
    std::string m_wrong;
    int m_depth = 0;
};

template <typename T>
bool compared(const T &left, Node::Operator compare, const T &right)
{
    switch (compare) {
    case Node::Operator::Equal:
        return left == right;
    case Node::Operator::NotEqual:
        return left != right;
    case Node::Operator::Less:
        return left < right;
    case Node::Operator::LessEqual:
        return left <= right;
    case Node::Operator::Greater:
        return left > right;
    case Node::Operator::GreaterEqual:
        return left >= right;
    case Node::Operator::Contains:
        return false;
    }
    return false;
}

bool holdsFor(const Node &node, const RequestFacts &facts)
{
    switch (node.kind) {
    case Node::Kind::And:
        return holdsFor(*node.left, facts) && holdsFor(*node.right, facts);
    case Node::Kind::Or:
        return holdsFor(*node.left, facts) || holdsFor(*node.right, facts);
    case Node::Kind::Not:
        return !holdsFor(*node.left, facts);
    case Node::Kind::Compare:
        break;
    }
    if (node.field == Second)
        return compared(facts.second, node.compare, node.number);
    const std::string value = textField(node.field, facts).value_or(std::string());
    if (node.compare == Node::Operator::Contains)
        return value.find(node.text) != std::string::npos;
    return compared(value, node.compare, node.text);
}

} // namespace

Condition Condition::parse(const std::string &text, std::string &wrong)
{
    Condition condition;
    if (text.find_first_not_of(" \t\n") == std::string::npos)
        return condition;
    Parser parser(text);
    condition.m_root = parser.whole();
    if (!condition.m_root)
        wrong = parser.wrong();
    return condition;
}

bool Condition::holds(const RequestFacts &facts) const
{
    return !m_root || holdsFor(*m_root, facts);
}

} // namespace hybridge::lab
