# SPDX-FileCopyrightText: The Hybridge authors
# SPDX-License-Identifier: GPL-3.0-or-later
# Writes a text file as a C++ string: cmake -D INPUT=… -D OUTPUT=… -D NAME=… -P embed.cmake
# In pieces, because a compiler may take a literal of more than 65535 bytes for too long.
file(READ "${INPUT}" hex HEX)
string(LENGTH "${hex}" digits)
set(literals "")
set(at 0)
while(at LESS digits)
    string(SUBSTRING "${hex}" ${at} 2000 piece)
    string(REGEX REPLACE "([0-9a-f][0-9a-f])" "\\\\x\\1" piece "${piece}")
    string(APPEND literals "    text.append(\"${piece}\", sizeof \"${piece}\" - 1);\n")
    math(EXPR at "${at} + 2000")
endwhile()
file(WRITE "${OUTPUT}" "// Made from ${NAME}.
#include <string>

namespace hybridge::lab {

std::string routerModule();

std::string routerModule()
{
    std::string text;
${literals}    return text;
}

} // namespace hybridge::lab
")
